"""The settings of fine-tuning and evaluation, importable without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from contract.config import check_choice, check_range, option
from contract.device import DEVICES

FINETUNED = {  # the network that each task needs; the first of each network is what its name alone asks for
    "retrieval": "understanding", "captioning": "generation", "translation": "generation",
    "entailment": "understanding", "headlines": "generation",
}  # fmt: skip
CLASSES = {"entailment": ("entailment", "neutral", "contradiction")}  # of tasks that classify; ties go to the first

QUERY, QUERY_CONTEXT = "query", "query-context"


@dataclass(frozen=True)
class FinetuneConfig:
    """The profile's section ``finetune``, and each task's own. Learning rate and negatives are the paper's."""

    MOVED: ClassVar[Mapping[str, str]] = {
        f"{task}_steps": f"`steps` in the section 'finetune-{task}'."
        for task in ("captioning", "entailment", "translation", "headlines")
    } | {
        "generation_learning_rate": "`learning_rate` in the sections 'finetune-captioning', 'finetune-translation' and "
        "'finetune-headlines'."
    }

    task: str = option("retrieval", "retrieval, captioning, translation, entailment or headlines")
    setting: str = option(
        "en", "training texts: none; of a language by its code; all, merged; each, a network a language or direction"
    )
    steps: int = option(10_000, "optimiser steps", "steps")
    batch_size: int = option(512, "texts a step; retrieval adds the negatives to them", "texts")
    rehearsal: float = option(
        0.5, "generation, with --corpus: plain text rebuilt a step in languages that are not written, over batch_size"
    )
    learning_rate: float = option(5e-5, "peak of the learning rate")
    warmup_steps: int = option(500, "steps of linear warm-up, before a linear decay to zero", "steps")
    weight_decay: float = option(0.01, "AdamW's weight decay")
    clip_norm: float = option(1.0, "largest norm of the gradient")
    negatives: int = option(3, "retrieval: mismatched pairs for each true one", "pairs")
    reads: str = option(QUERY, "retrieval over triples: query alone, or query-context, with its page's title")
    hard_negatives: float = option(0.0, "retrieval: share of batches whose negatives have like objects", "0 to 1")
    validate_every: int = option(
        0, "steps between evaluations on the split val, of which the best one's weights are kept; 0 keeps the last",
        "steps",
    )  # fmt: skip
    validate_items: int = option(200, "pictures or texts that such an evaluation takes; 0 takes all", "items")
    loss: str = option("binary", "retrieval: binary (each pair by itself, as VLM) or softmax (one among its negatives)")
    contrastive: float = option(
        1.0, "retrieval: weight of the loss of the head that picks candidates; 0 trains it not, and adds none"
    )
    contrastive_batch: int = option(128, "retrieval: captions among which that loss finds each picture's", "captions")
    device: str = option("auto", "auto, cpu or cuda")
    threads: int = option(
        0, "processor threads, on which the weights' last digits depend; 0 leaves them to OMP_NUM_THREADS", "threads"
    )

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_choice(self, "task", tuple(FINETUNED))
        check_choice(self, "loss", ("binary", "softmax"))
        check_choice(self, "device", DEVICES)
        check_choice(self, "reads", (QUERY, QUERY_CONTEXT))
        check_range(self, "steps batch_size negatives", 1)
        check_range(self, "contrastive_batch", 2)
        check_range(self, "warmup_steps weight_decay threads validate_every validate_items contrastive", 0)
        check_range(self, "learning_rate clip_norm", 1e-12)
        check_range(self, "hard_negatives", 0, 1)
        check_range(self, "rehearsal", 0, 100)


@dataclass(frozen=True)
class EvaluateConfig:
    """The profile's section ``evaluate``, and each task's own. Beam 10 is the paper's."""

    task: str = option("", "the task; where empty, the one that the checkpoint was fine-tuned for")
    split: str = option("test", "split that is evaluated: train, val or test")
    languages: tuple[str, ...] = option(
        (), "languages, or directions such as en-de; all that the split has where it is empty", "BCP 47"
    )
    max_images: int = option(
        0, "evaluate the first N pictures, of headlines N pieces of news, by a stable hash; 0 takes all", "pictures"
    )
    max_pairs: int = option(0, "entailment: the first N pairs a language by a stable hash; 0 takes all", "pairs")
    captions_per_image: int = option(0, "retrieval: captions a picture and language; 0 takes all", "captions")
    reads: str = option(
        "", "retrieval over triples: query alone, or query-context, with its page's title; where empty, as in training"
    )
    # Twice as many make activations of 32 MiB in the demo's network, which a CPU's allocator gives back after each use.
    tokens_per_batch: int = option(8_192, "retrieval, entailment: text tokens and regions scored at once", "tokens")
    shortlist_depth: int = option(
        0, "retrieval: also by a shortlist of so many candidates a caption and a picture; 0 leaves it out", "candidates"
    )
    beam: int = option(10, "generation: hypotheses kept a text", "hypotheses")
    length_penalty: float = option(1.0, "generation: a score is log-probability / length ** this")
    max_caption_length: int = option(40, "captioning and headlines: tokens that are written at most", "tokens")
    max_translation_length: int = option(100, "translation: tokens that are written at most", "tokens")
    images_per_batch: int = option(64, "generation: texts decoded at once", "texts")
    samples: int = option(20, "generation: texts shown in the metrics, a language or direction", "texts")
    device: str = option("auto", "auto, cpu or cuda")
    threads: int = option(
        0, "processor threads, on which scores' last digits depend; 0 leaves them to OMP_NUM_THREADS", "threads"
    )

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_choice(self, "task", ("", *FINETUNED))
        check_choice(self, "split", ("train", "val", "test"))
        check_choice(self, "device", DEVICES)
        check_choice(self, "reads", ("", QUERY, QUERY_CONTEXT))
        check_range(self, "tokens_per_batch beam max_caption_length max_translation_length images_per_batch", 1)
        check_range(self, "max_images max_pairs captions_per_image samples shortlist_depth threads", 0)
        check_range(self, "length_penalty", 0, 100)
