"""The stage as a user runs it: a dirty log, a labelled one, and none."""

import gzip
import importlib.metadata
import io
import json
import shutil
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import spacy
from triples_world import NOUNS, PHRASES, make_world, write_dataset

from contract.dataset import Dataset
from contract.hashing import shard_of
from pipelines.beam_runner import run_here
from pipelines.triples import pairs, steps, train
from pipelines.triples.stage import main

MERGED, CROWDED = "picture-005", "picture-006"
VERSIONS = ("one", "two", "six", "ten", "red", "big", "old")


def dirty_lines(world) -> list[bytes]:
    """Good rows, and one or more for every reason; the names say which are which in the tests below."""
    good, query = world.clicks(MERGED), world.query(MERGED)
    others = [image_id for image_id in world.shown if image_id not in (MERGED, CROWDED)]
    by_address = {"query": world.query(others[0], "pt"), "image_url": f"{others[0]}.jpg", "lang": "pt"}
    rows = [
        good | {"clicks": 2, "page_title": "Seldom seen here"},
        good | {"clicks": 40, "query": f"  {query}\u200b ", "page_html": "<title>Often &amp; gladly seen</title>"},
        good | {"clicks": 1, "lang": None},
        *(
            good | {"image_id": CROWDED, "query": f"{query} version {word}", "clicks": clicks}
            for clicks, word in enumerate(VERSIONS, 1)
        ),
        *(world.clicks(image_id, lang, page_title=f"About {image_id}") for image_id in others for lang in ("en", "zh")),
        by_address,
        *(good | {"query": empty} for empty in ("", None, " \u200b ")),
        *(good | {"image_id": unknown} for unknown in ("no-such-picture", None, "../../etc/passwd")),
        *(good | {"clicks": clicks} for clicks in (-1, 0, 1e300, "many", 10**12)),
        good | {"lang": "sv"}, good | {"query": "red boat"}, good | {"query": "free porn pictures of red boats"},
        good | {"query": "see www.example.com for red boats"},
        good | {"query": "a picture of some Forbidden   Fruit in a bowl"},
    ]  # fmt: skip
    broken = [
        b"{not json", b'["a list"]', b'"\xff\xfe broken UTF-8"', b"[" * 200_000,
        b'{"query": "\\ud800 half a pair", "image_id": "picture-005"}', b'{"query": 17, "image_id": "picture-005"}',
    ]  # fmt: skip
    return [json.dumps(row, ensure_ascii=False).encode() for row in rows] + broken


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"), pictures=40)


@pytest.fixture(scope="module")
def dirty(world):
    (world.root / "lists").mkdir()
    (world.root / "lists" / "en").write_text("forbidden fruit\n")
    world.log(b"\n".join(dirty_lines(world)) + b"\n\n")
    return world.run("--word-lists", str(world.root / "lists"), "--chunk-bytes", "3000", out="dirty")


@pytest.fixture(scope="module")
def by_image(dirty):
    rows = defaultdict(list)
    for row in sorted(dirty.rows(), key=lambda row: (row["image_id"], row["rank"])):
        rows[row["image_id"]].append(row)
    return rows


def test_every_row_of_a_dirty_log_is_accounted_for(world, dirty):
    assert dirty.manifest.rows_in == len(dirty_lines(world))
    assert dirty.manifest.rejected == {
        "clicks_absurd": 5, "clicks_merged": 2, "image_unknown": 3, "language_unknown": 1, "malformed_row": 6,
        "query_empty": 3, "query_noisy": 1, "query_over_five": 2, "query_sensitive": 2, "query_short": 1,
    }  # fmt: skip
    assert all(reject["source"].startswith("clicks.jsonl:") for reject in dirty.rejects())


def test_clicks_of_one_query_and_picture_are_merged(world, dirty, by_image):
    (row,) = by_image[MERGED]
    assert (row["query"], row["clicks"]) == (world.query(MERGED), 43)
    assert row["context"] == "Often & gladly seen"  # of the page with the most clicks
    merged = [reject["message"] for reject in dirty.rejects() if reject["reason"] == "clicks_merged"]
    assert merged == ["merged into clicks.jsonl:0"] * 2


def test_a_picture_keeps_its_five_best_queries_of_equals_those_with_more_clicks(by_image):
    assert [(row["rank"], row["clicks"]) for row in by_image[CROWDED]] == [(1, 7), (2, 6), (3, 5), (4, 4), (5, 3)]


def test_clicks_become_triples_with_context_and_split(world, by_image):
    (first, second) = by_image["picture-009"]
    assert {first["query"], second["query"]} == {world.query("picture-009"), world.query("picture-009", "zh")}
    assert {first["context"], second["context"]} == {"About picture-009"}
    assert {first["split"], second["split"]} == {"train"}
    assert 1 >= first["relevance"] >= second["relevance"] >= 0


def test_a_picture_may_be_named_by_its_address(by_image):
    assert "pt" in {row["lang"] for row in by_image["picture-000"]}


def test_rows_lie_in_the_shard_of_their_picture(dirty):
    assert dirty.num_shards == 4
    for shard in range(4):
        assert all(shard_of(row["image_id"], 4) == shard for row in dirty.rows(shard=shard))


def test_the_statistics_add_up_and_say_what_ran(dirty):
    statistics = dirty.manifest.statistics
    assert statistics["rows_after_step"]["0 log"] == dirty.manifest.rows_in
    assert statistics["rows_after_step"]["5 sample"] == dirty.manifest.rows_out == len(dirty)
    assert sum(count for of_lang in statistics["triples"].values() for count in of_lang.values()) == len(dirty)
    assert 5 <= statistics["words_a_query"]["all"] <= 9
    assert 0.5 < statistics["context_share"]["all"] < 1
    assert statistics["image_filters"]["reliable_features"] == {"ran": False, "why": "no labelled pictures"}


def test_the_classifier_of_sensitive_pictures_runs_and_the_manifest_says_so(world):
    version = f"nudenet {importlib.metadata.version('nudenet')}"
    world.log(json.dumps(world.clicks(MERGED)).encode())
    kept = world.run(out="kept")
    assert kept.manifest.statistics["image_filters"]["sensitive_images"] == version
    assert (kept.manifest.rows_out, kept.manifest.rejected) == (1, {})
    dropped = world.run("--sensitive-from", "0", out="dropped")
    assert dropped.manifest.rejected == {"image_sensitive": 1}, "every score is 0 or more"
    without = world.run("--no-sensitive-images", "--sensitive-from", "0", out="without")
    assert without.manifest.statistics["image_filters"]["sensitive_images"].startswith("did not run")
    assert without.manifest.rows_out == 1


def test_without_labels_clicks_teach_relevance_and_the_manifest_says_so(dirty):
    said = dirty.manifest.statistics["relevance"]
    assert said["labels"] == "weak: clicks"
    assert said["held_out"]["auc"] > 0.9


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Two queries a picture, its own and one that names what it does not show, all judged; every fifth is blurred."""
    world = make_world(tmp_path_factory.mktemp("labelled"), pictures=100)
    rows = []
    for image_id, shown in world.shown.items():
        others = [noun for number, noun in enumerate(NOUNS) if number not in shown]
        rows += [
            {"query": world.query(image_id), "image_id": image_id, "label": 1},
            {"query": PHRASES["en"].format(*others[:2]), "image_id": image_id, "label": 0},
        ]
    world.log("".join(json.dumps(row) + "\n" for row in rows), "relevance_labels.jsonl")
    reliable = [{"image_id": image_id, "reliable": image_id not in blurred(world)} for image_id in world.shown]
    world.log("".join(json.dumps(row) + "\n" for row in reliable), "image_labels.jsonl")
    world.log([{"query": row["query"], "image_id": row["image_id"], "clicks": 1, "lang": "en"} for row in rows])
    quotas = json.dumps({"train": {"en": 14}, "val": {"en": 2}})
    return world, world.run("--quotas", quotas, "--quota-scale", "0.5")


def blurred(world) -> set[str]:
    return {image_id for image_id in world.shown if int(image_id[-3:]) % 5 == 4}


def test_labelled_pictures_teach_which_features_are_reliable(labelled):
    world, dataset = labelled
    assert dataset.manifest.statistics["image_filters"]["reliable_features"]["held_out"]["auc"] > 0.9
    rejected = {reject["key"].split("/")[0] for reject in dataset.rejects() if reject["reason"] == "image_no_features"}
    assert rejected == blurred(world)


def test_judged_pairs_teach_relevance(labelled):
    world, dataset = labelled
    said = dataset.manifest.statistics["relevance"]
    assert said["labels"] == "judged pairs"
    assert said["held_out"]["auc"] > 0.95
    assert dataset.manifest.rejected["query_irrelevant"] == len(world.shown) - len(blurred(world))
    assert all(row["query"] == world.query(row["image_id"]) for row in dataset.rows())


def test_models_trained_by_their_own_command_do_what_the_stage_does(labelled, capsys):
    world, dataset = labelled
    models = {name: world.root / f"{name}.json" for name in ("relevance", "reliability")}
    for name, path in models.items():
        assert train.main([name, *world.arguments("--out", str(path), "--workers", "1")]) == 0
        said = json.loads(path.read_text())
        assert said["held_out"]["auc"] > 0.95 and said["held_out"]["calibration_error"] < 0.2
    other = world.root / "few_labels"
    shutil.copytree(world.root / "log", other)
    (other / "relevance_labels.jsonl").unlink()
    given = ["--log", str(other)] + [part for name, path in models.items() for part in (f"--{name}-model", str(path))]
    again = world.run(*given, "--quotas", json.dumps({"train": {"en": 7}, "val": {"en": 1}}), out="again")
    assert again.table().equals(dataset.table())
    (other / "image_labels.jsonl").write_text('{"image_id": "picture-001", "reliable": true}\n')
    capsys.readouterr()
    assert train.main(["reliability", *world.arguments("--log", str(other), "--out", str(world.root / "no.json"))]) == 1
    assert "too few examples" in capsys.readouterr().err
    assert train.main(["relevancy", *world.arguments("--out", str(world.root / "no.json"))]) == 2
    assert "relevance or reliability" in capsys.readouterr().err


def test_named_entities_are_counted_by_the_models_that_are_named(tmp_path, capsys):
    world = make_world(tmp_path, pictures=12)
    rows = [world.clicks(image_id, "en") for image_id in world.shown]
    rows[0] |= {"query": "a red boat on the river Danube", "page_title": "Vienna and the Danube"}
    world.log(rows)
    tagger = spacy.blank("en")
    tagger.add_pipe("entity_ruler").add_patterns([{"label": "LOC", "pattern": "Danube"}])
    tagger.to_disk(tmp_path / "tagger")
    dataset = world.run("--entity-models", json.dumps({"en": str(tmp_path / "tagger")}))
    statistics = dataset.manifest.statistics
    assert statistics["entity_share"] == {"query": {"en": round(1 / 12, 4)}, "context": {"en": 1.0}}
    assert statistics["entity_models"]["en"].startswith("pipeline ")
    spacy.blank("de").to_disk(tmp_path / "none")
    for model, message in (("no_such_model", "cannot be loaded"), (str(tmp_path / "none"), "looks for no entities")):
        assert main(world.arguments("--entity-models", json.dumps({"en": model}))) == 2
        assert message in capsys.readouterr().err


@pytest.fixture(scope="module")
def scored(labelled):
    """The pairs of the labelled world, with scores that know which ones match."""
    world, _ = labelled
    assert pairs.main(world.arguments(out="pairs")) == 0
    asked = list(Dataset(world.root / "pairs", "pairs").rows())
    scores = [
        {
            "image_id": row["image_id"],
            "query_id": row["query_id"],
            "score": float(row["query"] == world.query(row["image_id"])),
        }
        for row in asked
    ]
    write_dataset(world.root / "matching", "matching", scores)
    return world, asked


def test_a_checkpoints_scores_are_looked_at_by_the_relevance_model(scored, capsys):
    world, asked = scored
    assert len(asked) == 2 * len(world.shown), "two queries a picture, clicked and judged"
    given = ["--matching", str(world.root / "matching"), "--workers", "1"]
    path = world.root / "with_matching.json"
    assert train.main(["relevance", *world.arguments("--out", str(path), *given)]) == 0
    said = json.loads(path.read_text())
    weight = dict(zip(said["model"]["features"], said["model"]["weights"], strict=True))
    assert said["held_out"]["auc"] == 1 and weight["matching"] > 0.5
    capsys.readouterr()
    assert main(world.arguments("--relevance-model", str(path))) == 2
    assert "--matching" in capsys.readouterr().err


def test_a_pair_without_a_score_is_named(scored, capsys):
    world, asked = scored
    write_dataset(world.root / "few", "matching", [{"image_id": asked[0]["image_id"], "query_id": "0", "score": 1.0}])
    assert main(world.arguments("--matching", str(world.root / "few"), "--workers", "1")) == 1
    assert "has no score of the pair" in capsys.readouterr().err


def test_judged_rows_measure_the_filters(tmp_path):
    world = make_world(tmp_path, pictures=12)
    ids = list(world.shown)
    rows = [
        world.clicks(ids[0], None), world.clicks(ids[1], query="boat"), world.clicks(ids[2], query="asdf qwer zxcv"),
        world.clicks(ids[3]), world.clicks(ids[4]) | {"image_id": "gone"}, world.clicks(ids[3]),
        world.clicks(ids[5]), world.clicks(ids[6], query="boat"), world.clicks(ids[7], query="asdf qwer zxcv"),
    ]  # fmt: skip
    doubt = {"reason": "", "or": "query_short"}
    truths = [{"reason": "", "lang": "en"}, {"reason": "query_short"}, {"reason": "query_short"},
              {"reason": "query_noisy"}, {"reason": "image_unknown"}, {"reason": ""}, doubt, doubt, doubt]  # fmt: skip
    world.log(rows)
    offset, labels = 0, []
    for row, truth in zip(rows, truths, strict=True):
        labels.append({"source": f"clicks.jsonl:{offset}"} | truth)
        offset += len(json.dumps(row).encode()) + 1
    world.log("".join(json.dumps(row) + "\n" for row in labels) + "\n", "row_labels.jsonl")
    found = world.run().manifest.statistics["filters"]
    assert found == {
        "image_unknown": {"should": 1, "did": 1, "both": 1, "precision": 1.0, "recall": 1.0},
        "query_noisy": {"should": 1, "did": 2, "both": 0, "precision": 0.0, "recall": 0.0},
        "query_short": {"should": 2, "did": 1, "both": 1, "precision": 1.0, "recall": 0.5},
        "language": {"judged": 1, "right": 1, "accuracy": 1.0},
        "in_doubt": {"passes": 1, "query_short": 1},
    }


@pytest.mark.parametrize("times", [0, 2])
def test_a_shuffle_that_loses_or_doubles_rows_is_noticed(tmp_path, monkeypatch, capsys, times):
    world = make_world(tmp_path, pictures=12)
    world.log([world.clicks(image_id) for image_id in world.shown])

    def faulty(plan, *progress):
        if not hasattr(plan, "keys"):
            return run_here(plan, *progress)
        plan.work.setup()
        blocks = {key: [] for key in plan.keys}
        for element in plan.elements:
            for key, block in plan.work.spread(element):
                blocks[key] += [block] * (times if key == 1 else 1)
        for key in plan.keys:
            plan.work.gather(key, blocks[key])

    monkeypatch.setattr(steps, "run_here", faulty)
    assert main(world.arguments("--workers", "1")) == 75
    assert "rows of shard 1 came of" in capsys.readouterr().err


def test_a_quota_of_nothing_admits_nothing(tmp_path):
    world = make_world(tmp_path, pictures=12)
    world.log([world.clicks(image_id) for image_id in world.shown])
    nothing = {split: {"en": 0} for split in ("train", "val", "test")}
    dataset = world.run("--quotas", json.dumps(nothing))
    assert len(dataset) == 0 and dataset.manifest.rejected == {"over_quota": 12}


def test_scores_of_other_shards_are_refused(labelled, capsys):
    world, _ = labelled
    folder = world.root / "one_shard"
    shard = [{"image_id": "a", "query_id": "0", "score": 1.0}]
    write_dataset(folder, "matching", shard, shards=1)
    assert main(world.arguments("--matching", str(folder))) == 1
    assert "shards" in capsys.readouterr().err


def test_quotas_count_pictures_by_language_and_split(labelled):
    world, dataset = labelled
    left = Counter(int(image_id[-3:]) % 10 for image_id in world.shown if image_id not in blurred(world))
    assert dataset.manifest.statistics["images"] == {"en": {"train": 7, "val": 1, "test": left[0]}}
    assert {row["rank"] for row in dataset.rows()} == {1}


def test_captions_stand_in_for_queries_only_when_asked(tmp_path, capsys):
    world = make_world(tmp_path, pictures=12)
    assert len(world.run(out="nothing")) == 0
    assert "no search log, so there are no triples" in capsys.readouterr().out
    dataset = world.run("--captions-as-queries")
    assert "Captions stand in for queries" in capsys.readouterr().out
    assert dataset.manifest.statistics["log"] == "captions stand in for queries"
    assert len(dataset) == len(world.shown)
    assert {(row["context"], row["clicks"]) for row in dataset.rows()} == {(None, 1)}


@pytest.mark.parametrize("name", ["clicks.jsonl", "clicks.jsonl.gz", "clicks.parquet", "clicks.tsv"])
def test_a_log_without_rows_is_a_log_and_captions_do_not_stand_in(tmp_path, name):
    world = make_world(tmp_path, pictures=12)
    parquet = io.BytesIO()
    pq.ParquetWriter(parquet, pa.schema({"query": pa.string(), "image_id": pa.string()})).close()
    empty = {".jsonl": b"", ".gz": gzip.compress(b""), ".parquet": parquet.getvalue(), ".tsv": b"query\timage_id\n"}
    world.log(empty[Path(name).suffix], name)
    dataset = world.run("--captions-as-queries")
    assert len(dataset) == 0 and dataset.manifest.statistics["log"] == "search log"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("clicks.jsonl.gz", "not gzip"),
        ("clicks.tsv", "red boat\tpicture-005\n"),
        ("clicks.parquet", "not parquet"),
        ("relevance_labels.jsonl", '{"query": "red", "image_id": "x", "label": 7}\n'),
        ("image_labels.jsonl", "nonsense\n"),
    ],
)
def test_a_file_that_is_not_what_it_claims_is_named_and_leaves_no_dataset(tmp_path, capsys, name, content):
    world = make_world(tmp_path, pictures=4)
    world.log(content, name)
    assert main(world.arguments("--workers", "1")) == 1
    assert name in capsys.readouterr().err
    assert not (world.root / "triples").exists()


def test_a_missing_log_folder_and_a_wrong_setting_are_said(tmp_path, capsys):
    world = make_world(tmp_path, pictures=4)
    assert main([*world.arguments(), "--log", str(world.root / "nowhere")]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert main([*world.arguments(), "--detector", str(world.root / "no-detector")]) == 1
    assert "no-detector is not there" in capsys.readouterr().err
    assert main(world.arguments("--reliable-from", "7")) == 2
    assert "reliable_from" in capsys.readouterr().err
