"""Profiles: one YAML file a reproduction, checked whole before anything runs."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.config import key_of, load_config, read_yaml
from contract.errors import UsageError
from contract.sections import stated

PROFILES_FOLDER = Path("profiles")

TASKS = ("retrieval", "captioning", "translation", "entailment", "headlines", "mild")  # mild: retrieval over triples

# Where each section's configuration class is, loaded only when a profile is checked. A task's section goes before the
# common one.
SECTIONS: dict[str, str] = {
    "scenes": "pipelines.scenes.stage:Config",
    "ingest": "pipelines.ingest.stage:Config",
    "detector": "model.detector_config:DetectorConfig",
    "regions": "pipelines.regions.settings:Config",
    "triples": "pipelines.triples.stage:Config",
    "lexicon": "pipelines.lexicon.stage:Config",
    "codeswitch": "pipelines.codeswitch.stage:Config",
    "corpus": "pipelines.corpus.stage:Config",
    "tokenizer": "model.config:TokenizerConfig",
    "understanding": "model.config:UnderstandingConfig",
    "generation": "model.config:GenerationConfig",
    "finetune": "model.task_config:FinetuneConfig",
    **{f"finetune-{task}": "model.task_config:FinetuneConfig" for task in TASKS},
    "evaluate": "model.task_config:EvaluateConfig",
    **{f"evaluate-{task}": "model.task_config:EvaluateConfig" for task in TASKS},
    "report": "reports.stage:Config",
}


@dataclass(frozen=True)
class RawFolder:
    """What a user brings in one folder of ``data/<profile>/raw``.

    Attributes:
        name: the folder.
        holds: what belongs there.
        may_be_empty: whether the stage that reads it knows what to do without it.
    """

    name: str
    holds: str
    may_be_empty: bool = False


RAW_FOLDERS: tuple[RawFolder, ...] = (
    RawFolder("images", "the pictures: files in any depth, or what img2dataset wrote (*.tar, *.parquet)"),
    RawFolder("captions", "the captions, in the layout that the profile's ingest.layout names"),
    RawFolder("dictionaries", "bilingual dictionaries, English to X; dictionaries/README.md says where they are had"),
    RawFolder("boxes", "COCO JSON with boxes, train.json and val.json, to train a detector", may_be_empty=True),
    RawFolder("features", "region features that are there already: *.tsv, *.h5 or folders of *.npy", may_be_empty=True),
    RawFolder("log", "the image-search log: clicks.jsonl, .tsv or .parquet", may_be_empty=True),
    RawFolder("text", "plain text, one sentence a line: <lang>.txt or <lang>.txt.gz", may_be_empty=True),
    RawFolder("tasks/translation", "sentences line by line, such as Multi30K's task 1", may_be_empty=True),
    RawFolder("tasks/entailment", "premises, hypotheses and labels, such as XNLI's files", may_be_empty=True),
    RawFolder("tasks/headlines", "headlines and bodies, such as XGLUE's NTG", may_be_empty=True),
)


@dataclass(frozen=True)
class Profile:
    """A profile whose every section has been checked.

    Attributes:
        name: its name, which is also that of its folders.
        seed: seed of every draw.
        sections: configuration objects by section; a task's with the common settings behind its own.
    """

    name: str
    seed: int
    sections: dict[str, Any]

    @property
    def drawn(self) -> bool:
        """Whether its raw material is drawn by the stage ``scenes``."""
        return "scenes" in self.sections

    @property
    def raw(self) -> Path:
        """Where its raw material lies."""
        return Path("data") / self.name / "raw"

    def named_files(self) -> Iterator[tuple[str, Path, str]]:
        """Files and folders that settings name: the setting, the path, and what its help says it is."""
        for section, config in self.sections.items():
            for field in dataclasses.fields(config):
                value = getattr(config, field.name)
                if isinstance(value, Path):
                    yield f"{section}.{key_of(field.name)}", value, field.metadata.get("help", "")


def profile_path(name: str) -> Path:
    """The file of a profile.

    Raises:
        UsageError: where the name is none, or there is no such profile.
    """
    known = ", ".join(sorted(path.stem for path in PROFILES_FOLDER.glob("*.yaml"))) or "none here"
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise UsageError(f"{name!r} is no profile's name.", f"small letters, digits, - and _; there are: {known}.")
    path = PROFILES_FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise UsageError(
            f"There is no profile {name!r}: {path} is not there.",
            f"one of: {known}.",
            "run m3p in the project's folder, or write the profile; docs/running.md says how.",
        )
    return path


def load_profile(name: str) -> Profile:
    """Reads a profile and checks every section, so that a mistake shows before the first stage runs.

    Raises:
        UsageError: names the file, the section and the key.
    """
    path = profile_path(name)
    values = read_yaml(path)
    for key in values:
        if key != "seed" and key not in SECTIONS:
            raise UsageError(f"{path} has the unknown section {key!r}.", f"seed, {', '.join(SECTIONS)}.")
    seed = values.get("seed", 0)
    if type(seed) is not int:
        raise UsageError(f"{path}: seed is {seed!r}.", "a whole number.")
    sections: dict[str, Any] = {}
    for section in SECTIONS:
        if section in values:
            cls = config_class(section)
            settings = stated(cls, values, layers_of(section), str(path))
            sections[section] = load_config(cls, settings, f"{path}: {section}")
    missing = [section for section in SECTIONS if section != "scenes" and section not in values]
    if missing:
        lines = ", ".join(f"`{section}: {{}}`" for section in missing)
        named = ", ".join(map(repr, missing))
        raise UsageError(f"{path} lacks the sections {named}.", "every section.", f"add {lines}, a line each.")
    return Profile(name, seed, sections)


def layers_of(section: str) -> list[str]:
    """The sections whose settings a section brings along, the common one first: ``finetune``, ``finetune-mild``."""
    return [one for one in SECTIONS if section == one or section.startswith(f"{one}-")]


def config_class(section: str) -> type:
    """The configuration class of a section.

    Raises:
        UsageError: where this installation lacks its module.
    """
    module_name, class_name = SECTIONS[section].split(":")
    try:
        return getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"The section {section!r} cannot be checked: {error}.",
            f"{class_name} in the module {module_name}.",
            "install the project again with `make setup`.",
        ) from error
