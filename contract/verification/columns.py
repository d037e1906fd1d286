"""What a column's own description promises of its values: no null, and what its unit says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contract.breaches import BreachError
from contract.schemas import unit_of
from contract.text import has_controls
from contract.verification.part import Part

SPLITS = ("train", "val", "test")
_SHA256 = "^[0-9a-f]{64}$"
_QUOTED = 80  # characters of a value in a message
# Of ASCII, what no text has: white space other than single spaces between words; and control characters.
_SPACED, _CONTROLS = "^ | $|  |[\t-\r\x1c-\x1f]", "[\x00-\x08\x0e-\x1b\x7f]"
# What dictionaries hold stands as it is there, and in the captions into which it was put.
_WITH_CONTROLS = {("lexicon", "source"), ("lexicon", "targets"), ("codeswitch", "text")}
_IDENTIFIERS = ("image_id", "caption_id")


def check_columns(part: Part) -> None:
    """Checks each column by its type and unit.

    Raises:
        BreachError: null, text, language, range, identifier or split.
    """
    for field in part.schema.arrow:
        for name, leaf, values in _leaves(field, part.column(field.name)):
            if not leaf.nullable and values.null_count:
                raise _breach(part, "null", name, values, values.is_null(), "null", "a value.")
            check = _CHECKS.get(unit_of(leaf))
            if check:
                check(part, name, values)
    for name in _IDENTIFIERS:
        if name in part.schema.arrow.names:
            part.refuse("identifier", pc.equal(part.column(name), ""), f"its {name} is empty.", "a name.")
    if "split" in part.schema.arrow.names:
        splits = part.column("split")
        wrong = pc.invert(pc.is_in(splits, pa.array(SPLITS)))
        part.refuse("split", wrong, "its split is none.", ", ".join(SPLITS) + ".")


def _leaves(field: pa.Field, values: pa.Array, unit: str = "") -> Iterator[tuple[str, pa.Field, pa.Array]]:
    """A column and, where it is of lists or structs, what lies in it; elements of a list have the list's unit."""
    unit = unit_of(field) or unit
    own = pa.field(field.name, field.type, field.nullable, {"unit": unit} if unit else None)
    if pa.types.is_list(field.type):
        yield field.name, own.with_metadata(None), values
        yield from _leaves(field.type.value_field.with_name(field.name), values.flatten(), unit)
    elif pa.types.is_struct(field.type):
        for number, child in enumerate(field.type):
            yield from _leaves(child.with_name(f"{field.name}.{child.name}"), values.field(number))
    else:
        yield field.name, own, values


def _breach(
    part: Part, breach: str, name: str, values: pa.Array, wrong: pa.Array | np.ndarray, what: str, expected: str
) -> BreachError:
    """The error of a column; names the row where each row has one value."""
    found = wrong if isinstance(wrong, np.ndarray) else wrong.fill_null(False).to_numpy(zero_copy_only=False)
    place = int(np.argmax(found))
    if len(values) == part.batch.num_rows and name in part.batch.schema.names and name not in part.schema.key:
        return part.breach(breach, place, f"{name} is {what}.", expected)
    return BreachError(breach, f"{part.where}: a value of {name} is {what}.", expected)


def _check_text(form: Literal["NFC", "NFKC"]) -> Callable[[Part, str, pa.Array], None]:
    def check(part: Part, name: str, values: pa.Array) -> None:
        empty = pc.equal(values, "")
        if pc.any(empty).as_py():
            raise _breach(part, "text", name, values, empty, "empty", "a text.")
        clean = (part.schema.name, name) not in _WITH_CONTROLS
        doubtful = pc.match_substring_regex(values, f"{_SPACED}|{_CONTROLS}" if clean else _SPACED)
        doubtful = pc.or_(doubtful, pc.invert(pc.string_is_ascii(values))).fill_null(False)
        for place in np.flatnonzero(doubtful.to_numpy(zero_copy_only=False)).tolist():
            text = values[place].as_py()
            if fault := _fault(text, form, clean):
                wrong = np.arange(len(values)) == place
                raise _breach(part, "text", name, values, wrong, f"{fault[0]}: {text[:_QUOTED]!r}", fault[1])

    return check


def _fault(text: str, form: Literal["NFC", "NFKC"], clean: bool) -> tuple[str, str] | None:
    """What is wrong with a text, and what was expected; None where nothing is."""
    if not unicodedata.is_normalized(form, text):
        return f"not in {form}", f"{form}."
    if " ".join(text.split()) != text:
        return "not of words with one space between them", "no other white space."
    if clean and has_controls(text):
        return "not without control characters", "text alone."
    return None


def _check_language(part: Part, name: str, values: pa.Array) -> None:
    for lang in pc.unique(values.drop_null()).to_pylist():
        if not is_language(lang):
            raise _breach(part, "language", name, values, pc.equal(values, lang), repr(lang), "a BCP 47 code.")


@lru_cache(maxsize=4096)
def is_language(lang: str) -> bool:
    """Whether a text is a language's code as BCP 47 has it, in a registered language."""
    import langcodes

    return bool(re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", lang)) and langcodes.tag_is_valid(lang)


def _check_share(part: Part, name: str, values: pa.Array) -> None:
    wrong = pc.invert(pc.and_(pc.greater_equal(values, 0), pc.less_equal(values, 1)))  # of NaN too
    if pc.any(wrong).as_py():
        found = values.filter(wrong)[0].as_py()
        raise _breach(part, "range", name, values, wrong, f"{found}", "0 to 1.")


def _check_positive(part: Part, name: str, values: pa.Array) -> None:
    wrong = pc.less_equal(values, 0)
    if pa.types.is_integer(values.type) and pc.any(wrong).as_py():
        raise _breach(part, "range", name, values, wrong, f"{values.filter(wrong)[0].as_py()}", "1 at least.")


def _check_counts(part: Part, name: str, values: pa.Array) -> None:
    wrong = pc.less(values, 0)
    if pc.any(wrong).as_py():
        raise _breach(part, "range", name, values, wrong, f"{values.filter(wrong)[0].as_py()}", "0 at least.")


def _check_sha256(part: Part, name: str, values: pa.Array) -> None:
    wrong = pc.invert(pc.match_substring_regex(values, _SHA256))
    if pc.any(wrong).as_py():
        found = values.filter(wrong)[0].as_py()
        raise _breach(part, "identifier", name, values, wrong, repr(found[:_QUOTED]), "64 hexadecimal digits.")


_CHECKS: dict[str, Callable[[Part, str, pa.Array], None]] = {
    "Unicode NFC": _check_text("NFC"),
    "Unicode NFKC": _check_text("NFKC"),
    "BCP 47": _check_language,
    "0 to 1": _check_share,
    "px": _check_positive,
    "clicks": _check_counts,
    "regions": _check_counts,
    "numbers": _check_counts,
    "characters": _check_counts,
    "hexadecimal": _check_sha256,
}
