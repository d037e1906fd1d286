"""The four settings of fine-tuning, in the paper's order and words."""

from __future__ import annotations

from collections.abc import Iterable

PLAIN = "understanding-plain"  # retrieval by the network that was pre-trained without MCT
NONE, EACH, ALL = "none", "each", "all"
SETTINGS = (NONE, "en", EACH, ALL)
MILD = "mild"  # retrieval by queries, fine-tuned on all languages alone, in kinds instead of settings
KINDS = {"query": "query", "query-context": "query and context"}
_NAMES = {PLAIN: "no fine-tune, without MCT", NONE: "no fine-tune"}


def belongs(file: str, task: str) -> bool:
    """Whether a metrics file of this name, without its ending, is one that this task's stages write."""
    if task == MILD:
        return kind_of(file, task) in KINDS
    return file.startswith(f"{task}-") or (task, file) == ("retrieval", PLAIN)


def setting_of(file: str, task: str) -> str:
    """The setting that a metrics file of a task is about: ``retrieval-en`` is ``en``."""
    return ALL if task == MILD else file.removeprefix(f"{task}-")


def kind_of(file: str, task: str) -> str:
    """What tells apart what is measured in one setting; empty for tasks that measure one thing."""
    return file.removeprefix(f"{task}-") if task == MILD else ""


def file_name(file: str, task: str) -> str:
    """What a metrics file is about, in words."""
    return KINDS[kind_of(file, task)] if task == MILD else setting_name(setting_of(file, task))


def setting_name(setting: str) -> str:
    """A setting in the paper's words: ``on en``, ``on all``."""
    return _NAMES.get(setting) or f"on {setting}"


def in_order(settings: Iterable[str]) -> list[str]:
    """Without MCT, none, English, other languages by their codes, each, all."""
    known = [PLAIN, NONE, "en"]

    def place(setting: str) -> tuple[int, str]:
        last = {EACH: len(known) + 1, ALL: len(known) + 2}
        return (known.index(setting) if setting in known else last.get(setting, len(known)), setting)

    return sorted(set(settings), key=place)
