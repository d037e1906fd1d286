"""Which commit of the project runs."""

from __future__ import annotations

import subprocess

_RUNS_CHANGE = (":!dvc.lock", ":!params.yaml")  # written by runs; a commit with other code or settings is what counts


def revision() -> str:
    """The commit in short, with ``-changed`` after it where files are not as committed; ``none`` without git."""
    commit = _git("rev-parse", "--short=7", "HEAD")
    if commit is None or commit.returncode != 0:
        return "none"
    changed = _git("diff", "--quiet", "HEAD", "--", ".", *_RUNS_CHANGE)
    return commit.stdout.strip() + ("-changed" if changed and changed.returncode == 1 else "")


def _git(*arguments: str) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        return None
