"""What fine-tuning and evaluation of every task are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.errors import UsageError
from model.data import Ints, encode, join_pair, tell_cut, tell_unknown, tokenise
from model.network import GenerationNetwork, UnderstandingNetwork
from model.regions import RegionStore
from model.task_config import QUERY
from model.task_data import Caption, read_regions
from model.tokenizer import Tokenizer


@dataclass(frozen=True)
class Inputs:
    """A network, and what it is to learn from or to be asked.

    Attributes:
        network: the network.
        tokenizer: its tokenizer.
        captions: the dataset of captions, or of triples, where it is given.
        regions: the dataset of regions, where it is given.
        data: the folder of the task's own text files, where it is given.
        reads: whether a query of triples is read alone or with its context, as ``model.task_config`` names it.
        images: the dataset of pictures, where it is given.
    """

    network: UnderstandingNetwork | GenerationNetwork
    tokenizer: Tokenizer
    captions: Path | None
    regions: Path | None
    data: Path | None
    reads: str = QUERY
    images: Path | None = None

    def store(self) -> RegionStore:
        """The regions, which must fit the network.

        Raises:
            UsageError: where they are not given.
        """
        return read_regions(given(self.regions, "regions"), self.network.config)

    def tokens_of(self, captions: Sequence[Caption], what: str) -> list[Ints]:
        """Token ids of captions, each with its context where that is read; says how many are cut, calling them so."""
        if self.reads == QUERY:
            return tokenise(self.tokenizer, [caption.text for caption in captions], self.longest, what)
        joined = [self._with_context(caption) for caption in captions]
        tell_cut(sum(cut for _, cut in joined), len(captions), self.longest, what)
        tell_unknown([tokens for tokens, _ in joined], what)
        return [tokens for tokens, _ in joined]

    def _with_context(self, caption: Caption) -> tuple[Ints, bool]:
        """The token ids, and whether they were cut."""
        first = self.tokenizer.encode(caption.text)
        if caption.context is None:
            tokens = encode(self.tokenizer, caption.text, self.longest)
            return tokens, len(tokens) < len(first) + 2
        second = self.tokenizer.encode(caption.context)
        tokens = join_pair(self.tokenizer, first, second, self.longest)
        return tokens, len(tokens) < len(first) + len(second) + 4

    @property
    def longest(self) -> int:
        """Tokens that a text may have."""
        return self.network.config.max_text_length


def given(path: Path | None, option: str) -> Path:
    """An input that a task cannot do without.

    Raises:
        UsageError: where it is not given.
    """
    if path is None:
        raise UsageError(f"--{option} is missing.", "a path: the task needs it.")
    return path
