"""What holds for the rows of one dataset alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow.compute as pc

from contract.hashing import stable_hash
from contract.verification.part import Part
from contract.verification.regions import check_regions
from contract.verification.spans import check_spans


def check_rules(part: Part) -> None:
    """Checks a dataset's own rules.

    Raises:
        BreachError: of the first row that breaks one.
    """
    for rule in _RULES.get(part.schema.name, ()):
        rule(part)


def _images(part: Part) -> None:
    for row, (image_id, uri, group) in enumerate(part.values("image_id", "uri", "duplicate_group")):
        path = PurePosixPath(uri)
        if not uri or path.is_absolute() or ".." in path.parts:
            raise part.breach("unsafe_path", row, f"its uri is {uri!r}.", "a path below its folder.")
        if group is not None and group > image_id:
            raise part.breach(
                "identifier", row, f"duplicate_group is {group!r}.", "the smallest image_id of the group."
            )


def _hash_of(identifier: str, text: str) -> Callable[[Part], None]:
    """That an identifier is the hash of language and text."""

    def check(part: Part) -> None:
        for row, (found, lang, said) in enumerate(part.values(identifier, "lang", text)):
            expected = f"{stable_hash(lang, said):016x}"
            if found != expected:
                raise part.breach(
                    "identifier", row, f"{identifier} is {found!r}.", f"{expected}, of {lang} and {text}."
                )

    return check


def _lexicon(part: Part) -> None:
    for row, (targets, origins, scores) in enumerate(part.values("targets", "origins", "scores")):
        for name, items in (("targets", targets), ("origins", origins)):
            if not items or items != sorted(set(items)):
                raise part.breach("lists", row, f"{name} are {_short(items)}.", "some, sorted, each once.")
        if scores is not None and len(scores) != len(targets):
            raise part.breach("lists", row, f"{len(scores)} scores of {len(targets)} targets.", "one a target.")
        for score in scores or ():
            if score is not None and not 0 < score < math.inf:
                raise part.breach("range", row, f"a score of its targets is {score}.", "a positive number.")


def _variants(part: Part) -> None:
    variants, most = part.column("variant"), part.parameters.get("variants")
    part.refuse("range", pc.less(variants, 0), "its variant is negative.", "0 at least.")
    if type(most) is int:
        part.refuse("range", pc.greater_equal(variants, most), "its variant is too great.", f"0 to {most - 1}.")


def _scores(part: Part) -> None:
    scores = part.column("score").to_numpy(zero_copy_only=False)
    part.refuse("range", np.isnan(scores), "its score is no number.", "a logit, or -inf of a picture without regions.")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


_RULES: dict[str, tuple[Callable[[Part], None], ...]] = {
    "images": (_images,),
    "regions": (check_regions,),
    "triples": (_hash_of("query_id", "query"),),
    "lexicon": (_lexicon,),
    "codeswitch": (_variants, check_spans),
    "corpus": (_hash_of("sentence_id", "text"),),
    "pairs": (_hash_of("query_id", "query"),),
    "matching": (_scores,),
}
