import shutil

import numpy as np
import pytest
import torch
from task_world import (
    arguments,
    caption_rows,
    read,
    region_row,
    world,  # noqa: F401
    write_checkpoint,
    write_dataset,
)

from model import checkpoint
from model.evaluate import main


def run(monkeypatch, *line, **settings) -> int:
    monkeypatch.setattr("sys.argv", ["evaluate", *arguments(*line, **settings)])
    return main()


def test_retrieval_is_told_by_protocol_and_language(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    assert run(monkeypatch, world, world / "understanding", tmp_path / "m.json") == 0
    metrics = read(tmp_path / "m.json")
    assert (metrics["task"], metrics["checkpoint"], metrics["split"], metrics["images"]) == (
        "retrieval", "understanding", "test", 12,
    )  # fmt: skip
    assert (metrics["resamples"], metrics["interval_level"]) == (1000, 0.95)
    assert list(metrics["protocols"]) == ["unique", "five_duplicated"]
    unique, duplicated = metrics["protocols"]["unique"], metrics["protocols"]["five_duplicated"]
    for one in [*unique.values(), *duplicated.values()]:
        low, high = one["mR_interval"]
        assert low < one["mR"] < high
    assert list(unique) == ["de", "en", "zh"] and list(duplicated) == ["de", "zh"]
    assert (unique["en"]["captions"], unique["en"]["images"], unique["de"]["captions"]) == (24, 12, 12)
    for lang, one in duplicated.items():
        assert one["image_to_text"]["R@5"] == one["image_to_text"]["R@1"] == unique[lang]["image_to_text"]["R@1"]
        assert one["text_to_image"] == unique[lang]["text_to_image"]
    six = [*unique["zh"]["image_to_text"].values(), *unique["zh"]["text_to_image"].values()]
    assert unique["zh"]["mR"] == pytest.approx(np.mean(six), abs=0.01)
    assert metrics["averages"]["unique"]["non_english"] == pytest.approx(
        (unique["de"]["mR"] + unique["zh"]["mR"]) / 2, abs=0.01
    )
    assert "pairs/s" in capsys.readouterr().out


def test_the_same_call_gives_the_same_bytes(world, tmp_path, monkeypatch):  # noqa: F811
    for kind in ("understanding", "generation"):
        for name in ("first", "second"):
            assert run(monkeypatch, world, world / kind, tmp_path / f"{name}.json", beam=2) == 0
        assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()


def test_the_seed_is_that_of_the_training_where_the_checkpoint_states_it(world, tmp_path, monkeypatch):  # noqa: F811
    loaded = checkpoint.load(world / "understanding", torch.device("cpu"))
    checkpoint.save(tmp_path / "c", loaded.network, world / "tokenizer", {"stage": "finetune", "seed": 11})
    for folder, seed in ((tmp_path / "c", 11), (world / "understanding", 5)):
        assert run(monkeypatch, world, folder, tmp_path / "m.json", seed=5) == 0
        assert read(tmp_path / "m.json")["seed"] == seed


def test_a_checkpoint_of_an_unknown_task_is_refused(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    loaded = checkpoint.load(world / "understanding", torch.device("cpu"))
    checkpoint.save(tmp_path / "c", loaded.network, world / "tokenizer", {"parameters": {"task": "parsing"}})
    assert run(monkeypatch, world, tmp_path / "c", tmp_path / "m.json") == 1
    assert "fine-tuned for 'parsing'" in capsys.readouterr().err
    assert run(monkeypatch, world, tmp_path / "c", tmp_path / "m.json", task="retrieval") == 0


def test_a_task_that_the_checkpoint_tells_brings_its_section_of_the_profile(world, tmp_path, monkeypatch):  # noqa: F811
    profile = tmp_path / "p.yaml"
    profile.write_text(
        "evaluate: {beam: 2, samples: 2}\nevaluate-captioning: {samples: 1}\nevaluate-headlines: {beam: 3}\n"
    )
    assert run(monkeypatch, world, world / "generation", tmp_path / "m.json", params=profile) == 0
    metrics = read(tmp_path / "m.json")
    assert (metrics["task"], metrics["beam"], len(metrics["samples"])) == ("captioning", 2, 3), "one a language"


def test_captioning_is_told_with_tokenizer_items_and_samples(world, tmp_path, monkeypatch):  # noqa: F811
    assert run(monkeypatch, world, world / "generation", tmp_path / "m.json", beam=2, samples=3) == 0
    metrics = read(tmp_path / "m.json")
    assert metrics["task"] == "captioning" and metrics["beam"] == 2
    assert {lang: one["tokenizer"] for lang, one in metrics["languages"].items()} == {
        "de": "ptb-like", "en": "ptb-like", "zh": "characters",
    }  # fmt: skip
    assert (metrics["languages"]["en"]["items"], metrics["languages"]["en"]["references"]) == (12, 24)
    assert (metrics["resamples"], metrics["interval_level"]) == (1000, 0.95)
    for one in metrics["languages"].values():
        for name in ("BLEU-4", "CIDEr"):
            low, high = one[f"{name}_interval"]
            assert low <= one[name] <= high
        assert 0 <= one["in_language"] <= 1 and one["references_in_language"] > 0.9
    assert [(one["image_id"], one["language"]) for one in metrics["samples"]] == [
        (f"p{picture:03d}", lang) for lang in ("de", "en", "zh") for picture in (60, 61, 62)
    ]


def test_a_sample_of_pictures_and_captions_is_stated(world, tmp_path, monkeypatch):  # noqa: F811
    settings = {"max_images": 5, "captions_per_image": 1, "languages": "en,de"}
    assert run(monkeypatch, world, world / "understanding", tmp_path / "m.json", **settings) == 0
    metrics = read(tmp_path / "m.json")
    assert (metrics["images"], metrics["images_sampled"], metrics["captions_per_image"]) == (5, True, 1)
    assert {lang: one["captions"] for lang, one in metrics["protocols"]["unique"].items()} == {"de": 5, "en": 5}
    assert list(metrics["protocols"]["five_duplicated"]) == ["de", "en"]


def test_a_language_has_its_own_pictures_and_is_scored_with_no_others(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    rows = [row for picture in range(60, 72) for row in caption_rows(picture)]
    rows = [row for row in rows if row["lang"] == ("en" if row["image_id"] < "p066" else "de")]
    settings = {"captions": write_dataset(tmp_path / "captions", "captions", rows), "max_images": 3}
    assert run(monkeypatch, world, world / "understanding", tmp_path / "m.json", **settings) == 0
    metrics = read(tmp_path / "m.json")
    assert {lang: one["images"] for lang, one in metrics["protocols"]["unique"].items()} == {"de": 3, "en": 3}
    said = capsys.readouterr().out
    assert "evaluate: de: 3 captions × 3 pictures" in said and "evaluate: en: 6 captions × 3 pictures" in said
    assert (metrics["images"], metrics["images_sampled"]) == (6, True)
    assert run(monkeypatch, world, world / "understanding", tmp_path / "de.json", languages="de", **settings) == 0
    assert read(tmp_path / "de.json")["protocols"]["unique"]["de"] == metrics["protocols"]["unique"]["de"]


def test_captions_without_regions_are_skipped_counted_and_said(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    write_dataset(tmp_path / "regions", "regions", (region_row(picture) for picture in range(70)), object_classes=[])
    settings = {"regions": tmp_path / "regions"}
    assert run(monkeypatch, world, world / "understanding", tmp_path / "m.json", **settings) == 0
    metrics = read(tmp_path / "m.json")
    assert (metrics["images"], metrics["captions_skipped_without_regions"]) == (
        10, {"de": 2, "en": 4, "zh": 2},
    )  # fmt: skip
    assert "8 captions of the split 'test' are skipped" in capsys.readouterr().out


def test_a_dataset_of_one_picture(world, tmp_path, monkeypatch):  # noqa: F811
    settings = {"max_images": 1, "beam": 2}
    assert run(monkeypatch, world, world / "understanding", tmp_path / "r.json", **settings) == 0
    assert read(tmp_path / "r.json")["protocols"]["unique"]["de"]["mR"] == 100.0
    assert run(monkeypatch, world, world / "generation", tmp_path / "c.json", **settings) == 0
    assert read(tmp_path / "c.json")["languages"]["de"]["items"] == 1


def test_a_language_without_embedding_is_left_out_and_said(world, tmp_path, monkeypatch):  # noqa: F811
    rows = [row for picture in range(60, 72) for row in caption_rows(picture)]
    rows = [row | {"lang": "fr"} if row["lang"] == "de" else row for row in rows]
    write_dataset(tmp_path / "captions", "captions", rows)
    settings = {"captions": tmp_path / "captions", "beam": 1}
    assert run(monkeypatch, world, world / "generation", tmp_path / "m.json", **settings) == 0
    metrics = read(tmp_path / "m.json")
    assert list(metrics["languages"]) == ["en", "zh"] and metrics["languages_left_out"] == ["fr"]


def test_captions_in_languages_without_embedding_alone_are_an_error(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    rows = [row | {"lang": "fr"} for picture in range(60, 72) for row in caption_rows(picture) if row["lang"] == "de"]
    write_dataset(tmp_path / "captions", "captions", rows)
    settings = {"captions": tmp_path / "captions", "beam": 1}
    assert run(monkeypatch, world, world / "generation", tmp_path / "m.json", **settings) == 1
    assert "no embedding for fr, and nothing else" in capsys.readouterr().err and not (tmp_path / "m.json").exists()


def test_checkpoints_for_each_language_count_what_all_of_them_skip(world, tmp_path, monkeypatch):  # noqa: F811
    for lang in ("de", "en"):
        shutil.copytree(world / "understanding", tmp_path / "each" / lang)
    checkpoint.save_index(tmp_path / "each", ["de", "en"], {"stage": "finetune"})
    write_dataset(tmp_path / "regions", "regions", (region_row(picture) for picture in range(70)), object_classes=[])
    assert run(monkeypatch, world, tmp_path / "each", tmp_path / "m.json", regions=tmp_path / "regions") == 0
    assert read(tmp_path / "m.json")["captions_skipped_without_regions"] == {"de": 2, "en": 4}


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({"split": "val"}, 1, "in the split 'val' (captions: test 48, train 240"),
        ({"languages": "en,fr"}, 1, "no caption in 'fr'"),
        ({"beam": 0}, 2, "evaluate: beam is 0"),
        ({"length_penalty": 1e300}, 2, "evaluate: length_penalty is 1e+300"),
        ({"max_images": -1}, 2, "evaluate: max_images is -1"),
    ],
)
def test_bad_settings_are_one_message(world, tmp_path, monkeypatch, capsys, settings, code, message):  # noqa: F811
    assert run(monkeypatch, world, world / "understanding", tmp_path / "m.json", **settings) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "m.json").exists()


def test_regions_of_another_width_are_refused(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    other = write_checkpoint(tmp_path / "other", "understanding", world / "tokenizer", feature_dim=16)
    assert run(monkeypatch, world, other, tmp_path / "m.json") == 1
    assert "holds features of width 8" in capsys.readouterr().err
