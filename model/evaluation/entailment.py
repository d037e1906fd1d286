"""Entailment: accuracy by language, and which label is taken for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from contract.errors import InputError
from contract.progress import Progress
from model import label_metrics
from model.checkpoint import DIVERGED
from model.data import Ints, pad
from model.entailment_data import LABELS, read_judged
from model.evaluation.measured import averages
from model.network import UnderstandingNetwork
from model.task_config import EvaluateConfig
from model.task_inputs import Inputs, given


def measure(inputs: Inputs, config: EvaluateConfig, parts: Sequence[str]) -> dict[str, Any]:
    """Accuracy by language, with its interval and the level of chance.

    Raises:
        InputError: where the checkpoint has no classifier for it, or an answer is no number.
    """
    network = cast(UnderstandingNetwork, inputs.network)
    if network.config.classes != LABELS:
        raise InputError(
            "The checkpoint has no classifier for entailment.", "one that was fine-tuned for it.",
            "`python -m model.finetune --task entailment`; with --setting none it stays untrained.",
        )  # fmt: skip
    pairs = read_judged(given(inputs.data, "data"), config.split, parts, inputs.tokenizer, inputs.longest)
    pairs = pairs.sample(config.max_pairs)
    predicted = decided(classify(network, pairs.tokens, config.tokens_per_batch), pairs.keys)
    answers: dict[str, list[tuple[str, int, int]]] = {}
    for lang, *answer in zip(pairs.languages, pairs.keys, pairs.labels, predicted.tolist(), strict=True):
        answers.setdefault(lang, []).append(tuple(answer))
    languages = {lang: measured(several) for lang, several in sorted(answers.items())}
    for lang, one in languages.items():
        print(f"  {lang}: accuracy {one['accuracy']:.2f} ({one['items']:,} pairs, chance {one['chance']:.2f})")
    return {
        "split": config.split, "max_pairs": config.max_pairs or "all", "labels": list(LABELS),
        "ties": "the first of the labels", "rows_left_out": pairs.left_out, "languages": languages,
    }  # fmt: skip


def primary(metrics: dict[str, Any]) -> float:
    """The accuracy of all languages, each counting the same."""
    return float(np.mean([one["accuracy"] for one in metrics["languages"].values()]))


def summary(metrics: dict[str, Any]) -> dict[str, Any]:
    """Mean accuracy over the languages, each counting the same, and over those other than English."""
    return {"averages": averages(metrics["languages"], "accuracy")}


@torch.inference_mode()
def classify(network: UnderstandingNetwork, texts: Sequence[Ints], tokens_per_batch: int) -> NDArray[np.float32]:
    """Logits [N, classes] of texts, those of like length together.

    Args:
        network: in evaluation mode, on the device that is to be used.
        texts: token ids with all ends.
        tokens_per_batch: tokens that go through the network at once, padding counted; one text at least does.
    """
    logits = np.empty((len(texts), len(network.config.classes)), np.float32)
    rest = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    with Progress("evaluate: entailment", len(texts), "pairs") as bar:
        while rest:  # the longest come first, so that memory that does not suffice is known at once
            count = max(1, tokens_per_batch // len(texts[rest[-1]]))
            rest, rows = rest[:-count], rest[-count:]
            logits[rows] = network.classify(pad([texts[row] for row in rows]).to(network.device)).float().cpu().numpy()
            bar.update(len(rows))
    return logits


def decided(logits: NDArray[np.float32], keys: Sequence[str]) -> NDArray[np.int64]:
    """The number of each pair's most likely label; of equally likely ones the first.

    Raises:
        InputError: where a logit is not finite, which must never become a label.
    """
    wrong = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if len(wrong):
        raise InputError(
            f"The answer to {keys[wrong[0]]} is {logits[wrong[0]].tolist()}.", "finite numbers.",
            DIVERGED,
        )  # fmt: skip
    return logits.argmax(axis=1)


def measured(answers: Sequence[tuple[str, int, int]]) -> dict[str, Any]:
    """Accuracy in percent with its interval, the share of the most frequent label, and which label is taken for which.

    Args:
        answers: key, number of the true label and number of the predicted one, of each pair.
    """
    true, predicted = ({key: LABELS[row[place]] for key, *row in answers} for place in (0, 1))
    counts = Counter((LABELS[one], LABELS[other]) for _, one, other in answers)
    of_label = {label: sum(counts[label, other] for other in LABELS) for label in LABELS}
    return label_metrics.accuracy(predicted, true, LABELS) | {
        "chance": round(100 * max(of_label.values()) / len(answers), 2),
        "confusion": {label: {other: counts[label, other] for other in LABELS} for label in LABELS},
    }
