"""Webdataset tars: neighbouring members that share a name up to its first dot are one sample."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

from contract.rejects import Reject
from contract.text import is_text, printable
from pipelines.ingest.settings import PICTURE_SUFFIXES, Sampled

_LARGEST_NOTE = 1 << 20  # bytes of a caption or of its JSON


def keys(path: Path) -> Iterator[str]:
    """The keys of a tar's samples, as far as its members' headers can be read."""
    try:
        with tarfile.open(path, "r:") as tar:
            yield from (key for key, _ in groupby(tar, key=_key))
    except tarfile.TarError:
        return


def samples(path: Path, max_megabytes: int) -> Iterator[Sampled | Reject]:
    """The samples of a tar; what cannot be one, or is not whole, is rejected."""
    try:
        with tarfile.open(path, "r:") as tar:
            for key, members in groupby(tar, key=_key):
                yield from _sample(tar, key, [member for member in members if not member.isdir()], max_megabytes)
            _require_end(path, tar.offset)
    except (tarfile.TarError, OSError, EOFError) as error:
        yield Reject(path.name, path.name, "malformed_row", f"the archive is broken or cut off: {error}")


def _require_end(path: Path, offset: int) -> None:
    """A whole tar ends with a block of zeros; tarfile itself takes any end for one."""
    with path.open("rb") as file:
        file.seek(offset)
        if file.read(tarfile.BLOCKSIZE) != tarfile.NUL * tarfile.BLOCKSIZE:
            raise tarfile.ReadError("no end-of-archive mark where its members end")


def _key(member: tarfile.TarInfo) -> str:
    name = PurePosixPath(member.name)
    if not _is_safe(member):
        return printable(member.name)
    return (name.parent / name.name.split(".")[0]).as_posix() if not name.name.startswith(".") else member.name


def _is_safe(member: tarfile.TarInfo) -> bool:
    """Whether a member is a plain file or folder within the archive."""
    name = PurePosixPath(member.name)
    inside = is_text(member.name) and not name.is_absolute() and ".." not in name.parts and "\\" not in member.name
    return inside and (member.isdir() or (member.isreg() and not member.issparse()))


def _sample(
    tar: tarfile.TarFile, key: str, members: list[tarfile.TarInfo], max_megabytes: int
) -> Iterator[Sampled | Reject]:
    """The one sample, or reject, of neighbouring members; nothing where they are folders."""
    if not members:
        return
    if not all(map(_is_safe, members)):
        message = "a link, a device, or a name that is no UTF-8 or leads out of the archive"
        yield Reject(key, "", "image_unsafe_path", message)
        return
    by_suffix = {PurePosixPath(member.name).suffix.lower(): member for member in reversed(members)}
    suffix = next((suffix for suffix in by_suffix if suffix in PICTURE_SUFFIXES), None)
    if suffix is None:
        yield Reject(key, "", "image_missing", f"the sample has no picture, only {', '.join(sorted(by_suffix))}")
    elif by_suffix[suffix].size > max_megabytes << 20:
        message = f"{by_suffix[suffix].size:,} bytes; at most {max_megabytes} MB are read"
        yield Reject(key, "", "image_too_large", message)
    else:
        yield _whole_sample(tar, key, by_suffix, suffix)


def _whole_sample(
    tar: tarfile.TarFile, key: str, by_suffix: dict[str, tarfile.TarInfo], suffix: str
) -> Sampled | Reject:
    try:
        notes = json.loads(_note(tar, by_suffix.get(".json")) or "{}")
        text = _note(tar, by_suffix.get(".txt"))
    except (ValueError, RecursionError) as error:
        return Reject(key, "", "malformed_row", f"the sample's text or JSON cannot be read: {error}")
    notes = notes if isinstance(notes, dict) else {}
    caption = text if text is not None else notes.get("caption")
    license = notes.get("license") or notes.get("LICENSE")
    return Sampled(key, _content(tar, by_suffix[suffix]), suffix, _text(caption), _text(license))


def _note(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> str | None:
    if member is None:
        return None
    if member.size > _LARGEST_NOTE:
        raise ValueError(f"{member.name} has {member.size:,} bytes; at most {_LARGEST_NOTE:,} are read")
    return _content(tar, member).decode()


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    if file is None:
        raise tarfile.ReadError(f"{member.name} is no plain file")
    return file.read()


def _text(value: Any) -> str | None:
    return value if is_text(value) else None
