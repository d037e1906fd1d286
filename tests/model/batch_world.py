"""Sources of batches, small enough to read: 32 captions of 32 pictures, plain and code-switched, and plain text."""

from pathlib import Path

import numpy as np
from task_world import FRAMES, THINGS, caption_rows, things_of

from model.batches import GenerationTasks, Sources, UnderstandingTasks
from model.config import GENERATION_TASKS, UNDERSTANDING_TASKS, GenerationConfig, NetworkConfig, UnderstandingConfig
from model.data import Texts, encode, numbered
from model.regions import RegionStore
from model.tokenizer import Tokenizer

PICTURES = 32
TASKS = (*UNDERSTANDING_TASKS, *GENERATION_TASKS)
LANGUAGES = ("de", "en", "zh")


def sources_of(world: Path, for_gpu: bool = False, **changed) -> Sources:
    tokenizer, store = Tokenizer(world / "tokenizer"), RegionStore(world / "regions", for_gpu)
    rows = [caption_rows(picture)[0] for picture in range(PICTURES)]
    pictures = np.array([store.row_of[row["image_id"]] for row in rows])

    def captions(texts: list[str], lang: str, variant: str = "", origins: list[str] | None = None) -> Texts:
        keys = [row["caption_id"] + variant for row in rows]
        tokens = [encode(tokenizer, text, 32) for text in texts]
        return Texts(tokens, [lang] * len(rows), pictures, keys, None if origins is None else numbered(origins))

    plain = [row["text"] for row in rows]
    switched = [
        FRAMES["en"].format(THINGS["de"][first], THINGS["en"][second]) for first, second in map(things_of, range(32))
    ]
    sentences = [(lang, n, FRAMES[lang].format(*[THINGS[lang][thing] for thing in things_of(n)]))
                 for lang in LANGUAGES for n in range(20)]  # fmt: skip
    corpus = Texts(
        [encode(tokenizer, text, 32) for _, _, text in sentences], [lang for lang, _, _ in sentences],
        np.full(len(sentences), -1), [f"{lang}-{n}" for lang, n, _ in sentences],
    )  # fmt: skip
    given = {
        "captions": captions(plain, "en"), "codeswitch": captions(switched, "mul", "#0", plain), "corpus": corpus,
        "probabilities": dict.fromkeys(LANGUAGES, 1 / 3), "languages": LANGUAGES, "seed": 3,
    }  # fmt: skip
    return Sources(tokenizer=tokenizer, store=store, **given | changed)


def kind_of(task: str) -> str:
    return "generation" if task in GENERATION_TASKS else "understanding"


def tasks_of(sources: Sources, task: str, **settings) -> UnderstandingTasks | GenerationTasks:
    """The tasks to which a task belongs."""
    settings = {"max_text_length": 32} | settings
    if task in GENERATION_TASKS:
        return GenerationTasks(sources, GenerationConfig(**settings))
    return UnderstandingTasks(sources, UnderstandingConfig(**settings))


def network_config(sources: Sources, task: str, layers: int, width: int) -> NetworkConfig:
    return NetworkConfig(
        kind_of(task), layers, width, 2, 0.0, sources.tokenizer.vocabulary, LANGUAGES, sources.store.feature_dim,
        tuple(THINGS["en"]), 32, "unit",
    )  # fmt: skip
