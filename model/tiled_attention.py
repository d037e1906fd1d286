"""Attention over short samples of any lengths that stand one after the other, on a GPU, in Triton.

A caption has 17 positions on average, a caption and its picture 85. PyTorch's kernel for samples of any lengths spends
128 on each. Here a program takes a head of a sample and walks through tiles that fit such lengths; the backward pass is
one kernel. Which weights dropout takes follows from a seed and their places, so that nothing of it is kept. Shape
suffixes as in ``model.packing``; H heads, d width of a head.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from model import attention_kernels as kernels

_LOG2_E = math.log2(math.e)
_WHOLE = 1 << 32  # values of a hash


class Tile(NamedTuple):
    """How a program walks through a sample: positions that ask at once, that are asked of at once; warps, stages."""

    asking: int
    places: int
    warps: int
    stages: int


class _Tiles(NamedTuple):
    forward: Tile
    backward: Tile


# The fastest of some dozen that were tried on an H100.
_OF_SHORT_SAMPLES = _Tiles(Tile(16, 32, 1, 1), Tile(16, 32, 1, 1))
_OF_FEW_THAT_ASK = _Tiles(Tile(16, 64, 2, 1), Tile(16, 128, 4, 1))
_OF_OTHERS = _Tiles(Tile(64, 64, 4, 2), Tile(32, 128, 4, 1))
_FEW = 32  # positions of a sample, on average


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query_AHd: Tensor, key_NHd: Tensor, value_NHd: Tensor, asking_starts_S: Tensor, starts_S: Tensor,
        causal: bool, dropout: float, seed: int,
    ) -> Tensor:  # fmt: skip
        positions, heads, width = query_AHd.shape
        samples, scale = len(starts_S) - 1, 1 / math.sqrt(width)
        out_AHd = torch.empty_like(query_AHd, memory_format=torch.contiguous_format)
        sums_AH = torch.empty((positions, heads), device=query_AHd.device, dtype=torch.float32)
        strides = [one.stride(0) for one in (query_AHd, key_NHd, value_NHd)]
        drops = (seed, min(round(dropout * _WHOLE), _WHOLE - 1), 1 / (1 - dropout))
        kinds = {"HEADS": heads, "WIDTH": width, "CAUSAL": causal, "DROPS": dropout > 0}
        tiles = _tiles(positions, len(key_NHd), samples)
        kernels.forward[samples, heads](
            query_AHd, key_NHd, value_NHd, out_AHd, sums_AH, asking_starts_S, starts_S, *strides, scale * _LOG2_E,
            *drops, **kinds, **_asked(tiles.forward),
        )  # fmt: skip
        ctx.save_for_backward(query_AHd, key_NHd, value_NHd, out_AHd, sums_AH, asking_starts_S, starts_S)
        ctx.rest = ((samples, heads), strides, scale, drops, kinds | _asked(tiles.backward))
        return out_AHd

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, given_AHd: Tensor) -> tuple[Tensor | None, ...]:
        *tensors, asking_starts_S, starts_S = ctx.saved_tensors
        grid, strides, scale, drops, kinds = ctx.rest
        gradients = [torch.empty_like(one, memory_format=torch.contiguous_format) for one in tensors[:3]]
        kernels.backward[grid](
            *tensors, given_AHd.contiguous(), *gradients, asking_starts_S, starts_S, *strides, scale * _LOG2_E, scale,
            *drops, **kinds,
        )  # fmt: skip
        return *gradients, None, None, None, None, None


def _tiles(asking: int, positions: int, samples: int) -> _Tiles:
    """Those that so many samples' positions fit best."""
    if asking > _FEW * samples:
        return _OF_OTHERS
    return _OF_SHORT_SAMPLES if positions <= _FEW * samples else _OF_FEW_THAT_ASK


def _asked(tile: Tile) -> dict[str, int]:
    """A tile as a kernel is asked for it."""
    return {"ASKING": tile.asking, "PLACES": tile.places, "num_warps": tile.warps, "num_stages": tile.stages}


def attend_in_tiles(
    query_AHd: Tensor, key_NHd: Tensor, value_NHd: Tensor, asking_starts_S: Tensor, starts_S: Tensor, causal: bool,
    dropout: float,
) -> Tensor:  # fmt: skip
    """Scaled dot-product attention of samples that stand one after the other, [A, H, d].

    Args:
        query_AHd: of the positions that ask; d is a power of two from 16, its numbers and heads stand side by side.
        key_NHd: of the positions that are asked of, likewise.
        value_NHd: likewise.
        asking_starts_S: int32 [samples + 1], the first asking position of each sample, and how many there are.
        starts_S: int32 [samples + 1], the first position of each that is asked of, and how many there are.
        causal: whether a position sees none after it.
        dropout: share of attention weights that is dropped, below 1; which, follows from PyTorch's random numbers on
            the CPU.
    """
    seed = int(torch.randint(1 << 31, ())) if dropout else 0
    attended_AHd: Tensor = _Attention.apply(
        query_AHd, key_NHd, value_NHd, asking_starts_S, starts_S, causal, dropout, seed
    )
    return attended_AHd
