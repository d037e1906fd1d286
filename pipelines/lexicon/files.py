"""Which files are dictionaries, of which languages, and how each is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path

from contract.errors import InputError
from contract.files import files_below
from pipelines.lexicon.readers import TEXT_SUFFIXES, path_without_gz

_PAIR_OF_LANGUAGES = re.compile(r"^([A-Za-z]{2,3})[-_]([A-Za-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?)(?=[._-]|$)")
_ABOUT = ("readme", "license", "licence", "copying", "notice", "provenance", "authors", "sources")


@dataclass(frozen=True)
class DictionaryFile:
    """One dictionary.

    Attributes:
        path: its file.
        name: its path within the folder, which stands as origin in the lexicon.
        lang: language of the targets, BCP 47; empty where each line tells it.
        swapped: whether English is its second side, as in ``de-en.txt``.
        format: name of its reader; empty to find out.
    """

    path: Path
    name: str
    lang: str
    swapped: bool
    format: str


def find_dictionaries(
    folder: Path, pattern: str, languages: Mapping[str, str], formats: Mapping[str, str]
) -> list[DictionaryFile]:
    """The dictionaries of a folder, sorted by name; a file may also be given itself.

    Args:
        folder: where they lie, at any depth.
        pattern: which of the files, by their path relative to the folder; ``*`` goes across folders too.
        languages: language by pattern of the file's name, where the name tells none.
        formats: reader by pattern of the file's name, where it should not be found out.

    Raises:
        InputError: where there is none, or a file's language cannot be told.
    """
    if not folder.exists():
        raise InputError(f"{folder} is not there.", "a folder of dictionaries.")
    root = folder.parent if folder.is_file() else folder
    found = [folder] if folder.is_file() else [path for path in files_below(folder) if _is_dictionary(path)]
    named = [(path.relative_to(root).as_posix(), path) for path in found]
    named = [(name, path) for name, path in named if path == folder or fnmatch(name, pattern)]
    if not named:
        raise InputError(
            f"{folder} holds no dictionary that fits {pattern!r}.",
            f"files named *{', *'.join(TEXT_SUFFIXES)}, or .gz.",
            "dictionaries/README.md tells where dictionaries are had.",
        )  # fmt: skip
    return [_dictionary(path, name, languages, formats) for name, path in sorted(named)]


def _is_dictionary(path: Path) -> bool:
    suffix = path_without_gz(path).suffix.lower()
    return suffix in TEXT_SUFFIXES and not path.name.lower().startswith((".", "_", *_ABOUT))


def _dictionary(path: Path, name: str, languages: Mapping[str, str], formats: Mapping[str, str]) -> DictionaryFile:
    chosen = _by_pattern(formats, name)
    lang, swapped = _language(path, name, languages)
    if not lang and path_without_gz(path).suffix.lower() not in (".csv", ".tsv", ".txt"):
        raise _unknown_language(name)
    return DictionaryFile(path, name, lang, swapped, chosen)


def _language(path: Path, name: str, languages: Mapping[str, str]) -> tuple[str, bool]:
    given = _by_pattern(languages, name)
    if given:
        return standard_tag(given, name), False
    match = _PAIR_OF_LANGUAGES.match(path.name)
    if not match:
        return "", False
    first, second = (standard_tag(tag, name) for tag in match.groups())
    if "en" not in (first, second) or first == second:
        raise InputError(f"{name} is a dictionary of {first} and {second}.", "one of English and another language.")
    return (first, True) if second == "en" else (second, False)


def _by_pattern(values: Mapping[str, str], name: str) -> str:
    return next((value for pattern, value in values.items() if fnmatch(name, pattern)), "")


def _unknown_language(name: str) -> InputError:
    return InputError(
        f"{name} does not tell its language by its name.", "a name such as en-de.txt.gz or eng-swh.tei.",
        "rename it, or state it: file_languages: {\"" + name + "\": de}.",
    )  # fmt: skip


def require_language(lang: str, name: str) -> str:
    """The language of a pair, standardised.

    Raises:
        InputError: where neither the file's name nor the line tells it.
    """
    if not lang:
        raise _unknown_language(name)
    return standard_tag(lang, name)


@lru_cache(maxsize=4096)
def standard_tag(tag: str, where: str) -> str:
    """A language tag in BCP 47's shortest form: ``deu`` → ``de``, ``swh`` → ``sw``; PanLex's ``deu-000`` → ``de``.

    Raises:
        InputError: where there is no such language.
    """
    import langcodes

    try:
        standard = langcodes.standardize_tag(re.sub(r"-\d{3}$", "", tag), macro=True)
        if langcodes.tag_is_valid(standard):
            return standard
    except langcodes.LanguageTagError:
        pass
    raise InputError(f"{where} names the language {tag!r}.", "a BCP 47 or ISO 639 code.")
