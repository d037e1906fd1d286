"""FreeDict's TEI: XML by strangers, read entry by entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from contract.errors import InputError
from pipelines.lexicon.entries import Malformed, Pair
from pipelines.lexicon.lines import open_bytes

_TEI = "{http://www.tei-c.org/ns/1.0}"
_NOTE = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")  # "score (twenty)", "you (plural)"
_MAX_BYTES = 1 << 30


class _Bounded:
    """A file that refuses to give more than _MAX_BYTES."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name, self._left = file, name, _MAX_BYTES

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size if size > 0 else 1 << 16)
        self._left -= len(block)
        if self._left < 0:
            raise InputError(f"{self._name} unpacks to more than {_MAX_BYTES:,} bytes.", "a TEI dictionary.")
        return block


def read_tei(path: Path) -> Iterator[Pair | Malformed]:
    """Every headword with every translation of its entry; entry numbers stand for line numbers.

    Translations are ``cit[@type="trans"]/quote``, else ``sense/def``. Notes in brackets are left out. Nothing outside
    the file is fetched, and entities that the file defines are refused.

    Raises:
        InputError: where it is no XML, defines entities, or is broken.
    """
    from lxml import etree  # type: ignore[import-untyped]

    try:
        with open_bytes(path) as file:
            entries = etree.iterparse(
                _Bounded(file, path.name), events=("end",), tag=(f"{_TEI}entry", "entry"),
                resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False,
            )  # fmt: skip
            for number, (_, entry) in enumerate(entries, 1):
                _refuse_entities(entry, path)
                yield from _pairs_of(entry, number)
                entry.clear()
                while entry.getprevious() is not None:
                    del entry.getparent()[0]
    except (etree.XMLSyntaxError, OSError, EOFError) as error:
        raise InputError(f"{path.name} cannot be read as XML: {error}", "FreeDict's TEI.") from error


def _refuse_entities(entry: object, path: Path) -> None:
    declaration = entry.getroottree().docinfo.internalDTD  # type: ignore[attr-defined]
    if declaration is not None and any(True for _ in declaration.iterentities()):
        raise InputError(f"{path.name} defines entities.", "XML without them.", "remove its <!ENTITY …> lines.")


def _pairs_of(entry: object, number: int) -> Iterator[Pair | Malformed]:
    heads = _texts(entry, "form", "orth")
    targets = _texts(entry, "cit", "quote") or _texts(entry, "sense", "def")
    if not heads or not targets:
        missing = "headword" if not heads else "translation"
        yield Malformed(number, f"the entry has no {missing}")
    for head in heads:
        for target in targets:
            yield Pair(number, head, target)


def _texts(entry: object, parent: str, child: str) -> list[str]:
    """The texts of all ``parent/child`` below an entry; of ``cit``, of translations alone."""
    found = []
    for element in entry.iter(f"{_TEI}{child}", child):  # type: ignore[attr-defined]
        above = element.getparent()
        if above.tag.removeprefix(_TEI) != parent or (
            parent == "cit" and above.get("type") not in ("trans", "translation")
        ):
            continue
        text = " ".join(_NOTE.sub("", "".join(element.itertext())).split())
        if text:
            found.append(text)
    return found
