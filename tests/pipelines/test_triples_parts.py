"""Parts of the stage ``triples`` that need no run of it: formats of logs, filters, ranks, quotas, models."""

import gzip
import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.errors import InputError
from pipelines.triples.arrow_files import from_block
from pipelines.triples.image_facts import covered_share, sharpness
from pipelines.triples.image_filters import RELIABILITY_FEATURES, ImageFilter, reliability_features
from pipelines.triples.log_files import plan_chunks
from pipelines.triples.log_table import LogReader
from pipelines.triples.logistic import measure, read_logistic, train_logistic
from pipelines.triples.relevance import weak_negatives
from pipelines.triples.sample import Quotas, rank_queries

ROWS = [
    {"query": f"a red boat near house {n}", "image_id": f"i{n}", "clicks": n + 1, "lang": "en", "page_title": "Boats"}
    for n in range(20)
]


def read_all(folder, chunk_bytes=1 << 20):
    chunks, reader = plan_chunks(folder, chunk_bytes), LogReader(folder / "no images", 3)
    blocks = [block for number, chunk in enumerate(chunks) for _, _, block in reader.blocks(number, chunk, range(3))]
    rows = [SimpleNamespace(**row) for block in blocks for row in from_block(block).to_pylist()]
    return sorted(rows, key=lambda row: (row.chunk, row.position)), len(chunks)


def without_place(rows):
    return [vars(row) | {"chunk": 0, "position": 0} for row in rows]


@pytest.fixture
def json_log(tmp_path):
    folder = tmp_path / "json"
    folder.mkdir()
    (folder / "clicks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return folder


def test_every_format_gives_the_same_rows(json_log, tmp_path):
    expected = without_place(read_all(json_log)[0])
    first = ("a red boat near house 0", 1, "Boats")
    assert (expected[0]["query"], expected[0]["clicks"], expected[0]["title"]) == first
    for name in ("tsv", "gz", "parquet", "binary"):
        (tmp_path / name).mkdir()
    text = "\t".join(ROWS[0]) + "\n" + "".join("\t".join(map(str, row.values())) + "\r\n" for row in ROWS)
    (tmp_path / "tsv" / "clicks.tsv").write_text(text)
    (tmp_path / "gz" / "clicks.jsonl.gz").write_bytes(gzip.compress((json_log / "clicks.jsonl").read_bytes()))
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "parquet" / "clicks.parquet", row_group_size=7)
    binary = [{name: one.encode() if isinstance(one, str) else one for name, one in row.items()} for row in ROWS]
    pq.write_table(pa.Table.from_pylist(binary), tmp_path / "binary" / "clicks.parquet")
    for name in ("tsv", "gz", "parquet", "binary"):
        assert without_place(read_all(tmp_path / name)[0]) == expected, name


def test_binary_text_that_is_no_utf8_costs_its_own_row_alone(tmp_path):
    rows = [{"query": query, "image_id": b"i1"} for query in (b"a red boat", b"caf\xe9", "café".encode())]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "clicks.parquet")
    read, _ = read_all(tmp_path)
    assert [(row.query, row.image_id) for row in read] == [("a red boat", "i1"), ("", ""), ("café", "i1")]
    assert [row.reason for row in read] == ["", "malformed_row", ""] and "UTF-8" in read[1].message


@pytest.mark.parametrize("chunk_bytes", [1, 100, 137, 1000])
def test_chunks_of_any_size_hold_every_row_once(json_log, chunk_bytes):
    rows, chunks = read_all(json_log, chunk_bytes)
    assert without_place(rows) == without_place(read_all(json_log)[0])
    assert chunks > 1


def test_tsv_chunks_know_their_header(json_log, tmp_path):
    (tmp_path / "clicks.tsv").write_text("query\timage_id\n" + "".join(f"a boat\ti{n}\n" for n in range(50)))
    (json_log / "clicks.jsonl").unlink()
    rows, _ = read_all(tmp_path, 64)
    assert [row.image_id for row in rows] == [f"i{n}" for n in range(50)]
    assert {row.clicks for row in rows} == {1}


def test_tsv_rows_with_a_wrong_number_of_fields_are_malformed(tmp_path):
    (tmp_path / "clicks.tsv").write_text("query\timage_id\na boat\ti1\tmore\na boat\n")
    assert [row.reason for row in read_all(tmp_path)[0]] == ["malformed_row"] * 2


@pytest.mark.parametrize("kind", ["plain", "dictionary", "large", "one odd column", "integers"])
def test_a_parquet_log_says_the_same_in_whichever_columns(tmp_path, kind):
    """Whole columns are read at once where they can be, else row by row."""
    rows = [
        {
            "query": "a red boat",
            "image_id": " 7\n",
            "image_url": None,
            "clicks": 3,
            "lang": "pt-BR",
            "page_title": "Boats",
        },
        {"query": None, "image_id": "8", "image_url": "u", "clicks": None, "lang": None, "page_title": "index"},
        {"query": "boats", "image_id": "9", "image_url": None, "clicks": -4, "lang": "de", "page_title": None},
    ]
    table = pa.Table.from_pylist(rows)
    if kind == "dictionary":
        table = table.set_column(0, "query", table.column("query").dictionary_encode())
    elif kind == "large":
        table = table.set_column(0, "query", table.column("query").cast(pa.large_string()))
    elif kind == "one odd column":
        table = table.set_column(4, "lang", pa.array([["pt"], None, ["de"]]))
    elif kind == "integers":
        table = table.set_column(1, "image_id", pa.array([7, 8, 9]))
    pq.write_table(table, tmp_path / "clicks.parquet")
    read = read_all(tmp_path)[0]
    if kind == "one odd column":
        assert [row.reason for row in read] == ["malformed_row", "", "malformed_row"]
        return
    assert [(row.query, row.image_id, row.lang, row.clicks, row.title, row.reason) for row in read] == [
        ("a red boat", "7", "pt-BR", 3, "Boats", ""),
        ("", "8", None, 1, None, ""),
        ("boats", "9", None, 1, None, "clicks_absurd"),
    ]
    assert read[2].message == "clicks is '-4', expected a whole number from 1 to 1,000,000,000"


def test_texts_that_no_query_has_are_malformed_in_every_format(tmp_path):
    """Some rules take quadratic time, and SudachiPy ends at 49,149 bytes."""
    rows = [{"query": "a red boat", "image_id": "i1"}, {"query": "x@" * 20_000, "image_id": "i2"},
            {"query": "a boat", "image_id": "i" * 2_000}]  # fmt: skip
    (tmp_path / "clicks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "clicks.parquet")
    read = read_all(tmp_path)[0]
    assert [row.reason for row in read] == ["", "malformed_row", "malformed_row"] * 2
    assert "40,000 characters" in read[1].message and read[1].query == ""


def test_numbers_of_columns_with_gaps_are_clicks_and_dates_beyond_calendars_are_not(tmp_path):
    table = pa.table(
        {
            "query": ["a"] * 5,
            "image_id": ["i"] * 5,
            "lang": pa.nulls(5),
            "clicks": [3.0, 2.5, None, float("nan"), 1e300],
        }
    )
    pq.write_table(table, tmp_path / "clicks.parquet")
    read = read_all(tmp_path)[0]
    assert [(row.clicks, row.reason) for row in read] == [
        (3, ""), (1, "clicks_absurd"), (1, ""), (1, "clicks_absurd"), (1, "clicks_absurd"),
    ]  # fmt: skip
    dates = pa.array([2**62], pa.int64()).cast(pa.timestamp("us"))
    pq.write_table(pa.table({"query": ["a"], "image_id": ["i"], "clicks": dates}), tmp_path / "clicks.parquet")
    assert [row.reason for row in read_all(tmp_path)[0]] == ["malformed_row"]


def test_a_file_without_its_columns_is_refused_before_any_work(tmp_path):
    pq.write_table(pa.table([["a"], ["b"]], names=["query", "query"]), tmp_path / "clicks.parquet")
    with pytest.raises(InputError, match="each once"):
        plan_chunks(tmp_path, 100)
    (tmp_path / "clicks.parquet").unlink()
    for content in (b"a\tb\n", "query\timage_id\n".encode("utf-16"), b""):
        (tmp_path / "clicks.tsv").write_bytes(content)
        with pytest.raises(InputError, match="query among them"):
            plan_chunks(tmp_path, 100)


def test_no_clicked_pair_is_a_weak_negative():
    clicked = {(0, picture) for picture in range(20)} | {(1, 0)}
    query, image = np.array([0, 0, 1]), np.array([3, 4, 0])
    drawn = weak_negatives(query, image, clicked, [f"p{n}" for n in range(20)], ["q0", "q1"], 7)
    assert drawn[:2].tolist() == [-1, -1] and drawn[2] > 0


def test_page_bytes_of_parquet_are_decoded_as_the_page_states(tmp_path):
    page = '<meta charset="iso-8859-1"><title>Café rouge</title>'.encode("latin-1")
    row = {"query": "a red café", "image_id": "i1", "page_html": page}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "clicks.parquet")
    assert read_all(tmp_path)[0][0].title == "Café rouge"


def test_parquet_text_that_is_not_utf8_is_malformed(tmp_path):
    broken = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, 2], np.int32)), pa.py_buffer(b"\xff\xfe"))
    pq.write_table(pa.table({"query": broken, "image_id": ["i1"]}), tmp_path / "clicks.parquet")
    assert [row.reason for row in read_all(tmp_path)[0]] == ["malformed_row"]


def facts(**changes):
    fact = {"width": 400, "height": 300, "regions": 2, "mean_score": 0.9, "best_score": 0.9, "covered": 0.5,
            "sharpness": 500.0, "sensitive": None}  # fmt: skip
    return pa.Table.from_pylist([fact | changes])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""), ({"width": 299}, "image_small"), ({"height": 299}, "image_small"),
        ({"sensitive": 0.2}, ""), ({"sensitive": 0.6}, "image_sensitive"), ({"regions": 0}, "image_no_features"),
    ],
)  # fmt: skip
def test_which_pictures_are_left_out(changes, reason):
    ((found, _),) = ImageFilter(300, 0.5, None, 0.5).faults(facts(**changes))
    assert found == reason


def test_blur_and_grain_are_unreliable_though_the_detector_sees_something_in_them_and_little_in_a_good_picture():
    draw = np.random.default_rng(3)
    pictures, labels = [], []
    for number in range(200):
        usual, low, high = draw.uniform(100, 1100), draw.uniform(1, 4), draw.uniform(4_000, 5_000)
        labels.append(number % 8 > 1)
        score = draw.uniform(0.5, 1) if labels[-1] else draw.uniform(0, 0.8)
        found = {"sharpness": (low, high, usual)[min(number % 8, 2)], "mean_score": score, "best_score": score}
        pictures.append(facts(**found))
    features = reliability_features(pa.concat_tables(pictures))
    model = train_logistic(features, np.array(labels), RELIABILITY_FEATURES)
    assert ((model.probability(features) > 0.5) == labels).mean() > 0.99


def test_a_blurred_picture_is_less_sharp_whatever_its_size():
    from PIL import Image, ImageFilter

    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    small = Image.fromarray(noise).resize((400, 300), Image.Resampling.NEAREST)
    large = small.resize((1600, 1200), Image.Resampling.NEAREST)
    blurred = small.filter(ImageFilter.GaussianBlur(6))
    assert sharpness(small) > 5 * sharpness(blurred)
    assert sharpness(large) == pytest.approx(sharpness(small), rel=0.5)


def test_overlapping_regions_cover_their_area_once():
    boxes = np.array([[0, 0, 50, 100], [25, 0, 75, 100], [-10, -10, 5, 5]], np.float32)
    assert covered_share(boxes, 100, 100) == pytest.approx(0.75, abs=0.02)


def test_ties_are_broken_by_clicks_and_then_by_the_id():
    ranks = rank_queries(
        np.array(["a", "b", "a", "a", "a"]), np.array([0.5, 0.1, 0.5, 0.9, 0.5]), np.array([3, 1, 4, 1, 3]),
        np.array(["y", "q", "z", "w", "x"]),
    )  # fmt: skip
    assert ranks.tolist() == [4, 1, 2, 1, 3]


def test_a_quota_does_not_depend_on_the_order_in_which_shards_are_counted():
    tables = [
        pa.table({"split": ["train"] * 10, "lang": ["en"] * 10, "image_id": [f"{part}-{n}" for n in range(10)]})
        for part in range(3)
    ]
    admitted = []
    for order in (tables, tables[::-1]):
        quotas = Quotas({"train": {"en": 12}}, seed=1)
        for table in order:
            quotas.count(table)
        admitted.append({i for t in tables for i in t["image_id"].to_pylist() if quotas.admits("train", "en", i)})
    assert admitted[0] == admitted[1]
    assert len(admitted[0]) == 12


def test_a_model_comes_back_from_json_as_it_was(tmp_path):
    draw = np.random.default_rng(1)
    features = draw.normal(size=(200, 2)).astype(np.float32)
    labels = features[:, 0] + 0.1 * draw.normal(size=200) > 0
    model = train_logistic(features, labels, ("signal", "noise"))
    assert measure(model.probability(features), labels)["auc"] > 0.98
    (tmp_path / "model.json").write_text(json.dumps(model.as_json()))
    assert read_logistic(tmp_path / "model.json", ("signal", "noise")) == model
    with pytest.raises(InputError, match="model over signal, noise"):
        read_logistic(tmp_path / "model.json", ("signal", "other"))


MODEL = '{"features": ["a"], "means": [0], "scales": [%s], "weights": [1], "intercept": %s}'


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"features": ["a"], "means": "x"}', "[" * 100_000, MODEL % (0, 1), MODEL % (1, "NaN"),
     MODEL % (1, f"1{'0' * 400}")],
)  # fmt: skip
def test_a_file_that_is_no_model_is_refused(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(InputError, match=r"model\.json"):
        read_logistic(tmp_path / "model.json", ("a",))


def test_too_few_examples_train_no_model():
    assert train_logistic(np.ones((9, 1)), np.array([True] * 8 + [False]), ("a",)) is None
