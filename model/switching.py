"""Captions that are switched anew in every epoch, with the sampler, settings and seed of the stage ``codeswitch``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, overload

import numpy as np

from contract.codeswitching import Lexicon, Settings, Switcher
from contract.dataset import Dataset
from contract.errors import InputError
from contract.hashing import fingerprint
from model.data import Ints, Texts, read_captions, with_ends
from model.regions import RegionStore
from model.tokenizer import Tokenizer


class SwitchedAnew:
    """English training captions that hold a word of the lexicon; epoch e sees variant e of each.

    An epoch's text is what the stage writes as the variant of that number, where the dataset has so many; a caption
    that the draw leaves as it was, which the stage rejects, is seen as it was.

    Args:
        codeswitch: the dataset; its manifest states settings and seed.
        lexicon: the lexicon that it was made with.
        captions: the captions that it was made from.
        tokenizer: text to ids.
        store: the pictures that have regions.
        longest: ids a text has at most.

    Attributes:
        plain: the captions themselves.

    Raises:
        InputError: where the lexicon is another one than the dataset's.
    """

    def __init__(
        self, codeswitch: Path, lexicon: Path, captions: Path, tokenizer: Tokenizer, store: RegionStore, longest: int
    ) -> None:
        manifest = Dataset(codeswitch, "codeswitch").manifest
        if manifest.inputs.get("lexicon") != fingerprint(lexicon):
            raise InputError(
                f"{codeswitch} was made with another lexicon than {lexicon}.", "the lexicon of that dataset.",
                "run the stage codeswitch with this lexicon.",
            )  # fmt: skip
        self._tokenizer, self._longest, self._seed = tokenizer, longest, manifest.seed
        self._switcher = Switcher(
            Lexicon.load(lexicon, manifest.parameters["languages"]), settings_of(manifest.parameters)
        )
        plain = read_captions(captions, tokenizer, store, "train", ("en",), longest)
        text_of = {row["caption_id"]: row["text"] for row in Dataset(captions, "captions").rows(["caption_id", "text"])}
        texts = [text_of[key] for key in plain.keys]
        held = np.unique(self._switcher.switch(plain.keys, texts, [0], self._seed).matches.captions).tolist()
        self.plain = replace(plain.of(held), languages=["mul"] * len(held))
        self._texts = [texts[row] for row in held]
        self._epoch: tuple[int, Texts] = -1, self.plain

    def __len__(self) -> int:
        return len(self.plain)

    def in_epoch(self, epoch: int) -> Texts:
        """The captions as an epoch sees them, each tokenised when it is asked for."""
        if self._epoch[0] != epoch:
            texts = self._switcher.switch(self.plain.keys, self._texts, [epoch], self._seed).texts.to_pylist()
            keys = [f"{key}#{epoch}" for key in self.plain.keys]
            tokens = _TokenisedOnDemand(texts, self._tokenizer, self._longest)
            self._epoch = epoch, replace(self.plain, tokens=tokens, keys=keys)
        return self._epoch[1]


def settings_of(parameters: Mapping[str, Any]) -> Settings:
    """The sampler's settings out of the parameters that a manifest of ``codeswitch`` states."""
    given = {field.name: parameters[field.name] for field in fields(Settings) if field.name in parameters}
    return Settings(**given | {"never": tuple(given.get("never", ()))})


class _TokenisedOnDemand(Sequence[Ints]):
    def __init__(self, texts: list[str], tokenizer: Tokenizer, longest: int) -> None:
        self._texts, self._tokenizer, self._longest = texts, tokenizer, longest

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, place: int) -> Ints: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Ints]: ...

    def __getitem__(self, place: int | slice) -> Ints | Sequence[Ints]:
        if isinstance(place, slice):
            return [self[number] for number in range(len(self))[place]]
        return with_ends(self._tokenizer.encode(self._texts[place]), self._longest)
