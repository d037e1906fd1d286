"""The ten pre-training objectives, each a pure function from a prepared batch to a loss.

The draws — what is masked, noised or mismatched — are made before, by ``model.noise``, so that a loss depends on
its arguments alone. Shape suffixes as in ``model.network``.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from model.network import GenerationNetwork, Regions, UnderstandingNetwork
from model.tokenizer import PAD

IGNORED = -100  # label of a position that is not asked for


def masked_language_loss(network: UnderstandingNetwork, tokens_BT: Tensor, labels_BT: Tensor) -> Tensor:
    """xMLM: foretell masked tokens from the text alone."""
    return _token_loss(network, network.text(tokens_BT), labels_BT)


def multimodal_masked_language_loss(
    network: UnderstandingNetwork, tokens_BT: Tensor, labels_BT: Tensor, regions: Regions
) -> Tensor:
    """MMLM and MC-MLM: foretell masked tokens from text and regions; labels are the (switched) tokens."""
    hidden_BTD = network.joint(tokens_BT, regions, first=tokens_BT.shape[1])
    return _token_loss(network, hidden_BTD, labels_BT)


def _token_loss(network: UnderstandingNetwork, hidden_BTD: Tensor, labels_BT: Tensor) -> Tensor:
    asked_BT = labels_BT != IGNORED  # gathered first: the vocabulary is by far the widest projection
    return network.vocabulary.loss(hidden_BTD[asked_BT], labels_BT[asked_BT]) / asked_BT.sum()


def masked_region_loss(
    network: UnderstandingNetwork, tokens_BT: Tensor, regions: Regions, chosen_BR: Tensor, zeroed_BR: Tensor
) -> Tensor:
    """MRM and MC-MRM: give back a masked region's feature (MSE) and its class (cross-entropy).

    Args:
        network: the network.
        tokens_BT: the caption.
        regions: the regions as detected.
        chosen_BR: bool, the regions that are asked for.
        zeroed_BR: bool, those of them whose feature the network does not see.
    """
    scaled_BRF = network.embeddings.scaled(regions.features)
    seen_BRF = scaled_BRF.masked_fill(zeroed_BR[..., None], 0.0)
    hidden_ND = network.joint(tokens_BT, regions, seen_BRF)[:, tokens_BT.shape[1] :][chosen_BR]
    regression = F.mse_loss(network.region_feature(hidden_ND), scaled_BRF[chosen_BR])
    return regression + F.cross_entropy(network.class_logits(hidden_ND), regions.object_ids[chosen_BR])


def matching_loss(network: UnderstandingNetwork, tokens_BT: Tensor, regions: Regions, matched_B: Tensor) -> Tensor:
    """VLM and MC-VLM: tell true pairs (1) from mismatched ones (0)."""
    logits_B = network.matching(tokens_BT, regions)
    return F.binary_cross_entropy_with_logits(logits_B, matched_B)


def denoising_loss(
    network: GenerationNetwork, noised_BT: Tensor, tokens_BT: Tensor, languages_B: Tensor
) -> Tensor:  # fmt: skip
    """xDAE: rebuild a text from its noised form."""
    memory_BMD, mask_BM = network.encode_text(noised_BT, languages_B)
    return _next_token_loss(network, tokens_BT, languages_B, memory_BMD, mask_BM)


def captioning_loss(
    network: GenerationNetwork, regions: Regions, tokens_BT: Tensor, languages_B: Tensor,
    zeroed_BR: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """IC, and DIC where some regions are zeroed: foretell the caption from the picture."""
    scaled_BRF = network.embeddings.scaled(regions.features)
    if zeroed_BR is not None:
        scaled_BRF = scaled_BRF.masked_fill(zeroed_BR[..., None], 0.0)
    memory_BMD, mask_BM = network.encode_regions(regions, scaled_BRF)
    return _next_token_loss(network, tokens_BT, languages_B, memory_BMD, mask_BM)


def _next_token_loss(
    network: GenerationNetwork, tokens_BT: Tensor, languages_B: Tensor, memory_BMD: Tensor, mask_BM: Tensor
) -> Tensor:
    hidden_BTD = network.decode(tokens_BT[:, :-1], languages_B, memory_BMD, mask_BM)
    wanted_BT = tokens_BT[:, 1:]
    real_BT = wanted_BT != PAD
    return network.vocabulary.loss(hidden_BTD[real_BT], wanted_BT[real_BT]) / real_BT.sum()
