"""Captions that are switched anew in every epoch, with the sampler, settings and seed of the stage ``codeswitch``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from contract.codeswitching.lexicon import Lexicon
from contract.codeswitching.settings import Settings
from contract.codeswitching.switcher import Switcher
from contract.dataset import Dataset
from contract.errors import InputError
from contract.hashing import fingerprint
from model.data import Ints, Texts, encode
from model.reading import read_captions
from model.regions import RegionStore
from model.token_store import TokenStore
from model.tokenizer import Tokenizer

_AT_ONCE = 2048  # captions that are looked through together


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
        kept: where tokens of the captions are kept; nowhere where None.

    Attributes:
        plain: the captions themselves.

    Raises:
        InputError: where lexicon or captions are others than the dataset's.
    """

    def __init__(
        self, codeswitch: Path, lexicon: Path, captions: Path, tokenizer: Tokenizer, store: RegionStore, longest: int,
        kept: TokenStore | None = None,
    ) -> None:  # fmt: skip
        manifest = Dataset(codeswitch, "codeswitch").manifest
        for name, folder in (("lexicon", lexicon), ("captions", captions)):
            if manifest.inputs.get(name) != fingerprint(folder):
                raise InputError(
                    f"{codeswitch} was made with another {name} than {folder}.", f"the {name} of that dataset.",
                    "run the stage codeswitch with it.",
                )  # fmt: skip
        self._tokenizer, self._longest, self._seed = tokenizer, longest, manifest.seed
        self._switcher = Switcher(
            Lexicon.load(lexicon, manifest.parameters["languages"]), settings_of(manifest.parameters)
        )
        self._switching = Lock()  # the switcher remembers what it looked up
        english, what = _english(captions), "captions to switch"
        plain = read_captions(captions, tokenizer, store, "train", english, longest, kept, what)
        self._texts = _texts_of(captions, plain.keys)
        held = self._held()
        self._texts = [self._texts[row] for row in held]
        self.plain = replace(plain.of(held), languages=["mul"] * len(held))

    def __len__(self) -> int:
        return len(self.plain)

    def in_epochs(self, rows: Ints, epochs: Ints) -> Texts:
        """Some of the captions, each as the epoch beside it sees it.

        Args:
            rows: [texts].
            epochs: [texts], from 0.
        """
        tokens: dict[tuple[int, int], Ints] = {}
        for epoch in np.unique(epochs).tolist():
            chosen = np.unique(rows[epochs == epoch]).tolist()
            ids, texts = [self.plain.keys[row] for row in chosen], [self._texts[row] for row in chosen]
            with self._switching:
                switched = self._switcher.switch(ids, texts, [epoch], self._seed).texts.to_pylist()
            for row, text in zip(chosen, switched, strict=True):
                tokens[row, epoch] = encode(self._tokenizer, text, self._longest)
        places = list(zip(rows.tolist(), epochs.tolist(), strict=True))
        keys = [f"{self.plain.keys[row]}#{epoch}" for row, epoch in places]
        return replace(self.plain.of(rows.tolist()), tokens=[tokens[place] for place in places], keys=keys)

    def _held(self) -> list[int]:
        """The captions of which the lexicon holds a word."""
        held: list[int] = []
        for first in range(0, len(self._texts), _AT_ONCE):
            texts = self._texts[first : first + _AT_ONCE]
            switched = self._switcher.switch([""] * len(texts), texts, [0], self._seed)
            held += (first + np.unique(switched.matches.captions)).tolist()
        return held


def _english(captions: Path) -> list[str]:
    """The tags of English in a dataset of captions, ``en-GB`` too."""
    tags = Dataset(captions, "captions").table(["lang"])["lang"].unique().to_pylist()
    return [tag for tag in tags if tag.partition("-")[0] == "en"]


def _texts_of(captions: Path, keys: Sequence[str]) -> list[str]:
    wanted = set(keys)
    rows = Dataset(captions, "captions").rows(["caption_id", "text"])
    texts = {row["caption_id"]: row["text"] for row in rows if row["caption_id"] in wanted}
    return [texts[key] for key in keys]


def settings_of(parameters: Mapping[str, Any]) -> Settings:
    """The sampler's settings out of the parameters that a manifest of ``codeswitch`` states."""
    given = {field.name: parameters[field.name] for field in fields(Settings) if field.name in parameters}
    return Settings(**given | {"never": tuple(given.get("never", ()))})
