"""The command `m3p`. Everything heavy is imported where it is used, so that --help answers at once."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from contract.errors import DONE, FAILED, INTERRUPTED, WRONG_USAGE, M3PError, UsageError
from contract.text import visible

app = typer.Typer(
    help="M3P from raw images and text to the paper's tables.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
Debug = Annotated[bool, typer.Option("--debug", help="Show more, and tracebacks.")]
CUT_OFF = 128 + signal.SIGPIPE  # as a shell says of a tool that is ended so
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


@app.command()
def run(
    profile: Annotated[str, typer.Option(help="Which reproduction: the name of a file in profiles/.")],
    target: Annotated[
        list[str] | None, typer.Option(help="A stage's name or DVC address; the report by default.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would run and what is missing.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processor cores to use; all by default.")] = None,
    half: Annotated[
        str | None, typer.Option(help="data or train: that half alone, the DVC remote between them.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Reproduce a profile, in this process, needing no server."""
    from flows.run_here import run_here, show_plan

    if target and len(target) > 1:
        raise UsageError(f"--target stands {len(target)} times: {', '.join(target)}.", "one stage and what it needs.")
    one = target[0] if target else None
    if dry_run:
        show_plan(profile, one, half)
    else:
        run_here(profile, one, workers, half, debug)


@app.command()
def pull(
    profile: Annotated[str, typer.Option(help="Whose: the name of a file in profiles/.")],
    half: Annotated[str, typer.Option(help="Which half, that another machine made: data or train.")] = "train",
    debug: Debug = False,
) -> None:
    """Bring here, from the DVC remote, what another machine made."""
    from flows.run_here import pull_here

    pull_here(profile, half)


@app.command()
def inspect(
    path: Annotated[
        str,
        typer.Argument(
            help="A dataset's folder, a shard, a checkpoint, or a folder of several; a path or an address such as "
            "s3://bucket/captions."
        ),
    ],
    rows: Annotated[int, typer.Option(min=0, help="Sample rows to show.")] = 5,
    html: Annotated[
        Path | None, typer.Option(help="Write one self-contained page, with pictures, to this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every byte, check every contract; exit 1 on the first breach.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Count all rows and look through all rejects.")] = False,
    debug: Debug = False,
) -> None:
    """Show what is in a dataset or a checkpoint: columns, counts, statistics, rejects, samples."""
    from flows.inspection.command import Wanted
    from flows.inspection.command import inspect as inspect_place

    inspect_place(Wanted(path, rows, html, as_json, verify, full))


@app.command()
def diff(
    one: Annotated[str, typer.Argument(help="A dataset: a path, an address, or PATH@REVISION of what DVC keeps.")],
    other: Annotated[str, typer.Argument(help="Another version of it, likewise.")],
    rows: Annotated[int, typer.Option(min=0, help="Rows to show of those added, gone and changed.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")] = False,
    debug: Debug = False,
) -> None:
    """Show what two versions of a dataset do not have in common: columns, parameters, rows, statistics."""
    from flows.comparison.command import diff as print_diff

    print_diff(one, other, rows, as_json)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="Words to look for, in any language of the checkpoint.")],
    checkpoint: Annotated[
        Path, typer.Option(help="A checkpoint of the understanding network, best one fine-tuned for retrieval.")
    ],
    images: Annotated[Path, typer.Option(help="Dataset of the pictures, such as data/demo/images.")],
    regions: Annotated[Path | None, typer.Option(help="Dataset of their regions; `regions` beside images.")] = None,
    lang: Annotated[
        str | None, typer.Option(help="Language of the query, where there is a checkpoint for each.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Look through one split alone: train, val or test.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Pictures to show.")] = 10,
    html: Annotated[Path | None, typer.Option(help="Also write one self-contained page, with the pictures.")] = None,
    device: Device = "auto",
    debug: Debug = False,
) -> None:
    """Find pictures by words."""
    from flows.search import Search, run

    run(Search(query, checkpoint, images, regions, lang, split, top, html, device))


@app.command()
def caption(
    picture: Annotated[str, typer.Argument(help="A picture's image_id, or its file.")],
    checkpoint: Annotated[Path, typer.Option(help="A checkpoint that was fine-tuned for captioning.")],
    regions: Annotated[Path, typer.Option(help="Dataset of regions, such as data/demo/regions.")],
    lang: Annotated[list[str], typer.Option(help="Language of the caption; several where it stands several times.")],
    images: Annotated[Path | None, typer.Option(help="Dataset of the pictures; `images` beside regions.")] = None,
    detector: Annotated[
        Path | None, typer.Option(help="The detector that found these regions, for a picture that is not among them.")
    ] = None,
    beam: Annotated[int, typer.Option(min=1, help="Hypotheses kept.")] = 10,
    html: Annotated[Path | None, typer.Option(help="Also write one self-contained page, with the picture.")] = None,
    device: Device = "auto",
    debug: Debug = False,
) -> None:
    """Say in words what a picture shows."""
    from flows.caption import Caption, run

    run(Caption(picture, checkpoint, regions, lang, images, detector, beam, html, device))


@app.command()
def deploy(
    pool: Annotated[
        str | None, typer.Option(help="Work pool for the deployments that name none; else only data and train.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Register, on a Prefect server, the deployments that workers on other machines run."""
    from flows.deploy import deploy

    deploy(pool)


@app.command()
def doctor(debug: Debug = False) -> None:
    """Check this machine: versions, GPU, disk, memory, server, remote, optional parts."""
    from flows.doctor import report

    raise typer.Exit(DONE if report() else FAILED)


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a run that is ended ends its server and stages
    try:
        code = run_command(sys.argv[1:])
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # the latter is what Typer and rich make of the former
        code = _cut_off()
    sys.exit(code)


def run_command(arguments: list[str]) -> int:
    """Runs the command line.

    Returns:
        0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted.
    """
    debug = "--debug" in arguments
    try:
        code = app(arguments or ["--help"], standalone_mode=False) or DONE
        return _interrupted() if code == INTERRUPTED else code
    except typer.Exit as done:
        return done.exit_code
    except TyperException as error:
        print(f"m3p: {error.format_message()}\nTo do: see `m3p --help`.", file=sys.stderr)
        return WRONG_USAGE
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except M3PError as error:
        if debug:
            traceback.print_exc()
        print(f"m3p: {visible(str(error))}", file=sys.stderr)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 — the outermost frame: whatever it is becomes a message and an exit code
        if debug:
            traceback.print_exc()
        print(
            f"m3p: {type(error).__name__}: {visible(str(error))}\nRun it with --debug for the traceback.",
            file=sys.stderr,
        )
        return FAILED


def _cut_off() -> int:
    """Ends as other tools do where nobody reads on, such as `head`: without a word."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still to be written when Python ends
    return CUT_OFF


def _interrupted() -> int:
    """Says so; Typer turns the interrupt of a command into an exit of its own."""
    print("m3p: interrupted; what is finished is kept, run the same command again.", file=sys.stderr)
    return INTERRUPTED
