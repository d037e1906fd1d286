"""Captions that were generated: their scores, and some of them beside their pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reports.page import paper
from reports.page.pictures import Picture, Pictures
from reports.page.retrieval import setting_name
from reports.page.sources import Nothing, Sources, dig, language_order


@dataclass(frozen=True)
class Row:
    """BLEU-4 and CIDEr by language of one setting; None where nothing was run."""

    setting: str
    source: str
    values: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Sample:
    """One picture with the captions that were generated for it: language, setting, generated, reference."""

    image_id: str
    picture: Picture | None
    captions: list[dict[str, Any]]


@dataclass(frozen=True)
class Captioning:
    """The table, how captions were counted, and samples.

    Attributes:
        languages: columns of the table.
        rows: one a setting and source.
        counted: by language: pictures, references, empty captions and the tokenizer.
        beam: hypotheses that the search kept.
        split: what was evaluated.
        samples: pictures with captions.
        paper: whether the paper's figures stand beside ours.
    """

    languages: list[str]
    rows: list[Row]
    counted: dict[str, dict[str, Any]]
    beam: Any
    split: Any
    samples: list[Sample]
    paper: bool


def captioning(sources: Sources, pictures: Pictures, wanted: int, paper_dataset: str) -> Captioning | Nothing:
    """Gathers the captioning metrics of all checkpoints."""
    metrics = sources.metrics_of("captioning")
    published = paper.captioning(paper_dataset)
    counted: dict[str, dict[str, Any]] = {}
    for values in metrics.values():
        counted |= dig(values, "languages") or {}
    if not counted:
        return Nothing("There are no captioning metrics: the stage evaluate has not run for a captioning checkpoint.")
    rows = []
    for name in sorted({*metrics, *published}, key=lambda name: (name.endswith("-all"), name)):
        measured = dig(metrics.get(name), "languages") or {}
        pairs = {lang: (dig(one, "BLEU-4"), dig(one, "CIDEr")) for lang, one in measured.items()}
        rows.append(Row(setting_name(name), "ours", pairs))
        if name in published:
            rows.append(Row(setting_name(name), "paper", dict(published[name])))
    first = next(iter(metrics.values()))
    languages = language_order({lang for row in rows for lang in row.values})
    return Captioning(
        languages, rows, {lang: counted[lang] for lang in language_order(set(counted))}, first.get("beam"),
        first.get("split"), _samples(metrics, pictures, wanted), bool(published),
    )  # fmt: skip


def _samples(metrics: dict[str, dict[str, Any]], pictures: Pictures, wanted: int) -> list[Sample]:
    by_image: dict[str, list[dict[str, Any]]] = {}
    for name, values in metrics.items():
        for one in values.get("samples") or []:
            if isinstance(one, dict) and isinstance(one.get("image_id"), str):
                by_image.setdefault(one["image_id"], []).append(one | {"setting": setting_name(name)})
    # Pictures that have captions in most languages say most.
    chosen = sorted(by_image, key=lambda image_id: (-len(by_image[image_id]), image_id))[:wanted]
    found = pictures.of(chosen)
    return [
        Sample(image_id, found.get(image_id), sorted(by_image[image_id], key=_caption_order)) for image_id in chosen
    ]


def _caption_order(one: dict[str, Any]) -> tuple[int, str, str]:
    lang = str(one.get("language"))
    return (lang != "en", lang, one["setting"])
