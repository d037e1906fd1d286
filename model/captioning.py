"""Captions by beam search, for many pictures at once.

The decoder runs one token at a time: keys and values of earlier tokens are kept, those of the picture are computed once
and shared by all hypotheses. Shape suffixes: B pictures, K hypotheses a picture, N = B · K, D width, H heads,
V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from contract.progress import Progress
from model.network import Attention, GenerationNetwork, Layer
from model.regions import RegionStore
from model.tokenizer import BOS, EOS, PAD, UNK, Tokenizer

_NEVER = float("-inf")


@dataclass(frozen=True)
class BeamSearch:
    """How captions are searched for.

    Attributes:
        beam: hypotheses kept a picture.
        length_penalty: a finished hypothesis scores log-probability / length ** length_penalty.
        max_length: tokens a caption may have, its end not counted.
    """

    beam: int
    length_penalty: float
    max_length: int

    def score(self, log_probability: Tensor, length: int) -> Tensor:
        """The score of hypotheses that have ``length`` tokens, their end counted."""
        return log_probability / length**self.length_penalty


class _Decoder:
    """The decoder with what it remembers: keys and values of earlier tokens, and those of the pictures."""

    def __init__(
        self, network: GenerationNetwork, memory_BMD: Tensor, mask_BM: Tensor, language: int, beam: int
    ) -> None:
        self._network, self._language, self._beam = network, language, beam
        self._mask = mask_BM[:, None, None, :]
        self._layers: list[Layer] = list(network.layers)  # type: ignore[arg-type]
        self._picture = [_keys_and_values(layer.cross_attention, memory_BMD) for layer in self._layers]
        self._earlier: list[tuple[Tensor, Tensor]] = []

    def step(self, tokens_N: Tensor, position: int) -> Tensor:
        """Log-probabilities [N, V] of the token after the one given, which stands at ``position``."""
        languages_N = torch.full_like(tokens_N, self._language)
        x_N1D = self._network.embeddings.text(tokens_N[:, None], languages_N, position)
        remembered = []
        for number, layer in enumerate(self._layers):
            key, value = _keys_and_values(layer.self_attention, x_N1D)
            if self._earlier:
                key, value = (torch.cat(pair, 2) for pair in zip(self._earlier[number], (key, value), strict=True))
            remembered.append((key, value))
            x_N1D = layer.self_norm(x_N1D + _attend(layer.self_attention, x_N1D, key, value))
            x_BKD = x_N1D.view(-1, self._beam, x_N1D.shape[-1])  # a picture's hypotheses ask it together
            x_BKD = layer.cross_norm(x_BKD + _attend(layer.cross_attention, x_BKD, *self._picture[number], self._mask))
            x_BKD = layer.feed_norm(x_BKD + layer.contract(F.gelu(layer.expand(x_BKD))))
            x_N1D = x_BKD.flatten(0, 1)[:, None]
        self._earlier = remembered
        return self._network.vocabulary(x_N1D[:, 0]).float().log_softmax(-1)

    def follow(self, origins_N: Tensor) -> None:
        """Goes on from other hypotheses: row n continues what row ``origins_N[n]`` was."""
        self._earlier = [(key[origins_N], value[origins_N]) for key, value in self._earlier]


def _keys_and_values(attention: Attention, x_BLD: Tensor) -> tuple[Tensor, Tensor]:
    return attention.split(attention.key(x_BLD)), attention.split(attention.value(x_BLD))


def _attend(attention: Attention, x_BLD: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    attended = F.scaled_dot_product_attention(attention.split(attention.query(x_BLD)), key, value, attn_mask=mask)
    return attention.out(attended.transpose(1, 2).flatten(2))


class _Finished:
    """The best finished hypothesis of each picture; a picture that is done stays as it is, whatever its batch does."""

    def __init__(self, pictures: int, device: torch.device) -> None:
        self.captions: list[list[int]] = [[] for _ in range(pictures)]
        self.done_B = torch.zeros(pictures, dtype=torch.bool, device=device)
        self._best_B = torch.full((pictures,), _NEVER, device=device)
        self._count_B = torch.zeros(pictures, dtype=torch.long, device=device)

    def offer(self, scores_BC: Tensor, origins_BC: Tensor, tokens_BKT: Tensor) -> None:
        """Takes finished hypotheses ``tokens_BKT[b, origins_BC[b, c]]``; a score of -inf means that there is none."""
        self._count_B += (scores_BC > _NEVER).sum(1)
        top_B, place_B = scores_BC.max(1)
        for picture in torch.nonzero((top_B > self._best_B) & ~self.done_B).flatten().tolist():
            origin = origins_BC[picture, place_B[picture]]
            self.captions[picture] = tokens_BKT[picture, origin, 1:].tolist()
            self._best_B[picture] = top_B[picture]

    def close(self, running_B: Tensor, beam: int) -> bool:
        """Marks what is done, from the best running hypothesis's score; says whether all is."""
        self.done_B |= (self._count_B >= beam) & (running_B <= self._best_B)
        return bool(self.done_B.all())


@torch.inference_mode()
def search(
    network: GenerationNetwork, memory_BMD: Tensor, mask_BM: Tensor, language: int, mask_token: int, how: BeamSearch
) -> list[list[int]]:
    """The best caption found for each picture, as token ids without ends.

    A hypothesis that ends among the best ``beam`` continuations is finished. A picture is done when ``beam`` hypotheses
    have finished and none that still runs scores better, at its present length, than the best finished one.

    Args:
        network: in evaluation mode.
        memory_BMD: the encoded pictures.
        mask_BM: which of their regions are real.
        language: row of the wanted language in the language embedding.
        mask_token: id of ``<mask>``; it, ``<s>``, ``<pad>`` and ``<unk>`` are never put out.
        how: the settings.
    """
    pictures, beam, device = len(memory_BMD), how.beam, memory_BMD.device
    decoder, finished = _Decoder(network, memory_BMD, mask_BM, language, beam), _Finished(pictures, device)
    first_row_B1 = torch.arange(pictures, device=device)[:, None] * beam
    tokens_BKT = torch.full((pictures, beam, 1), BOS, device=device)
    running_BK = torch.full((pictures, beam), _NEVER, device=device)
    running_BK[:, 0] = 0.0  # all hypotheses are the same at first, so one speaks for them
    for length in range(1, how.max_length + 1):
        next_NV = decoder.step(tokens_BKT[:, :, -1].flatten(), length - 1)
        next_NV[:, [BOS, PAD, UNK, mask_token]] = _NEVER
        if length == 1:
            next_NV[:, EOS] = _NEVER  # a caption has at least one token
        total_BKV = running_BK[:, :, None] + next_NV.unflatten(0, (pictures, beam))
        # Every hypothesis ends once at most, so among 2 · beam candidates there are always beam that go on.
        scores_BC, places_BC = total_BKV.flatten(1).topk(2 * beam, dim=1)
        origins_BC, words_BC = places_BC // total_BKV.shape[2], places_BC % total_BKV.shape[2]
        ends_BC = words_BC == EOS
        finished.offer(
            how.score(scores_BC, length).masked_fill(~ends_BC, _NEVER)[:, :beam], origins_BC[:, :beam], tokens_BKT
        )
        running_BK, chosen_BK = scores_BC.masked_fill(ends_BC, _NEVER).topk(beam, dim=1)
        origins_BK, words_BK = origins_BC.gather(1, chosen_BK), words_BC.gather(1, chosen_BK)
        tokens_BKT = torch.cat([_pick(tokens_BKT, origins_BK), words_BK[:, :, None]], dim=2)
        if finished.close(how.score(running_BK[:, 0], length), beam):
            return finished.captions
        decoder.follow((first_row_B1 + origins_BK).flatten())
    # What has not ended by now is cut here; it counts with the score of its present length.
    everyone_BK = torch.arange(beam, device=device).expand(pictures, beam)
    finished.offer(how.score(running_BK, how.max_length), everyone_BK, tokens_BKT)
    return finished.captions


def _pick(tokens_BKT: Tensor, origins_BK: Tensor) -> Tensor:
    return tokens_BKT.gather(1, origins_BK[:, :, None].expand(-1, -1, tokens_BKT.shape[2]))


@torch.inference_mode()
def caption_pictures(
    network: GenerationNetwork,
    tokenizer: Tokenizer,
    store: RegionStore,
    pictures: Sequence[int],
    lang: str,
    how: BeamSearch,
    images_per_batch: int,
) -> list[str]:
    """A caption for each picture, in the language that is asked for.

    Args:
        network: in evaluation mode, on the device that is to be used.
        tokenizer: the network's.
        store: the regions.
        pictures: rows in the store.
        lang: one of the network's languages.
        how: the settings of the search.
        images_per_batch: pictures decoded at once.
    """
    language = network.config.languages.index(lang)
    how = replace(how, max_length=min(how.max_length, network.config.max_text_length))
    captions = []
    with Progress(f"evaluate: captions in {lang}", len(pictures), "pictures") as bar:
        for start in range(0, len(pictures), images_per_batch):
            rows = pictures[start : start + images_per_batch]
            memory_BMD, mask_BM = network.encode_regions(store.batch(rows).to(network.device))
            found = search(network, memory_BMD, mask_BM, language, tokenizer.mask, how)
            captions += [tokenizer.decode(tokens) for tokens in found]
            bar.update(len(rows))
    return captions
