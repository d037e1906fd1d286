"""The stage ``report``: everything that a profile's run left, as one page that a person reads from top to bottom.

Beside it lie its tables of results as Markdown and CSV, and as small JSON files for ``dvc metrics show``.

python -m reports --data data/demo --out reports/demo --params profiles/demo.yaml
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contract.command import Call, PathOption, run_stage
from contract.config import check_range, option
from contract.errors import InputError, UsageError
from contract.outputs import Mark, written_beside

PAGE, TABLES, NUMBERS, METRICS = "index.html", "tables.md", "tables.csv", "metrics"
GENERATOR = '<meta name="generator" content="m3p">'  # as the page's template says it


@dataclass(frozen=True)
class Config:
    """Settings of the stage ``report``."""

    paper_datasets: tuple[str, ...] = option((), "the paper's data sets that this profile measures, one a task")
    region_samples: int = option(6, "pictures shown with their regions", "pictures")
    boxes: int = option(10, "regions drawn over a picture, the likeliest first", "regions")
    switched_samples: int = option(6, "switched captions shown", "captions")
    triple_samples: int = option(6, "pictures shown with their queries", "pictures")
    caption_samples: int = option(3, "pictures shown with generated captions", "pictures")
    text_samples: int = option(1, "texts shown with what was generated from them, a language or direction", "texts")
    picture_width: int = option(360, "width of the pictures in the page", "px")

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn.

        Raises:
            UsageError: names the setting.
        """
        from reports.page.paper import DATASETS, clashing

        for name in self.paper_datasets:
            if name not in DATASETS:
                raise UsageError(f"paper_datasets names {name!r}.", f"some of {', '.join(DATASETS)}.")
        if two := clashing(self.paper_datasets):
            raise UsageError(
                f"paper_datasets names {two[0]} and {two[1]}, which are of one task.", "one data set a task.",
                "make a profile of each.",
            )  # fmt: skip
        check_range(self, "region_samples boxes switched_samples triple_samples caption_samples text_samples", 0)
        check_range(self, "picture_width", 16, 2000)


def run(call: Call[Config]) -> None:
    """Reads what the stages left and writes the page and the tables, each whole or not at all.

    Raises:
        InputError: where the data folder is missing, or something in it is broken.
    """
    from reports.page.document import page_of, results
    from reports.page.results.files import comma_separated, compact, markdown
    from reports.page.sources import Sources

    data, out = call.path("data"), call.path("out")
    if not data.is_dir():
        raise InputError(f"{data} is not there.", "a profile's data folder.", "run the profile: `m3p run`.")
    page = page_of(data, out.name, call.seed, call.config)
    several = results(Sources(data), call.config.paper_datasets)
    out.mkdir(parents=True, exist_ok=True)
    _write(out / PAGE, page)  # first: by it the folder is known as this stage's
    _write(out / TABLES, _encoded(markdown(out.name, several)))
    _write(out / NUMBERS, _encoded(comma_separated(several)))
    with written_beside(out / METRICS) as new:
        for name, text in compact(several).items():
            (new / name).write_bytes(_encoded(text))
    print(f"report: {out / PAGE}, {len(page) / 1e6:.1f} MB; {TABLES}, {NUMBERS} and {METRICS}/ beside it.")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # half of a surrogate pair, which JSON may hold, is no character


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


PATHS = (
    PathOption("data", "a profile's folder of datasets, checkpoints and metrics"),
    PathOption(
        "out", "folder for the page and the tables; its name is taken for the profile's", replaces=Mark(PAGE, GENERATOR)
    ),
)


def main() -> int:
    """The stage's command line."""
    return run_stage("report", Config, PATHS, run, "One page about everything that a profile's run left.")
