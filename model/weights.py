"""Weights of the published M3P checkpoint, in and out.

    python -m model.weights import --from checkpoint.pth --tokenizer DIR --out DIR
    python -m model.weights export --checkpoint DIR --out DIR

``import`` makes a checkpoint that fine-tuning and evaluation take; ``export`` writes one back as ``checkpoint.pth``.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from contract.command import Call, PathOption, run_stage
from contract.config import as_parameters, check_range, option
from contract.errors import WRONG_USAGE, InputError
from contract.hashing import fingerprint, sha256_of_file
from contract.outputs import Mark, written_beside
from model import checkpoint
from model.published import STATE, read_published, to_published, without_place
from model.tokenizer import Tokenizer

_WRITTEN, _FACTS = "checkpoint.pth", "export.json"


@dataclass(frozen=True)
class ImportConfig:
    """What a published checkpoint does not tell of itself. The defaults are the paper's."""

    heads: int = option(12, "attention heads that it was trained with", "heads")
    dropout: float = option(0.1, "share of hidden values dropped in later training", "0 to 1")
    max_text_length: int = option(128, "tokens a text may have, both ends included; the rest is cut", "tokens")

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_range(self, "heads", 1)
        check_range(self, "dropout", 0, 0.99)
        check_range(self, "max_text_length", 4)


@dataclass(frozen=True)
class ExportConfig:
    """There is nothing to choose."""


def import_(call: Call[ImportConfig]) -> None:
    """Reads a published checkpoint and writes it as one of ours.

    Raises:
        InputError: where it is none, or does not fit the tokenizer.
    """
    config, source = call.config, call.path("from")
    tokenizer = Tokenizer(call.path("tokenizer"))
    names = _lines(call.paths["class_names"])
    read = read_published(source, config.heads, config.dropout, config.max_text_length, names)
    if read.network.config.vocabulary != tokenizer.vocabulary:
        raise InputError(
            f"{source} has {read.network.config.vocabulary:,} ids; the tokenizer has {tokenizer.vocabulary:,}.",
            "as many.", "give the tokenizer that came with the weights: XLM-R's.",
        )  # fmt: skip
    facts = {
        "stage": "import", "parameters": as_parameters(config), "seed": call.seed, "skipped": read.skipped,
        "inputs": {name.replace("_", "-"): fingerprint(path) for name, path in call.paths.items()
                   if path and name != "out"},
    }  # fmt: skip
    checkpoint.save(call.path("out"), read.network, call.path("tokenizer"), facts)
    size = sum(parameter.numel() for parameter in read.network.parameters())
    skipped = ", ".join(f"{name} ({count})" for name, count in read.skipped.items())
    print(f"import: {size:,} parameters, nothing missing; skipped: {skipped or 'nothing'}.")


def export(call: Call[ExportConfig]) -> None:
    """Writes a checkpoint of the layout m3p-compat with the published names.

    Raises:
        InputError: where it is no checkpoint, or has another layout.
    """
    loaded = checkpoint.load(call.path("checkpoint"), torch.device("cpu"))
    weights = to_published(loaded.network)
    with written_beside(call.path("out")) as new:
        torch.save({STATE: weights}, new / _WRITTEN)
        facts = {
            "stage": "export", "file": _WRITTEN, "sha256": sha256_of_file(new / _WRITTEN),
            "inputs": {"checkpoint": fingerprint(call.path("checkpoint"))}, "tensors": len(weights),
        }  # fmt: skip
        (new / _FACTS).write_text(json.dumps(facts, indent=2) + "\n")
    left_out = ", ".join(without_place(loaded.network)) or "nothing"
    print(f"export: {len(weights)} tensors in {call.path('out') / _WRITTEN}; without a place there: {left_out}.")


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}).", "names of classes in UTF-8, one a line.") from error


IMPORT_PATHS = (
    PathOption("from", "the published checkpoint: *.pth, *.pt or *.safetensors"),
    PathOption("tokenizer", "folder with XLM-R's sentencepiece.bpe.model"),
    PathOption("class-names", "names of its 1,600 region classes, one a line; numbers without it", required=False),
    PathOption("out", "folder for the checkpoint", replaces=checkpoint.made_by("import")),
)
EXPORT_PATHS = (
    PathOption("checkpoint", "folder of a checkpoint of the layout m3p-compat"),
    PathOption("out", f"folder for {_WRITTEN}", replaces=Mark(_FACTS, '"stage": "export"')),
)


def main() -> int:
    """The command line: ``import`` or ``export`` first."""
    kind, arguments = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if kind == "import":
        description = "Make a checkpoint of the published M3P checkpoint."
        return run_stage("import", ImportConfig, IMPORT_PATHS, import_, description, arguments)
    if kind == "export":
        description = "Write a checkpoint as the published code reads it."
        return run_stage("export", ExportConfig, EXPORT_PATHS, export, description, arguments)
    print(f"usage: python -m model.weights {{import,export}} [options]; {kind!r} is neither.", file=sys.stderr)
    return WRONG_USAGE


if __name__ == "__main__":
    sys.exit(main())
