"""Sections of a profile: the settings of a stage, and those of one of its tasks, which go before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contract.config import load_config, section_of
from contract.errors import UsageError


def stated(config_class: type, profile: Mapping[str, Any], sections: Sequence[str], where: str) -> dict[str, Any]:
    """What a profile states in sections of one kind; a later section goes before an earlier one.

    Each is checked by itself first, so that what is wrong is said of the section that it stands in.

    Args:
        config_class: the dataclass whose settings all of them hold. Its ``MOVED``, where it has one, says by key where
            a setting that it no longer has stands now.
        profile: the whole profile; a section that it lacks states nothing.
        sections: such as ``finetune`` and ``finetune-headlines``.
        where: what to call the profile in errors.

    Raises:
        UsageError: names the section and the key.
    """
    values: dict[str, Any] = {}
    for section in sections:
        own = section_of(profile, section, where)
        for key, place in getattr(config_class, "MOVED", {}).items():
            if key in own:
                raise UsageError(f"{where}: {section} has the key {key!r}, which has moved.", place, "write it there.")
        load_config(config_class, own, f"{where}: {section}")
        values |= own
    return values
