"""What no stage writes, and whoever meddles with a dataset may: it is found by name too, and ends nothing in Python."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from dataset_world import column_twice, first_shard, no_utf8, reseal, restate, with_schema

from contract.breaches import BreachError
from contract.manifest import read_manifest
from contract.places import Place
from contract.verification.dataset import verify_dataset


def in_first_shard(change: Callable[[Path], None]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        change(first_shard(folder))
        restate(folder)

    return damage


def in_a_reject(folder: Path) -> None:
    no_utf8(next(folder / one.path for one in read_manifest(folder).rejects if one.rows), "message")
    restate(folder)


def metadata(name: bytes) -> Callable[[Path], None]:
    return lambda path: with_schema(path, lambda schema: schema.with_metadata({**schema.metadata, name: b"\xff"}))


def manifest(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        values = json.loads((folder / "_manifest.json").read_text())
        change(values)
        reseal(folder, values)

    return damage


def half_a_character(folder: Path) -> None:
    values = json.loads((folder / "_manifest.json").read_text())
    (folder / "_manifest.json").write_text(json.dumps(values | {"parameters": {"layout": "\ud800"}}))


def beside(change: Callable[[Path], None]) -> Callable[[Path], None]:
    """Changes the images beside captions that name no input."""

    def damage(folder: Path) -> None:
        restate(folder, inputs={})
        change(folder.parent / "images")

    return damage


def pages(folder: Path) -> None:
    path = first_shard(folder)
    group, data = pq.read_metadata(path).row_group(0), bytearray(path.read_bytes())
    for column in range(group.num_columns):
        at = group.column(column).data_page_offset
        data[at + 8 : at + 24] = bytes(16)
    path.write_bytes(data)


def no_split(folder: Path) -> None:
    path = first_shard(folder)
    pq.write_table(pq.read_table(path).drop(["split"]), path)


DAMAGES: list[tuple[str, Callable[[Path], None]]] = [
    ("damaged", in_first_shard(lambda path: no_utf8(path, "text"))),
    ("damaged", in_first_shard(lambda path: no_utf8(path, "caption_id"))),
    ("damaged", in_a_reject),
    ("columns", in_first_shard(column_twice)),
    ("metadata", in_first_shard(metadata(b"m3p.dataset"))),
    ("version", in_first_shard(metadata(b"m3p.version"))),
    ("dataset_unknown", manifest(lambda values: values.update(dataset="rejects"))),
    ("manifest_edited", half_a_character),
    ("manifest_unreadable", manifest(lambda values: values["shards"][0].update(bytes=1 << 63))),
    ("manifest_unreadable", beside(lambda images: (images / "_manifest.json").write_text("{") and None)),
    ("totals", beside(manifest(lambda values: values.update(rows_in=99)))),
    ("foreign_key", beside(pages)),
    ("foreign_key", beside(no_split)),
]


@pytest.mark.parametrize(
    ("breach", "damage"), DAMAGES, ids=[f"{number}-{one[0]}" for number, one in enumerate(DAMAGES)]
)
def test_it_is_found_by_its_name(world, breach, damage):
    damage(world / "captions")
    with pytest.raises(BreachError) as found:
        verify_dataset(Place.of(world / "captions"))
    assert found.value.name == breach, str(found.value)
