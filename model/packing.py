"""Batches without their padding: real positions one after the other, samples of equal length side by side.

Linear layers and norms then run over real positions alone. Attention runs over views of equally long samples, without a
mask and without a copy; in half precision on a GPU over all samples in one call (``model.tiled_attention``). How many
there are of what length must be known on the CPU: found there, before a batch goes to a GPU, it keeps nobody waiting.
Shape suffixes as in ``model.network``; N real positions of a batch, A of them that ask, K of a memory that is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

_HALF = (torch.float16, torch.bfloat16)
_KERNEL_WIDTHS = (16, 32, 64, 128)  # of a head


class Block(NamedTuple):
    """Samples that stand side by side: how many, how many positions of each ask, and how many each asks of."""

    samples: int
    asking: int
    length: int


@dataclass(frozen=True)
class Blocks:
    """All samples of a packed batch, and where each begins.

    Attributes:
        each: the blocks, in their order.
        asking_starts_S: int32 [samples + 1], the first asking position of each sample, and how many there are.
        starts_S: int32 [samples + 1], the first position of each that is asked of, and how many there are.
    """

    each: list[Block]
    asking_starts_S: Tensor
    starts_S: Tensor

    @classmethod
    def of(cls, asking: list[int], lengths: list[int], device: torch.device) -> Blocks:
        """The blocks of samples that stand in this order, from how many positions of each ask and are asked of."""
        sizes = groupby(zip(asking, lengths, strict=True))
        each = [Block(len(list(alike)), *size) for size, alike in sizes]
        samples = torch.tensor([block.samples for block in each], dtype=torch.int64)
        starts = []
        for row in range(1, 3):
            sizes_S = torch.tensor([block[row] for block in each], dtype=torch.int32).repeat_interleave(samples)
            starts.append(F.pad(sizes_S.cumsum(0, dtype=torch.int32), (1, 0)).to(device))
        return cls(each, *starts)

    def __iter__(self) -> Iterator[Block]:
        return iter(self.each)


@dataclass(frozen=True)
class Packing:
    """Where the real positions of a padded batch stand when they are packed.

    Attributes:
        places_N: int64, the place of each packed position among the padded ones, [B · L].
        blocks: of all positions.
        asking_A: int64, which packed positions ask in the last layer.
        asked_A: int64, their places among the padded positions that are asked for, [B · first].
        asking_blocks: the blocks of these.
        shape: B, and how many padded positions of each sample are asked for.
        beside_K: int64, the places of a memory's real positions among its padded ones, [B · M], in the order of these
            samples; of none without a memory.
        beside_blocks: the blocks in which the packed positions ask of them.
    """

    places_N: Tensor
    blocks: Blocks
    asking_A: Tensor
    asked_A: Tensor
    asking_blocks: Blocks
    shape: tuple[int, int]
    beside_K: Tensor
    beside_blocks: Blocks

    @classmethod
    def of(cls, mask_BL: Tensor, first: int | None = None, beside: Tensor | None = None) -> Packing:
        """Packs the samples in the order of their lengths; waits for the device of the masks.

        Args:
            mask_BL: True where a position is real.
            first: how many padded positions are asked for, from the first; all where None.
            beside: [B, M], the mask of a memory; samples of one length are then ordered by what it holds.
        """
        samples, width = mask_BL.shape
        first = width if first is None else first
        beside = mask_BL[:, :0] if beside is None else beside
        lengths, asking, others = (mask.sum(1).tolist() for mask in (mask_BL, mask_BL[:, :first], beside))
        order = sorted(range(samples), key=lambda sample: (lengths[sample], others[sample], asking[sample]))
        rows = torch.tensor(order, dtype=torch.int64, device=mask_BL.device)
        row_N, column_N = mask_BL[rows].nonzero(as_tuple=True)
        (asking_A,) = (column_N < first).nonzero(as_tuple=True)
        asked_A = (rows[row_N] * first + column_N)[asking_A]
        row_K, column_K = beside[rows].nonzero(as_tuple=True)
        lengths, asking, others = ([sizes[sample] for sample in order] for sizes in (lengths, asking, others))
        whole, last, crossing = (
            Blocks.of(*sizes, mask_BL.device) for sizes in ((lengths, lengths), (asking, lengths), (lengths, others))
        )
        return cls(
            rows[row_N] * width + column_N, whole, asking_A, asked_A, last, (samples, first),
            rows[row_K] * beside.shape[1] + column_K, crossing,
        )  # fmt: skip

    def pack(self, x_BLD: Tensor) -> Tensor:
        """[B, L, D] to [N, D]."""
        return x_BLD.flatten(0, 1)[self.places_N]

    def unpack(self, x_AD: Tensor) -> Tensor:
        """What was asked for, [A, D], to [B, first, D]; padding is zero."""
        samples, first = self.shape
        padded = x_AD.new_zeros(samples * first, x_AD.shape[1])
        return padded.index_copy(0, self.asked_A, x_AD).unflatten(0, (samples, first))

    def pack_beside(self, memory_BMD: Tensor) -> Tensor:
        """A memory, [B, M, D] to [K, D]."""
        return memory_BMD.flatten(0, 1)[self.beside_K]


def attend(
    query_AHd: Tensor, key_NHd: Tensor, value_NHd: Tensor, blocks: Blocks, causal: bool, dropout: float
) -> Tensor:
    """Scaled dot-product attention of each sample on itself, or on what stands at its place in another packing.

    Args:
        query_AHd: of the positions that ask, block after block.
        key_NHd: of the positions that are asked of, in the same order of samples.
        value_NHd: likewise.
        blocks: of both.
        causal: whether a position sees none after it.
        dropout: share of attention weights that is dropped.

    Returns:
        [A, H, d].
    """
    if not len(query_AHd):  # all three are part of what comes back, so that each gets a gradient
        return query_AHd + 0 * (key_NHd.sum() + value_NHd.sum())
    if _has_kernel(query_AHd):
        from model.tiled_attention import attend_in_tiles  # what it imports comes with PyTorch for GPUs alone

        return attend_in_tiles(query_AHd, key_NHd, value_NHd, blocks.asking_starts_S, blocks.starts_S, causal, dropout)
    asking = [block.samples * block.asking for block in blocks]
    lengths = [block.samples * block.length for block in blocks]
    parts = zip(blocks, query_AHd.split(asking), key_NHd.split(lengths), value_NHd.split(lengths), strict=True)
    attended = []
    for block, *part in parts:
        if block.asking:
            query, key, value = (x.unflatten(0, (block.samples, -1)).transpose(1, 2) for x in part)
            out_BHLd = F.scaled_dot_product_attention(query, key, value, is_causal=causal, dropout_p=dropout)
            attended.append(out_BHLd.transpose(1, 2).flatten(0, 1))
    return torch.cat(attended)


def _has_kernel(query_AHd: Tensor) -> bool:
    """Whether the kernel for samples of any lengths runs: in half precision, on GPUs from NVIDIA's Ampere on."""
    if not query_AHd.is_cuda or query_AHd.dtype not in _HALF or query_AHd.shape[-1] not in _KERNEL_WIDTHS:
        return False
    return torch.cuda.get_device_capability(query_AHd.device) >= (8, 0)
