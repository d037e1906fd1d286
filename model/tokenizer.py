"""Text to token ids and back, with XLM-R's layout of ids.

A SentencePiece model's id ``i`` is the network's id ``i + 1``, so that ``<s>`` 0, ``<pad>`` 1, ``</s>`` 2 and
``<unk>`` 3 come first and ``<mask>`` last, as in XLM-R (250,002 ids with its own model).

    python -m model.tokenizer --corpus DIR --captions DIR --lexicon DIR --out DIR
"""

from __future__ import annotations

import itertools
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import sentencepiece

from contract.command import Call, PathOption, run_stage
from contract.dataset import Dataset
from contract.errors import InputError
from model.config import TokenizerConfig

BOS, PAD, EOS, UNK = 0, 1, 2, 3
MODEL_FILE = "sentencepiece.bpe.model"  # XLM-R's own name for it
_OFFSET = 1  # SentencePiece's <unk> <s> </s> are ids 0 1 2; pieces follow from 3, here from 4
_FIRST_PIECE = 4


class Tokenizer:
    """A SentencePiece model with XLM-R's ids.

    Args:
        folder: holds ``sentencepiece.bpe.model``.

    Raises:
        InputError: where there is no such file or it is no SentencePiece model.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / MODEL_FILE
        if not path.is_file():
            raise InputError(f"{folder} holds no {MODEL_FILE}.", "what `python -m model.tokenizer` or XLM-R brings.")
        try:
            self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
        except (RuntimeError, OSError) as error:
            raise InputError(f"{path} is no SentencePiece model ({error}).") from error
        self.mask = self._pieces.get_piece_size() + _OFFSET
        self.vocabulary = self.mask + 1

    def encode(self, text: str) -> list[int]:
        """Token ids without ``<s>`` and ``</s>``."""
        return [UNK if piece == 0 else piece + _OFFSET for piece in self._pieces.encode(text)]

    def decode(self, ids: list[int]) -> str:
        """The text of token ids; special tokens are left out."""
        return str(self._pieces.decode([i - _OFFSET for i in ids if _FIRST_PIECE <= i < self.mask]))

    def starts_word(self, token: int) -> bool:
        """Whether a token begins a word, which is what xDAE shuffles and drops."""
        return token < _FIRST_PIECE or token == self.mask or self._pieces.id_to_piece(token - _OFFSET).startswith("▁")


def train(texts: Iterator[str], config: TokenizerConfig, seed: int, out: Path) -> None:
    """Trains a SentencePiece model on texts and writes it into a folder.

    Raises:
        InputError: where there is no text.
    """
    first = next(texts, None)
    if first is None:
        raise InputError("There is no text to train a tokenizer on.", "a corpus or captions with at least one row.")
    sentencepiece.set_random_generator_seed(seed % 2**31)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=itertools.islice(itertools.chain([first], texts), config.max_sentences),
        model_prefix=str(out / MODEL_FILE.removesuffix(".model")),
        vocab_size=config.vocabulary_size, hard_vocab_limit=False,  # small data hold fewer pieces than asked for
        character_coverage=config.character_coverage, model_type="unigram",  # what XLM-R's model is
        num_threads=1, minloglevel=2,  # one thread, so that the same text gives the same model
    )  # fmt: skip
    (out / MODEL_FILE.replace(".model", ".vocab")).unlink()


def run(call: Call[TokenizerConfig]) -> None:
    """The stage: trains a tokenizer, or takes the one that the profile names."""
    out = call.path("out")
    out.mkdir(parents=True, exist_ok=True)
    if call.config.model:
        if not call.config.model.is_file():
            raise InputError(
                f"{call.config.model} is not there.", "the SentencePiece model that `tokenizer.model` names."
            )
        shutil.copyfile(call.config.model, out / MODEL_FILE)
    else:
        train(_texts(call), call.config, call.seed, out)
    tokenizer = Tokenizer(out)
    (out / "tokenizer.json").write_text(json.dumps({"vocabulary": tokenizer.vocabulary, "mask": tokenizer.mask}) + "\n")
    print(f"tokenizer: {tokenizer.vocabulary:,} ids.")


def _texts(call: Call[TokenizerConfig]) -> Iterator[str]:
    """Training text only: the corpus, English captions, and the lexicon's translations.

    Captions in other languages are left out: they are what the transfer is measured on.
    """
    corpus, captions = Dataset(call.path("corpus"), "corpus"), Dataset(call.path("captions"), "captions")
    for row in corpus.rows(["text", "split"]):
        if row["split"] == "train":
            yield row["text"]
    for row in captions.rows(["text", "split", "lang"]):
        if row["split"] == "train" and row["lang"] == "en":
            yield row["text"]
    for row in Dataset(call.path("lexicon"), "lexicon").rows(["targets"]):
        yield from row["targets"]


PATHS = (
    PathOption("corpus", "dataset of plain text"),
    PathOption("captions", "dataset of captions; English training captions are used"),
    PathOption("lexicon", "dataset of translations, so that switched words have pieces"),
    PathOption("out", "folder for the model"),
)


def main() -> int:
    """The stage's command line."""
    return run_stage("tokenizer", TokenizerConfig, PATHS, run, "Train a SentencePiece tokenizer, or take XLM-R's.")


if __name__ == "__main__":
    sys.exit(main())
