"""Values as people read them."""

from flows.shown import counted, flat, number, shown


def test_one_is_not_said_to_be_several():
    assert [counted(number, "row") for number in (0, 1, 1000)] == ["0 rows", "1 row", "1,000 rows"]
    assert shown(b"x", 40) == "1 byte"
    assert list(flat({"a": 1, "b": 2}, 1)) == [("b", 2), ("…", "1 other")]


def test_no_exponent_hides_how_large_a_number_is():
    assert [number(value) for value in (416835.0, 12345.6, 9999.4, 0.00012346, 1e20)] == [
        "416,835", "12,346", "9999", "0.0001235", "1e+20",
    ]  # fmt: skip


def test_where_one_item_of_a_list_ends_is_seen():
    assert (
        shown([{"from": "water", "to": "水"}, {"from": "a", "to": "um"}], 80)
        == "[{from water, to 水}, {from a, to um}]"
    )
