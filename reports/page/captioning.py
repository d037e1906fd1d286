"""Captions that were generated: their scores, and some of them beside their pictures."""

from __future__ import annotations

from dataclasses import dataclass

from reports.page.pictures import Picture, Pictures
from reports.page.results.settings import in_order, setting_name, setting_of
from reports.page.results.table import Results
from reports.page.results.tasks import Metrics, task_results
from reports.page.sources import Nothing, Sources, language_order

TASK = "captioning"


@dataclass(frozen=True)
class Captions:
    """The captions of a picture in one language: (setting, generated) in the settings' order, and a reference."""

    language: str
    reference: str
    generated: list[tuple[str, str]]


@dataclass(frozen=True)
class Sample:
    """One picture with the captions that were generated for it, a language each."""

    image_id: str
    picture: Picture | None
    captions: list[Captions]


@dataclass(frozen=True)
class Captioning:
    """The table, and samples: pictures with captions."""

    results: Results
    samples: list[Sample]


def captioning(sources: Sources, pictures: Pictures, wanted: int, datasets: tuple[str, ...]) -> Captioning | Nothing:
    """Gathers the captioning metrics of all settings."""
    metrics = sources.metrics_of(TASK)
    results = task_results(TASK, metrics, datasets)
    if results is None:
        return sources.nothing_of(TASK)
    return Captioning(results, _samples(metrics, pictures, wanted))


def _samples(metrics: Metrics, pictures: Pictures, wanted: int) -> list[Sample]:
    by_image: dict[str, dict[str, Captions]] = {}
    by_setting = {setting_of(file, TASK): values for file, values in metrics.items()}
    for setting in in_order(by_setting):
        for one in by_setting[setting].get("samples") or []:
            if isinstance(one, dict) and isinstance(one.get("image_id"), str):
                lang = str(one.get("language"))
                empty = Captions(lang, str(one.get("reference") or ""), [])
                captions = by_image.setdefault(one["image_id"], {}).setdefault(lang, empty)
                captions.generated.append((setting_name(setting), str(one.get("generated") or "")))
    # Pictures that have captions in most languages say most.
    chosen = sorted(by_image, key=lambda image_id: (-len(by_image[image_id]), image_id))[:wanted]
    found = pictures.of(chosen)
    return [
        Sample(
            image_id,
            found.get(image_id),
            [by_image[image_id][lang] for lang in language_order(set(by_image[image_id]))],
        )
        for image_id in chosen
    ]
