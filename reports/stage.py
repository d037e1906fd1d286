"""The stage ``report``: everything that a profile's run left, as one page that a person reads from top to bottom.

python -m reports --data data/demo --out reports/demo --params profiles/demo.yaml
"""

from __future__ import annotations

from dataclasses import dataclass

from contract.command import Call, PathOption, run_stage
from contract.config import check_choice, check_range, option
from contract.errors import InputError
from contract.outputs import Mark

PAGE = "index.html"
GENERATOR = '<meta name="generator" content="m3p">'  # as the page's template says it


@dataclass(frozen=True)
class Config:
    """Settings of the stage ``report``."""

    paper_dataset: str = option("", "data set of the paper that this profile reproduces: multi30k, or none")
    region_samples: int = option(6, "pictures shown with their regions", "pictures")
    boxes: int = option(10, "regions drawn over a picture, the likeliest first", "regions")
    switched_samples: int = option(6, "switched captions shown", "captions")
    triple_samples: int = option(6, "pictures shown with their queries", "pictures")
    caption_samples: int = option(6, "pictures shown with generated captions", "pictures")
    picture_width: int = option(360, "width of the pictures in the page", "px")

    def __post_init__(self) -> None:
        """Refuses what cannot be drawn.

        Raises:
            UsageError: names the setting.
        """
        from reports.page.paper import DATASETS

        check_choice(self, "paper_dataset", ("", *DATASETS))
        check_range(self, "region_samples boxes switched_samples triple_samples caption_samples", 0)
        check_range(self, "picture_width", 16, 2000)


def run(call: Call[Config]) -> None:
    """Reads what the stages left and writes the page, whole or not at all.

    Raises:
        InputError: where the data folder is missing, or something in it is broken.
    """
    from reports.page.document import page_of

    data, out = call.path("data"), call.path("out")
    if not data.is_dir():
        raise InputError(f"{data} is not there.", "a profile's data folder.", "run the profile: `m3p run`.")
    page = page_of(data, out.name, call.seed, call.config)
    out.mkdir(parents=True, exist_ok=True)
    temporary = out / (PAGE + ".tmp")
    temporary.write_bytes(page)
    temporary.replace(out / PAGE)
    print(f"report: {out / PAGE}, {len(page) / 1e6:.1f} MB.")


PATHS = (
    PathOption("data", "a profile's folder of datasets, checkpoints and metrics"),
    PathOption("out", "folder for index.html; its name is taken for the profile's", replaces=Mark(PAGE, GENERATOR)),
)


def main() -> int:
    """The stage's command line."""
    return run_stage("report", Config, PATHS, run, "One page about everything that a profile's run left.")
