r"""Fine-tuning of a pre-trained checkpoint for one task in one setting.

    python -m model.finetune --task retrieval --setting en --checkpoint DIR --captions DIR --images DIR --regions DIR \
        --out DIR

Retrieval and entailment go on from an understanding checkpoint, captioning, translation and headlines from a generation
one. The settings: ``none`` leaves the network as it is; ``en``, or any language's code, trains on the texts in that
language; ``all`` on all merged; ``each`` trains a network a language, and its folder holds a checkpoint a language.
Without ``--images`` retrieval may show near-duplicates whose regions differ as mismatches.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from contract.command import Call, PathOption, run_stage
from contract.config import as_parameters
from contract.device import choose_device, use_threads
from contract.errors import InputError
from contract.hashing import fingerprint, fingerprint_of_code
from contract.outputs import put_in_place
from model import checkpoint, training, training_state
from model.choosing import METRIC, validation
from model.finetuning.lesson import EACH, NONE, Finetuning
from model.left_out import why_left_out
from model.network import GenerationNetwork, UnderstandingNetwork
from model.rehearsal import rehearsed
from model.spelling import learn_spelling
from model.task_config import CLASSES, FINETUNED, FinetuneConfig
from model.task_inputs import Inputs
from model.token_store import TokenStore
from model.training_plan import Running, Schedule

# What a fine-tuning's result depends on: an unfinished one goes on only where none of it was changed.
CODE = (
    "contract.text", "model.attention_kernels", "model.checkpoint", "model.choosing", "model.config", "model.data",
    "model.distributed", "model.duplicates", "model.entailment_data", "model.entailment_files",
    "model.evaluation.measured", "model.finetune", "model.finetuning", "model.headlines_data", "model.languages",
    "model.left_out", "model.loader", "model.network", "model.noise", "model.objectives", "model.order",
    "model.packing", "model.pairs", "model.precision", "model.prepared", "model.reading", "model.region_features",
    "model.region_pages", "model.regions", "model.rehearsal", "model.similarity", "model.spelling", "model.task_config",
    "model.task_data", "model.task_files", "model.task_inputs", "model.tiled_attention", "model.token_store",
    "model.tokenizer", "model.training", "model.training_plan", "model.training_record", "model.training_state",
    "model.training_step", "model.translation_data", "model.vocabulary_loss", "model.work",
)  # fmt: skip

# And where its weights are chosen on held-out texts, by the metrics of its task.
CHOOSING_CODE = (
    "model.bootstrap", "model.caption_metrics", "model.caption_tokens", "model.captioning", "model.evaluation",
    "model.label_metrics", "model.retrieval", "model.retrieval_metrics", "model.shortlist", "model.told_language",
    "model.translation_metrics",
)  # fmt: skip


def finetune(call: Call[FinetuneConfig]) -> None:
    """The stage: loads the checkpoint, trains it on one task's texts, writes the new checkpoint or checkpoints.

    Where nobody brought data for the task, it says so in the checkpoint's place.

    Raises:
        InputError: where the checkpoint is not of the task's kind, or there is nothing to train on.
    """
    config, out = call.config, call.path("out")
    use_threads(config.threads)
    facts = {
        "stage": "finetune", "parameters": as_parameters(config), "seed": call.seed,
        "inputs": {name: fingerprint(path) for name, path in call.paths.items() if path and name != "out"},
    }  # fmt: skip
    why = why_left_out(call.paths["data"], call.paths["captions"])
    if why:
        print(f"{config.task} is left out: {why}")
        checkpoint.save_left_out(out, why, facts)
        return
    inputs, task = _inputs(call), _task(config)
    determined_by = facts | training_state.surroundings(
        fingerprint_of_code(CODE + (CHOOSING_CODE if config.validate_every else ())), inputs.network.device
    )
    with training_state.work_folder(out, determined_by) as work:
        if config.setting == NONE:
            checkpoint.save(out, inputs.network, call.path("checkpoint"), facts | {"setting": NONE, "texts": {}})
            return
        if config.setting != EACH:
            _train(call, inputs, config.setting, facts, work, out)
            return
        finished, parts = work / "finished", _named(task.parts(inputs))
        finished.mkdir(exist_ok=True)
        validation(inputs, config, parts)  # what has no held-out texts is known before the first one is trained
        for part in parts:
            if not (finished / part).exists():
                state = work / f"training-{part}"
                state.mkdir(exist_ok=True)
                _train(call, _inputs(call), part, facts, state, finished / part)
                shutil.rmtree(state)
        checkpoint.save_index(finished, parts, facts)
        put_in_place(finished, out)


def _inputs(call: Call[FinetuneConfig]) -> Inputs:
    """The pre-trained network as it was saved, with what the task adds to it, and the data."""
    config, folder = call.config, call.path("checkpoint")
    loaded = checkpoint.load(folder, choose_device(config.device))
    if loaded.network.config.network != FINETUNED[config.task]:
        raise InputError(
            f"{folder} is a checkpoint of the {loaded.network.config.network} network.",
            f"one of the {FINETUNED[config.task]} network, which {config.task} needs.",
        )
    if isinstance(loaded.network, UnderstandingNetwork) and config.task in CLASSES:
        loaded.network.add_classes(CLASSES[config.task], call.seed)
    paths = call.paths
    return Inputs(
        loaded.network, loaded.tokenizer, paths["captions"], paths["regions"], paths["data"], call.config.reads,
        paths.get("images"),
    )  # fmt: skip


def _named(parts: Sequence[str]) -> Sequence[str]:
    """The languages or directions, each of which is to be the name of a folder."""
    for part in parts:
        if part in ("", ".", "..") or Path(part).name != part:
            raise InputError(f"The texts have the language {part!r}.", "a code such as de.", "write it as in BCP 47.")
    return parts


def _task(config: FinetuneConfig) -> Finetuning:
    return cast(Finetuning, import_module(f"model.finetuning.{config.task}"))


def _train(
    call: Call[FinetuneConfig], inputs: Inputs, setting: str, facts: dict[str, Any], work: Path, out: Path
) -> None:
    """Trains a network in place and saves it."""
    config, network = call.config, inputs.network
    lesson = _task(config).lesson(inputs, config, setting, call.seed)
    if not sum(lesson.counts.values()):
        raise InputError(
            f"There is nothing to learn in the setting {setting!r}: no text holds a token.",
            "one text at least that the checkpoint's tokenizer knows.", "look at the texts of the split train.",
        )  # fmt: skip
    draws, corpus = lesson.draws, call.paths["corpus"]
    if isinstance(network, GenerationNetwork):
        learn_spelling(network, inputs.tokenizer, lesson.texts)
        size = round(config.rehearsal * config.batch_size)
        if corpus and size and config.setting != EACH:  # whose networks are asked in what they were taught alone
            kept = TokenStore.beside(call.path("out"))
            draws = rehearsed(draws, lesson.written, inputs, corpus, size, call.seed, kept)
    counts = ", ".join(f"{name} {count:,}" for name, count in lesson.counts.items())
    print(f"fine-tuning {config.task} on {network.device}, setting {setting!r}: {counts}.")
    schedule = Schedule(lesson.steps, config.learning_rate, config.warmup_steps, config.weight_decay, config.clip_norm)
    trained = training.train(
        network, draws, schedule, call.seed, f"finetune {config.task}-{setting}", work,
        Running(validate_every=config.validate_every, best_metric=METRIC if config.validate_every else ""),
        validate=validation(inputs, config, list(lesson.counts)),
    )  # fmt: skip
    with training_state.needs_room(out, training_state.size_of(network)):
        told = facts | {"texts": lesson.counts, "setting": setting} | trained.told()
        checkpoint.save(out, network, call.path("checkpoint"), told)


PATHS = (
    PathOption("checkpoint", "folder of a pre-trained checkpoint"),
    PathOption("captions", "dataset of captions, or of triples; the training split is used", required=False),
    PathOption("regions", "dataset of regions", required=False),
    PathOption("images", "dataset of pictures; its near-duplicates are then no mismatched pairs", required=False),
    PathOption(
        "corpus", "dataset of plain text, to rehearse the languages that the setting does not write", required=False
    ),
    PathOption("data", "folder of the task's own text files: translation, entailment, headlines", required=False),
    PathOption("out", "folder for the fine-tuned checkpoint", replaces=checkpoint.made_by("finetune")),
)


def main() -> int:
    """The stage's command line."""
    return run_stage(
        "finetune", FinetuneConfig, PATHS, finetune, "Fine-tune a pre-trained checkpoint for one task.",
        task_of=lambda call: call.config.task,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
