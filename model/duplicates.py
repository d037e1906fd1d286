"""Which pictures the stage ``ingest`` took for one, so that none is shown as another's mismatch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from contract.dataset import Dataset
from contract.errors import InputError
from model.data import Ints


def read_near_duplicates(images: Path | None, row_of: Mapping[str, int]) -> Ints | None:
    """The group of near-duplicates of each picture of a region store, by row; says how many have any.

    Args:
        images: the dataset of pictures; None where near-duplicates are not known, nor then is the answer.
        row_of: the store's rows, by image_id.

    Raises:
        InputError: where the dataset lacks a picture of the store.
    """
    if images is None:
        return None
    group_N, known_N, first_of = np.arange(len(row_of)), np.zeros(len(row_of), bool), dict[str, int]()
    for picture in Dataset(images, "images").rows(["image_id", "duplicate_group"]):
        row, group = row_of.get(picture["image_id"]), picture["duplicate_group"]
        if row is None:
            continue
        known_N[row] = True
        if group is not None:
            group_N[row] = first_of.setdefault(group, row)
    if not known_N.all():
        raise InputError(
            f"{images} lacks the picture {next(one for one, row in row_of.items() if not known_N[row])!r}, which the "
            "regions hold.", "every picture of theirs.", "give the dataset of which the regions were made.",
        )  # fmt: skip
    with_others = (np.bincount(group_N)[group_N] > 1).sum()
    print(f"near-duplicates: {with_others:,} of {len(group_N):,} pictures have one or more.")
    return group_N


def joined(one_N: Ints, other_N: Ints | None) -> Ints:
    """Groups of pictures that either of two groupings takes for one, directly or through further ones.

    Args:
        one_N: the group of each picture, from 0 to N - 1.
        other_N: likewise; None where there is no second grouping.
    """
    if other_N is None:
        return one_N
    size = len(one_N)  # each group is a node, and each picture joins its two
    graph = coo_array((np.ones(size), (one_N, size + other_N)), shape=(2 * size, 2 * size))
    return np.unique(connected_components(graph, directed=False)[1][one_N], return_inverse=True)[1]
