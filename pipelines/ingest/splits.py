"""Which split each picture goes to: no picture, and no near-duplicate of one, is in two splits.

Lists decide where there are any. Where they put near-duplicates into two splits, test goes before val and val before
train, and the picture that loses is rejected. A picture on no list follows its near-duplicates; where it has none, a
stable hash decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from contract.hashing import stable_hash
from pipelines.ingest.perceptual import Hashes, near_pairs
from pipelines.ingest.settings import SPLITS, Config

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Decision:
    """Where a picture goes.

    Attributes:
        split: its split; None where it is rejected.
        conflict: why it is rejected; empty where it is not.
        near: whether there is a near-duplicate of it, be it a rejected one.
        group: the smallest image_id of its group of near-duplicates that its split keeps; None where it is alone.
    """

    split: str | None
    conflict: str
    near: bool
    group: str | None


def decide_splits(
    image_ids: list[str], listed: list[str | None], hashes: Hashes, config: Config, seed: int
) -> list[Decision]:
    """Decides for every picture.

    Args:
        image_ids: the pictures, each once.
        listed: the split that a list states for each, or None.
        hashes: perceptual hashes, [N, number of crops].
        config: the stage's settings.
        seed: the job's seed.
    """
    nodes, node_of, pairs = _near(hashes, config)
    ranks = np.array([SPLITS.index(split) + 1 if split else 0 for split in listed], np.int64)
    best = _best_nearby(ranks, node_of, pairs, nodes)[node_of]
    groups = _groups(pairs, nodes)[node_of].tolist()
    leaders: dict[int, str] = {}
    kept: dict[int, set[str]] = defaultdict(set)
    sizes: dict[int, int] = defaultdict(int)
    for image_id, split, group, wins in zip(image_ids, listed, groups, ranks >= best, strict=True):
        leaders[group] = min(image_id, leaders.get(group, image_id))
        sizes[group] += 1
        if split and wins:
            kept[group].add(split)
    splits, conflicts = [], []
    for split, group, rank, rival in zip(listed, groups, ranks.tolist(), best.tolist(), strict=True):
        if split:
            conflict = f"a near-duplicate lies in {SPLITS[rival - 1]}" if rank < rival else ""
        else:
            split, conflict = _follow(kept[group], leaders[group], config, seed)
        splits.append(None if conflict else split)
        conflicts.append(conflict)
    named = _names(image_ids, list(zip(groups, splits, strict=True)))
    near = [sizes[group] > 1 for group in groups]
    return list(map(Decision, splits, conflicts, near, named))


def drawn_split(image_id: str, config: Config, seed: int) -> str:
    """The split of a picture that no list names, by a stable hash."""
    place = stable_hash(seed, "split", image_id) / 2**64
    if place < config.test_fraction:
        return "test"
    return "val" if place < config.test_fraction + config.val_fraction else "train"


def _follow(nearby: Collection[str], leader: str, config: Config, seed: int) -> tuple[str | None, str]:
    """The split of a picture on no list, and the conflict where its near-duplicates lie in several."""
    if len(nearby) > 1:
        return None, f"near-duplicates lie in {' and in '.join(sorted(nearby))}"
    return next(iter(nearby), None) or drawn_split(leader, config, seed), ""


def _names(image_ids: list[str], places: list[tuple[int, str | None]]) -> list[str | None]:
    """The smallest image_id of each picture's group in its split; None of one that is rejected or alone there."""
    members: dict[tuple[int, str | None], list[str]] = defaultdict(list)
    for image_id, place in zip(image_ids, places, strict=True):
        members[place].append(image_id)
    names = {place: min(several) for place, several in members.items() if place[1] and len(several) > 1}
    return [names.get(place) for place in places]


def _near(hashes: Hashes, config: Config) -> tuple[int, Ints, Ints]:
    """Pictures with equal hashes as one node: number of nodes, the node of each picture, pairs of near nodes."""
    if not config.separate_near_duplicates:
        return len(hashes), np.arange(len(hashes)), np.zeros((0, 2), np.int64)
    nodes, node_of = np.unique(hashes, axis=0, return_inverse=True)
    return len(nodes), node_of, near_pairs(nodes, config.near_duplicate_bits)


def _best_nearby(ranks: Ints, node_of: Ints, pairs: Ints, nodes: int) -> Ints:
    """The highest rank of a split among each node's pictures and those of its neighbours."""
    own = np.zeros(nodes, np.int64)
    np.maximum.at(own, node_of, ranks)
    best = own.copy()
    np.maximum.at(best, pairs[:, 0], own[pairs[:, 1]])
    np.maximum.at(best, pairs[:, 1], own[pairs[:, 0]])
    return best


def _groups(pairs: Ints, nodes: int) -> Ints:
    """The number of the group of each node: nodes that pairs connect, directly or through others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1] if nodes else np.zeros(0, np.int64)
