from model.evaluation.measured import averages, together


def test_averages_with_and_without_english():
    three = {"en": {"mR": 60.0}, "de": {"mR": 30.0}, "cs": {"mR": 20.0}}
    assert averages(three, "mR") == {"non_english": 25.0, "all": 36.67}
    assert averages({"en": {"mR": 60.0}}, "mR") == {"non_english": None, "all": 60.0}


def test_metrics_of_several_checkpoints_become_one_and_say_nothing_on_which_they_differ():
    of_german = {"split": "test", "images": 100, "languages": {"de": {"mR": 30.0}}, "samples": [1], "left_out": {}}
    of_chinese = {
        "split": "test",
        "images": 242,
        "languages": {"zh": {"mR": 20.0}},
        "samples": [2],
        "left_out": {"a": 3},
    }
    assert together([of_german, of_chinese]) == {
        "split": "test", "languages": {"de": {"mR": 30.0}, "zh": {"mR": 20.0}}, "samples": [1, 2], "left_out": {"a": 3},
    }  # fmt: skip
    assert together([of_german]) == of_german
