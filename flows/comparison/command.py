"""`m3p diff`: from two names to what differs."""

from __future__ import annotations

from dataclasses import asdict

from flows.addresses import place_at
from flows.comparison.datasets import compare


def diff(one: str, other: str, examples: int, as_json: bool) -> None:
    """Prints what two versions of a dataset do not have in common.

    Args:
        one: before: a path, an address, or PATH@REVISION.
        other: after.
        examples: rows of each kind to show.
        as_json: whether JSON is printed instead of tables.

    Raises:
        InputError: where one of them cannot be read.
        UsageError: where they are not two of one dataset.
    """
    found = compare(place_at(one), place_at(other), examples)
    if as_json:
        from flows.inspection.machine import to_json

        print(to_json(asdict(found)))
    else:
        from flows.comparison.text import print_difference

        print_difference(found)
