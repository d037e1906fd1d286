"""Prepared batches: what a task asks of a network, as tensors alone, without the network.

One is made on the CPU, ahead of the step and in a thread if need be; then cut into the shares of several processes,
packed, pinned, brought to the device, and asked of the network. Shape suffixes as in ``model.network``; P is pairs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, Self, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from model import objectives
from model.network import GenerationNetwork, Regions, UnderstandingNetwork
from model.objectives import Asked, Places
from model.packing import Blocks, Packing
from model.similarity import contrastive_loss, similarity
from model.tokenizer import PAD

Network = TypeVar("Network", UnderstandingNetwork, GenerationNetwork)


@dataclass(frozen=True)
class Prepared(ABC, Generic[Network]):
    """A batch of a task. Every tensor has a row for each of its texts.

    Attributes:
        keys: caption_id or sentence_id of each row, for messages.
        together: how many rows in turn belong together, as a true pair and its mismatched ones do.
        packings: what the batch is without its padding, for each part of the network that sees it, in turn; found by
            ``packed``. Without them the network finds the same, and waits for its device to tell.
    """

    keys: tuple[str, ...]
    together: int = field(default=1, kw_only=True)
    packings: tuple[Packing, ...] = field(default=(), kw_only=True)

    @property
    @abstractmethod
    def count(self) -> int:
        """How many tokens, regions or pairs are asked for; what the loss counts too."""

    @abstractmethod
    def loss(self, network: Network) -> Asked:
        """What the network, on the same device, makes of the batch."""

    def _packings(self) -> tuple[Packing, ...]:
        """The packings, as ``loss`` hands them to the network; none of a kind that leaves them for it to find."""
        return ()

    def packed(self) -> Self:
        """The batch with its packings; to be called on the CPU."""
        return replace(self, packings=self._packings())

    def to(self, device: torch.device) -> Self:
        """The batch on a device; from pinned memory the copy runs beside what the device does."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin(self) -> Self:
        """The batch in pinned memory, from which a GPU copies by itself."""
        return self._each(Tensor.pin_memory)

    def share(self, rank: int, world: int) -> Self:
        """The part of one of several processes: every world-th row, or group of rows that belong together, from rank.

        Totals and counts of all shares add up to the whole batch's. A share may be empty where the batch has fewer
        rows than there are processes.
        """
        rows = torch.arange(len(self.keys))
        rows = rows[rows // self.together % world == rank]
        changed: dict[str, Any] = {"keys": tuple(self.keys[row] for row in rows.tolist()), "packings": ()}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, (Tensor, Regions, Places)):
                changed[one.name] = value[rows]
        return replace(self, **changed)

    def _each(self, move: Callable[[Tensor], Tensor]) -> Self:
        return replace(self, **{one.name: _moved(getattr(self, one.name), move) for one in fields(self)})


def _moved(value: Any, move: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, tuple):
        return tuple(_moved(one, move) for one in value)
    if isinstance(value, (Regions, Places, Packing, Blocks)):
        return replace(value, **{one.name: _moved(getattr(value, one.name), move) for one in fields(value)})
    return move(value) if isinstance(value, Tensor) else value


@dataclass(frozen=True)
class MaskedText(Prepared[UnderstandingNetwork]):
    """A batch of xMLM: texts as they are and as the network sees them, and which tokens are asked for."""

    tokens_BT: Tensor
    seen_BT: Tensor
    asked: Places

    @property
    def count(self) -> int:
        """Masked tokens."""
        return len(self.asked)

    def loss(self, network: UnderstandingNetwork) -> Asked:
        """That of xMLM."""
        return objectives.masked_language_loss(network, self.seen_BT, self.tokens_BT, self.asked, *self.packings)

    def _packings(self) -> tuple[Packing, ...]:
        return (Packing.of(self.seen_BT != PAD),)


@dataclass(frozen=True)
class MaskedCaptions(MaskedText):
    """A batch of MMLM or MC-MLM: the same, with the pictures' regions."""

    regions: Regions

    def loss(self, network: UnderstandingNetwork) -> Asked:
        """That of MMLM."""
        return objectives.multimodal_masked_language_loss(
            network, self.seen_BT, self.tokens_BT, self.regions, self.asked, *self.packings
        )

    def _packings(self) -> tuple[Packing, ...]:
        return (Packing.of(_joint(self.seen_BT, self.regions), first=self.seen_BT.shape[1]),)


@dataclass(frozen=True)
class MaskedRegions(Prepared[UnderstandingNetwork]):
    """A batch of MRM or MC-MRM: captions and regions, which regions are asked for, and which of them are not seen."""

    tokens_BT: Tensor
    regions: Regions
    zeroed_BR: Tensor
    asked: Places

    @property
    def count(self) -> int:
        """Masked regions."""
        return len(self.asked)

    def loss(self, network: UnderstandingNetwork) -> Asked:
        """That of MRM."""
        return objectives.masked_region_loss(
            network, self.tokens_BT, self.regions, self.zeroed_BR, self.asked, *self.packings
        )

    def _packings(self) -> tuple[Packing, ...]:
        return (Packing.of(_joint(self.tokens_BT, self.regions)),)


@dataclass(frozen=True)
class Pairs(Prepared[UnderstandingNetwork]):
    """A batch of VLM or MC-VLM: pairs of caption and picture, and which of them match (1.0) or not (0.0)."""

    tokens_PT: Tensor
    regions: Regions
    matched_P: Tensor

    @property
    def count(self) -> int:
        """Pairs."""
        return len(self.matched_P)

    def loss(self, network: UnderstandingNetwork) -> Asked:
        """That of VLM."""
        return objectives.matching_loss(network, self.tokens_PT, self.regions, self.matched_P, *self.packings)

    def _packings(self) -> tuple[Packing, ...]:
        return (Packing.of(_joint(self.tokens_PT, self.regions), first=1),)


@dataclass(frozen=True)
class Classified(Prepared[UnderstandingNetwork]):
    """Texts, and the class of each by its number."""

    tokens_BT: Tensor
    classes_B: Tensor

    @property
    def count(self) -> int:
        """Texts."""
        return len(self.classes_B)

    def loss(self, network: UnderstandingNetwork) -> Asked:
        """The cross-entropy of the true classes."""
        logits = network.classify(self.tokens_BT, *self.packings)
        return Asked(F.cross_entropy(logits, self.classes_B, reduction="sum"), self.count)

    def _packings(self) -> tuple[Packing, ...]:
        return (Packing.of(self.tokens_BT != PAD, first=1),)


@dataclass(frozen=True)
class Contrasted(Prepared[UnderstandingNetwork]):
    """Captions and their pictures, each to be found among all of the batch; its rows stay together.

    Attributes:
        true_BB: bool, which captions and pictures belong together, those on the diagonal among them.
        weight: what the loss is multiplied with.
    """

    tokens_BT: Tensor
    regions: Regions
    true_BB: Tensor
    weight: float

    @property
    def count(self) -> int:
        """Captions."""
        return len(self.keys)

    def loss(self, network: UnderstandingNetwork) -> Asked:
        """The contrastive loss of the similarities of texts and pictures that are read apart."""
        text, picture = self.packings or (None, None)
        similarity_BB = similarity(
            network.embedded_texts(self.tokens_BT, text), network.embedded_pictures(self.regions, picture)
        )
        logits_BB = network.contrastive_head.scale() * similarity_BB
        true_BB = self.true_BB[:, : self.count]  # an empty share has no row, and every column
        return Asked(self.weight * contrastive_loss(logits_BB, true_BB), self.count)

    def _packings(self) -> tuple[Packing, ...]:
        return (Packing.of(self.tokens_BT != PAD), Packing.of(self.regions.mask))


@dataclass(frozen=True)
class NoisedText(Prepared[GenerationNetwork]):
    """A batch of xDAE: texts, their noised form, their languages' rows in the language embedding."""

    tokens_BT: Tensor
    noised_BT: Tensor
    languages_B: Tensor
    asked: Places

    @property
    def count(self) -> int:
        """Tokens that are foretold."""
        return len(self.asked)

    def loss(self, network: GenerationNetwork) -> Asked:
        """That of xDAE."""
        return objectives.denoising_loss(
            network, self.noised_BT, self.tokens_BT, self.languages_B, self.asked, *self.packings
        )

    def _packings(self) -> tuple[Packing, ...]:
        return _read_and_written(self.noised_BT != PAD, self.tokens_BT)


@dataclass(frozen=True)
class Captioned(Prepared[GenerationNetwork]):
    """A batch of IC, or of DIC where some regions are zeroed: pictures, their captions, the captions' languages."""

    tokens_BT: Tensor
    regions: Regions
    languages_B: Tensor
    asked: Places
    zeroed_BR: Tensor | None = None

    @property
    def count(self) -> int:
        """Tokens that are foretold."""
        return len(self.asked)

    def loss(self, network: GenerationNetwork) -> Asked:
        """That of IC or DIC."""
        return objectives.captioning_loss(
            network, self.regions, self.tokens_BT, self.languages_B, self.asked, self.zeroed_BR, *self.packings
        )

    def _packings(self) -> tuple[Packing, ...]:
        return _read_and_written(self.regions.mask, self.tokens_BT)


@dataclass(frozen=True)
class Translated(Prepared[GenerationNetwork]):
    """A batch of multimodal translation: sentences and pictures, the translations, both languages' rows."""

    sources_BT: Tensor
    source_languages_B: Tensor
    regions: Regions
    tokens_BT: Tensor
    languages_B: Tensor
    asked: Places

    @property
    def count(self) -> int:
        """Tokens that are foretold."""
        return len(self.asked)

    def loss(self, network: GenerationNetwork) -> Asked:
        """That of translation."""
        return objectives.translation_loss(
            network, self.sources_BT, self.source_languages_B, self.regions,
            self.tokens_BT, self.languages_B, self.asked, *self.packings,
        )  # fmt: skip

    def _packings(self) -> tuple[Packing, ...]:
        return _read_and_written(_joint(self.sources_BT, self.regions), self.tokens_BT)


@dataclass(frozen=True)
class Titled(NoisedText):
    """A batch of news titles: the headlines stand where xDAE's texts do, and their bodies where the noised ones do."""


def _joint(tokens_BT: Tensor, regions: Regions) -> Tensor:
    """Which positions of text and regions are real."""
    return torch.cat([tokens_BT != PAD, regions.mask], dim=1)


def _read_and_written(mask_BM: Tensor, tokens_BT: Tensor) -> tuple[Packing, Packing]:
    """Of the encoder, which reads where the mask is True, and of the decoder, which writes the tokens beside it."""
    return Packing.of(mask_BM), Packing.of(tokens_BT[:, :-1] != PAD, beside=mask_BM)
