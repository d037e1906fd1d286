"""What the contrastive head learns: each caption's picture among those of a batch, and each picture's caption."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import torch

from contract.hashing import stable_hash
from model.data import Texts, pad
from model.network import UnderstandingNetwork
from model.order import Order
from model.pairs import TruePairs
from model.prepared import Contrasted
from model.regions import RegionStore
from model.task_config import FinetuneConfig
from model.task_inputs import Inputs
from model.training_step import Draw
from model.work import work_of


def contrasts(
    inputs: Inputs, texts: Texts, true: TruePairs, store: RegionStore, config: FinetuneConfig, seed: int
) -> Callable[[int], Draw]:
    """The contrastive part of each step, by the step's number. The network gets the head where it has none.

    Args:
        inputs: what the fine-tuning starts from.
        texts: the training captions.
        true: which of them belong to which pictures.
        store: the regions.
        config: the settings.
        seed: of the head's first weights and the order of captions, which is not that of matching.
    """
    network = cast(UnderstandingNetwork, inputs.network)
    torch.manual_seed(stable_hash(seed, "contrastive head") % 2**63)
    network.add_contrastive_head()
    order = Order(len(texts), seed, "finetune", "contrastive")

    def draw(step: int) -> Draw:
        rows = order.batch(step, config.contrastive_batch)
        pictures = texts.pictures[rows]
        true_BB = true.hold(*np.broadcast_arrays(rows[:, None], pictures))
        batch = Contrasted(
            tuple(texts.keys[row] for row in rows), pad([texts.tokens[row] for row in rows]), store.batch(pictures),
            torch.from_numpy(true_BB), config.contrastive, together=len(rows),
        )  # fmt: skip
        return Draw("contrastive", batch, work_of(batch, network.config))

    return draw
