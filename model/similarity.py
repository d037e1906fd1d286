"""How well captions and pictures fit that were read apart: cheap enough to be asked of every pair.

Each word of a caption looks for the region that is most like it, and each region for the word: the likeness of two is
the cosine of their vectors, which are projections of what the network makes of the text alone and of the picture alone.
The likenesses found are summed with weights, by which words such as "a" and regions of sky count little.

Shape suffixes: C captions, P pictures, B either, T text tokens, R regions, L either, D width, E width of the vectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.config import NetworkConfig

VECTOR_WIDTH = 128  # E, at most
_FIRST_LOG_SCALE, _HIGHEST_LOG_SCALE = math.log(1 / 0.07), math.log(100)  # CLIP's


@dataclass(frozen=True)
class Embedded:
    """Captions or pictures, as they are compared.

    Attributes:
        vectors_BLE: of words or regions, of length 1.
        weights_BL: how much each counts; they add up to 1, and padding has 0.
        mask_BL: True where a word or region is real.
    """

    vectors_BLE: Tensor
    weights_BL: Tensor
    mask_BL: Tensor

    def __getitem__(self, rows: slice) -> Embedded:
        return Embedded(self.vectors_BLE[rows], self.weights_BL[rows], self.mask_BL[rows])


class Side(nn.Module):
    """The projections of one side, texts or pictures."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.vector = nn.Linear(config.width, min(config.width, VECTOR_WIDTH))
        self.weight = nn.Linear(config.width, 1)

    def forward(self, hidden_BLD: Tensor, mask_BL: Tensor) -> Embedded:
        """Projects the hidden states of a pass; padding's may be anything."""
        weights_BL = self.weight(hidden_BLD)[..., 0].masked_fill(~mask_BL, float("-inf")).softmax(dim=-1)
        return Embedded(F.normalize(self.vector(hidden_BLD), dim=-1), weights_BL, mask_BL)


class ContrastiveHead(nn.Module):
    """What a network needs to compare captions and pictures that it reads apart."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.text, self.picture = Side(config), Side(config)
        self.log_scale = nn.Parameter(torch.full((1,), _FIRST_LOG_SCALE))

    def scale(self) -> Tensor:
        """What similarities are multiplied with to become logits: one over the temperature, which is learnt."""
        return self.log_scale.clamp(max=_HIGHEST_LOG_SCALE).exp()


def similarity(text: Embedded, picture: Embedded) -> Tensor:
    """The similarity [C, P] of every caption with every picture, from -2 to 2."""
    cosine_CTPR = torch.einsum("cte,pre->ctpr", text.vectors_BLE, picture.vectors_BLE)
    of_words_CTP = cosine_CTPR.masked_fill(~picture.mask_BL, float("-inf")).amax(dim=3)
    of_regions_CPR = cosine_CTPR.masked_fill(~text.mask_BL[:, :, None, None], float("-inf")).amax(dim=1)
    words_CP = torch.einsum("ctp,ct->cp", of_words_CTP, text.weights_BL)
    return words_CP + torch.einsum("cpr,pr->cp", of_regions_CPR, picture.weights_BL)


def contrastive_loss(logits_BB: Tensor, true_BB: Tensor) -> Tensor:
    """The summed loss of captions that look for their picture among those of a batch, and of pictures likewise.

    Args:
        logits_BB: of every caption with every picture; those that belong together stand on the diagonal.
        true_BB: bool, all true pairs: beside the diagonal they are no mismatched ones, and are left out.
    """
    own_B = torch.arange(len(logits_BB), device=logits_BB.device)
    others_BB = true_BB & (own_B[:, None] != own_B)
    logits_BB = logits_BB.masked_fill(others_BB, float("-inf"))
    of_captions = F.cross_entropy(logits_BB, own_B, reduction="sum")
    return (of_captions + F.cross_entropy(logits_BB.T, own_B, reduction="sum")) / 2
