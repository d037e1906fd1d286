"""Text to token ids and back, with XLM-R's layout of ids.

A SentencePiece model's id ``i`` is the network's id ``i + 1``, so that ``<s>`` 0, ``<pad>`` 1, ``</s>`` 2 and
``<unk>`` 3 come first and ``<mask>`` last, as in XLM-R (250,002 ids with its own model).

    python -m model.tokenizer --corpus DIR --captions DIR --lexicon DIR --out DIR
"""

from __future__ import annotations

import io
import itertools
import json
import shutil
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sentencepiece

from contract.command import Call, PathOption, run_stage
from contract.dataset import Dataset
from contract.errors import InputError
from contract.outputs import Mark, written_beside
from contract.progress import progress
from contract.text import without_spaces
from model.config import TokenizerConfig

BOS, PAD, EOS, UNK = 0, 1, 2, 3
MODEL_FILE = "sentencepiece.bpe.model"  # XLM-R's own name for it
_OFFSET = 1  # SentencePiece's <unk> <s> </s> are ids 0 1 2; pieces follow from 3, here from 4
_FIRST_PIECE = 4
_MANY_UNKNOWN = 0.1  # share of a language's translations; of a language that a tokenizer has, it is far less


class Tokenizer:
    """A SentencePiece model with XLM-R's ids.

    Args:
        folder: holds ``sentencepiece.bpe.model``.

    Attributes:
        file: that model.
        mask: the id of ``<mask>``.
        vocabulary: how many ids there are.

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
        self.file = path
        self.mask = self._pieces.get_piece_size() + _OFFSET
        self.vocabulary = self.mask + 1

    def encode(self, text: str) -> list[int]:
        """Token ids without ``<s>`` and ``</s>``."""
        return [UNK if piece == 0 else piece + _OFFSET for piece in self._pieces.encode(text)]

    def decode(self, ids: list[int]) -> str:
        """The text of token ids; special tokens are left out."""
        return str(self._pieces.decode([i - _OFFSET for i in ids if _FIRST_PIECE <= i < self.mask]))

    def writes_letters(self, token: int) -> bool:
        """Whether a token writes a letter or a part of one; digits, punctuation and special tokens do not."""
        if not _FIRST_PIECE <= token < self.mask:
            return False
        piece = self._pieces.id_to_piece(token - _OFFSET)
        return any(unicodedata.category(character)[0] in "LM" for character in piece)

    def starts_word(self, token: int) -> bool:
        """Whether a token begins a word, which is what xDAE shuffles and drops."""
        return token < _FIRST_PIECE or token == self.mask or self._pieces.id_to_piece(token - _OFFSET).startswith("▁")


def train(texts: Iterator[str], whole: list[str], config: TokenizerConfig, seed: int, out: Path) -> None:
    """Trains a SentencePiece BPE model on texts and writes it into a folder.

    Args:
        texts: what it is trained on.
        whole: words that are one piece each, wherever they stand.
        config: the settings.
        seed: seed of SentencePiece's draws.
        out: an existing folder.

    Raises:
        InputError: where there is no text.
    """
    first = next(texts, None)
    if first is None:
        raise InputError("There is no text to train a tokenizer on.", "a corpus or captions with at least one row.")
    sentencepiece.set_random_generator_seed(seed % 2**31)
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=itertools.islice(itertools.chain([first], texts), config.max_sentences),
            model_writer=model, model_type="bpe",  # a file of its own would hold its path
            vocab_size=config.vocabulary_size, character_coverage=config.character_coverage,
            user_defined_symbols=whole, num_threads=1, minloglevel=2,
            hard_vocab_limit=False,  # little text holds fewer pieces
        )  # fmt: skip
    except RuntimeError as error:  # SentencePiece says what it needs
        raise InputError(
            f"tokenizer.vocabulary_size is {config.vocabulary_size}: {error}", "a greater number."
        ) from error
    (out / MODEL_FILE).write_bytes(model.getvalue())


def frequent_words(texts: Iterator[str], words: set[str], most: int) -> list[str]:
    """The words that stand most often in texts written without spaces, found from left to right, longest first.

    A dictionary's word in a code-switched caption has spaces around it, the same word in a sentence of its own language
    has none. As pieces of their own both look alike to the network.
    """
    counts: Counter[str] = Counter()
    longest = max(map(len, words), default=0)
    for text in texts:
        start = 0
        while start < len(text):
            end = next((end for end in range(start + longest, start, -1) if text[start:end] in words), 0)
            counts.update([text[start:end]] if end else [])
            start = end or start + 1
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return sorted(ranked[:most], key=lambda word: (-len(word), word))


def run(call: Call[TokenizerConfig]) -> None:
    """The stage: trains a tokenizer, or takes the one that the profile names."""
    with written_beside(call.path("out")) as new:
        if call.config.model:
            if not call.config.model.is_file():
                raise InputError(
                    f"{call.config.model} is not there.", "the SentencePiece model that `tokenizer.model` names."
                )
            shutil.copyfile(call.config.model, new / MODEL_FILE)
        else:
            texts = progress(_texts(call), "tokenizer: reading text", unit="texts")
            train(texts, _whole_words(call), call.config, call.seed, new)
        tokenizer = Tokenizer(new)
        unknown = unknown_shares(tokenizer, Dataset(call.path("lexicon"), "lexicon").rows(["lang", "targets"]))
        facts = {"vocabulary": tokenizer.vocabulary, "mask": tokenizer.mask, "unknown_translations": unknown}
        (new / "tokenizer.json").write_text(json.dumps(facts) + "\n")
    print(f"tokenizer: {tokenizer.vocabulary:,} ids.")
    wanted = call.config.vocabulary_size
    if not call.config.model and tokenizer.vocabulary - 1 - _OFFSET < wanted:
        print(f"tokenizer: the text holds fewer pieces than tokenizer.vocabulary_size, {wanted:,}.")
    for lang, share in unknown.items():
        if share > _MANY_UNKNOWN:
            print(
                f"tokenizer: {share:.0%} of the lexicon's translations into {lang} hold characters that it does not "
                "know: leave the language out of `codeswitch.languages`, or take a tokenizer that has it."
            )


def unknown_shares(tokenizer: Tokenizer, lexicon: Iterator[dict[str, Any]]) -> dict[str, float]:
    """The share of each language's translations that hold an ``<unk>``, from rows with lang and targets."""
    counts: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for row in lexicon:
        counts[row["lang"]].update(UNK in tokenizer.encode(target) for target in row["targets"])
    return {lang: round(counts[lang][True] / max(1, counts[lang].total()), 4) for lang in sorted(counts)}


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


def _whole_words(call: Call[TokenizerConfig]) -> list[str]:
    rows = Dataset(call.path("lexicon"), "lexicon").rows(["lang", "targets"])
    words = {word for row in rows if without_spaces(row["lang"]) for word in row["targets"]}
    corpus = Dataset(call.path("corpus"), "corpus").rows(["lang", "text", "split"])
    texts = (row["text"] for row in corpus if without_spaces(row["lang"]) and row["split"] == "train")
    return frequent_words(progress(texts, "tokenizer: counting words", unit="texts"), words, call.config.whole_words)


PATHS = (
    PathOption("corpus", "dataset of plain text"),
    PathOption("captions", "dataset of captions; English training captions are used"),
    PathOption("lexicon", "dataset of translations, so that switched words have pieces"),
    PathOption("out", "folder for the model", replaces=Mark("tokenizer.json", '"vocabulary": ')),
)


def main() -> int:
    """The stage's command line."""
    return run_stage("tokenizer", TokenizerConfig, PATHS, run, "Train a SentencePiece tokenizer, or take XLM-R's.")


if __name__ == "__main__":
    sys.exit(main())
