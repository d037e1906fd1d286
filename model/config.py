"""The settings of tokenizer and pre-training, importable without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contract.config import option

UNDERSTANDING_TASKS = ("xMLM", "MMLM", "MRM", "VLM", "MC-MLM", "MC-MRM", "MC-VLM")
GENERATION_TASKS = ("xDAE", "IC", "DIC")
FEATURE_SCALINGS = ("standard", "unit", "raw")  # the published code's is unit
TASKS = {"understanding": UNDERSTANDING_TASKS, "generation": GENERATION_TASKS}


@dataclass(frozen=True)
class TokenizerConfig:
    """The profile's section ``tokenizer``."""

    model: Path | None = option(None, "an existing SentencePiece model, such as XLM-R's sentencepiece.bpe.model")
    vocabulary_size: int = option(4000, "pieces to train where no model is given; the data may hold fewer", "pieces")
    character_coverage: float = option(0.9999, "share of characters that have a piece of their own", "0 to 1")
    max_sentences: int = option(1_000_000, "sentences to train on at most", "sentences")
    whole_words: int = option(
        2000, "most frequent lexicon words that are one piece each, in scripts without spaces", "words"
    )


@dataclass(frozen=True)
class NetworkConfig:
    """What a network is built from. The sizes of its data are read off tokenizer and regions.

    The defaults are the paper's base size, which is XLM-R base's.
    """

    network: str
    layers: int
    width: int
    heads: int
    dropout: float
    vocabulary: int
    languages: tuple[str, ...]
    feature_dim: int
    object_classes: tuple[str, ...]
    max_text_length: int
    feature_scaling: str


@dataclass(frozen=True)
class PretrainConfig:
    """The profile's sections ``understanding`` and ``generation``; ``tasks`` tells them apart."""

    layers: int = option(12, "transformer layers", "layers")
    width: int = option(768, "width of the hidden states", "numbers")
    heads: int = option(12, "attention heads", "heads")
    dropout: float = option(0.1, "share of hidden values dropped in training", "0 to 1")
    max_text_length: int = option(128, "tokens a text may have, both ends included; the rest is cut", "tokens")
    feature_scaling: str = option(
        "standard", "region features: standard (each number by its mean and spread), unit, raw"
    )
    tasks: dict[str, float] = option({}, "weight of each pre-training task; all tasks equally where it is empty")
    language_alpha: float = option(0.3, "α of the language sampling λ_l = p_l^α / Σ p^α", "0 to 1")
    steps: int = option(100_000, "optimiser steps", "steps")
    batch_size: int = option(1024, "samples a task and step", "samples")
    tasks_per_step: int = option(1, "tasks drawn for each optimiser step, their losses summed", "tasks")
    learning_rate: float = option(1e-4, "peak of the learning rate")
    warmup_steps: int = option(4000, "steps of linear warm-up, before a linear decay to zero", "steps")
    weight_decay: float = option(0.01, "AdamW's weight decay")
    clip_norm: float = option(1.0, "largest norm of the gradient")
    mask_probability: float = option(0.15, "share of words or regions that are masked", "0 to 1")
    negatives: int = option(1, "VLM: mismatched pairs for each true one", "pairs")
    hard_negatives: float = option(0.0, "VLM: share of negatives whose pictures have like objects", "0 to 1")
    device: str = option("auto", "auto, cpu or cuda")
    checkpoint_every: int = option(1000, "steps between checkpoints of the training state", "steps")
