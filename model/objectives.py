"""The ten pre-training objectives, each a pure function from a prepared batch to a summed loss and its count.

The draws — what is masked, noised or mismatched — are made before, by ``model.noise`` and ``model.pairs``, so that a
loss depends on its arguments alone. Each comes as a sum and the number of what was asked: batches that are accumulated
or spread over several processes divide by the count of all of them. What a batch without its padding looks like may be
handed on, where it is known (``model.packing``). Shape suffixes as in ``model.network``; N is what is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from model.network import GenerationNetwork, Regions, UnderstandingNetwork
from model.packing import Packing
from model.tokenizer import PAD


@dataclass(frozen=True)
class Asked:
    """What a batch asked a network, and how wrong the answers were.

    Attributes:
        total: the summed loss, a scalar; 0 where nothing was asked.
        count: how many tokens, regions or pairs were asked for.
    """

    total: Tensor
    count: int

    @property
    def mean(self) -> Tensor:
        """The loss of one token, region or pair; 0 where nothing was asked."""
        return self.total / max(1, self.count)


@dataclass(frozen=True)
class Places:
    """Places in the rows of a batch, in the order of the rows.

    As numbers, and not as a mask, they lie on the device before the network runs: nothing waits to count them.

    Attributes:
        rows_N: int64, the row of each place.
        columns_N: int64, where in the row it is.
    """

    rows_N: Tensor
    columns_N: Tensor

    @classmethod
    def where(cls, mask: Tensor) -> Places:
        """The places where a mask [B, L] is True."""
        return cls(*mask.nonzero(as_tuple=True))

    def __len__(self) -> int:
        return len(self.rows_N)

    def __getitem__(self, rows: Tensor) -> Places:
        """The places in some rows, which are given in ascending order and numbered anew."""
        kept_N = torch.isin(self.rows_N, rows)
        return Places(torch.searchsorted(rows, self.rows_N[kept_N]), self.columns_N[kept_N])

    def of(self, values: Tensor) -> Tensor:
        """What stands at the places: [B, L, …] to [N, …]."""
        return values[self.rows_N, self.columns_N]

    def to(self, device: torch.device) -> Places:
        """The places on a device."""
        return Places(self.rows_N.to(device), self.columns_N.to(device))


def next_tokens(tokens_BT: Tensor) -> Places:
    """Where a decoder that reads texts is asked for the next token: at every real token but the last."""
    return Places.where(tokens_BT[:, 1:] != PAD)


def masked_language_loss(
    network: UnderstandingNetwork, seen_BT: Tensor, tokens_BT: Tensor, asked: Places, packing: Packing | None = None
) -> Asked:
    """xMLM: foretell masked tokens from the text alone, by cross-entropy.

    Args:
        network: the network.
        seen_BT: the texts with some tokens masked.
        tokens_BT: the texts.
        asked: which tokens are asked for.
        packing: of the texts.
    """
    hidden_BTD = network.text(seen_BT, packing)
    hidden_ND = asked.of(hidden_BTD)  # gathered first: the vocabulary is by far the widest projection
    return Asked(network.vocabulary.loss(hidden_ND, asked.of(tokens_BT)), len(asked))


def multimodal_masked_language_loss(
    network: UnderstandingNetwork, seen_BT: Tensor, tokens_BT: Tensor, regions: Regions, asked: Places,
    packing: Packing | None = None,
) -> Asked:  # fmt: skip
    """MMLM and MC-MLM: foretell masked tokens from text and regions; MC-MLM's are those of the switched text."""
    hidden_ND = asked.of(network.joint(seen_BT, regions, first=seen_BT.shape[1], packing=packing))
    return Asked(network.vocabulary.loss(hidden_ND, asked.of(tokens_BT)), len(asked))


def masked_region_loss(
    network: UnderstandingNetwork, tokens_BT: Tensor, regions: Regions, zeroed_BR: Tensor, asked: Places,
    packing: Packing | None = None,
) -> Asked:  # fmt: skip
    """MRM and MC-MRM: give back a masked region's feature and its class.

    A region's loss is the mean squared error over the numbers of its scaled feature, and the cross-entropy of the
    detector's class.

    Args:
        network: the network.
        tokens_BT: the captions.
        regions: the regions as detected.
        zeroed_BR: bool, the regions whose feature the network does not see.
        asked: which regions are asked for.
        packing: of captions and regions.
    """
    hidden_BLD = network.joint(tokens_BT, regions, zeroed_BR, packing=packing)
    hidden_ND = asked.of(hidden_BLD[:, tokens_BT.shape[1] :])
    wanted_NF = network.embeddings.scaled(asked.of(regions.features))
    errors_NF = (network.region_feature(hidden_ND) - wanted_NF).square()
    classes = F.cross_entropy(network.class_logits(hidden_ND), asked.of(regions.object_ids), reduction="sum")
    return Asked(errors_NF.mean(dim=1).sum() + classes, len(asked))


def matching_loss(
    network: UnderstandingNetwork, tokens_BT: Tensor, regions: Regions, matched_B: Tensor,
    packing: Packing | None = None,
) -> Asked:  # fmt: skip
    """VLM and MC-VLM: tell true pairs (1) from mismatched ones (0), by binary cross-entropy."""
    logits_B = network.matching(tokens_BT, regions, packing)
    return Asked(F.binary_cross_entropy_with_logits(logits_B, matched_B, reduction="sum"), len(matched_B))


def denoising_loss(
    network: GenerationNetwork, noised_BT: Tensor, tokens_BT: Tensor, languages_B: Tensor, asked: Places,
    read: Packing | None = None, written: Packing | None = None,
) -> Asked:  # fmt: skip
    """xDAE: rebuild a text from its noised form, token after token.

    Args:
        network: the network.
        noised_BT: the noised texts, which the encoder reads.
        tokens_BT: the texts.
        languages_B: their languages' rows in the language embedding.
        asked: ``next_tokens`` of the texts.
        read: packing of what the encoder reads.
        written: packing of what the decoder does, beside it.
    """
    memory_BMD, mask_BM = network.encode_text(noised_BT, languages_B, read)
    return _next_token_loss(network, tokens_BT, languages_B, memory_BMD, mask_BM, asked, written)


def captioning_loss(
    network: GenerationNetwork, regions: Regions, tokens_BT: Tensor, languages_B: Tensor, asked: Places,
    zeroed_BR: Tensor | None = None, read: Packing | None = None, written: Packing | None = None,
) -> Asked:  # fmt: skip
    """IC, and DIC where some regions are zeroed: foretell the caption from the picture, token after token."""
    memory_BMD, mask_BM = network.encode_regions(regions, zeroed_BR, read)
    return _next_token_loss(network, tokens_BT, languages_B, memory_BMD, mask_BM, asked, written)


def translation_loss(
    network: GenerationNetwork, sources_BT: Tensor, source_languages_B: Tensor, regions: Regions, tokens_BT: Tensor,
    languages_B: Tensor, asked: Places, read: Packing | None = None, written: Packing | None = None,
) -> Asked:  # fmt: skip
    """Foretell a sentence in one language from that in another and the picture, token after token.

    Args:
        network: the network.
        sources_BT: the sentences that the encoder reads beside the regions.
        source_languages_B: their languages' rows in the language embedding.
        regions: of the pictures.
        tokens_BT: the translations.
        languages_B: the languages of these.
        asked: ``next_tokens`` of the translations.
        read: packing of what the encoder reads.
        written: packing of what the decoder does, beside it.
    """
    memory_BMD, mask_BM = network.encode_joint(sources_BT, source_languages_B, regions, read)
    return _next_token_loss(network, tokens_BT, languages_B, memory_BMD, mask_BM, asked, written)


def _next_token_loss(
    network: GenerationNetwork, tokens_BT: Tensor, languages_B: Tensor, memory_BMD: Tensor, mask_BM: Tensor,
    asked: Places, written: Packing | None,
) -> Asked:  # fmt: skip
    hidden_ND = asked.of(network.decode(tokens_BT[:, :-1], languages_B, memory_BMD, mask_BM, written))
    return Asked(network.vocabulary.loss(hidden_ND, asked.of(tokens_BT[:, 1:])), len(asked))
