"""What it takes to have the texts of pre-training at hand: tokenised at the start, and taken from the disk later.

    python benchmarks/texts.py --sentences 1000000

Sentences are of random words, 8 to 27 each, in twenty languages; the tokenizer has 8,000 pieces. Each start is a
process of its own that reads the corpus and nothing else. Memory is what the process holds by itself; the mapped tokens
are the operating system's, which shares them among processes and takes them back where it needs room.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import sentencepiece
from parts.datasets import write_dataset

from contract.schemas import SCHEMAS
from model.tokenizer import MODEL_FILE

SHARDS, LANGUAGES, WORDS = 8, 20, 20_000

STARTING = """
import sys, time
from pathlib import Path
from model.distributed import World
from model.reading import read_corpus
from model.token_store import TokenStore
from model.tokenizer import Tokenizer
corpus, tokenizer, *folder = map(Path, sys.argv[1:])
memory = lambda: int(Path("/proc/self/status").read_text().split("RssAnon:")[1].split()[0]) / 1024
pieces, kept = Tokenizer(tokenizer), [TokenStore(one, "benchmark", World()) for one in folder]
before, start = memory(), time.perf_counter()
texts = read_corpus(corpus, pieces, "train", 128, *kept)
print(time.perf_counter() - start, memory() - before)
"""


def sentences(count: int, words: np.ndarray, draw: np.random.Generator) -> list[str]:
    """Sentences of words drawn as natural ones are: the n-th most frequent one n times as seldom as the first."""
    shares = 1 / np.arange(1, len(words) + 1)
    lengths = draw.integers(8, 28, count)
    drawn = draw.choice(words, lengths.sum(), p=shares / shares.sum())
    return [" ".join(part) for part in np.split(drawn, np.cumsum(lengths)[:-1])]


def shards(count: int, words: np.ndarray, draw: np.random.Generator) -> Iterator[pa.RecordBatch]:
    """The corpus, a batch a shard."""
    for shard, rows in enumerate(np.array_split(np.arange(count), SHARDS)):
        columns = {
            "sentence_id": [f"{shard:02d}{row:014x}" for row in rows.tolist()],
            "lang": sorted(f"l{row % LANGUAGES:02d}" for row in rows.tolist()),
            "text": sentences(len(rows), words, draw), "split": ["train"] * len(rows),
        }  # fmt: skip
        yield pa.RecordBatch.from_pydict(columns, schema=SCHEMAS["corpus"].arrow)


def main() -> None:
    """Prints seconds and memory of a start without a file, of the first with one, and of later ones."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sentences", type=int, default=1_000_000)
    given = parser.parse_args()
    draw = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnoprstuvz"))
    words = np.array(["".join(draw.choice(letters, draw.integers(2, 10))) for _ in range(WORDS)])
    with tempfile.TemporaryDirectory(prefix="m3p-bench-") as name:
        corpus, tokenizer, kept = (Path(name) / one for one in ("corpus", "tokenizer", "tokens"))
        write_dataset(corpus, SCHEMAS["corpus"], SHARDS, shards(given.sentences, words, draw))
        tokenizer.mkdir()
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences(30_000, words, draw)), model_writer=model, model_type="bpe",
            vocab_size=8_000, num_threads=1, minloglevel=2,
        )  # fmt: skip
        (tokenizer / MODEL_FILE).write_bytes(model.getvalue())
        for what, folder in (("nothing kept", []), ("first start", [kept]), ("later starts", [kept])):
            command = [sys.executable, "-c", STARTING, *map(str, (corpus, tokenizer, *folder))]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            seconds, memory = map(float, done.stdout.split())
            print(f"{given.sentences:,} sentences, {what}: {seconds:.1f} s, {memory:,.0f} MB", flush=True)
        size = sum(path.stat().st_size for path in kept.iterdir())
        print(f"tokens on the disk: {size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
