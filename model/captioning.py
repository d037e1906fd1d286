"""Captions, and texts from whatever the encoder read, by beam search, for many pictures or other sources at once.

The decoder runs one token at a time: keys and values of earlier tokens are kept, those of the source are computed once
and shared by all hypotheses. Shape suffixes: B sources, K hypotheses a source, N = B · K, M positions of the encoded
source, D width, H heads, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from contract.errors import InputError
from contract.progress import Progress
from model.checkpoint import DIVERGED
from model.network import Attention, GenerationNetwork, Layer
from model.regions import RegionStore
from model.tokenizer import BOS, EOS, PAD, UNK, Tokenizer

_NEVER = float("-inf")
Encode = Callable[[Sequence[int]], tuple[Tensor, Tensor]]  # numbers of sources to their memory and its mask


@dataclass(frozen=True)
class BeamSearch:
    """How texts are searched for.

    Attributes:
        beam: hypotheses kept a source.
        length_penalty: a finished hypothesis scores log-probability / length ** length_penalty.
        max_length: tokens a text may have, its end not counted.
    """

    beam: int
    length_penalty: float
    max_length: int

    def score(self, log_probability: Tensor, length: int) -> Tensor:
        """The score of hypotheses that have ``length`` tokens, their end counted."""
        return log_probability / length**self.length_penalty


class _Decoder:
    """The decoder with what it remembers: keys and values of earlier tokens, and those of the sources."""

    def __init__(
        self, network: GenerationNetwork, memory_BMD: Tensor, mask_BM: Tensor, language: int, beam: int
    ) -> None:
        self._network, self._language, self._beam = network, language, beam
        self._mask = mask_BM[:, None, None, :]
        self._foreign_V = None if network.spelling_LV is None else ~network.spelling_LV[language]
        self._layers: list[Layer] = list(network.layers)  # type: ignore[arg-type]
        self._source = [_keys_and_values(layer.cross_attention, memory_BMD) for layer in self._layers]
        self._earlier: list[tuple[Tensor, Tensor]] = []

    def step(self, tokens_N: Tensor, position: int) -> Tensor:
        """Log-probabilities [N, V] of the token after the one given, which stands at ``position``, in the language."""
        languages_N = torch.full_like(tokens_N, self._language)
        x_N1D = self._network.embeddings.text(tokens_N[:, None], languages_N, position)
        remembered = []
        for number, layer in enumerate(self._layers):
            key, value = _keys_and_values(layer.self_attention, x_N1D)
            if self._earlier:
                key, value = (torch.cat(pair, 2) for pair in zip(self._earlier[number], (key, value), strict=True))
            remembered.append((key, value))
            attended_N1D = _attend(layer.self_attention, x_N1D, key, value)
            x_N1D = layer.add(layer.self_attention.out, layer.self_norm, x_N1D, attended_N1D)
            x_BKD = x_N1D.view(-1, self._beam, x_N1D.shape[-1])  # a source's hypotheses ask it together
            attended_BKD = _attend(layer.cross_attention, x_BKD, *self._source[number], self._mask)
            x_BKD = layer.finish(layer.cross_attention.out, layer.cross_norm, x_BKD, attended_BKD)
            x_N1D = x_BKD.flatten(0, 1)[:, None]
        self._earlier = remembered
        logits_NV = self._network.vocabulary(x_N1D[:, 0]).float()
        if self._foreign_V is not None:  # before the softmax: chances are those among the language's own tokens
            logits_NV = logits_NV.masked_fill(self._foreign_V, _NEVER)
        return logits_NV.log_softmax(-1)

    def follow(self, origins_N: Tensor) -> None:
        """Goes on from other hypotheses: row n continues what row ``origins_N[n]`` was."""
        self._earlier = [
            (key.index_select(0, origins_N), value.index_select(0, origins_N)) for key, value in self._earlier
        ]


def _keys_and_values(attention: Attention, x_BLD: Tensor) -> tuple[Tensor, Tensor]:
    return attention.split(attention.key(x_BLD)), attention.split(attention.value(x_BLD))


def _attend(attention: Attention, x_BLD: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    attended = F.scaled_dot_product_attention(attention.split(attention.query(x_BLD)), key, value, attn_mask=mask)
    return attended.transpose(1, 2).flatten(2)


class _Finished:
    """The best finished hypothesis of each source; a source that is done stays as it is, whatever its batch does."""

    def __init__(self, sources: int, device: torch.device) -> None:
        self.texts: list[list[int]] = [[] for _ in range(sources)]
        self.done_B = torch.zeros(sources, dtype=torch.bool, device=device)
        self._best_B = torch.full((sources,), _NEVER, device=device)
        self._count_B = torch.zeros(sources, dtype=torch.long, device=device)

    def offer(self, scores_BC: Tensor, origins_BC: Tensor, tokens_BKT: Tensor) -> None:
        """Takes finished hypotheses ``tokens_BKT[b, origins_BC[b, c]]``; a score of -inf means that there is none."""
        self._count_B += (scores_BC > _NEVER).sum(1)
        top_B, place_B = scores_BC.max(1)
        for source in torch.nonzero((top_B > self._best_B) & ~self.done_B).flatten().tolist():
            origin = origins_BC[source, place_B[source]]
            self.texts[source] = tokens_BKT[source, origin, 1:].tolist()
            self._best_B[source] = top_B[source]

    def close(self, running_B: Tensor, beam: int) -> bool:
        """Marks what is done, from the best running hypothesis's score; says whether all is."""
        self.done_B |= (self._count_B >= beam) & (running_B <= self._best_B)
        return bool(self.done_B.all())


@torch.inference_mode()
def search(
    network: GenerationNetwork, memory_BMD: Tensor, mask_BM: Tensor, language: int, mask_token: int, how: BeamSearch,
    what: str = "texts",
) -> list[list[int]]:  # fmt: skip
    """The best text found for each source, as token ids without ends, of tokens of the wanted language alone.

    A hypothesis that ends among the best ``beam`` continuations is finished. A source is done when ``beam`` hypotheses
    have finished and none that still runs scores better, at its present length, than the best finished one.

    Args:
        network: in evaluation mode.
        memory_BMD: the encoded sources.
        mask_BM: which of their positions are real.
        language: row of the wanted language in the language embedding.
        mask_token: id of ``<mask>``; it, ``<s>``, ``<pad>`` and ``<unk>`` are never put out.
        how: the settings.
        what: what an error calls the texts.

    Raises:
        InputError: where a score is no number, which must never become a text, not even an empty one.
    """
    sources, beam, device = len(memory_BMD), how.beam, memory_BMD.device
    decoder, finished = _Decoder(network, memory_BMD, mask_BM, language, beam), _Finished(sources, device)
    first_row_B1 = torch.arange(sources, device=device)[:, None] * beam
    tokens_BKT = torch.full((sources, beam, 1), BOS, device=device)
    running_BK = torch.full((sources, beam), _NEVER, device=device)
    running_BK[:, 0] = 0.0  # all hypotheses are the same at first, so one speaks for them
    for length in range(1, how.max_length + 1):
        next_NV = decoder.step(tokens_BKT[:, :, -1].flatten(), length - 1)
        next_NV[:, [BOS, PAD, UNK, mask_token]] = _NEVER
        if length == 1:
            next_NV[:, EOS] = _NEVER  # a text has at least one token
        total_BKV = running_BK[:, :, None] + next_NV.unflatten(0, (sources, beam))
        # Every hypothesis ends once at most, so among 2 · beam candidates there are always beam that go on.
        scores_BC, places_BC = total_BKV.flatten(1).topk(2 * beam, dim=1)
        if scores_BC.isnan().any():  # topk takes them for the highest, so that none escapes
            source = int(scores_BC.isnan().any(1).nonzero()[0])
            raise InputError(
                f"The score of token {length} of number {source + 1} of {sources:,} {what}, searched together, is nan.",
                "a finite number.", DIVERGED,
            )  # fmt: skip
        origins_BC, words_BC = places_BC // total_BKV.shape[2], places_BC % total_BKV.shape[2]
        ends_BC = words_BC == EOS
        finished.offer(
            how.score(scores_BC, length).masked_fill(~ends_BC, _NEVER)[:, :beam], origins_BC[:, :beam], tokens_BKT
        )
        running_BK, chosen_BK = scores_BC.masked_fill(ends_BC, _NEVER).topk(beam, dim=1)
        origins_BK, words_BK = origins_BC.gather(1, chosen_BK), words_BC.gather(1, chosen_BK)
        tokens_BKT = torch.cat([_pick(tokens_BKT, origins_BK), words_BK[:, :, None]], dim=2)
        if finished.close(how.score(running_BK[:, 0], length), beam):
            return finished.texts
        decoder.follow((first_row_B1 + origins_BK).flatten())
    # What has not ended by now is cut here; it counts with the score of its present length.
    everyone_BK = torch.arange(beam, device=device).expand(sources, beam)
    finished.offer(how.score(running_BK, how.max_length), everyone_BK, tokens_BKT)
    return finished.texts


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

    def encode(numbers: Sequence[int]) -> tuple[Tensor, Tensor]:
        return network.encode_regions(store.batch([pictures[number] for number in numbers]).to(network.device))

    lengths = [len(store.object_ids[row]) for row in pictures]
    return write_texts(network, tokenizer, encode, lengths, lang, how, images_per_batch, f"captions in {lang}")


@torch.inference_mode()
def write_texts(
    network: GenerationNetwork,
    tokenizer: Tokenizer,
    encode: Encode,
    lengths: Sequence[int],
    lang: str,
    how: BeamSearch,
    at_once: int,
    what: str,
) -> list[str]:
    """A text for each source, in the language that is asked for; sources of like length are searched together.

    Args:
        network: in evaluation mode, on the device that is to be used.
        tokenizer: the network's.
        encode: the memory [B, M, D] of sources, by their numbers from 0, and its mask [B, M].
        lengths: positions that each source has there.
        lang: one of the network's languages.
        how: the settings of the search.
        at_once: sources decoded at once.
        what: what the progress bar, and an error, call the texts.
    """
    language = network.config.languages.index(lang)
    how = replace(how, max_length=min(how.max_length, network.config.max_text_length))
    order = sorted(range(len(lengths)), key=lambda number: lengths[number])
    texts = [""] * len(lengths)
    with Progress(f"evaluate: {what}", len(lengths), "texts") as bar:
        for start in range(0, len(order), at_once):
            numbers = order[start : start + at_once]
            found = search(network, *encode(numbers), language, tokenizer.mask, how, what)
            for number, tokens in zip(numbers, found, strict=True):
                texts[number] = tokenizer.decode(tokens)
            bar.update(len(numbers))
    return texts
