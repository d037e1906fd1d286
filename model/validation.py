"""Validation while pre-training: the losses of its tasks on held-out captions and sentences, always the same ones."""

from __future__ import annotations

from contract.command import Call
from contract.errors import InputError
from model.batches import GenerationTasks, Sources, UnderstandingTasks
from model.config import PretrainConfig
from model.network import GenerationNetwork, UnderstandingNetwork
from model.reading import read_captions, read_corpus
from model.token_store import TokenStore
from model.training import Validate

SPLIT = "val"


def validation(
    call: Call[PretrainConfig], sources: Sources, network: UnderstandingNetwork | GenerationNetwork,
    kept: TokenStore | None = None,
) -> Validate | None:  # fmt: skip
    """A function that computes ``<task>.loss`` for each task; None where the settings ask for no validation.

    Held-out captions are not code-switched: a code-switched task is validated as the one that it is made from.

    Raises:
        InputError: where there are no held-out captions, or no sentences though a task needs them.
    """
    config = call.config
    if not config.validate_every:
        return None
    held_out = held_out_sources(call, sources, kept)
    tasks: GenerationTasks | UnderstandingTasks
    if isinstance(network, GenerationNetwork):
        tasks = GenerationTasks(held_out, config)
    else:
        tasks = UnderstandingTasks(held_out, config)
    for task in config.validated_tasks:
        tasks.prepare(task, 0)  # so that what cannot be prepared is said now
    print(f"validating on {len(held_out.captions):,} captions and {len(held_out.corpus):,} sentences.")

    def metrics() -> dict[str, float]:
        found = {}
        for task in config.validated_tasks:
            total, count = 0.0, 0
            for number in range(config.validate_batches):
                batch = tasks.prepare(task, number)
                for part in range(config.accumulate):
                    share = batch.share(part, config.accumulate).packed().to(network.device)
                    asked = share.loss(network)  # type: ignore[arg-type]
                    total, count = total + float(asked.total), count + asked.count
            found[f"{task}.loss"] = total / max(1, count)
        return found

    return metrics


def held_out_sources(call: Call[PretrainConfig], sources: Sources, kept: TokenStore | None = None) -> Sources:
    """The English captions and the plain text of the split val, beside what training reads.

    Raises:
        InputError: where there are no captions, or no sentences though a task needs them.
    """
    config, longest, tokenizer = call.config, call.config.max_text_length, sources.tokenizer
    captions = read_captions(call.path("captions"), tokenizer, sources.store, SPLIT, ("en",), longest, kept)
    corpus = read_corpus(call.path("corpus"), tokenizer, SPLIT, longest, kept)
    needed = {"captions": captions} | ({"corpus": corpus} if {"xMLM", "xDAE"} & set(config.task_weights) else {})
    for name, texts in needed.items():
        if len(texts) == 0:
            raise InputError(
                f"{call.path(name)} has nothing in the split {SPLIT!r} to validate on.", "some of its texts there.",
                "set `validate_every: 0` to train without validation.",
            )  # fmt: skip
    held = set(corpus.languages)
    probabilities = {language: share for language, share in sources.probabilities.items() if language in held}
    return Sources(
        tokenizer, sources.store, captions, None, corpus, probabilities, sources.languages, call.seed,
        sources.near_duplicates,
    )  # fmt: skip
