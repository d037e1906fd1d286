"""Cross-entropy over a large vocabulary without ever holding all logits.

250,002 logits in float32 are a megabyte a token. Here a few tokens at a time are scored, and their gradients are taken
at once while their logits are at hand; backward only scales them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from model.precision import computed_in

_BYTES_AT_ONCE = {"cuda": 1 << 30}  # of logits; more at once read and add the projection less often


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
        exact = torch.promote_types(x_ND.dtype, torch.float32)
        total = torch.zeros((), device=x_ND.device, dtype=exact)
        # In full precision, in which the tokens' shares are summed; products are taken in the precision asked for.
        gradients = [torch.zeros_like(one, dtype=exact) for one in (x_ND, weight_VD, bias_V)] if learns else []
        x_ND, weight_VD, bias_V = x_ND.to(kind), weight_VD.to(kind), bias_V.to(kind)
        for start in range(0, len(x_ND), rows):
            part = slice(start, start + rows)
            log_NV = torch.addmm(bias_V, x_ND[part], weight_VD.T).log_softmax(-1, dtype=exact)
            total -= log_NV.gather(1, wanted_N[part, None]).sum()
            if learns:
                _add_gradients(gradients, log_NV.exp_(), x_ND, weight_VD, wanted_N, part)
        ctx.gradients = gradients
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        gradients, ctx.gradients = ctx.gradients, []  # scaled in place: one of them is as large as the embedding
        return *(gradient.mul_(scale) for gradient in gradients), None, None, None, None


def _add_gradients(
    gradients: list[Tensor], share_NV: Tensor, x_ND: Tensor, weight_VD: Tensor, wanted_N: Tensor, part: slice
) -> None:
    """Adds some tokens' gradients; a logit's is its softmax, less 1 where it is the wanted one's."""
    of_x, of_weight, of_bias = gradients
    share_NV[torch.arange(len(share_NV), device=share_NV.device), wanted_N[part]] -= 1
    of_bias += share_NV.sum(0)
    share_NV = share_NV.to(x_ND.dtype)
    of_x[part] = share_NV @ weight_VD
    if of_weight.dtype == x_ND.dtype:
        of_weight.addmm_(share_NV.T, x_ND[part])
    else:
        of_weight += share_NV.T @ x_ND[part]
