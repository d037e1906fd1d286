"""What can be set for the stage, and the rows that its sources give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from contract.config import check_choice, check_range, option
from contract.errors import InputError, UsageError
from contract.files import files_like

Mine = Callable[[str], bool]  # whether a picture, by its id, belongs to the shard that is being written
LAYOUTS = ("multi30k", "coco", "img2dataset", "folder")
SPLITS = ("train", "val", "test")
PICTURE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class Config:
    """Settings of the stage ``ingest``."""

    layout: str = option("multi30k", f"how pictures and captions lie: {', '.join(LAYOUTS)}")
    languages: tuple[str, ...] = option((), "languages to take; empty takes all that are there")
    lists: dict[str, str] = option(
        {"train": "train", "val": "val", "test": "test", "test_2016": "test", "test_2016_flickr": "test"},
        "multi30k: the split of each list in image_splits; lists that are not named here are not read",
    )
    task1_languages: tuple[str, ...] = option((), "multi30k: languages to take from task 1; empty takes all")
    task2_languages: tuple[str, ...] = option((), "multi30k: languages to take from task 2; empty takes all")
    caption_files: str = option("captions_*.json", "coco: caption files, as the end of a path below raw/captions")
    split_file: str = option("", "coco: splits in Karpathy's form (dataset_coco.json), below raw/captions")
    caption_language: str = option("en", "coco, img2dataset: language of the captions")
    extra_captions: dict[str, str] = option(
        {}, "further captions by language, each as the end of a path below raw/captions"
    )
    extra_lists: dict[str, dict[str, str]] = option(
        {}, "by language of further captions: the split of each list of their pictures, by the end of its path"
    )
    shards: int = option(4, "shards of each dataset, and of every dataset that is joined to them")
    limit: int = option(0, "use only so many pictures, chosen by a stable hash; 0 uses all", "pictures")
    val_fraction: float = option(0.1, "share of the pictures on no list that goes to val", "0 to 1")
    test_fraction: float = option(0.1, "share of the pictures on no list that goes to test", "0 to 1")
    separate_near_duplicates: bool = option(True, "keep near-duplicates in one split; those on other lists give way")
    near_duplicate_bits: int = option(6, "perceptual hashes that differ in at most so many bits count as one", "of 64")
    max_megabytes: int = option(64, "larger picture files are rejected unread", "MB")

    def __post_init__(self) -> None:
        """Refuses values that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_choice(self, "layout", LAYOUTS)
        check_range(self, "shards", 1, 99_999)
        check_range(self, "limit", 0)
        check_range(self, "near_duplicate_bits", 0, 31)
        check_range(self, "max_megabytes", 1)
        check_range(self, "val_fraction test_fraction", 0, 1)
        if self.val_fraction + self.test_fraction > 1 + 1e-9:
            raise UsageError(
                f"val_fraction and test_fraction are {self.val_fraction} and {self.test_fraction}.",
                "together at most 1.",
            )
        for name, lists in {
            "lists": self.lists,
            **{f"extra_lists.{k}": v for k, v in self.extra_lists.items()},
        }.items():
            if not set(lists.values()) <= set(SPLITS):
                raise UsageError(f"{name} leads to {sorted(set(lists.values()))}.", f"splits: {', '.join(SPLITS)}.")
        if self.extra_lists and self.layout == "img2dataset":
            raise UsageError("extra_lists is set and layout is 'img2dataset'.", "a layout with files of captions.")

    def missing_captions(self, captions: Path) -> Iterator[tuple[Path, str]]:
        """What ``extra_captions`` and ``extra_lists`` name and is not there: where it would lie, and what it is."""
        for lang, pattern in sorted(self.extra_captions.items()):
            if self.wants(lang) and not files_like(captions, pattern):
                yield captions / pattern, f"captions in {lang} (the profile's ingest.extra_captions)"
        for lang, lists in sorted(self.extra_lists.items()):
            for pattern in lists:
                if self.wants(lang) and not files_like(captions, pattern):
                    yield captions / pattern, f"pictures of captions in {lang} (the profile's ingest.extra_lists)"

    def wants(self, lang: str) -> bool:
        """Whether captions of a language are taken."""
        return not self.languages or lang in self.languages


@dataclass(frozen=True)
class Listed:
    """A picture that a source names.

    Attributes:
        name: its file's name as the source gives it; empty where the source's row cannot be read.
        split: train, val, test, or None where the source states none.
        source: the file that names it, below raw/captions.
        row: which row of that file, from 1.
        license: as the source states it.
    """

    name: str
    split: str | None
    source: str
    row: int
    license: str | None = None


@dataclass(frozen=True)
class Caption:
    """A caption as its source gives it.

    Attributes:
        image_id: the picture.
        caption_id: unique within the profile.
        lang: BCP 47.
        text: not yet cleaned.
        source: the file that holds it, below raw/captions.
        fault: why the source's row cannot be read; empty where it can.
        split: where the lists of its language have its picture; None where they do not name it.
    """

    image_id: str
    caption_id: str
    lang: str
    text: str
    source: str
    fault: str = ""
    split: str | None = None


@dataclass(frozen=True)
class Sampled:
    """One sample of an archive.

    Attributes:
        key: its name in the archive.
        picture: the picture's bytes.
        suffix: the picture's suffix, one of PICTURE_SUFFIXES.
        caption: its caption, where it has one.
        license: as the archive states it.
    """

    key: str
    picture: bytes
    suffix: str
    caption: str | None
    license: str | None


def files_of_setting(captions: Path, pattern: str, expected: str, setting: str) -> list[Path]:
    """The files below raw/captions that a setting of the profile names.

    Raises:
        InputError: where there is none.
    """
    found = files_like(captions, pattern)
    if not found:
        raise InputError(
            f"{captions} holds no {pattern}.", f"{expected}: ingest.{setting} names them.",
            f"place them there, or take them out of ingest.{setting}.",
        )  # fmt: skip
    return found
