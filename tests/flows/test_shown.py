"""Values as people read them."""

from flows.shown import counted, flat, shown


def test_one_is_not_said_to_be_several():
    assert [counted(number, "row") for number in (0, 1, 1000)] == ["0 rows", "1 row", "1,000 rows"]
    assert shown(b"x", 40) == "1 byte"
    assert list(flat({"a": 1, "b": 2}, 1)) == [("b", 2), ("…", "1 other")]
