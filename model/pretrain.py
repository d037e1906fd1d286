r"""Pre-training, of the understanding or of the generation network.

    python -m model.pretrain understanding --tokenizer DIR --corpus DIR --captions DIR --images DIR --regions DIR \
        --codeswitch DIR --out DIR
    python -m model.pretrain generation --tokenizer DIR --corpus DIR --captions DIR --regions DIR --out DIR

Without ``--codeswitch`` the code-switched tasks take plain English captions: the same training without MCT. With
``--lexicon`` besides they draw their captions anew in every epoch, as that dataset was drawn. Without ``--images``
near-duplicates whose regions differ may be shown as mismatches. With ``--from FOLDER`` training starts from a
checkpoint or from XLM-R.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from contract.command import Call, PathOption, run_stage
from contract.config import as_parameters
from contract.dataset import Dataset
from contract.device import choose_device, use_threads
from contract.errors import WRONG_USAGE, InputError, UsageError
from contract.hashing import fingerprint, fingerprint_of_code, stable_hash
from contract.outputs import check_output
from model import checkpoint, training, training_state
from model.batches import GenerationTasks, Sources, UnderstandingTasks
from model.config import CONFIGS, NetworkConfig, PretrainConfig
from model.data import Texts
from model.distributed import World, joined_world
from model.duplicates import read_near_duplicates
from model.network import GenerationNetwork, UnderstandingNetwork, build
from model.reading import read_captions, read_codeswitch, read_corpus
from model.regions import RegionStore
from model.spelling import learn_spelling
from model.start import begin
from model.start_from import read_start
from model.switching import SwitchedAnew
from model.token_store import TokenStore
from model.tokenizer import Tokenizer
from model.training_plan import Running, Schedule
from model.training_step import Draw
from model.validation import validation
from model.work import work_of

# What a pre-training's result depends on: an unfinished one goes on only where none of it was changed.
CODE = (
    "contract.codeswitching", "contract.text", "model.attention_kernels", "model.batches", "model.checkpoint",
    "model.config", "model.data", "model.distributed", "model.duplicates", "model.loader", "model.network",
    "model.noise", "model.objectives", "model.order", "model.packing", "model.pairs", "model.precision",
    "model.prepared", "model.pretrain", "model.reading", "model.region_features", "model.region_pages", "model.regions",
    "model.similarity", "model.spelling", "model.start", "model.start_from", "model.switching", "model.tensor_files",
    "model.tiled_attention", "model.token_store", "model.tokenizer", "model.training", "model.training_plan",
    "model.training_record", "model.training_state", "model.training_step", "model.validation", "model.vocabulary_loss",
    "model.work", "model.xlmr",
)  # fmt: skip
_OF_NO_EFFECT = ("checkpoint_every", "keep_checkpoints", "peak_tflops")  # on weights: may change before going on
_MEASURED = 2000  # training pictures whose features give means and spreads; more change neither


def pretrain(call: Call[PretrainConfig]) -> None:
    """The stage: reads the sources, trains, writes the checkpoint; in as many processes as torchrun started."""
    use_threads(call.config.threads)
    with joined_world(choose_device(call.config.device)) as (world, device):
        _pretrain(call, world, device)


def _pretrain(call: Call[PretrainConfig], world: World, device: torch.device) -> None:
    config, kept = call.config, TokenStore.beside(call.path("out"), world)
    sources = read_sources(call, device, kept)
    torch.manual_seed(stable_hash(call.seed, "weights") % 2**63)
    network = build(network_config(call, sources))
    network.embeddings.measure(_finite_features(sources.store, sources.pool[:_MEASURED].tolist()))
    started = start(call, network)
    if isinstance(network, GenerationNetwork):
        learn_spelling(network, sources.tokenizer, [sources.corpus, sources.captions])
    network = network.to(device)
    size = sum(parameter.numel() for parameter in network.parameters())
    where = f"{world.size} processes on {device.type}" if world.size > 1 else str(device)
    print(f"pre-training {config.NETWORK} on {where}: {size:,} parameters, {_tell(sources)}.")
    inputs = {
        name: fingerprint(path) for name, path in call.paths.items() if path and name not in ("out", "log_folder")
    }
    parameters = as_parameters(dataclasses.replace(config, from_=None, download=False))  # its fingerprint stands in
    facts = {
        "stage": "pretrain", "mct": sources.codeswitch is not None,
        "parameters": parameters, "seed": call.seed, "inputs": inputs | started,
    }  # fmt: skip
    determining = {name: value for name, value in parameters.items() if name not in _OF_NO_EFFECT}
    determined_by = facts | {"parameters": determining}
    determined_by |= training_state.surroundings(fingerprint_of_code(CODE), device, world.size)
    with training_state.work_folder(call.path("out"), determined_by, world.leads) as work:
        trained = training.train(
            network, step_draws(network, sources, config, call.seed),
            Schedule(
                config.steps, config.learning_rate, config.warmup_steps, config.weight_decay, config.clip_norm
            ),
            call.seed, f"pretrain {call.path('out').name}", work,
            Running(**{field.name: getattr(config, field.name) for field in dataclasses.fields(Running)}),
            call.paths.get("log_folder"), validation(call, sources, network, kept), world,
        )  # fmt: skip
        if world.leads:
            with training_state.needs_room(call.path("out"), training_state.size_of(network)):
                checkpoint.save(
                    call.path("out"), network, call.path("tokenizer"), facts | trained.told(), trained.weights
                )


def _finite_features(store: RegionStore, rows: Sequence[int]) -> list[NDArray[np.float16]]:
    """The features of some pictures; refuses those that are no numbers, which would spoil every batch's scaling."""
    features = [store.one(row)[0] for row in rows]
    wrong = {row for row, of_picture in zip(rows, features, strict=True) if not np.isfinite(of_picture).all()}
    if wrong:
        named = [image_id for image_id, row in store.row_of.items() if row in wrong]
        raise InputError(
            f"Of {len(rows):,} pictures {len(wrong):,} have features that are not finite: {', '.join(named[:5])}"
            f"{' …' if len(named) > 5 else ''}.", "finite numbers.", "run the stage of the regions again.",
        )  # fmt: skip
    return features


def start(call: Call[PretrainConfig], network: UnderstandingNetwork | GenerationNetwork) -> dict[str, str]:
    """Puts the weights that the call starts from into the network, and says which parts start fresh.

    Returns:
        The fingerprint of these weights, as one of the inputs; nothing where training starts afresh.

    Raises:
        InputError: where they do not fit network or tokenizer.
        UsageError: where the output would replace them.
    """
    given = call.config.from_
    if given is None:
        return {}
    check_output(call.path("out"), checkpoint.made_by("pretrain"), [given])
    weights = read_start(given, call.config.download)
    parts = begin(network, weights, call.path("tokenizer"))
    print(f"starting from {given}; not there, so fresh: {', '.join(parts.fresh) or 'nothing'}.")
    print(f"there, and left out: {', '.join(parts.left_out) or 'nothing'}.")
    return {"from": weights.fingerprint()}


def read_sources(call: Call[PretrainConfig], device: torch.device, kept: TokenStore | None = None) -> Sources:
    """Reads and tokenises everything that pre-training on a device sees: English captions only, and plain text.

    Args:
        call: the call.
        device: where training goes on.
        kept: where tokens are kept; nowhere where None.
    """
    longest = call.config.max_text_length
    plain_text = Dataset(call.path("corpus"), "corpus").manifest.statistics["languages"]
    tokenizer = Tokenizer(call.path("tokenizer"))
    store = RegionStore(call.path("regions"), for_gpu=device.type == "cuda")
    near_duplicates = read_near_duplicates(call.paths.get("images"), store.row_of)
    captions = read_captions(call.path("captions"), tokenizer, store, "train", ("en",), longest, kept)
    corpus = read_corpus(call.path("corpus"), tokenizer, "train", longest, kept)
    # The language embedding has room for every language that a caption may later be asked for in.
    later = Dataset(call.path("captions"), "captions").table(["lang"])["lang"].unique().to_pylist()
    return Sources(
        tokenizer, store, captions, _switched(call, tokenizer, store, kept), corpus,
        {language: counts["probability"] for language, counts in plain_text.items()},
        tuple(sorted({"en", *corpus.languages, *later})), call.seed, near_duplicates,
    )  # fmt: skip


def _switched(
    call: Call[PretrainConfig], tokenizer: Tokenizer, store: RegionStore, kept: TokenStore | None
) -> Texts | SwitchedAnew | None:
    codeswitch, lexicon, longest = call.paths["codeswitch"], call.paths.get("lexicon"), call.config.max_text_length
    if lexicon and not codeswitch:
        raise UsageError("--lexicon is given without --codeswitch.", "the dataset that says how to draw from it.")
    if codeswitch and lexicon:
        return SwitchedAnew(codeswitch, lexicon, call.path("captions"), tokenizer, store, longest, kept)
    return read_codeswitch(codeswitch, tokenizer, store, longest, kept) if codeswitch else None


def network_config(call: Call[PretrainConfig], sources: Sources) -> NetworkConfig:
    """The network that the settings and the data ask for."""
    config = call.config
    classes = Dataset(call.path("regions"), "regions").manifest.parameters["object_classes"]
    return NetworkConfig(
        config.NETWORK, config.layers, config.width, config.heads, config.dropout, sources.tokenizer.vocabulary,
        sources.languages, sources.store.feature_dim, tuple(classes), config.max_text_length,
        config.feature_scaling, spelling=config.NETWORK == "generation",
    )  # fmt: skip


def step_draws(
    network: UnderstandingNetwork | GenerationNetwork,
    sources: Sources,
    config: PretrainConfig,
    seed: int,
) -> training.DrawsOfStep:
    """A function from a step's number to what it trains: some tasks drawn by weight, each with its next batch.

    What a step draws depends on seed and step alone: a resumed training goes on with the same batches, and steps may be
    prepared ahead of their turn, in threads.
    """
    kind: type[GenerationTasks] | type[UnderstandingTasks]
    kind = GenerationTasks if isinstance(network, GenerationNetwork) else UnderstandingTasks
    tasks, plan = kind(sources, config), _plan(config, seed)

    def draws(step: int) -> list[Draw]:
        batches = [(task, tasks.prepare(task, number)) for task, number in plan[step]]
        return [Draw(task, batch, work_of(batch, network.config)) for task, batch in batches]

    return draws


def _plan(config: PretrainConfig, seed: int) -> list[list[tuple[str, int]]]:
    """For every step the tasks that it draws, and the numbers of their batches."""
    weights = config.task_weights
    names, shares = list(weights), np.array(list(weights.values())) / sum(weights.values())
    seen: Counter[str] = Counter()
    plan: list[list[tuple[str, int]]] = []
    for step in range(config.steps):
        draw = np.random.default_rng(stable_hash(seed, "tasks", step))
        plan.append([])
        for task in map(str, draw.choice(names, config.tasks_per_step, p=shares)):
            plan[-1].append((task, seen[task]))
            seen[task] += 1
    return plan


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
    PathOption("images", "dataset of pictures; its near-duplicates are then no mismatched pairs", required=False),
    PathOption("codeswitch", "dataset of code-switched captions; leave it out to train without MCT", required=False),
    PathOption("lexicon", "that dataset's lexicon; captions are then switched anew in every epoch", required=False),
    PathOption("log-folder", "for speeds, every step's losses and TensorBoard's event files", required=False),
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
