"""Lists that say which picture is in which split: the layout's own, and those of one language's captions.

COCO-CN has lists of its own beside Karpathy's. A picture lies in one split for all languages, so what lists disagree on
stays in test before val before train, and a caption whose own lists have its picture elsewhere is left out: each test
set is then the one that was published, and no picture of one is trained on in another language.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pipelines.ingest import by_name, coco, multi30k
from pipelines.ingest.settings import SPLITS, Config, Listed, files_of_setting

_LAYOUTS = {"multi30k": multi30k.listed_pictures, "coco": coco.listed_pictures, "folder": by_name.listed_pictures}


def listed_pictures(captions: Path, config: Config) -> Iterator[Listed]:
    """All rows of all lists.

    Args:
        captions: the folder ``raw/captions``.
        config: the stage's settings.

    Raises:
        InputError: where a list that the settings name is not there.
    """
    yield from _LAYOUTS[config.layout](captions, config)
    for lang in sorted(config.extra_lists):
        if config.wants(lang):
            yield from _extra(captions, lang, config)


def stated_splits(captions: Path, config: Config, lang: str | None) -> dict[str, str]:
    """Where a language's own lists, or with None the layout's, have each picture, by its id; others are left out."""
    rows = _extra(captions, lang, config) if lang else _LAYOUTS[config.layout](captions, config)
    splits: dict[str, str] = {}
    for row in rows:
        if row.split:
            splits[image_id_of(row)] = max(splits.get(image_id_of(row), row.split), row.split, key=SPLITS.index)
    return splits


def image_id_of(listed: Listed) -> str:
    """The id of a listed picture."""
    return PurePosixPath(listed.name).stem


def _extra(captions: Path, lang: str, config: Config) -> Iterator[Listed]:
    for pattern, split in config.extra_lists[lang].items():
        for path in files_of_setting(captions, pattern, f"pictures of captions in {lang}", "extra_lists"):
            for row, name in enumerate(multi30k.names_of(path), 1):
                yield Listed(name, split, path.relative_to(captions).as_posix(), row)
