"""Beam search as it is written down most easily: one picture, every hypothesis decoded from its first token."""

from __future__ import annotations

import torch
from torch import Tensor

from model.captioning import BeamSearch
from model.network import GenerationNetwork
from model.tokenizer import BOS, EOS, PAD, UNK


@torch.inference_mode()
def plain_beam(
    network: GenerationNetwork, memory_1MD: Tensor, mask_1M: Tensor, mask_token: int, how: BeamSearch
) -> list[int]:  # fmt: skip
    """The best caption of a picture, as token ids, by the same rules as ``model.captioning.search``."""
    running: list[tuple[float, list[int]]] = [(0.0, [BOS])]
    finished: list[tuple[float, list[int]]] = []
    for length in range(1, how.max_length + 1):
        tokens_KT = torch.tensor([tokens for _, tokens in running])
        count = len(running)
        hidden_KTD = network.decode(
            tokens_KT, torch.zeros(count, dtype=torch.long), memory_1MD.expand(count, -1, -1), mask_1M.expand(count, -1)
        )
        next_KV = network.vocabulary(hidden_KTD[:, -1]).log_softmax(-1)
        next_KV[:, [BOS, PAD, UNK, mask_token, *([EOS] if length == 1 else [])]] = float("-inf")
        total_KV = torch.tensor([score for score, _ in running])[:, None] + next_KV
        scores, places = total_KV.flatten().topk(2 * how.beam)
        vocabulary, going = total_KV.shape[1], []
        for rank, (score, place) in enumerate(zip(scores.tolist(), places.tolist(), strict=True)):
            tokens = running[place // vocabulary][1]
            if place % vocabulary != EOS:
                going.append((score, [*tokens, place % vocabulary]))
            elif rank < how.beam:
                finished.append((score / length**how.length_penalty, tokens[1:]))
        running = going[: how.beam]
        best = max((score for score, _ in finished), default=float("-inf"))
        if len(finished) >= how.beam and running[0][0] / length**how.length_penalty <= best:
            return max(finished)[1]
    finished += [(score / how.max_length**how.length_penalty, tokens[1:]) for score, tokens in running]
    return max(finished)[1]
