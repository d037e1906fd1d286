"""From what people type to a place: a path, an address, or a path at a revision of the repository."""

from __future__ import annotations

import logging
import re
from pathlib import Path, PurePosixPath
from typing import Any

from contract.errors import InputError, UsageError
from contract.places import Place

_AT_REVISION = re.compile(r"(?P<path>.+?)@(?P<revision>[^@]+(@\{[^}]*\})?)", re.DOTALL)


def place_at(text: str) -> Place:
    """The place that a text names.

    ``data/demo/captions@HEAD~1`` is what DVC keeps of that folder at that revision of Git: a commit, a tag or a branch.
    A path that is there is taken as it is, whatever stands in its name.

    Raises:
        UsageError: where nothing can be opened by that name.
        InputError: where the revision holds no such thing.
    """
    found = _AT_REVISION.fullmatch(text)
    if "://" in text or found is None or Path(text).exists():
        return Place.of(text)
    return _at_revision(Path(found["path"]), found["revision"], text)


def _at_revision(path: Path, revision: str, text: str) -> Place:
    root = next((one for one in path.absolute().parents if (one / ".dvc").is_dir()), None)
    if root is None:
        raise UsageError(
            f"{text} is not there, and {path} lies in no repository of DVC.", "PATH@REVISION within one, or a path."
        )
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import RevError
    from scmrepo.exceptions import SCMError

    logging.getLogger("dvc").setLevel(logging.ERROR)
    within = path.absolute().relative_to(root).as_posix()
    try:
        filesystem = DVCFileSystem(url=str(root), rev=revision)
        there, unstated = filesystem.exists(within), _unstated(filesystem, within)
    except RevError as error:
        raise UsageError(
            f"{text}: there is no revision {revision!r} in {root}.", "a commit, a tag or a branch.",
            "`git log --oneline` lists the commits.",
        ) from error  # fmt: skip
    except (DvcException, SCMError) as error:
        raise InputError(f"{text} cannot be read: {error}.", "a revision whose dvc.yaml can be read.") from error
    if unstated:
        raise InputError(
            f"{text}: the dvc.lock of {revision} does not state {unstated}, though its dvc.yaml does.",
            "a revision to which the dvc.lock of a run was committed.",
            "commit it (`git add dvc.lock && git commit`), or give one that `git log --oneline dvc.lock` lists.",
        )  # fmt: skip
    if not there:
        raise InputError(
            f"{text}: {revision} holds no {within}.", "what its dvc.yaml or a .dvc file of it names.",
            f"`dvc list --rev {revision} --dvc-only --recursive {root}` shows what it holds.",
        )  # fmt: skip
    return Place(filesystem, within, text)


def _unstated(filesystem: Any, within: str) -> str | None:
    """The output of a stage, that path or one around it, of which the revision does not know what it held."""
    root = PurePosixPath(filesystem.repo.root_dir)
    for out in filesystem.repo.index.outs:
        if not out.hash_info and (root / within).is_relative_to(out.fs_path):
            return str(PurePosixPath(out.fs_path).relative_to(root))
    return None
