"""Every damage is found, and found by its name."""

import copy
import dataclasses
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dataset_world import edit_manifest, first_shard, reject, reseal, restate, rewrite, with_schema

from contract.breaches import OF_DATASETS, BreachError
from contract.hashing import shard_of
from contract.manifest import read_manifest
from contract.places import Place
from contract.schemas import SCHEMAS
from contract.verification.dataset import verify_dataset, verify_file

DATASETS = ("images", "captions", "regions", "triples", "lexicon", "codeswitch", "corpus")


@pytest.mark.parametrize("name", DATASETS)
def test_what_keeps_the_contract_is_found_to(whole, name):
    verdict = verify_dataset(Place.of(whole / name))
    manifest = read_manifest(whole / name)
    assert verdict.dataset == name
    assert verdict.rows == manifest.rows_in
    assert verdict.files == 6
    for shard in manifest.shards:
        assert verify_file(Place.of(whole / name / shard.path)).rows == shard.rows


def flip(folder: Path) -> None:
    path = first_shard(folder)
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


def damage_a_page(folder: Path) -> None:
    path = first_shard(folder)
    at = pq.read_metadata(path).row_group(0).column(3).data_page_offset
    data = bytearray(path.read_bytes())
    data[at + 8 : at + 24] = bytes(16)
    path.write_bytes(data)
    restate(folder)


def truncate(folder: Path) -> None:
    path = first_shard(folder)
    path.write_bytes(path.read_bytes()[:-100])


def swap(folder: Path) -> None:
    one, other = (folder / shard.path for shard in read_manifest(folder).shards[:2])
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)


def swap_and_restate(folder: Path) -> None:
    swap(folder)
    restate(folder)


def no_parquet(folder: Path) -> None:
    path = first_shard(folder)
    path.write_bytes(b"x" * path.stat().st_size)


def rows(change: Callable[[list[dict[str, Any]]], Any], **changes: Any) -> Callable[[Path], None]:
    """Changes the rows of a shard, and has the manifest state the new file."""

    def damage(folder: Path) -> None:
        rewrite(first_shard(folder), change)
        restate(folder, **changes)

    return damage


def first(**values: Any) -> Callable[[Path], None]:
    return rows(lambda old: [old[0] | values, *old[1:]])


def an_extra_row(folder: Path) -> None:
    rewrite(first_shard(folder), lambda old: [*old, old[-1] | {"caption_id": "zzz"}])


def null_text(folder: Path) -> None:
    path = first_shard(folder)
    table = pq.read_table(path)
    place = table.schema.get_field_index("text")
    nullable = table.schema.set(place, table.schema.field("text").with_nullable(True))
    pq.write_table(pa.Table.from_pylist([row | {"text": None} for row in table.to_pylist()], nullable), path)
    restate(folder)


def metadata(**changes: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        new = {f"m3p.{name}".encode(): value.encode() for name, value in changes.items()}
        with_schema(first_shard(folder), lambda schema: schema.with_metadata(schema.metadata | new))
        restate(folder)

    return damage


def no_descriptions(folder: Path) -> None:
    with_schema(
        first_shard(folder),
        lambda schema: pa.schema([field.remove_metadata() for field in schema], metadata=schema.metadata),
    )
    restate(folder)


def said_of(name: str, **changes: str) -> Callable[[Path], None]:
    """Has a column say something else of itself."""
    new = {one.encode(): text.encode() for one, text in changes.items()}

    def change(schema: pa.Schema) -> pa.Schema:
        field = schema.field(name)
        return schema.set(schema.get_field_index(name), field.with_metadata(field.metadata | new))

    def damage(folder: Path) -> None:
        with_schema(first_shard(folder), change)
        restate(folder)

    return damage


def said_of_replacements(folder: Path) -> None:
    """The end of a replacement says another unit of itself."""

    def change(schema: pa.Schema) -> pa.Schema:
        parts = list(schema.field("replacements").type.value_type)
        parts[1] = parts[1].with_metadata(parts[1].metadata | {b"unit": b"bytes"})
        kind = pa.list_(pa.field("element", pa.struct(parts), nullable=False))
        place = schema.get_field_index("replacements")
        return schema.set(place, schema.field(place).with_type(kind))

    with_schema(first_shard(folder), change)
    restate(folder)


def columns(choose: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = first_shard(folder)
        table = pq.read_table(path)
        pq.write_table(table.select(choose(table.column_names)), path)
        restate(folder)

    return damage


def other_type(folder: Path) -> None:
    path = first_shard(folder)
    table = pq.read_table(path)
    schema = table.schema.set(6, table.schema.field(6).with_type(pa.int64()))
    pq.write_table(table.cast(schema), path)
    restate(folder)


def lose_a_reject(folder: Path) -> None:
    path = next(folder / one.path for one in read_manifest(folder).rejects if one.rows)
    rewrite(path, lambda old: old[1:])
    manifest = read_manifest(folder)
    restate(folder, rejected=manifest.rejected)


def rejects(**values: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = next(folder / one.path for one in read_manifest(folder).rejects if one.rows)
        rewrite(path, lambda old: [old[0] | values, *old[1:]])
        restate(folder)

    return damage


def another_reason(folder: Path) -> None:
    path = next(folder / one.path for one in read_manifest(folder).rejects if one.rows)
    rewrite(path, lambda old: [reject(old[0]["key"], "malformed_row"), *old[1:]])
    restate(folder)


def foreign(folder: Path) -> None:
    """A caption of a picture that belongs to this shard and that nobody has."""
    path = first_shard(folder)
    index = next(i for i, one in enumerate(read_manifest(folder).shards) if folder / one.path == path)
    name = next(name for name in map("zz{}".format, range(99)) if shard_of(name, 3) == index)
    rewrite(path, lambda old: [*old, old[-1] | {"caption_id": f"{name}#en", "image_id": name}])
    restate(folder)


def one_id_twice(folder: Path) -> None:
    """Two captions of two pictures have one caption_id: the key is in order, and each of its rows differs."""
    shards = [folder / one.path for one in read_manifest(folder).shards if one.rows]
    taken = pq.read_table(shards[0]).to_pylist()[0]["caption_id"]
    changed = {"caption_id": taken}
    rewrite(
        shards[1],
        lambda old: sorted([old[0] | changed, *old[1:]], key=lambda row: (row["image_id"], row["caption_id"])),
    )
    restate(folder)


def duplicates_in_two_splits(folder: Path) -> None:
    for shard in read_manifest(folder).shards:
        rewrite(folder / shard.path, lambda old: [
            row | ({"split": "val"} if row["image_id"] == "picture-04" else {}) for row in old
        ])  # fmt: skip
    restate(folder)


def pictures(**changes: dict[str, Any]) -> Callable[[Path], None]:
    """Changes values of pictures, by the number in their image_id, in whichever shard they lie."""

    def damage(folder: Path) -> None:
        for shard in read_manifest(folder).shards:
            rewrite(folder / shard.path, lambda old: [row | changes.get(f"n{row['image_id'][-2:]}", {}) for row in old])
        splits = Counter(
            row["split"]
            for shard in read_manifest(folder).shards
            for row in pq.read_table(folder / shard.path).to_pylist()
        )
        restate(folder, statistics=read_manifest(folder).statistics | {"splits": dict(splits)})

    return damage


def copied(folder: Path) -> None:
    """A row names another file with the bytes of its own, which stays there, unused."""
    row = pq.read_table(first_shard(folder)).to_pylist()[0]
    (folder / "_files" / "copy.png").write_bytes((folder / row["uri"]).read_bytes())
    first(uri="_files/copy.png")(folder)


def shared(folder: Path) -> None:
    one, other = pq.read_table(first_shard(folder)).to_pylist()[:2]
    (folder / one["uri"]).unlink()
    first(uri=other["uri"], sha256=other["sha256"])(folder)


def shared_beside_an_unused(folder: Path) -> None:
    other = pq.read_table(first_shard(folder)).to_pylist()[1]
    first(uri=other["uri"], sha256=other["sha256"])(folder)


def own_picture_changed(folder: Path) -> None:
    (folder / "_files" / "03.png").write_bytes(b"another picture")


def statistics_of(**changes: Any) -> Callable[[Path], None]:
    return lambda folder: restate(folder, statistics=read_manifest(folder).statistics | changes)


def stated_too(*path: str, count: Any = 99) -> Callable[[Path], None]:
    """Has the statistics state a number more, or another."""

    def damage(folder: Path) -> None:
        statistics = json.loads((folder / "_manifest.json").read_text())["statistics"]
        place = statistics
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = count
        restate(folder, statistics=statistics)

    return damage


def missing(folder: Path) -> None:
    first_shard(folder).unlink()


def write_file(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(b"PAR1")


def rename_shards(folder: Path) -> None:
    manifest = json.loads((folder / "_manifest.json").read_text())
    for number, shard in enumerate(manifest["shards"]):
        (folder / shard["path"]).rename(folder / f"{number}.parquet")
        shard["path"] = f"{number}.parquet"
    reseal(folder, manifest)


def no_seal(folder: Path) -> None:
    values = json.loads((folder / "_manifest.json").read_text())
    del values["seal"]
    (folder / "_manifest.json").write_text(json.dumps(values))


def edit_card(folder: Path) -> None:
    card = folder / "_README.md"
    card.write_text(card.read_text().replace("rejected", "accepted"))


SPAN = {"start": 3, "end": 5, "source": "ed", "target": "roter", "lang": "de"}
DAMAGES: list[tuple[str, str, Callable[[Path], None]]] = [
    ("unfinished", "captions", lambda folder: (folder / "_manifest.json").unlink()),
    ("manifest_unreadable", "captions", lambda folder: (folder / "_manifest.json").write_text('{"dataset": "cap')),
    ("manifest_edited", "captions", lambda folder: edit_manifest(folder, parameters={"layout": "coco"})),
    ("manifest_edited", "regions", lambda folder: edit_manifest(folder, seed=8)),
    ("manifest_edited", "corpus", no_seal),
    ("card", "captions", lambda folder: (folder / "_README.md").unlink()),
    ("card", "captions", edit_card),
    ("card", "lexicon", lambda folder: (folder / "_README.md").write_bytes(b"\xff")),
    ("totals", "captions", lambda folder: edit_manifest(folder, rows_in=99)),
    ("totals", "captions", lambda folder: edit_manifest(folder, rejected={})),
    ("dataset_unknown", "corpus", lambda folder: restate(folder, dataset="sonnets")),
    ("version", "corpus", lambda folder: restate(folder, version="2.0")),
    ("version", "corpus", metadata(version="0.9")),
    ("shard_name", "corpus", rename_shards),
    ("shard_missing", "captions", missing),
    ("file_unknown", "captions", write_file("part-00003-of-00003.parquet")),
    ("file_unknown", "images", write_file("_files/99.png")),
    ("file_unknown", "images", copied),
    ("file_unknown", "captions", lambda folder: (folder / "part-00003-of-00003.parquet").mkdir()),
    ("file_unknown", "captions", lambda folder: (folder / "_files").mkdir()),
    ("file_unknown", "captions", lambda folder: (folder / "_rejects" / "part-00003-of-00003.parquet").mkdir()),
    ("file_unknown", "captions", write_file("part-00001-of-00003.parquet.tmp")),
    ("not_parquet", "captions", no_parquet),
    ("size", "captions", truncate),
    ("sha256", "captions", flip),
    ("size", "captions", an_extra_row),
    ("size", "regions", swap),
    ("wrong_shard", "regions", swap_and_restate),
    ("damaged", "captions", damage_a_page),
    ("metadata", "captions", metadata(key="caption_id")),
    ("metadata", "captions", no_descriptions),
    ("metadata", "captions", said_of("lang", description="The mood of the text")),
    ("metadata", "triples", said_of("relevance", unit="per cent")),
    ("metadata", "images", said_of("license", unit="px")),
    ("metadata", "codeswitch", said_of_replacements),
    ("columns", "captions", columns(lambda names: names[::-1])),
    ("columns", "images", columns(lambda names: [name for name in names if name != "license"])),
    ("columns", "regions", other_type),
    ("null", "captions", null_text),
    ("order", "captions", rows(lambda old: old[::-1])),
    ("duplicate_key", "captions", rows(lambda old: [old[0], *old])),
    ("duplicate_key", "captions", one_id_twice),
    ("split", "captions", first(split="training")),
    (
        "split_leak",
        "triples",
        rows(lambda old: [old[0] | {"split": "val" if old[0]["split"] == "test" else "test"}, *old[1:]]),
    ),
    ("split_leak", "images", duplicates_in_two_splits),
    ("split_leak", "images", pictures(n04={"split": "val"}, n00={"duplicate_group": None})),
    ("identifier", "images", pictures(n00={"duplicate_group": None})),
    ("identifier", "images", pictures(n00={"duplicate_group": None}, n04={"duplicate_group": "nobody"})),
    ("identifier", "images", pictures(n04={"duplicate_group": None})),
    ("language", "captions", first(lang="klingonish")),
    ("language", "captions", first(lang="qq")),
    ("text", "captions", first(text="")),
    ("text", "captions", first(text="cafe\u0301")),
    ("text", "captions", first(text="   ")),
    ("text", "captions", first(text="\u3000")),
    ("text", "captions", first(text="a red\nball")),
    ("text", "captions", first(text="a red\x00 ball")),
    ("text", "captions", first(text="ein \x1b[31mB\u00e4r")),
    ("text", "codeswitch", first(source_text="a red ball  on the grass")),
    ("text", "lexicon", first(targets=["\u00a0"])),
    ("text", "corpus", first(text="One\x7f sentence.")),
    ("identifier", "captions", first(caption_id="")),
    ("identifier", "captions", first(image_id="")),
    ("range", "lexicon", first(targets=["a", "b"], scores=[1.0, float("nan")])),
    ("range", "lexicon", first(targets=["a", "b"], scores=[None, 0.0])),
    ("range", "triples", first(relevance=1.5)),
    ("range", "triples", first(clicks=-1)),
    ("range", "images", first(width=0)),
    ("range", "codeswitch", first(variant=-1)),
    ("range", "regions", first(features=np.full((2, 4), np.nan, "<f2").tobytes())),
    ("identifier", "images", first(sha256="0")),
    ("identifier", "corpus", first(text="A sentence that has another hash.")),
    ("unsafe_path", "images", first(uri="../../outside.png")),
    ("picture", "images", own_picture_changed),
    ("picture", "images", shared),
    ("picture", "images", shared_beside_an_unused),
    ("vectors", "regions", first(features=bytes(14))),
    ("vectors", "regions", first(object_ids=[1])),
    ("boxes", "regions", first(boxes=np.array([[20, 10, 420, 90], [150, 40, 190, 60]], "<f4").tobytes())),
    ("classes", "regions", first(object_ids=[1, 7])),
    ("ranks", "triples", rows(lambda old: [row for row in old if row["rank"] != 1])),
    ("lists", "lexicon", first(targets=["b", "a"])),
    ("spans", "codeswitch", first(replacements=[SPAN])),
    ("spans", "codeswitch", first(text="a rotes ball on the grass")),
    ("spans", "codeswitch", first(replacements=[])),
    ("reject_reason", "captions", rejects(reason="")),
    ("reject_reason", "captions", rejects(reason="bad mood")),
    ("reject_incomplete", "captions", rejects(message="")),
    ("rejects_lost", "captions", lose_a_reject),
    ("rejects_lost", "captions", another_reason),
    ("input_changed", "captions", lambda folder: restate(folder.parent / "images", seed=8)),
    ("foreign_key", "captions", foreign),
    ("foreign_key", "codeswitch", first(source_text="a red ball on the lawn", text="a roter ball on the lawn")),
    *(("statistics", name, lambda folder: restate(folder, statistics={})) for name in DATASETS if name != "codeswitch"),
    ("statistics", "images", stated_too("sources", "elsewhere")),
    ("statistics", "captions", stated_too("languages", "fr", "train")),
    ("statistics", "captions", stated_too("languages", "de", count=12)),
    ("statistics", "triples", stated_too("triples", "fr", "val")),
    ("statistics", "corpus", stated_too("languages", "fr", "characters")),
    ("statistics", "corpus", stated_too("splits", "test")),
    ("statistics", "lexicon", stated_too("languages", "fr", "entries")),
    ("statistics", "regions", stated_too("objects", "kite")),
    ("statistics", "regions", stated_too("regions")),
    ("statistics", "images", statistics_of(splits={"train": 12})),
    ("statistics", "captions", statistics_of(languages={"en": {"train": 6, "val": 3, "test": 3}})),
]


@pytest.mark.parametrize(
    ("breach", "name", "damage"), DAMAGES, ids=[f"{number}-{one[0]}" for number, one in enumerate(DAMAGES)]
)
def test_each_damage_is_found_by_its_name(world, breach, name, damage):
    damage(world / name)
    with pytest.raises(BreachError) as found:
        verify_dataset(Place.of(world / name))
    assert found.value.name == breach, str(found.value)
    assert str(found.value).startswith(f"{breach}: ")
    assert name in str(found.value) or "pictures" in str(found.value)


def test_what_a_stage_states_beside_its_counts_is_its_word(world):
    """A language of which no sentence was taken stands there with zeros, and shares are no counts."""
    none = {"available": 3, "sentences": 0, "characters": 0, "probability": 0.2}
    stated_too("languages", "fr", count=none)(world / "corpus")
    verify_dataset(Place.of(world / "corpus"))
    for parameters in ({}, {"object_classes": ["ball", "cube"]}):
        restate(world / "regions", parameters=parameters)
        verify_dataset(Place.of(world / "regions"))


def test_what_dictionaries_hold_stands_as_it_is_there(world):
    """No stage takes control characters out of translations; scores are null where a dictionary has none."""

    def entry(row: dict[str, Any]) -> dict[str, Any]:
        targets = [f"{target}\x01" for target in row["targets"]]
        return row | {"targets": targets, "scores": [1e-9, None][: len(targets)]}

    rows(lambda old: list(map(entry, old)))(world / "lexicon")
    assert verify_dataset(Place.of(world / "lexicon")).rows == 3


def test_every_breach_of_a_dataset_is_planted():
    """Those of checkpoints are in tests/flows/test_inspect_checkpoints.py."""
    of_one_file = {"rows"}  # the totals of a manifest go before it; see below
    assert set(OF_DATASETS) - of_one_file == {breach for breach, _, _ in DAMAGES}


def test_a_number_of_rows_that_only_the_file_contradicts(world):
    folder = world / "corpus"
    values = json.loads((folder / "_manifest.json").read_text())
    several = [shard for shard in values["shards"] if shard["rows"]]
    several[0]["rows"] += 1
    several[1]["rows"] -= 1  # the totals still add up
    reseal(folder, values)
    with pytest.raises(BreachError) as found:
        verify_dataset(Place.of(folder))
    assert found.value.name == "rows"


def test_the_first_breach_is_the_same_whichever_thread_is_faster(world):
    folder = world / "captions"
    for shard in read_manifest(folder).shards:
        rewrite(folder / shard.path, lambda old: [row | {"split": "nowhere"} for row in old])
    restate(folder)
    found = set()
    for _ in range(5):
        with pytest.raises(BreachError) as error:
            verify_dataset(Place.of(folder))
        found.add(str(error.value))
    assert len(found) == 1
    assert "part-00000-of-00003" in found.pop()


def test_the_card_of_an_older_minor_version_is_its_own(world, monkeypatch):
    """It lists the columns of its time."""
    schema = SCHEMAS["corpus"]
    mood = schema.arrow.append(pa.field("mood", pa.string(), metadata={"description": "A mood.", "unit": "a word"}))
    newer = dataclasses.replace(schema, version="1.7", arrow=mood)
    monkeypatch.setitem(SCHEMAS, "corpus", newer)
    verify_dataset(Place.of(world / "corpus"))


def test_a_breach_keeps_its_name_when_it_is_sent_on():
    error = BreachError("sha256", "a file", "another", "do this")
    again = copy.copy(error)
    assert (again.name, str(again)) == ("sha256", str(error))
    with pytest.raises(ValueError, match="breaches"):
        BreachError("bad mood", "a file")
