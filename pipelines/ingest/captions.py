"""From the captions of a source to the dataset ``captions``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from contract.dataset import Dataset
from contract.hashing import shard_of
from contract.rejects import Reject
from contract.text import clean_text, count_words, summarise_lengths
from pipelines.ingest import by_name, coco, extra, multi30k
from pipelines.ingest.folder import candidates, key_of
from pipelines.ingest.lists import stated_splits
from pipelines.ingest.sample import Sample
from pipelines.ingest.scan import Scan
from pipelines.ingest.settings import Caption, Config
from pipelines.sharded import Tally

_READERS = {"multi30k": multi30k.captions, "coco": coco.captions, "folder": by_name.captions}


class CaptionSource(Protocol):
    """Where captions come from."""

    def setup(self) -> None:
        """Loads what every shard needs, once a process."""

    def captions(self, shard: int) -> Iterable[Caption]:
        """The captions of one shard's pictures."""


class ListedCaptions:
    """Captions in files beside the pictures.

    Args:
        images: the folder of pictures.
        captions: the folder of captions.
        config: the stage's settings.
    """

    def __init__(self, images: Path, captions: Path, config: Config) -> None:
        self._images, self._captions, self._config = images, captions, config

    def setup(self) -> None:
        """Lists the pictures, which extra captions are matched with."""
        shards = self._config.shards
        self._shard_of = cache(lambda image_id: shard_of(image_id, shards))
        known = candidates(self._images, self._captions, self._config) if self._config.extra_captions else []
        self._known = frozenset(map(key_of, known))
        self._stated = cache(lambda lang: stated_splits(self._captions, self._config, lang))

    def captions(self, shard: int) -> Iterator[Caption]:
        """Reads all files and keeps what is the shard's."""

        def mine(image_id: str) -> bool:
            return self._shard_of(image_id) == shard

        found = chain(
            _READERS[self._config.layout](self._captions, self._config, mine),
            extra.captions(self._captions, self._config, self._known, mine),
        )
        if not self._config.extra_lists:  # the layout's lists have all captions where their pictures lie
            yield from found
            return
        for caption in found:
            own = caption.lang if caption.lang in self._config.extra_lists else None
            yield replace(caption, split=self._stated(own).get(caption.image_id))


class ArchiveCaptions:
    """Captions that lie in archives, as the scan noted them.

    Args:
        scan: the first pass.
        lang: their language.
    """

    def __init__(self, scan: Scan, lang: str) -> None:
        self._scan, self._lang = scan, lang

    def setup(self) -> None:
        """Loads nothing."""

    def captions(self, shard: int) -> Iterator[Caption]:
        """One caption a picture that has one."""
        for row in self._scan.rows(shard, ["image_id", "shard", "source", "caption"]):
            if row["caption"] is not None:
                caption_id = f"{self._lang}-{row['image_id']}"
                yield Caption(row["image_id"], caption_id, self._lang, row["caption"], row["source"])


class CaptionsProcess:
    """Writes one shard of ``captions``.

    Args:
        source: where captions come from.
        images: the finished dataset ``images``.
        sample: the pictures used.
    """

    def __init__(self, source: CaptionSource, images: Path, sample: Sample) -> None:
        self._source, self._images, self._sample = source, images, sample

    def setup(self) -> None:
        """Prepares the source."""
        self._source.setup()

    def shard(self, index: int, tally: Tally) -> Iterator[dict[str, Any] | Reject]:
        """Yields the captions of a shard, sorted, and its rejects."""
        images = Dataset(self._images, "images")
        splits = {row["image_id"]: row["split"] for row in images.rows(["image_id", "split"], index)}
        reasons = {row["key"]: row["reason"] for row in images.rejects(index)}
        rows: dict[str, dict[str, Any]] = {}
        for caption in self._source.captions(index):
            if not self._sample.has(caption.image_id):
                tally.count("left_out_by_limit")
                continue
            tally.rows_in += 1
            item = _finish(caption, splits, reasons, rows)
            if isinstance(item, Reject):
                yield item
            else:
                rows[caption.caption_id] = item
                _count(item, tally)
        yield from sorted(rows.values(), key=lambda row: (row["image_id"], row["caption_id"]))


def _finish(
    caption: Caption, splits: dict[str, str], reasons: dict[str, str], rows: dict[str, dict[str, Any]]
) -> dict[str, Any] | Reject:
    text, split = clean_text(caption.text), splits.get(caption.image_id)
    if caption.fault:
        reason, message = "malformed_row", caption.fault
    elif split is None:
        reason = "caption_orphan"
        message = f"the picture {caption.image_id}: {reasons.get(caption.image_id, 'no source has it')}"
    elif caption.split not in (None, split):
        reason, message = "split_conflict", f"its lists have the picture in {caption.split}, others in {split}"
    elif not text:
        reason, message = "caption_empty", f"nothing is left of {caption.text[:80]!r}"
    elif caption.caption_id in rows:
        reason, message = "duplicate_key", "an earlier caption has this id"
    else:
        return {"caption_id": caption.caption_id, "image_id": caption.image_id, "lang": caption.lang,
                "text": text, "split": split}  # fmt: skip
    return Reject(caption.caption_id, caption.source, reason, message)


def _count(row: dict[str, Any], tally: Tally) -> None:
    lang, words = row["lang"], count_words(row["text"], row["lang"])
    tally.count("languages", lang, row["split"])
    tally.count("characters", lang, str(len(row["text"])))
    if words is not None:
        tally.count("words", lang, str(words))


def summarise(statistics: dict[str, Any]) -> dict[str, Any]:
    """Replaces histograms of lengths by what they say."""
    lengths = {
        unit: {lang: summarise_lengths(counts) for lang, counts in statistics.get(unit, {}).items()}
        for unit in ("characters", "words")
    }
    return {"languages": {}} | statistics | lengths
