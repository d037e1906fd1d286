"""The stage ``ingest``: a source's pictures and captions in, the datasets ``images`` and ``captions`` out."""

from __future__ import annotations

from pathlib import Path

from contract.command import Call, PathOption, run_stage
from contract.errors import InputError
from contract.manifest import dataset_of
from contract.outputs import check_output
from pipelines.ingest.settings import Config

__all__ = ["Config", "main", "run"]

_PATHS = (
    PathOption("raw", "folder that holds images/ and captions/ as their source gave them"),
    PathOption("images", "where the dataset of pictures goes", replaces=dataset_of("ingest")),
    PathOption("captions", "where the dataset of captions goes", replaces=dataset_of("ingest")),
)


def run(call: Call[Config]) -> None:
    """Opens every picture, decides the splits, and writes both datasets.

    Raises:
        InputError: where the source lacks what its layout needs.
    """
    from pipelines.ingest.captions import ArchiveCaptions, CaptionSource, CaptionsProcess, ListedCaptions, summarise
    from pipelines.ingest.images import ImagesProcess, write_decisions
    from pipelines.ingest.scan import CODE, scan_folder, scan_pictures
    from pipelines.sharded import Job, run_sharded

    config, out = call.config, call.path("images")
    pictures, texts = _sources(call.path("raw"), config)
    for output in (out, call.path("captions")):
        check_output(output, dataset_of("ingest"), (pictures, texts))  # these may be links to elsewhere
    archives = config.layout == "img2dataset"
    work = scan_folder(pictures, texts, out, config, call.seed)
    scan = scan_pictures(pictures, texts, config, work, call.workers)
    decisions = work.path / "splits.parquet"
    write_decisions(scan, config, call.seed, decisions)
    run_sharded(
        Job("ingest", "images", out, config.shards, config, call.seed, {"scan": scan.seal}, CODE,
            {"picture_root": pictures.as_posix()}),
        ImagesProcess(scan, decisions, own_files=archives),
        call.workers if archives else 1,  # where no file is made, the rows are written before workers have started
        summarise=lambda statistics: statistics | {"left_out_by_limit": scan.left_out},
    )  # fmt: skip
    source: CaptionSource
    source = ArchiveCaptions(scan, config.caption_language) if archives else ListedCaptions(pictures, texts, config)
    inputs = {"images": out} | ({"scan": scan.seal} if archives else {"captions": texts})
    manifest = run_sharded(
        Job("ingest", "captions", call.path("captions"), config.shards, config, call.seed, inputs, CODE),
        CaptionsProcess(source, out, scan.sample), call.workers, summarise=summarise,
    )  # fmt: skip
    if manifest.rows_in == 0:
        print(f"ingest: no caption was found in {texts}; docs/sources.md says how the files are named.")
    work.discard()


def _sources(raw: Path, config: Config) -> tuple[Path, Path]:
    pictures, texts = raw / "images", raw / "captions"
    for folder in (pictures,) if config.layout == "img2dataset" else (pictures, texts):
        if not folder.is_dir():
            raise InputError(
                f"{folder} is not there.", f"a folder in the layout {config.layout!r}.",
                "docs/sources.md says what goes where.",
            )  # fmt: skip
    return pictures, texts


def main() -> int:
    """The command line."""
    return run_stage(
        "ingest", Config, _PATHS, run, "Pictures and captions from a source, as the datasets images and captions."
    )
