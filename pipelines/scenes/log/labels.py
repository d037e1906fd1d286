"""What people judged: whether pictures fit queries, and whether pictures can be recognised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from contract.hashing import stable_hash
from pipelines.scenes.language.queries import query
from pipelines.scenes.log.clicks import LANGUAGES, strange_scene
from pipelines.scenes.log.pictures import Found


def relevance_rows(pictures: Sequence[Found], count: int, seed: int) -> list[dict[str, Any]]:
    """Queries and pictures by turns of the same and of another scene, with their labels."""
    rows = []
    for number in range(count):
        draw = Random(stable_hash(seed, "relevance label", number))
        picture, label, lang = draw.choice(pictures), (number + 1) % 2, draw.choice(list(LANGUAGES))
        asked = picture.scene if label else strange_scene(pictures, picture.scene, draw)
        text = query(asked, lang, draw).text
        rows.append({"query": text, "image_id": picture.image_id, "label": label, "lang": lang})
    return rows


def image_rows(pictures: Iterable[Found]) -> list[dict[str, Any]]:
    """Whether features of pictures can be reliably extracted."""
    return [{"image_id": picture.image_id, "reliable": int(picture.reliable)} for picture in pictures]
