"""The search log of the embedded world: dirt of every kind, honest labels, pages with and without titles."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scenes_world import draw_world, rows

from pipelines.ingest.perceptual import near_pairs, perceptual_hashes
from pipelines.triples.noise import noise_rule
from pipelines.triples.page_title import page_title
from pipelines.triples.text import normalise

Rows = list[dict[str, Any]]
LANGUAGES = ("en", "de", "fr", "pt", "es", "it", "ja", "zh")
DIRT: dict[str, Callable[[str], Any]] = {
    "upper case": lambda text: text.isupper() and len(text) > 10,
    "mixed case": lambda text: re.search(r"[a-z][A-Z]+[a-z]", text),
    "doubled spaces": lambda text: "  " in text.strip(),
    "full-width characters": lambda text: re.search("[\uff41-\uff5a]", text),
    "entities": lambda text: re.search("&(quot|nbsp|#[0-9]+);", text),
    "invisible characters": lambda text: "\u200b" in text.strip(),
    "numbers alone": lambda text: re.fullmatch("[0-9 ]+", text),
    "address": lambda text: re.match("(https?://|www)", text),
    "mail": lambda text: "@" in text,
    "keyboard": lambda text: noise_rule(text, text.split()) in ("keyboard_row", "no_vowels"),
    "too short": lambda text: text.isascii() and text.isalpha(),
    "file name": lambda text: text.startswith("IMG_"),
    "nothing": lambda text: not normalise(text),
    "mildly sensitive": lambda text: re.match("(nude|nackt|nudité|pelado|desnudo|nudo|ヌード|裸体) ", text),
}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("log") / "raw"
    done = draw_world(out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def clicks(raw: Path) -> Rows:
    return rows(raw / "log" / "clicks.jsonl")


def gray(path: Path) -> Any:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"), dtype=float)


def test_rows_have_what_the_triples_stage_reads(clicks: Rows) -> None:
    assert len(clicks) == 700
    assert {tuple(row) for row in clicks} == {("query", "image_id", "clicks", "lang", "page_url", "page_html")}
    assert all(isinstance(row["clicks"], int) and row["clicks"] >= 1 for row in clicks)


def test_eight_languages_sometimes_with_a_region_and_sometimes_unstated(clicks: Rows) -> None:
    stated = {row["lang"] for row in clicks}
    assert None in stated
    assert {lang.split("-")[0] for lang in stated if lang} == {*LANGUAGES, "cs"}
    assert "pt-BR" in stated


@pytest.mark.parametrize("kind", DIRT)
def test_every_kind_of_dirt_is_in_the_log(clicks: Rows, kind: str) -> None:
    share = sum(bool(DIRT[kind](row["query"])) for row in clicks) / len(clicks)
    assert 0 < share < 0.1


def test_most_queries_are_clean(clicks: Rows) -> None:
    clean = [row for row in clicks if not any(is_dirty(row["query"]) for is_dirty in DIRT.values())]
    assert len(clean) > 0.7 * len(clicks)


def test_some_pairs_come_twice_and_some_pictures_are_unknown(raw: Path, clicks: Rows) -> None:
    pairs = [(row["query"], row["image_id"]) for row in clicks]
    known = {path.stem for path in (raw / "images").iterdir()}
    assert len(set(pairs)) < len(pairs)
    assert 0 < sum(row["image_id"] not in known for row in clicks) < 0.1 * len(clicks)
    assert known <= {row["image_id"] for row in clicks}


def test_noise_has_fewer_clicks(clicks: Rows) -> None:
    noisy = [row["clicks"] for row in clicks if noise_rule(normalise(row["query"]), row["query"].split())]
    assert mean(noisy) < 0.5 * mean(row["clicks"] for row in clicks)


def test_pages_of_every_kind(clicks: Rows) -> None:
    pages = [row["page_html"] for row in clicks]
    titles = [page_title(page) for page in pages if page]
    assert 0.6 < sum(title is not None for title in titles) / len(titles) < 0.95
    for sign in ("og:title", "iso-8859-1", "<title></title>", "<TITLE>", "&#32;", "<title>Home</title>", "untitled"):
        assert any(sign in page for page in pages if page), sign
    assert None in pages
    assert not any("&#" in title or "&amp;" in title for title in titles if title)


def test_pictures_that_only_the_log_knows(raw: Path) -> None:
    small, blurred, noise, copy = (raw / "images" / f"log-{number:03d}.jpg" for number in range(4))
    assert min(gray(small).shape) < 300 <= min(gray(copy).shape)
    edges = ImageFilter.FIND_EDGES
    with Image.open(blurred) as soft, Image.open(raw / "images" / "scene-00000.jpg") as sharp:
        means = [np.asarray(picture.convert("L").filter(edges)).mean() for picture in (soft, sharp)]
    assert means[0] < 0.5 * means[1]
    halves = np.array_split(gray(noise), 2)
    assert abs(halves[0].mean() - halves[1].mean()) < 3
    hashes = []
    for path in [copy, *sorted((raw / "images").glob("scene-*.jpg"))]:
        with Image.open(path) as picture:
            hashes.append(perceptual_hashes(picture))
    assert [first for first, _ in near_pairs(np.stack(hashes), 6).tolist()] == [0]


def test_it_is_known_of_every_row_what_should_become_of_it(raw: Path, clicks: Rows) -> None:
    labels = rows(raw / "log" / "row_labels.jsonl")
    assert len(labels) == len(clicks)
    for lang in LANGUAGES:
        known = {label["reason"] for row, label in zip(clicks, labels, strict=True) if row["lang"] == lang}
        assert {"", "query_short"} <= known
    doubtful = [(row, label) for row, label in zip(clicks, labels, strict=True) if "or" in label]
    assert 0 < len(doubtful) < 0.03 * len(clicks)
    assert {row["lang"] for row, _ in doubtful} <= {"ja", "zh", "ja-JP", "zh-CN", None}
    assert {(label["reason"], label["or"]) for _, label in doubtful} == {("", "query_short")}


def test_labels_of_pictures(raw: Path) -> None:
    labels = {row["image_id"]: row["reliable"] for row in rows(raw / "log" / "image_labels.jsonl")}
    assert [labels[f"log-{number:03d}"] for number in range(8)] == [1, 0, 0, 1] * 2
    assert [label for image_id, label in labels.items() if image_id.startswith("scene")] == [1] * 5


def test_half_of_the_judged_pairs_match_and_none_is_of_a_test_picture(raw: Path) -> None:
    judged = rows(raw / "log" / "relevance_labels.jsonl")
    assert [row["label"] for row in judged] == [1, 0] * 10
    assert {row["image_id"] for row in judged} <= {f"scene-{number:05d}" for number in range(8)}
