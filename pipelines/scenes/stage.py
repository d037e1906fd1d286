"""The stage ``scenes``: its settings and command line.

python -m pipelines.scenes --dictionaries dictionaries --out data/demo/raw --params profiles/demo.yaml
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contract.command import Call, PathOption, run_stage
from contract.config import check_range, option
from contract.outputs import Mark, written_beside

MARK = "drawn.json"  # in a folder that this stage wrote
_LEAST_SIDE = 200  # px; less, and big objects find no room


@dataclass(frozen=True)
class Config:
    """Settings of the stage ``scenes``."""

    train_images: int = option(520, "pictures to train on", "pictures")
    val_images: int = option(60, "pictures to choose models by", "pictures")
    test_images: int = option(140, "pictures to report on", "pictures")
    shortest: int = option(320, "least side of a picture", "px")
    longest: int = option(480, "greatest side of a picture", "px")
    jpeg_quality: int = option(88, "of the pictures' JPEG files", "1 to 95")
    log_rows: int = option(3000, "rows of the search log", "rows")
    log_images: int = option(48, "pictures that only the log knows: too small, blurred, noise, copies", "pictures")
    relevance_labels: int = option(400, "judged pairs of query and picture, half of them true", "pairs")
    image_labels: int = option(160, "further pictures whose features are labelled reliable", "pictures")
    sentences_english: int = option(1500, "plain text in English", "sentences")
    sentences: int = option(800, "plain text in every other language", "sentences")
    task_rows: int = option(2, "translations, and pairs for entailment, of each picture", "rows")
    headlines: int = option(400, "pieces of news in each language, shared out like the pictures", "rows")

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant.

        Raises:
            UsageError: names the setting.
        """
        check_range(self, " ".join(self.__dataclass_fields__), 0)
        check_range(self, "train_images val_images test_images", 1)
        check_range(self, "shortest", _LEAST_SIDE, self.longest)
        check_range(self, "jpeg_quality", 1, 95)


PATHS = (
    PathOption("dictionaries", "folder of bilingual dictionaries, which are copied"),
    PathOption("out", "where the raw data are written", replaces=Mark(MARK, '"seed": ')),
)


def run(call: Call[Config]) -> None:
    """Runs the stage; what is heavy is loaded here."""
    from pipelines.scenes.raw.folder import print_contents
    from pipelines.scenes.raw.world import write_world

    with written_beside(call.path("out")) as folder:
        write_world(call, folder)
    print_contents(call.path("out"))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    return run_stage(
        "scenes", Config, PATHS, run, "Draws the embedded world and writes all that a user brings.", arguments
    )
