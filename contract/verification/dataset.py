"""The verification of a whole dataset, and of one file of it."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from contract.breaches import BreachError
from contract.card import CARD
from contract.errors import InputError
from contract.hashing import MANIFEST
from contract.manifest import MEND, Manifest, Shard, TotalsError, is_sealed, manifest_of
from contract.pictures import FILES_FOLDER
from contract.places import Place
from contract.progress import progress
from contract.schemas import REJECTS, SCHEMAS, dataset_name
from contract.shards import REJECTS_FOLDER, shard_name
from contract.verification.card import check_card
from contract.verification.files import check_schema, check_version, whole_file
from contract.verification.neighbours import Neighbours
from contract.verification.pictures import check_pictures
from contract.verification.rows import check_rejects, check_rows
from contract.verification.tallies import Tallies

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Verdict:
    """What was found to keep the contract.

    Attributes:
        dataset: its name.
        files: files whose bytes were hashed.
        rows: rows that were read, rejects included.
        bytes: of these files.
        compared: datasets beside it with which rows were compared.
        unlisted: whether the place does not list its files, so that one too many would not be seen.
    """

    dataset: str
    files: int
    rows: int
    bytes: int
    compared: list[str]
    unlisted: bool = False


def verify_dataset(place: Place) -> Verdict:
    """Reads every byte of a dataset and checks every contract.

    Args:
        place: its folder.

    Raises:
        BreachError: the first breach, in the order of the files.
    """
    manifest = _manifest(place)
    schema = SCHEMAS[manifest.dataset]
    check_version(manifest.version, schema, str(place / MANIFEST))
    _check_names(place, manifest)
    listed = place.files()
    if listed is not None:
        _check_files(place, manifest, set(listed))
        _check_folders(place, manifest)
    check_card(place, manifest)
    neighbours = Neighbours(place, manifest)
    total = Tallies()

    def look(index: int) -> Tallies:
        shard, file = manifest.shards[index], place / manifest.shards[index].path
        with whole_file(file, shard) as opened:
            check_schema(opened.schema_arrow, schema, str(file), manifest.version)
            spread = (index, len(manifest.shards))
            tallies = check_rows(opened, schema, str(file), manifest.parameters, spread, neighbours)
            if schema.name == "images":
                tallies.own_pictures = check_pictures(opened, place, str(file))
            return tallies

    shards = len(manifest.shards)
    looked = progress(_in_order(look, range(shards)), f"verify: {manifest.dataset}", shards, "shards")
    for shard, tallies in zip(manifest.shards, looked, strict=True):
        total.merge(tallies, str(place / shard.path))
    rejected = _check_rejects(place, manifest)
    if shared := sorted(uri for uri, rows in total.own_pictures.items() if rows > 1):
        raise BreachError("picture", f"{place / shared[0]} is the picture of several rows.", "a file for each.")
    if listed is not None and schema.name == "images":
        _check_own_pictures(place, set(listed), total.own_pictures)
    total.check(manifest.dataset, manifest.statistics, str(place / MANIFEST))
    files = [*manifest.shards, *manifest.rejects]
    return Verdict(
        manifest.dataset, len(files), manifest.rows_out + rejected, sum(file.bytes for file in files),
        neighbours.names, listed is None,
    )  # fmt: skip


def verify_file(place: Place) -> Verdict:
    """Checks one shard, or one file of rejects: its rows, and its bytes where a manifest beside it states them.

    Raises:
        BreachError: the first breach.
    """
    shard, manifest = stated_file(place)
    with whole_file(place, shard) as opened:
        name = dataset_name(opened.schema_arrow)
        if name not in SCHEMAS:
            raise BreachError("dataset_unknown", f"{place} says that its dataset is {name!r}.", ", ".join(SCHEMAS))
        schema = SCHEMAS[name]
        check_schema(
            opened.schema_arrow, schema, str(place), manifest.version if manifest and schema != REJECTS else None
        )
        if schema == REJECTS:
            check_rejects(opened, str(place))
        else:
            spread = (manifest.shards.index(shard), len(manifest.shards)) if manifest and shard else None
            check_rows(opened, schema, str(place), manifest.parameters if manifest else {}, spread)
        return Verdict(name, 1, opened.metadata.num_rows, place.size() or 0, [])


def stated_file(place: Place) -> tuple[Shard | None, Manifest | None]:
    """What the manifest around a file says of it, and that manifest; None where there is none.

    Raises:
        BreachError: where there is one that cannot be read.
    """
    folder, name = place.parent, place.name
    if folder.name == REJECTS_FOLDER:
        folder, name = folder.parent, f"{REJECTS_FOLDER}/{name}"
    if (folder / MANIFEST).read(1) is None:
        return None, None
    manifest = _manifest(folder)
    return next((one for one in (*manifest.shards, *manifest.rejects) if one.path == name), None), manifest


def _manifest(place: Place) -> Manifest:
    where = str(place / MANIFEST)
    try:
        content = (place / MANIFEST).read()
    except InputError as error:
        raise BreachError.of("manifest_unreadable", error) from error
    if content is None:
        raise BreachError("unfinished", f"{place} has no {MANIFEST}.", "a folder that a stage has written to its end.")
    try:
        manifest = manifest_of(content, where)
    except TotalsError as error:
        raise BreachError.of("totals", error) from error
    except InputError as error:
        raise BreachError.of("manifest_unreadable", error) from error
    if not is_sealed(content):
        raise BreachError(
            "manifest_edited", f"{where} does not say what it said when it was written: its seal is not the sha256 of "
            "what it says, or is gone.", "the seal that a stage writes.",
            MEND,
        )  # fmt: skip
    known = [name for name in SCHEMAS if name != REJECTS.name]  # they lie in a dataset and are none
    if manifest.dataset not in known:
        raise BreachError("dataset_unknown", f"{where} names {manifest.dataset!r}.", f"one of {', '.join(known)}.")
    return manifest


def _check_names(place: Place, manifest: Manifest) -> None:
    names = [shard_name(index, len(manifest.shards)) for index in range(len(manifest.shards))]
    expected = {"shards": names, REJECTS_FOLDER: [f"{REJECTS_FOLDER}/{name}" for name in names]}
    for found, wanted in ((manifest.shards, expected["shards"]), (manifest.rejects, expected[REJECTS_FOLDER])):
        paths = [shard.path for shard in found]
        if paths != wanted and (found is manifest.shards or paths):
            other = next(
                (path for path, name in zip(paths, wanted, strict=False) if path != name), f"{len(paths)} files"
            )
            raise BreachError(
                "shard_name", f"{place / MANIFEST} states {other}.", f"{wanted[0] if wanted else 'shards'} …."
            )
    if not manifest.shards:
        raise BreachError("shard_name", f"{place / MANIFEST} states no shard.", "one at least.")


def _check_files(place: Place, manifest: Manifest, found: set[str]) -> None:
    stated = {shard.path for shard in (*manifest.shards, *manifest.rejects)}
    if missing := sorted(stated - found):
        raise BreachError("shard_missing", f"{place / missing[0]} is not there.", "a file that the manifest states.")
    own = f"{FILES_FOLDER}/" if manifest.dataset == "images" else "\0"
    more = sorted(path for path in found - stated - {MANIFEST, CARD} if not path.startswith(own))
    if more:
        raise BreachError("file_unknown", f"{place / more[0]} is not in the manifest.", "only files that it states.")


def _check_folders(place: Place, manifest: Manifest) -> None:
    """Looks for folders that hold nothing, which no list of files shows; in stores there are none."""
    if place.local is None:
        return
    known = {REJECTS_FOLDER} | ({FILES_FOLDER} if manifest.dataset == "images" else set())
    within = [f"{REJECTS_FOLDER}/{name}" for name in (place / REJECTS_FOLDER).folders()]
    more = sorted(set(place.folders()) - known) + within
    if more:
        raise BreachError("file_unknown", f"{place / more[0]} is a folder.", "only files that the manifest states.")


def _check_own_pictures(place: Place, found: set[str], named: Counter[str]) -> None:
    more = sorted(path for path in found - named.keys() if path.startswith(f"{FILES_FOLDER}/"))
    if more:
        raise BreachError("file_unknown", f"{place / more[0]} is the picture of no row.", "only files that rows name.")


def _check_rejects(place: Place, manifest: Manifest) -> int:
    def look(shard: Shard) -> Counter[str]:
        file = place / shard.path
        with whole_file(file, shard) as opened:
            check_schema(opened.schema_arrow, REJECTS, str(file))
            return check_rejects(opened, str(file))

    counts = sum(_in_order(look, manifest.rejects), Counter[str]())
    stated = Counter({reason: count for reason, count in manifest.rejected.items() if count})
    if counts != stated:
        reason = min(reason for reason in {*counts, *stated} if counts[reason] != stated[reason])
        raise BreachError(
            "rejects_lost", f"{place / REJECTS_FOLDER} holds {counts[reason]:,} rows rejected as {reason}.",
            f"the {stated[reason]:,} that the manifest states.",
        )  # fmt: skip
    return counts.total()


def _in_order(look: Callable[[_T], _R], items: Iterable[_T]) -> Iterator[_R]:
    """What is found in each, in their order, while threads look at some ahead."""
    ahead = os.cpu_count() or 1
    with ThreadPoolExecutor(ahead) as threads:
        waiting: deque[Future[_R]] = deque()
        try:
            for item in items:
                waiting.append(threads.submit(look, item))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()
