"""What each task is given: the n-th batch of a task, from the seed and n alone."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import Generic

import numpy as np
import torch
from torch import Tensor

from contract.errors import InputError, UsageError
from contract.hashing import stable_hash
from model import noise
from model.config import PretrainConfig
from model.data import Ints, Texts, pad
from model.duplicates import joined
from model.network import GenerationNetwork, UnderstandingNetwork
from model.objectives import Places, next_tokens
from model.order import Order
from model.pairs import PairDraws, alike
from model.prepared import Captioned, MaskedCaptions, MaskedRegions, MaskedText, Network, NoisedText, Pairs, Prepared
from model.regions import RegionStore
from model.switching import SwitchedAnew
from model.tokenizer import Tokenizer

_PLAIN_TEXT_TASKS = ("xMLM", "xDAE")


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
        probabilities: how often each language of the plain text is drawn, as the corpus states it. One without
            sentences is never drawn, and the others take its share.
        languages: all languages, in the order of the language embedding.
        seed: the job's seed.
        near_duplicates: for every picture of the store the number of its group of near-duplicates; None where they are
            not known.
    """

    tokenizer: Tokenizer
    store: RegionStore
    captions: Texts
    codeswitch: Texts | SwitchedAnew | None
    corpus: Texts
    probabilities: dict[str, float]
    languages: tuple[str, ...]
    seed: int
    near_duplicates: Ints | None = None

    def __post_init__(self) -> None:
        """Refuses to train on nothing; says which languages of the plain text have no sentences.

        Raises:
            InputError: where there are no English captions, or no code-switched ones though they are asked for, or
                where the probabilities are not those of the plain text's languages.
        """
        if len(self.captions) == 0:
            raise InputError("There are no English training captions whose pictures have regions.", "one at least.")
        if self.codeswitch is not None and len(self.codeswitch) == 0:
            raise InputError(
                "There are no code-switched training captions whose pictures have regions.", "one at least.",
                "look at `word_probability` and at what the lexicon covers, or train without --codeswitch.",
            )  # fmt: skip
        if len(self.corpus):
            self._check_languages()
        self._orders: dict[str, Order] = {}
        self.making = RLock()  # held by the thread that makes what all batches share, so that it is made once

    def _check_languages(self) -> None:
        """A corpus may state languages that it has no training sentences of, but no sentences of another language."""
        sentences = Counter(self.corpus.languages)
        remedy = "run the stage corpus anew, or mend `statistics.languages` of its manifest."
        for language, count in sorted(sentences.items()):
            share = self.probabilities.get(language)
            if share is None or not 0 <= share < math.inf:
                stated = "none" if share is None else f"the probability {share}"
                raise InputError(
                    f"The plain text has {count:,} sentences of {language!r}, for which its manifest states {stated}.",
                    "a probability, 0 or more, for each of its languages.", remedy,
                )  # fmt: skip
        if not any(self.probabilities[language] for language in sentences):
            raise InputError(
                "The plain text's manifest gives each of its languages the probability 0.", "one above 0.", remedy
            )
        empty = sorted(set(self.probabilities) - set(sentences))
        if empty:
            print(f"plain text: no training sentences in {len(empty)} of its languages: {', '.join(empty)}.")

    @cached_property
    def pool(self) -> Ints:
        """The training pictures."""
        return np.unique(self.captions.pictures)

    @cached_property
    def groups(self) -> Ints:
        """For every picture the number of its group of duplicates, near ones where they are known."""
        return joined(self.store.duplicates(), self.near_duplicates)

    def like_pictures(self) -> dict[int, Ints]:
        """For every training picture, those whose detected objects are most like its own."""
        with self.making:
            return self._alike

    @cached_property
    def _alike(self) -> dict[int, Ints]:
        return alike(self.store.object_ids, self.pool)

    def batch(self, name: str, texts: Texts, number: int, size: int) -> Ints:
        """Rows of the n-th batch of some texts, of like length, in an order of its own by name."""
        return self.with_epochs(name, texts, number, size)[0]

    def with_epochs(self, name: str, texts: Texts, number: int, size: int) -> Ints:
        """The same rows, and the epoch in which each is seen: [2, size]."""
        with self.making:
            if name not in self._orders:
                self._orders[name] = Order(len(texts), self.seed, name, lengths=texts.lengths)
        return self._orders[name].with_epochs(number, size)

    @cached_property
    def _by_language(self) -> dict[str, Ints]:
        """The rows of the plain text's sentences in each language."""
        rows: dict[str, list[int]] = {}
        for row, language in enumerate(self.corpus.languages):
            rows.setdefault(language, []).append(row)
        return {language: np.array(rows[language]) for language in sorted(rows)}

    def sentences(self, number: int, size: int) -> Texts:
        """The n-th batch of plain text: every sentence's language is drawn anew, so one batch mixes languages."""
        with self.making:
            by_language = self._by_language
        shares = np.array([self.probabilities[language] for language in by_language])
        draw = np.random.default_rng(stable_hash(self.seed, "languages", number))
        chosen = draw.choice(list(by_language), size, p=shares / shares.sum())
        of_language = [by_language[language] for language in chosen.tolist()]
        return self.corpus.of([rows.item(draw.integers(len(rows))) for rows in of_language])

    def language_ids(self, texts: Texts) -> Tensor:
        """Row of each text's language in the language embedding."""
        return torch.tensor([self.languages.index(language) for language in texts.languages])


class Tasks(ABC, Generic[Network]):
    """A network's tasks, each as a row of prepared batches.

    Raises:
        UsageError: where a task that is trained needs plain text and there is none.
    """

    def __init__(self, sources: Sources, config: PretrainConfig) -> None:
        self.sources, self.config = sources, config
        lacking = [task for task in config.task_weights if task in _PLAIN_TEXT_TASKS and not len(sources.corpus)]
        if lacking:
            raise UsageError(
                f"There is no plain text for {lacking[0]}.", "files under raw/text.", "add text or drop the task."
            )

    @abstractmethod
    def prepare(self, task: str, number: int) -> Prepared[Network]:
        """A task's n-th batch, on the CPU: from the seed, the task and n alone."""

    def loss(self, network: Network, task: str, number: int) -> Tensor:
        """The mean loss of a task's n-th batch."""
        return self.prepare(task, number).to(network.device).loss(network).mean

    def _draw(self, task: str, number: int) -> np.random.Generator:
        return np.random.default_rng(stable_hash(self.sources.seed, task, number))


class UnderstandingTasks(Tasks[UnderstandingNetwork]):
    """xMLM, MMLM, MRM, VLM and their code-switched forms.

    Without MCT a code-switched task takes the plain captions instead: everything else is equal.
    """

    def __init__(self, sources: Sources, config: PretrainConfig) -> None:
        super().__init__(sources, config)
        self._pairs: dict[str, PairDraws] = {}

    def prepare(self, task: str, number: int) -> Prepared[UnderstandingNetwork]:
        """A task's n-th batch, on the CPU: from the seed, the task and n alone."""
        draw = self._draw(task, number)
        if task == "xMLM":
            texts = self.sources.sentences(number, self.config.batch_size)
            return MaskedText(tuple(texts.keys), *self._masked(texts, draw))
        switched = self.sources.codeswitch if task.startswith("MC-") else None
        texts_of: Texts | SwitchedAnew = self.sources.captions if switched is None else switched
        plain = texts_of.plain if isinstance(texts_of, SwitchedAnew) else texts_of  # what no epoch changes
        rows, epochs = self.sources.with_epochs(task, plain, number, self.config.batch_size)
        if not task.endswith("VLM"):
            kind = self._masked_regions if task.endswith("MRM") else self._masked_captions
            return kind(texts_of.in_epochs(rows, epochs), draw)
        with self.sources.making:
            if task not in self._pairs:
                self._pairs[task] = PairDraws(plain, self.sources.groups, self.config.negatives)
        like = self.sources.like_pictures() if draw.random() < self.config.hard_negatives else None
        captions, pictures = self._pairs[task].of(rows, draw, like)
        paired = texts_of.in_epochs(captions.ravel(), np.repeat(epochs, captions.shape[1]))
        return self._matching(paired, pictures)

    def _masked(self, texts: Texts, draw: np.random.Generator) -> tuple[Tensor, Tensor, Places]:
        tokens = pad(texts.tokens)
        mask = self.sources.tokenizer.mask
        seen, chosen = noise.mask_tokens(tokens.numpy(), self.config.mask_probability, mask, draw)
        return tokens, torch.from_numpy(seen), Places.where(torch.from_numpy(chosen))

    def _masked_captions(self, texts: Texts, draw: np.random.Generator) -> MaskedCaptions:
        regions = self.sources.store.batch(texts.pictures)
        return MaskedCaptions(tuple(texts.keys), *self._masked(texts, draw), regions)

    def _masked_regions(self, texts: Texts, draw: np.random.Generator) -> MaskedRegions:
        regions = self.sources.store.batch(texts.pictures)
        chosen, zeroed = noise.mask_regions(regions.mask.numpy(), self.config.mask_probability, draw)
        asked = Places.where(torch.from_numpy(chosen))
        return MaskedRegions(tuple(texts.keys), pad(texts.tokens), regions, torch.from_numpy(zeroed), asked)

    def _matching(self, texts: Texts, pictures: Ints) -> Pairs:
        """Each caption with its own picture, which comes first, and with ``negatives`` mismatched ones beside it."""
        matched = np.zeros(pictures.shape, np.float32)
        matched[:, 0] = 1.0
        return Pairs(
            tuple(texts.keys), pad(texts.tokens), self.sources.store.batch(pictures.ravel()),
            torch.from_numpy(matched.ravel()), together=pictures.shape[1],
        )  # fmt: skip


class GenerationTasks(Tasks[GenerationNetwork]):
    """xDAE, IC and DIC."""

    def __init__(self, sources: Sources, config: PretrainConfig) -> None:
        super().__init__(sources, config)
        self._starts_word = noise.word_starts(sources.tokenizer)

    def prepare(self, task: str, number: int) -> Prepared[GenerationNetwork]:
        """A task's n-th batch, on the CPU: from the seed, the task and n alone."""
        draw, size = self._draw(task, number), self.config.batch_size
        if task == "xDAE":
            texts = self.sources.sentences(number, size)
            tokens, noised = pad(texts.tokens), pad(self.noised(texts, draw))
            languages = self.sources.language_ids(texts)
            return NoisedText(tuple(texts.keys), tokens, noised, languages, next_tokens(tokens))
        captions = self.sources.captions
        texts = captions.of(self.sources.batch(task, captions, number, size).tolist())
        tokens, regions = pad(texts.tokens), self.sources.store.batch(texts.pictures)
        zeroed = None
        if task == "DIC":
            counts = regions.mask.sum(dim=1).numpy()
            zeroed = torch.from_numpy(noise.zero_runs(counts, regions.mask.shape[1], draw))
        languages = self.sources.language_ids(texts)
        return Captioned(tuple(texts.keys), tokens, regions, languages, next_tokens(tokens), zeroed)

    def noised(self, texts: Texts, draw: np.random.Generator) -> list[Ints]:
        """XDAE's noised form of each text, as long as the network can read."""
        return noise.noised(texts, self._starts_word, self.sources.tokenizer.mask, self.config.max_text_length, draw)
