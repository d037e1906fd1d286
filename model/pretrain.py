r"""Pre-training, of the understanding or of the generation network.

    python -m model.pretrain understanding --tokenizer DIR --corpus DIR --captions DIR --regions DIR \
        --codeswitch DIR --out DIR
    python -m model.pretrain generation --tokenizer DIR --corpus DIR --captions DIR --regions DIR --out DIR

Without ``--codeswitch`` the code-switched tasks take plain English captions: the same training without MCT. With
``--lexicon`` besides they draw their captions anew in every epoch, as that dataset was drawn.
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import torch

from contract.command import Call, PathOption, run_stage
from contract.config import as_parameters
from contract.dataset import Dataset
from contract.device import choose_device, use_threads
from contract.errors import WRONG_USAGE, UsageError
from contract.hashing import fingerprint, fingerprint_of_code, stable_hash
from model import checkpoint, training, training_state
from model.batches import GenerationTasks, Sources, UnderstandingTasks
from model.config import CONFIGS, NetworkConfig, PretrainConfig
from model.data import Texts, read_captions, read_codeswitch, read_corpus
from model.network import GenerationNetwork, UnderstandingNetwork, build
from model.regions import RegionStore
from model.switching import SwitchedAnew
from model.tokenizer import Tokenizer
from model.training_plan import Running, Schedule
from model.training_step import Draw, MicroBatch

# What a pre-training's result depends on: an unfinished one goes on only where none of it was changed.
CODE = (
    "contract.codeswitching", "contract.text", "model.batches", "model.checkpoint", "model.config", "model.data",
    "model.network", "model.noise", "model.objectives", "model.order", "model.pairs", "model.prepared", "model.pretrain", "model.regions",
    "model.switching", "model.tokenizer", "model.training", "model.training_plan", "model.training_record",
    "model.training_state", "model.training_step",
)  # fmt: skip
_MEASURED = 2000  # training pictures whose features give means and spreads; more change neither


def pretrain(call: Call[PretrainConfig]) -> None:
    """The stage: reads the sources, trains, writes the checkpoint."""
    config, device = call.config, choose_device(call.config.device)
    use_threads(config.threads)
    sources = read_sources(call)
    torch.manual_seed(stable_hash(call.seed, "weights") % 2**63)
    network = build(network_config(call, sources))
    network.embeddings.measure([sources.store.one(int(row))[0] for row in sources.pool[:_MEASURED]])
    network = network.to(device)
    size = sum(parameter.numel() for parameter in network.parameters())
    print(f"pre-training {config.NETWORK} on {device}: {size:,} parameters, {_tell(sources)}.")
    inputs = {name: fingerprint(path) for name, path in call.paths.items() if path and name not in ("out", "log")}
    facts = {
        "stage": "pretrain", "mct": sources.codeswitch is not None,
        "parameters": as_parameters(config), "seed": call.seed, "inputs": inputs,
    }  # fmt: skip
    determined_by = facts | training_state.surroundings(fingerprint_of_code(CODE), device)
    with training_state.work_folder(call.path("out"), determined_by) as work:
        trained = training.train(
            network, step_draws(network, sources, config, call.seed),
            Schedule(
                config.steps, config.learning_rate, config.warmup_steps, config.weight_decay, config.clip_norm
            ),
            call.seed, f"pretrain {call.path('out').name}", work,
            Running(config.checkpoint_every, config.keep_checkpoints), call.paths.get("log"),
        )  # fmt: skip
        checkpoint.save(call.path("out"), network, call.path("tokenizer"), facts | {"losses": trained.losses})


def read_sources(call: Call[PretrainConfig]) -> Sources:
    """Reads and tokenises everything that pre-training sees: English captions only, and plain text."""
    longest = call.config.max_text_length
    plain_text = Dataset(call.path("corpus"), "corpus").manifest.statistics["languages"]
    tokenizer, store = Tokenizer(call.path("tokenizer")), RegionStore(call.path("regions"))
    captions = read_captions(call.path("captions"), tokenizer, store, "train", ("en",), longest)
    corpus = read_corpus(call.path("corpus"), tokenizer, "train", longest)
    # The language embedding has room for every language that a caption may later be asked for in.
    later = Dataset(call.path("captions"), "captions").table(["lang"])["lang"].unique().to_pylist()
    return Sources(
        tokenizer, store, captions, _switched(call, tokenizer, store), corpus,
        {language: counts["probability"] for language, counts in plain_text.items()},
        tuple(sorted({"en", *corpus.languages, *later})), call.seed,
    )  # fmt: skip


def _switched(call: Call[PretrainConfig], tokenizer: Tokenizer, store: RegionStore) -> Texts | SwitchedAnew | None:
    codeswitch, lexicon, longest = call.paths["codeswitch"], call.paths.get("lexicon"), call.config.max_text_length
    if lexicon and not codeswitch:
        raise UsageError("--lexicon is given without --codeswitch.", "the dataset that says how to draw from it.")
    if codeswitch and lexicon:
        return SwitchedAnew(codeswitch, lexicon, call.path("captions"), tokenizer, store, longest)
    return read_codeswitch(codeswitch, tokenizer, store, longest) if codeswitch else None


def network_config(call: Call[PretrainConfig], sources: Sources) -> NetworkConfig:
    """The network that the settings and the data ask for."""
    config = call.config
    classes = Dataset(call.path("regions"), "regions").manifest.parameters["object_classes"]
    return NetworkConfig(
        config.NETWORK, config.layers, config.width, config.heads, config.dropout, sources.tokenizer.vocabulary,
        sources.languages, sources.store.feature_dim, tuple(classes), config.max_text_length,
        config.feature_scaling,
    )  # fmt: skip


def step_draws(
    network: UnderstandingNetwork | GenerationNetwork,
    sources: Sources,
    config: PretrainConfig,
    seed: int,
) -> training.DrawsOfStep:
    """A function from a step's number to what it trains: some tasks drawn by weight, each with its next batch.

    Which tasks a step draws depends on seed and step alone; so a resumed training goes on with the same batches. With
    ``accumulate`` k a task's n-th batch is its micro-batches k·n to k·n + k - 1.
    """
    weights = config.task_weights
    names, shares = list(weights), np.array(list(weights.values())) / sum(weights.values())
    tasks = (GenerationTasks if isinstance(network, GenerationNetwork) else UnderstandingTasks)(sources, config)

    def drawn(step: int) -> list[str]:
        draw = np.random.default_rng(stable_hash(seed, "tasks", step))
        return [str(name) for name in draw.choice(names, config.tasks_per_step, p=shares)]

    def batch(task: str, number: int) -> MicroBatch:
        pairs = 1 + config.negatives if task.endswith("VLM") else 1
        return MicroBatch(
            lambda: (tasks.loss(network, task, number), 1),  # type: ignore[arg-type]
            _keys(sources, task, number, config.batch_size),
            config.batch_size * pairs,
        )

    seen: Counter[str] = Counter()
    next_step = 0

    def draws(step: int) -> list[Draw]:
        nonlocal next_step
        while next_step < step:  # after a resume: the batches of earlier steps are behind us
            seen.update(drawn(next_step))
            next_step += 1
        result = []
        for task in drawn(step):
            numbers = range(seen[task] * config.accumulate, (seen[task] + 1) * config.accumulate)
            result.append(Draw(task, [batch(task, number) for number in numbers]))
            seen[task] += 1
        next_step = step + 1
        return result

    return draws


def _keys(sources: Sources, task: str, number: int, size: int) -> list[str]:
    """The ids of the texts of a task's batch of that number."""
    if task in ("xMLM", "xDAE"):
        return sources.sentences(number, size).keys
    switched = sources.codeswitch if task.startswith("MC-") else None
    texts: Texts | SwitchedAnew = sources.captions if switched is None else switched
    plain = texts.plain if isinstance(texts, SwitchedAnew) else texts
    return [plain.keys[row] for row in sources.batch(task, plain, number, size)]


def _tell(sources: Sources) -> str:
    switched = "no MCT" if sources.codeswitch is None else f"{len(sources.codeswitch):,} code-switched ones"
    if isinstance(sources.codeswitch, SwitchedAnew):
        switched += " drawn anew in every epoch"
    return f"{len(sources.captions):,} English captions, {switched}, {len(sources.corpus):,} sentences of plain text"


PATHS = (
    PathOption("tokenizer", "folder of the tokenizer"),
    PathOption("corpus", "dataset of plain text"),
    PathOption("captions", "dataset of captions; English training captions are used"),
    PathOption("regions", "dataset of regions"),
    PathOption("codeswitch", "dataset of code-switched captions; leave it out to train without MCT", required=False),
    PathOption("lexicon", "that dataset's lexicon; captions are then switched anew in every epoch", required=False),
    PathOption("log", "folder for speeds, every step's losses and TensorBoard's event files", required=False),
    PathOption("out", "folder for the checkpoint", replaces=checkpoint.made_by("pretrain")),
)


def main() -> int:
    """The stage's command line: ``understanding`` or ``generation`` first, which is also the profile's section."""
    kind, arguments = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if kind not in CONFIGS:
        print(
            f"usage: python -m model.pretrain {{{','.join(CONFIGS)}}} [options]; {kind!r} is neither.", file=sys.stderr
        )
        return WRONG_USAGE
    description = f"Pre-train the {kind} network."
    return run_stage(kind, CONFIGS[kind], PATHS, pretrain, description, arguments)


if __name__ == "__main__":
    sys.exit(main())
