"""Retrieval over MILD's triples: queries stand for captions, alone or with the titles of their pages."""

import pytest
from task_world import THINGS, arguments, read, split_of, things_of, world, write_dataset  # noqa: F401

from model.evaluate import main as evaluate_main
from model.finetune import main as finetune_main


def triple(picture: int, titled: bool = True) -> dict:
    """A query that names one of a picture's two things, on a page whose title names both."""
    first, second = (THINGS["en"][thing] for thing in things_of(picture))
    return {
        "image_id": f"p{picture:03d}", "query_id": f"q-{first}", "lang": "en", "query": f"a {first}",
        "context": f"{first} and {second}" if titled else None, "relevance": 0.9, "rank": 1, "clicks": 1,
        "split": split_of(picture),
    }  # fmt: skip


def run(main, monkeypatch, *line, **settings) -> int:
    monkeypatch.setattr("sys.argv", ["stage", *arguments(*line, **settings)])
    return main()


@pytest.mark.slow
def test_a_context_that_tells_more_finds_more(world, tmp_path, monkeypatch):  # noqa: F811
    triples = write_dataset(tmp_path / "triples", "triples", map(triple, range(72)))
    learning = {"steps": 220, "batch_size": 32, "learning_rate": 2e-3, "warmup_steps": 20, "loss": "softmax"}
    learning |= {"contrastive_batch": 16}
    found = {}
    for reads in ("query", "query-context"):
        out, given = tmp_path / reads, {"captions": triples, "reads": reads}
        settings = learning | given | {"task": "retrieval", "setting": "all"}
        assert run(finetune_main, monkeypatch, world, world / "understanding", out, **settings) == 0
        assert run(evaluate_main, monkeypatch, world, out, tmp_path / "m.json", captions=triples) == 0
        metrics = read(tmp_path / "m.json")
        assert metrics["reads"] == reads, "as it was trained"
        found[reads] = metrics["protocols"]["unique"]["en"]["mR"]
    assert found["query-context"] > found["query"] + 5


def test_a_query_without_a_title_is_read_alone_and_one_query_may_have_several_pictures(world, tmp_path, monkeypatch):  # noqa: F811
    rows = [triple(picture, titled=picture % 2 == 0) | {"query_id": "same"} for picture in range(72)]
    triples = write_dataset(tmp_path / "triples", "triples", rows)
    given = {"captions": triples, "reads": "query-context"}
    assert run(evaluate_main, monkeypatch, world, world / "understanding", tmp_path / "m.json", **given) == 0
    one = read(tmp_path / "m.json")["protocols"]["unique"]["en"]
    assert (one["captions"], one["images"]) == (12, 12)


def test_what_is_cut_or_unknown_of_queries_with_titles_is_said(world, tmp_path, monkeypatch, capsys):  # noqa: F811
    rows = [triple(picture) | {"context": "ring " * 40} for picture in range(60, 66)]
    rows += [triple(picture) | {"query": "سرخ"} for picture in range(66, 72)]
    given = {"captions": write_dataset(tmp_path / "triples", "triples", rows), "reads": "query-context"}
    assert run(evaluate_main, monkeypatch, world, world / "understanding", tmp_path / "m.json", **given) == 0
    told = capsys.readouterr().out
    assert "captions: 6 of 12 have more than 32 tokens and are cut" in told
    assert "captions: 6 of 12 hold characters that the tokenizer does not know" in told
