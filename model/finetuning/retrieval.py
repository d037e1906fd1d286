"""Retrieval: true pairs of caption and picture among mismatched ones, and captions and pictures read apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from contract.hashing import stable_hash
from model.data import pad
from model.duplicates import joined, read_near_duplicates
from model.finetuning.captions import languages_of, read_texts
from model.finetuning.contrast import contrasts
from model.finetuning.lesson import Lesson
from model.network import UnderstandingNetwork
from model.objectives import Asked
from model.order import Order
from model.pairs import PairDraws, alike
from model.prepared import Pairs
from model.task_config import FinetuneConfig
from model.task_inputs import Inputs
from model.training_step import Draw
from model.work import work_of


def parts(inputs: Inputs) -> Sequence[str]:
    """The languages of the training captions."""
    return languages_of(inputs)


def lesson(inputs: Inputs, config: FinetuneConfig, setting: str, seed: int) -> Lesson:
    """Captions of a language, or of all, with mismatched pictures and captions."""
    store = inputs.store()
    texts, counts = read_texts(inputs, store, setting)
    groups = joined(store.duplicates(), read_near_duplicates(inputs.images, store.row_of))
    order, pairs = Order(len(texts), seed, "finetune", "retrieval"), PairDraws(texts, groups, config.negatives)
    contrasted = contrasts(inputs, texts, pairs.true, store, config, seed) if config.contrastive else None
    like = alike(store.object_ids, np.unique(texts.pictures)) if config.hard_negatives else None

    def draws(step: int) -> list[Draw]:
        draw = np.random.default_rng(stable_hash(seed, "negatives", step))
        hard = like if draw.random() < config.hard_negatives else None
        captions, pictures = pairs.of(order.batch(step, config.batch_size), draw, hard)
        rows, matched = captions.ravel().tolist(), torch.zeros(captions.shape)
        matched[:, 0] = 1.0
        batch = Ranked(
            tuple(texts.keys[row] for row in rows), pad([texts.tokens[row] for row in rows]),
            store.batch(pictures.ravel()), matched.flatten(), config.loss, together=captions.shape[1],
        )  # fmt: skip
        matching = Draw("matching", batch, work_of(batch, inputs.network.config))
        return [matching] if contrasted is None else [matching, contrasted(step)]

    return Lesson(counts, config.steps, draws)


@dataclass(frozen=True)
class Ranked(Pairs):
    """Captions and pictures of which the first pair of those that belong together is the true one.

    Attributes:
        kind: how their logits become a loss, as ``matching_loss`` knows it.
    """

    kind: str

    @property
    def count(self) -> int:
        """Pairs, or true pairs where each is found among its negatives."""
        return len(self.keys) // (self.together if self.kind == "softmax" else 1)

    def loss(self, network: UnderstandingNetwork) -> Asked:
        """The loss of the pairs' logits."""
        logits_P = network.matching(self.tokens_PT, self.regions, *self.packings)
        return matching_loss(logits_P.view(-1, self.together), self.kind)


def matching_loss(logits_BN: Tensor, kind: str) -> Asked:
    """Loss of matching logits whose first column holds the true pairs.

    ``binary`` judges each pair by itself, as VLM does in pre-training; ``softmax`` asks for the true pair among its
    negatives.
    """
    if kind == "softmax":
        first_B = torch.zeros(len(logits_BN), dtype=torch.long, device=logits_BN.device)
        return Asked(F.cross_entropy(logits_BN, first_B, reduction="sum"), len(logits_BN))
    matched_BN = torch.zeros_like(logits_BN)
    matched_BN[:, 0] = 1.0
    return Asked(F.binary_cross_entropy_with_logits(logits_BN, matched_BN, reduction="sum"), logits_BN.numel())
