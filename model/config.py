"""The settings of tokenizer and pre-training, importable without torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from contract.config import check_choice, check_range, option
from contract.device import DEVICES
from contract.errors import UsageError

UNDERSTANDING_TASKS = ("xMLM", "MMLM", "MRM", "VLM", "MC-MLM", "MC-MRM", "MC-VLM")
GENERATION_TASKS = ("xDAE", "IC", "DIC")
PRECISIONS = ("float32", "bfloat16")
FEATURE_SCALINGS = ("standard", "unit", "raw")  # the published code's is unit
M3P, M3P_COMPAT = "m3p", "m3p-compat"  # ours, and the published code's, for its checkpoints
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

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_range(self, "vocabulary_size max_sentences", 1)
        check_range(self, "whole_words", 0)
        check_range(self, "character_coverage", 0.5, 1)


@dataclass(frozen=True)
class NetworkConfig:
    """What a network is built from. The sizes of its data are read off tokenizer and regions.

    The defaults are the paper's base size, which is XLM-R base's. The layout says how text and regions stand together:

    - ``m3p``: text first, at XLM-R's positions, which begin at 2; regions have none. Matching is scored from ``<s>``.
    - ``m3p-compat``, the published code's: regions first, positions 0, 1, 2, … over both, and a norm over both.
      Matching is scored from position 0, the first region. Boxes and features have length 1; words are foretold from
      hidden states as they are. Of the understanding network alone.
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
    layout: str = M3P
    positions: int | None = None  # rows of m3p-compat's table; in m3p the longest text says how many
    classes: tuple[str, ...] = ()  # what the classifier over texts tells apart; there is none where it is empty
    contrastive: bool = False  # whether there is the head that picks retrieval's candidates
    spelling: bool = False  # whether the network knows with which tokens each language is written; older ones do not

    def __post_init__(self) -> None:
        """Refuses what no network can be built from; the values may be a stranger's.

        Raises:
            UsageError: names the value.
        """
        check_choice(self, "network", tuple(TASKS))
        check_choice(self, "feature_scaling", FEATURE_SCALINGS)
        check_range(self, "layers", 1, 1000)
        check_range(self, "width heads vocabulary feature_dim max_text_length", 1)
        check_range(self, "dropout", 0, 0.99)
        if self.width % self.heads:
            raise UsageError(f"width is {self.width} and heads is {self.heads}.", "a width that heads divide.")
        check_choice(self, "layout", (M3P, M3P_COMPAT))
        if self.compat and (self.network, self.feature_scaling) != ("understanding", "unit"):
            raise UsageError(
                f"layout is {M3P_COMPAT!r}, network {self.network!r} and feature_scaling {self.feature_scaling!r}.",
                "the understanding network and unit features, as the published checkpoint has them.",
            )
        if self.compat == (self.positions is None):
            raise UsageError(f"layout is {self.layout!r} and positions is {self.positions}.", "both of one layout.")
        if self.contrastive and self.network != "understanding":
            raise UsageError(f"network is {self.network!r} and contrastive is set.", "the understanding network.")
        if self.positions is not None and self.positions <= self.max_text_length:
            raise UsageError(
                f"positions is {self.positions} and max_text_length is {self.max_text_length}.",
                "positions for the longest text and one region at least.",
            )
        if self.classes and (self.network != "understanding" or len(set(self.classes)) < max(2, len(self.classes))):
            raise UsageError(
                f"network is {self.network!r} and classes is {self.classes}.",
                "the understanding network, and two or more classes, all different.",
            )

    @property
    def compat(self) -> bool:
        """Whether the layout is the published code's."""
        return self.layout == M3P_COMPAT

    @property
    def norm_epsilon(self) -> float:
        """What norms add to the variance: XLM-R's number, or the published code's."""
        return 1e-12 if self.compat else 1e-5


@dataclass(frozen=True)
class PretrainConfig:
    """What the sections ``understanding`` and ``generation`` have in common.

    Attributes:
        NETWORK: the section's name, which is also the network's.
    """

    NETWORK: ClassVar[str]

    layers: int = option(12, "transformer layers", "layers")
    width: int = option(768, "width of the hidden states", "numbers")
    heads: int = option(12, "attention heads", "heads")
    dropout: float = option(0.1, "share of hidden values dropped in training", "0 to 1")
    max_text_length: int = option(128, "tokens a text may have, both ends included; the rest is cut", "tokens")
    feature_scaling: str = option(
        "standard", "region features: standard (each number by its mean and spread), unit, raw"
    )
    tasks: dict[str, float] = option({}, "weight of each pre-training task; all tasks equally where it is empty")
    steps: int = option(100_000, "optimiser steps", "steps")
    batch_size: int = option(1024, "samples a task and step", "samples")
    tasks_per_step: int = option(1, "tasks drawn for each optimiser step, their losses summed", "tasks")
    learning_rate: float = option(1e-4, "peak of the learning rate")
    warmup_steps: int = option(4000, "steps of linear warm-up, before a linear decay to zero", "steps")
    weight_decay: float = option(0.01, "AdamW's weight decay")
    clip_norm: float = option(1.0, "largest norm of the gradient")
    mask_probability: float = option(0.15, "share of words or regions that are masked", "0 to 1")
    negatives: int = option(1, "VLM: mismatched pairs for each true one", "pairs")
    hard_negatives: float = option(0.0, "VLM: share of batches whose negatives have like objects", "0 to 1")
    device: str = option("auto", "auto, cpu or cuda")
    from_: Path | None = option(None, "weights to start from: a checkpoint's or XLM-R's folder, or XLM-R's hub name")
    download: bool = option(False, "fetch `from` from the Hugging Face hub where it is neither here nor in its cache")
    accumulate: int = option(1, "parts in which a batch goes through the network, to save memory", "parts")
    precision: str = option("float32", "float32, or bfloat16 for products; weights and optimiser stay float32")
    recompute: bool = option(False, "compute the layers' activations again in the backward pass, to save memory")
    compile: bool = option(False, "compile what stands between attentions, on a GPU")
    spread: bool = option(False, "spread weights and optimiser over the processes that torchrun starts (FSDP2)")
    peak_tflops: float = option(0.0, "the processor's rate, to say what share of it is used (MFU)", "10^12 a second")
    validate_every: int = option(0, "steps between validations on held-out texts; 0 leaves them out", "steps")
    validate_batches: int = option(8, "batches a task that a validation takes", "batches")
    best_metric: str = option("", "keep the weights whose metric, such as VLM.loss, is lowest; the last where empty")
    checkpoint_every: int = option(1000, "steps between saved states of an unfinished training", "steps")
    keep_checkpoints: int = option(2, "saved states that are kept, each thrice the weights' size", "states")
    threads: int = option(
        0, "processor threads, on which the weights' last digits depend; 0 leaves them to OMP_NUM_THREADS", "threads"
    )

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_range(self, "layers width heads steps batch_size tasks_per_step negatives accumulate", 1)
        check_range(self, "checkpoint_every keep_checkpoints validate_batches", 1)
        check_range(self, "warmup_steps weight_decay threads validate_every peak_tflops", 0)
        check_range(self, "hard_negatives mask_probability", 0, 1)
        check_range(self, "dropout", 0, 0.99)
        check_range(self, "max_text_length", 4)
        check_range(self, "learning_rate clip_norm", 1e-12)
        check_choice(self, "feature_scaling", FEATURE_SCALINGS)
        check_choice(self, "device", DEVICES)
        check_choice(self, "precision", PRECISIONS)
        if self.width % self.heads:
            raise UsageError(f"width is {self.width} and heads is {self.heads}.", "a width that heads divide.")
        if self.accumulate > self.batch_size:
            raise UsageError(
                f"accumulate is {self.accumulate} and batch_size is {self.batch_size}.", "a sample a part at least."
            )
        if self.spread and (self.validate_every or self.recompute):
            raise UsageError("spread is set beside validate_every or recompute.", "one or the other, for the present.")
        for task, weight in self.tasks.items():
            if task not in TASKS[self.NETWORK]:
                raise UsageError(f"tasks has {task!r}.", f"some of {', '.join(TASKS[self.NETWORK])}.")
            if not 0 <= weight < math.inf:
                raise UsageError(f"tasks gives {task} the weight {weight}.", "0 or more.")
        if self.tasks and not any(self.tasks.values()):
            raise UsageError("tasks gives every task the weight 0.", "one positive weight at least.")
        metrics = [f"{task}.loss" for task in self.validated_tasks] if self.validate_every else []
        if self.best_metric and self.best_metric not in metrics:
            expected = f"one of {', '.join(metrics)}." if metrics else "`validate_every` to be set too."
            raise UsageError(f"best_metric is {self.best_metric!r}.", expected)

    @property
    def task_weights(self) -> dict[str, float]:
        """The weight of each task that is trained."""
        return {
            task: weight for task, weight in (self.tasks or dict.fromkeys(TASKS[self.NETWORK], 1.0)).items() if weight
        }

    @property
    def validated_tasks(self) -> tuple[str, ...]:
        """The tasks that held-out texts are asked: those that are trained, code-switched ones as their plain form."""
        plain = {"MC-MLM": "MMLM", "MC-MRM": "MRM", "MC-VLM": "VLM"}
        return tuple(dict.fromkeys(plain.get(task, task) for task in self.task_weights))


@dataclass(frozen=True)
class UnderstandingConfig(PretrainConfig):
    """The profile's section ``understanding``. The defaults are the paper's base size."""

    NETWORK: ClassVar[str] = "understanding"


@dataclass(frozen=True)
class GenerationConfig(PretrainConfig):
    """The profile's section ``generation``. Heads and batch are the paper's, which differ from understanding's."""

    NETWORK: ClassVar[str] = "generation"

    heads: int = option(8, "attention heads", "heads")
    batch_size: int = option(1536, "samples a task and step", "samples")


CONFIGS: dict[str, type[PretrainConfig]] = {"understanding": UnderstandingConfig, "generation": GenerationConfig}
