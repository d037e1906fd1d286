"""What fine-tuning and evaluation read: captions of a split, and regions that must fit the checkpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.dataset import Dataset
from contract.errors import InputError
from contract.hashing import stable_hash
from contract.manifest import read_manifest
from model.config import NetworkConfig
from model.data import rows_with_regions
from model.regions import RegionStore


@dataclass(frozen=True)
class Caption:
    """A caption, as its dataset states it, or a query that stands for one.

    Attributes:
        caption_id: its key; of a query picture and query together, since one query may have several pictures.
        image_id: its picture.
        lang: BCP 47.
        text: what it says.
        context: of a query, the title of the page on which its picture stands, where there is one.
    """

    caption_id: str
    image_id: str
    lang: str
    text: str
    context: str | None = None


@dataclass(frozen=True)
class Captions:
    """The captions of a split.

    Attributes:
        by_language: captions whose pictures have regions, in the order of picture and caption.
        without_regions: how many were left out, by language, because their picture has no regions.
    """

    by_language: dict[str, list[Caption]]
    without_regions: dict[str, int]

    def images(self) -> list[str]:
        """The ids of all pictures, sorted."""
        return sorted({one.image_id for several in self.by_language.values() for one in several})

    def sample(self, count: int) -> Captions:
        """The captions of the first ``count`` pictures of each language by a stable hash; all where ``count`` is 0."""
        kept = {}
        for lang, several in self.by_language.items():
            chosen = set(sample_images(sorted({one.image_id for one in several}), count))
            kept[lang] = [one for one in several if one.image_id in chosen]
        return Captions(kept, self.without_regions)


def read_regions(folder: Path, network: NetworkConfig) -> RegionStore:
    """The regions, for a network that was trained on such.

    Raises:
        InputError: where their features are wider or narrower than the network's.
    """
    store = RegionStore(folder)
    if store.feature_dim != network.feature_dim:
        raise InputError(
            f"{folder} holds features of width {store.feature_dim}.",
            f"width {network.feature_dim}, on which the checkpoint was trained.",
            "extract the regions with the detector of the checkpoint.",
        )
    return store


def read_split(folder: Path, store: RegionStore, split: str, languages: Sequence[str] = ()) -> Captions:
    """The captions of a split, or the queries of triples, in some languages, or in all where none is named.

    Raises:
        InputError: where the split, or a language that is named, has no caption with regions.
    """
    found: dict[str, list[Caption]] = {}
    with_regions = rows_with_regions(store)
    without_regions, splits = Counter[str](), Counter[str]()
    for of_split, caption in _captions(folder):
        splits[of_split] += 1
        if of_split != split or (languages and caption.lang not in languages):
            continue
        if caption.image_id not in with_regions:
            without_regions[caption.lang] += 1
            continue
        found.setdefault(caption.lang, []).append(caption)
    missing = [lang for lang in languages if lang not in found]
    if missing or not found:
        there = ", ".join(f"{name} {count:,}" for name, count in sorted(splits.items())) or "none"
        raise InputError(
            f"{folder} has no caption {f'in {missing[0]!r} ' if missing else ''}whose picture has regions in the split "
            f"{split!r} (captions: {there}; of the split, without regions: {without_regions.total():,}).",
            "one at least.",
            "choose another split or other languages, or extract the regions of these pictures.",
        )
    if skipped := without_regions.total():
        print(f"{skipped:,} captions of the split {split!r} are skipped: their pictures have no regions.")
    for several in found.values():
        several.sort(key=lambda one: (one.image_id, one.caption_id))
    return Captions(dict(sorted(found.items())), dict(sorted(without_regions.items())))


def _captions(folder: Path) -> Iterator[tuple[str, Caption]]:
    """Captions with their splits; queries where the folder holds triples."""
    if read_manifest(folder).dataset != "triples":
        for row in Dataset(folder, "captions").rows():
            yield row["split"], Caption(row["caption_id"], row["image_id"], row["lang"], row["text"])
        return
    for row in Dataset(folder, "triples").rows():
        key = f"{row['image_id']}/{row['query_id']}"
        yield row["split"], Caption(key, row["image_id"], row["lang"], row["query"], row["context"])


def sample_images(image_ids: Sequence[str], count: int) -> list[str]:
    """The first ``count`` pictures by a stable hash, the same on every machine; all where ``count`` is 0."""
    if not count or count >= len(image_ids):
        return list(image_ids)
    return sorted(sorted(image_ids, key=lambda image_id: (stable_hash("sample", image_id), image_id))[:count])
