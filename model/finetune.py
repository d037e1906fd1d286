"""Fine-tuning of a pre-trained checkpoint for one task in one setting.

    python -m model.finetune --task retrieval --setting en --checkpoint DIR --captions DIR --regions DIR --out DIR

``retrieval`` goes on from an understanding checkpoint with its matching head; ``captioning`` from a generation one.
The settings: ``en``, or any language's code, trains on the captions in that language; ``all`` on all merged.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from contract.command import Call, PathOption, run_stage
from contract.config import as_parameters
from contract.device import choose_device, use_threads
from contract.errors import InputError
from contract.hashing import fingerprint, fingerprint_of_code, stable_hash
from model import checkpoint, objectives, training, training_state
from model.data import Texts, pad, tokenise, without_empty
from model.network import GenerationNetwork, UnderstandingNetwork
from model.objectives import Asked
from model.order import Order
from model.pairs import PairDraws
from model.prepared import Captioned, Pairs
from model.regions import RegionStore
from model.task_config import FINETUNED, FinetuneConfig
from model.task_data import read_regions, read_split
from model.tokenizer import Tokenizer
from model.training_plan import Schedule
from model.training_step import Draw
from model.work import work_of

# What a fine-tuning's result depends on: an unfinished one goes on only where none of it was changed.
CODE = (
    "contract.text", "model.checkpoint", "model.config", "model.data", "model.distributed", "model.finetune",
    "model.loader", "model.network", "model.noise", "model.objectives", "model.order", "model.packing", "model.pairs",
    "model.prepared", "model.region_features", "model.region_pages", "model.regions", "model.task_config",
    "model.task_data", "model.tokenizer", "model.training", "model.training_plan", "model.training_record",
    "model.training_state", "model.training_step", "model.vocabulary_loss", "model.work",
)  # fmt: skip


def finetune(call: Call[FinetuneConfig]) -> None:
    """The stage: loads the checkpoint, trains it on one task's captions, writes the new checkpoint.

    Raises:
        InputError: where the checkpoint is not of the task's kind, or there is nothing to train on.
    """
    config = call.config
    use_threads(config.threads)
    loaded = checkpoint.load(call.path("checkpoint"), choose_device(config.device))
    network, tokenizer = loaded.network, loaded.tokenizer
    if network.config.network != FINETUNED[config.task]:
        raise InputError(
            f"{call.path('checkpoint')} is a checkpoint of the {network.config.network} network.",
            f"one of the {FINETUNED[config.task]} network, which {config.task} needs.",
        )
    store = read_regions(call.path("regions"), network.config)
    texts = read_texts(call, tokenizer, store, network.config.max_text_length)
    counts = ", ".join(f"{lang} {count:,}" for lang, count in sorted(Counter(texts.languages).items()))
    print(f"fine-tuning {config.task} on {network.device}, setting {config.setting!r}: captions {counts}.")
    facts = {
        "stage": "finetune", "parameters": as_parameters(config), "seed": call.seed,
        "captions": dict(Counter(texts.languages)),
        "inputs": {name: fingerprint(path) for name, path in call.paths.items() if path and name != "out"},
    }  # fmt: skip
    determined_by = facts | training_state.surroundings(fingerprint_of_code(CODE), network.device)
    with training_state.work_folder(call.path("out"), determined_by) as work:
        trained = training.train(
            network, _draws(network, texts, store, config, call.seed), _schedule(config), call.seed,
            f"finetune {call.path('out').name}", work,
        )  # fmt: skip
        with training_state.needs_room(call.path("out"), training_state.size_of(network)):
            checkpoint.save(call.path("out"), network, call.path("checkpoint"), facts | trained.told())


def _schedule(config: FinetuneConfig) -> Schedule:
    steps = config.steps if config.task == "retrieval" else config.captioning_steps
    return Schedule(steps, config.learning_rate, config.warmup_steps, config.weight_decay, config.clip_norm)


def read_texts(call: Call[FinetuneConfig], tokenizer: Tokenizer, store: RegionStore, longest: int) -> Texts:
    """The training captions of the setting, tokenised, in the order of language, picture and caption."""
    languages = () if call.config.setting == "all" else (call.config.setting,)
    split = read_split(call.path("captions"), store, "train", languages)
    captions = [caption for several in split.by_language.values() for caption in several]
    texts = Texts(
        tokenise(tokenizer, [caption.text for caption in captions], longest, "captions"),
        [caption.lang for caption in captions],
        np.array([store.row_of[caption.image_id] for caption in captions], np.int64),
        [caption.caption_id for caption in captions],
    )
    return without_empty(texts, "captions")


def _draws(
    network: UnderstandingNetwork | GenerationNetwork,
    texts: Texts,
    store: RegionStore,
    config: FinetuneConfig,
    seed: int,
) -> training.DrawsOfStep:
    order = Order(len(texts), seed, "finetune", config.task)
    if isinstance(network, GenerationNetwork):
        rows = language_rows(network, texts)

        def captioning(step: int) -> list[Draw]:
            chosen = texts.of(order.batch(step, config.batch_size).tolist())
            tokens, languages = pad(chosen.tokens), torch.tensor([rows[lang] for lang in chosen.languages])
            batch = Captioned(
                tuple(chosen.keys), tokens, store.batch(chosen.pictures), languages, objectives.next_tokens(tokens)
            )
            return [Draw("captioning", batch, work_of(batch, network.config))]

        return captioning
    pairs = PairDraws(texts, store.duplicates(), config.negatives)

    def matching(step: int) -> list[Draw]:
        draw = np.random.default_rng(stable_hash(seed, "negatives", step))
        captions, pictures = pairs.of(order.batch(step, config.batch_size), draw)
        matched = torch.zeros(captions.shape)
        matched[:, 0] = 1.0
        batch = Ranked(
            tuple(texts.keys[row] for row in captions.ravel()), pad([texts.tokens[row] for row in captions.ravel()]),
            store.batch(pictures.ravel()), matched.flatten(), config.loss, together=captions.shape[1],
        )  # fmt: skip
        return [Draw("matching", batch, work_of(batch, network.config))]

    return matching


@dataclass(frozen=True)
class Ranked(Pairs):
    """Captions and pictures of which the first pair of those that belong together is the true one.

    Attributes:
        kind: how their logits become a loss, as ``matching_loss`` knows it.
    """

    kind: str

    @property
    def count(self) -> int:
        """Pairs, or true pairs where each is found among its negatives."""
        return len(self.keys) // (self.together if self.kind == "softmax" else 1)

    def loss(self, network: UnderstandingNetwork) -> Asked:
        """The loss of the pairs' logits."""
        return matching_loss(network.matching(self.tokens_PT, self.regions).view(-1, self.together), self.kind)


def language_rows(network: GenerationNetwork, texts: Texts) -> dict[str, int]:
    """Row of each language in the network's language embedding.

    Raises:
        InputError: for captions in a language that it lacks.
    """
    known = network.config.languages
    missing = sorted(set(texts.languages) - set(known))
    if missing:
        raise InputError(
            f"The checkpoint has no embedding for the language {missing[0]!r}.", f"captions in {', '.join(known)}."
        )
    return {lang: known.index(lang) for lang in sorted(set(texts.languages))}


def matching_loss(logits_BN: Tensor, kind: str) -> Asked:
    """Loss of matching logits whose first column holds the true pairs.

    ``binary`` judges each pair by itself, as VLM does in pre-training; ``softmax`` asks for the true pair among its
    negatives.
    """
    if kind == "softmax":
        first_B = torch.zeros(len(logits_BN), dtype=torch.long, device=logits_BN.device)
        return Asked(F.cross_entropy(logits_BN, first_B, reduction="sum"), len(logits_BN))
    matched_BN = torch.zeros_like(logits_BN)
    matched_BN[:, 0] = 1.0
    return Asked(F.binary_cross_entropy_with_logits(logits_BN, matched_BN, reduction="sum"), logits_BN.numel())


PATHS = (
    PathOption("checkpoint", "folder of a pre-trained checkpoint"),
    PathOption("captions", "dataset of captions; the training split is used"),
    PathOption("regions", "dataset of regions"),
    PathOption("out", "folder for the fine-tuned checkpoint", replaces=checkpoint.made_by("finetune")),
)


def main() -> int:
    """The stage's command line."""
    return run_stage("finetune", FinetuneConfig, PATHS, finetune, "Fine-tune a pre-trained checkpoint for one task.")


if __name__ == "__main__":
    sys.exit(main())
