"""What each task is given: the n-th batch of a task, from the seed and n alone, and its loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from contract.errors import InputError, UsageError
from contract.hashing import stable_hash
from contract.text import without_spaces
from model import noise, objectives
from model.config import PretrainConfig
from model.data import Ints, Texts, pad
from model.network import GenerationNetwork, UnderstandingNetwork
from model.order import Order
from model.pairs import PairDraws, duplicates
from model.regions import RegionStore
from model.switching import SwitchedAnew
from model.tokenizer import Tokenizer

_ALIKE = 20  # how many like pictures hard negatives are drawn from
_DIC_SHARE = 0.3  # share of regions that DIC zeroes, as much as xDAE drops of the words


@dataclass
class Sources:
    """The training data of both networks.

    Attributes:
        tokenizer: text to ids.
        store: regions by picture.
        captions: English training captions.
        codeswitch: code-switched ones, the same in every epoch or drawn anew; None where pre-training goes without
            MCT.
        corpus: plain text in all languages.
        probabilities: how often each language of the plain text is drawn, as the corpus states it.
        languages: all languages, in the order of the language embedding.
        seed: the job's seed.
    """

    tokenizer: Tokenizer
    store: RegionStore
    captions: Texts
    codeswitch: Texts | SwitchedAnew | None
    corpus: Texts
    probabilities: dict[str, float]
    languages: tuple[str, ...]
    seed: int

    def __post_init__(self) -> None:
        """Refuses to train on nothing.

        Raises:
            InputError: where there are no English captions, or no code-switched ones though they are asked for.
        """
        if len(self.captions) == 0:
            raise InputError("There are no English training captions whose pictures have regions.", "one at least.")
        if self.codeswitch is not None and len(self.codeswitch) == 0:
            raise InputError(
                "There are no code-switched training captions whose pictures have regions.", "one at least.",
                "look at `word_probability` and at what the lexicon covers, or train without --codeswitch.",
            )  # fmt: skip
        self._orders: dict[str, Order] = {}

    @cached_property
    def pool(self) -> Ints:
        """The training pictures."""
        return np.unique(self.captions.pictures)

    @cached_property
    def groups(self) -> Ints:
        """For every picture the number of its group of duplicates."""
        return duplicates(self.store)

    @cached_property
    def alike(self) -> dict[int, Ints]:
        """For every training picture, those whose detected objects are most like its own (cosine of their counts)."""
        classes = 1 + max(int(ids.max()) for ids in self.store.object_ids if len(ids))
        counts = np.array([np.bincount(self.store.object_ids[row], minlength=classes) for row in self.pool], float)
        counts /= np.linalg.norm(counts, axis=1, keepdims=True)
        likeness = counts @ counts.T
        np.fill_diagonal(likeness, -1.0)
        nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :_ALIKE]
        return {int(picture): self.pool[nearest[row]] for row, picture in enumerate(self.pool)}

    def batch(self, name: str, texts: Texts, number: int, size: int) -> Ints:
        """Rows of the n-th batch of some texts, of like length, in an order of its own by name."""
        return self.with_epochs(name, texts, number, size)[0]

    def with_epochs(self, name: str, texts: Texts, number: int, size: int) -> Ints:
        """The same rows, and the epoch in which each is seen: [2, size]."""
        if name not in self._orders:
            lengths = np.array([len(one) for one in texts.tokens])
            self._orders[name] = Order(len(texts), self.seed, name, lengths=lengths)
        return self._orders[name].with_epochs(number, size)

    @cached_property
    def _by_language(self) -> dict[str, Texts]:
        rows: dict[str, list[int]] = {}
        for row, language in enumerate(self.corpus.languages):
            rows.setdefault(language, []).append(row)
        return {language: self.corpus.of(rows[language]) for language in sorted(rows)}

    def sentences(self, number: int, size: int) -> Texts:
        """The n-th batch of plain text: every sentence's language is drawn anew, so one batch mixes languages."""
        if len(self.corpus) == 0:
            raise UsageError(
                "There is no plain text for xMLM and xDAE.", "files under raw/text.", "add text or drop the task."
            )
        shares = np.array([self.probabilities[language] for language in self._by_language])
        draw = np.random.default_rng(stable_hash(self.seed, "languages", number))
        chosen = draw.choice(list(self._by_language), size, p=shares / shares.sum())
        of_language = [self._by_language[language] for language in chosen.tolist()]
        parts = [texts.of([int(draw.integers(len(texts)))]) for texts in of_language]
        return Texts(
            [part.tokens[0] for part in parts], chosen.tolist(), np.full(size, -1), [part.keys[0] for part in parts]
        )

    def language_ids(self, texts: Texts) -> Tensor:
        """Row of each text's language in the language embedding."""
        return torch.tensor([self.languages.index(language) for language in texts.languages])


class UnderstandingTasks:
    """xMLM, MMLM, MRM, VLM and their code-switched forms, as losses of the n-th batch.

    Without MCT a code-switched task takes the plain captions instead: everything else is equal.
    """

    def __init__(self, sources: Sources, config: PretrainConfig) -> None:
        self.sources, self.config = sources, config
        self._pairs: dict[str, PairDraws] = {}

    def loss(self, network: UnderstandingNetwork, task: str, number: int) -> Tensor:
        """The loss of a task's n-th batch."""
        draw = np.random.default_rng(stable_hash(self.sources.seed, task, number))
        kinds: dict[str, Callable[[UnderstandingNetwork, Texts, np.random.Generator], Tensor]]
        kinds = {"MLM": self._masked_language, "MRM": self._masked_regions}
        if task == "xMLM":
            tokens, labels = self._masked(self.sources.sentences(number, self.config.batch_size), draw)
            return objectives.masked_language_loss(network, tokens.to(network.device), labels.to(network.device))
        switched = self.sources.codeswitch if task.startswith("MC-") else None
        texts: Texts | SwitchedAnew = self.sources.captions if switched is None else switched
        plain = texts.plain if isinstance(texts, SwitchedAnew) else texts  # what no epoch changes
        rows, epochs = self.sources.with_epochs(task, plain, number, self.config.batch_size)
        if not task.endswith("VLM"):
            return kinds[task[-3:]](network, texts.in_epochs(rows, epochs), draw)
        if task not in self._pairs:
            self._pairs[task] = PairDraws(plain, self.sources.groups, self.config.negatives)
        alike = self.sources.alike if draw.random() < self.config.hard_negatives else None
        captions, pictures = self._pairs[task].of(rows, draw, alike)
        paired = texts.in_epochs(captions.ravel(), np.repeat(epochs, captions.shape[1]))
        return self._matching(network, paired.tokens, pictures)

    def _masked(self, texts: Texts, draw: np.random.Generator) -> tuple[Tensor, Tensor]:
        mask = self.sources.tokenizer.mask
        corrupted, labels = noise.mask_tokens(pad(texts.tokens).numpy(), self.config.mask_probability, mask, draw)
        return torch.from_numpy(corrupted), torch.from_numpy(labels)

    def _masked_language(self, network: UnderstandingNetwork, texts: Texts, draw: np.random.Generator) -> Tensor:
        tokens, labels = self._masked(texts, draw)
        regions = self.sources.store.batch(texts.pictures).to(network.device)
        return objectives.multimodal_masked_language_loss(
            network, tokens.to(network.device), labels.to(network.device), regions
        )

    def _masked_regions(self, network: UnderstandingNetwork, texts: Texts, draw: np.random.Generator) -> Tensor:
        regions = self.sources.store.batch(texts.pictures)
        chosen, zeroed = noise.mask_regions(regions.mask.numpy(), self.config.mask_probability, draw)
        return objectives.masked_region_loss(
            network, pad(texts.tokens).to(network.device), regions.to(network.device),
            torch.from_numpy(chosen).to(network.device), torch.from_numpy(zeroed).to(network.device),
        )  # fmt: skip

    def _matching(self, network: UnderstandingNetwork, tokens: list[Ints], pictures: Ints) -> Tensor:
        """Each caption with its own picture, which comes first, and with ``negatives`` mismatched ones beside it."""
        matched = np.zeros(pictures.shape, np.float32)
        matched[:, 0] = 1.0
        return objectives.matching_loss(
            network, pad(tokens).to(network.device), self.sources.store.batch(pictures.ravel()).to(network.device),
            torch.from_numpy(matched.ravel()).to(network.device),
        )  # fmt: skip


class GenerationTasks:
    """xDAE, IC and DIC, as losses of the n-th batch."""

    def __init__(self, sources: Sources, config: PretrainConfig) -> None:
        self.sources, self.config = sources, config
        tokenizer = sources.tokenizer
        self._starts_word = np.array([tokenizer.starts_word(token) for token in range(tokenizer.vocabulary)])

    def loss(self, network: GenerationNetwork, task: str, number: int) -> Tensor:
        """The loss of a task's n-th batch."""
        draw = np.random.default_rng(stable_hash(self.sources.seed, task, number))
        size = self.config.batch_size
        if task == "xDAE":
            texts = self.sources.sentences(number, size)
            noised = self.noised(texts, draw)
            return objectives.denoising_loss(
                network, pad(noised).to(network.device), pad(texts.tokens).to(network.device),
                self.sources.language_ids(texts).to(network.device),
            )  # fmt: skip
        captions = self.sources.captions
        texts = captions.of(self.sources.batch(task, captions, number, size).tolist())
        regions = self.sources.store.batch(texts.pictures)
        zeroed = None
        if task == "DIC":
            counts = regions.mask.sum(dim=1).numpy()
            zeroed = torch.from_numpy(noise.zero_runs(counts, regions.mask.shape[1], _DIC_SHARE, draw))
        return objectives.captioning_loss(
            network, regions.to(network.device), pad(texts.tokens).to(network.device),
            self.sources.language_ids(texts).to(network.device),
            None if zeroed is None else zeroed.to(network.device),
        )  # fmt: skip

    def noised(self, texts: Texts, draw: np.random.Generator) -> list[Ints]:
        """XDAE's noised form of each text, as long as the network can read.

        What is shuffled, dropped and masked are words. Nothing marks them in languages that are written without spaces:
        there every piece is one.
        """
        mask, limit = self.sources.tokenizer.mask, self.config.max_text_length
        result = []
        for tokens, lang in zip(texts.tokens, texts.languages, strict=True):
            starts = np.ones(len(tokens), bool) if without_spaces(lang) else self._starts_word[tokens]
            noised = noise.noise_text(tokens, starts, mask, draw)
            result.append(np.append(noised[: limit - 1], noised[-1]) if len(noised) > limit else noised)
        return result
