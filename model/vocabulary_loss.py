"""Cross-entropy over a large vocabulary without ever holding all logits.

250,002 logits in float32 are a megabyte a token. Here a few tokens at a time are scored, and their gradients are taken
at once while their logits are at hand; backward only scales them.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from model.precision import computed_in

_BYTES_AT_ONCE = {"cuda": 1 << 31}  # of logits; more at once read and add the projection less often


def vocabulary_loss(x_ND: Tensor, weight_VD: Tensor, bias_V: Tensor, wanted_N: Tensor) -> Tensor:
    """The sum of the cross-entropies of the wanted ids, in float32 at least. Its gradient is asked for once at most.

    Args:
        x_ND: what is projected on the vocabulary, of the tokens that are asked for.
        weight_VD: the projection, which is the word embedding.
        bias_V: its bias.
        wanted_N: int64, the ids.
    """
    rows = max(1, _BYTES_AT_ONCE.get(x_ND.device.type, 1 << 27) // (4 * len(weight_VD)))
    loss: Tensor = _VocabularyLoss.apply(
        x_ND, weight_VD, bias_V, wanted_N, computed_in(x_ND), rows, torch.is_grad_enabled()
    )
    return loss


class _VocabularyLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x_ND: Tensor, weight_VD: Tensor, bias_V: Tensor, wanted_N: Tensor, kind: torch.dtype, rows: int,
        learns: bool,
    ) -> Tensor:  # fmt: skip
        exact = torch.promote_types(x_ND.dtype, torch.float32)  # in which the tokens' shares are summed
        total = torch.zeros((), device=x_ND.device, dtype=exact)
        vocabulary = len(weight_VD)
        of_x, of_weight, of_bias = torch.empty_like(x_ND, dtype=exact), None, torch.zeros_like(bias_V, dtype=exact)
        x_ND, weight_VD, bias_V = x_ND.to(kind), *_in_eights(weight_VD, bias_V, kind)
        for start in range(0, len(x_ND), rows):
            part = slice(start, start + rows)
            log_NV = torch.addmm(bias_V, x_ND[part], weight_VD.T).log_softmax(-1, dtype=exact)
            total -= log_NV.gather(1, wanted_N[part, None]).sum()
            if learns:  # a logit's gradient is its softmax, less 1 where it is the wanted one's
                share_NV = log_NV.exp_()
                share_NV[torch.arange(len(share_NV), device=share_NV.device), wanted_N[part]] -= 1
                of_bias += share_NV.sum(0)[:vocabulary]
                share_NV = share_NV.to(kind)
                of_x[part] = share_NV @ weight_VD
                of_weight = _with_product(of_weight, share_NV, x_ND[part], exact)
        of_weight = weight_VD.new_zeros(weight_VD.shape, dtype=exact) if learns and of_weight is None else of_weight
        ctx.gradients = (of_x, of_weight[:vocabulary], of_bias) if of_weight is not None else ()
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        if not ctx.gradients:
            raise RuntimeError("The gradient of the loss over the vocabulary was asked for before: it is gone.")
        gradients, ctx.gradients = ctx.gradients, ()  # scaled in place: one of them is as large as the embedding
        return *(gradient.mul_(scale) for gradient in gradients), None, None, None, None


def _in_eights(weight_VD: Tensor, bias_V: Tensor, kind: torch.dtype) -> tuple[Tensor, Tensor]:
    """Both in the precision of the products; in half precision with rows added, never likely, to a multiple of eight.

    XLM-R's 250,002 words are none, and a GPU's fast products of half precision want rows that begin at such places.
    """
    more = -len(weight_VD) % 8
    if kind == weight_VD.dtype or not more:
        return weight_VD.to(kind), bias_V.to(kind)
    wider_VD = weight_VD.new_zeros((len(weight_VD) + more, weight_VD.shape[1]), dtype=kind)
    wider_VD[: len(weight_VD)] = weight_VD
    return wider_VD, F.pad(bias_V.to(kind), (0, more), value=float("-inf"))


def _with_product(total_VD: Tensor | None, share_NV: Tensor, x_ND: Tensor, exact: torch.dtype) -> Tensor:
    """The transposed share times x, added to what there is, in the precision in which both are summed."""
    if total_VD is not None and x_ND.dtype == exact:
        return total_VD.addmm_(share_NV.T, x_ND)
    if x_ND.is_cuda and x_ND.dtype != exact:
        product_VD = torch.mm(share_NV.T, x_ND, out_dtype=exact)
    else:
        product_VD = (share_NV.T @ x_ND).to(exact)
    return product_VD if total_VD is None else total_VD.add_(product_VD)
