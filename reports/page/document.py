"""The page: its sections in their order, rendered."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reports.page import (
    captioning,
    curves,
    entailment,
    glance,
    headline,
    languages,
    numbers,
    overlays,
    overview,
    queries,
    resources,
    retrieval,
    switched,
    tables,
    texts,
    triples,
)
from reports.page.bars import bar_chart
from reports.page.colours import hue
from reports.page.pictures import Pictures
from reports.page.results.table import Results
from reports.page.results.task import TASKS
from reports.page.results.tasks import task_results
from reports.page.results.words import about_paper, counts_table, part_name, run_sentences
from reports.page.sources import Nothing, Sources

if TYPE_CHECKING:
    from reports.stage import Config

_FORMATS = ("count", "score", "signed", "percent", "duration", "memory", "short")
_TEMPLATES = Path(__file__).parent.parent / "templates"


@dataclass(frozen=True)
class Section:
    """A section of the page: its anchor, which also names its template, its title, and what it shows."""

    anchor: str
    title: str
    content: Any

    @property
    def nothing(self) -> str:
        """Why there is nothing to show; empty where there is something."""
        return self.content.why if isinstance(self.content, Nothing) else ""


def page_of(data: Path, profile: str, seed: int, config: Config) -> bytes:
    """The whole page as UTF-8. The same input gives the same bytes.

    Args:
        data: the profile's data folder.
        profile: its name.
        seed: of the draws of examples.
        config: how many examples, and which of the paper's tables stand beside ours.

    Raises:
        InputError: where something in the folder is broken.
    """
    text = (
        _environment()
        .get_template("page.html.j2")
        .render(profile=profile, seed=seed, config=config, sections=sections(Sources(data), seed, config))
    )
    return text.encode("utf-8", "replace")  # half of a surrogate pair, which JSON may hold, is no character


def sections(sources: Sources, seed: int, config: Config) -> list[Section]:
    """All sections, in the order in which they are read."""
    pictures = Pictures(sources.dataset("images"), config.picture_width)
    datasets = config.paper_datasets
    return [
        Section("overview", "What was run", overview.overview(sources)),
        Section("headline", "What code-switched training brings", headline.headline(sources)),
        Section("glance", "All tasks at a glance", glance.glance(sources)),
        Section("retrieval", "Retrieval", retrieval.retrieval(sources, datasets)),
        Section("queries", "Retrieval by queries", queries.queries(sources, datasets)),
        Section("captioning", "Captioning", captioning.captioning(sources, pictures, config.caption_samples, datasets)),
        Section("translation", "Multimodal translation", texts.translation(sources, config.text_samples, datasets)),
        Section("entailment", "Entailment", entailment.entailment(sources, datasets)),
        Section("titles", "News titles", texts.titles(sources, config.text_samples, datasets)),
        Section("curves", "Training", curves.curves(sources)),
        Section("regions", "Regions", overlays.overlays(sources, pictures, config.region_samples, config.boxes, seed)),
        Section(
            "triples", "Queries, pictures and contexts", triples.triples(sources, pictures, config.triple_samples, seed)
        ),
        Section(
            "switched", "Code-switched captions", switched.switching(sources, pictures, config.switched_samples, seed)
        ),
        Section("coverage", "What the dictionaries cover", languages.coverage(sources)),
        Section("corpus", "Plain text", languages.corpus(sources)),
        Section("rejects", "What was rejected", tables.rejects(sources)),
        Section("datasets", "Datasets", tables.sizes(sources)),
        Section("resources", "Time and memory", resources.resources(sources)),
        Section("reproduce", "How to reproduce it", None),
    ]


def results(sources: Sources, datasets: tuple[str, ...]) -> list[Results]:
    """The tables of every task that has any."""
    several = (task_results(task.name, sources.metrics_of(task.name), datasets) for task in TASKS)
    return [one for one in several if one is not None]


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name: getattr(numbers, name) for name in _FORMATS}
    environment.filters |= {"hue": hue, "bar_chart": bar_chart, "part_name": part_name}
    environment.filters |= {one.__name__: one for one in (about_paper, counts_table, run_sentences)}
    environment.globals["dash"] = numbers.DASH
    return environment
