"""From what people type to a place: a path, an address, or a path at a revision of the repository."""

from __future__ import annotations

import logging
import re
from pathlib import Path

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
    from scmrepo.exceptions import SCMError

    logging.getLogger("dvc").setLevel(logging.ERROR)
    within = path.absolute().relative_to(root).as_posix()
    try:
        filesystem = DVCFileSystem(url=str(root), rev=revision)
        there = filesystem.exists(within)
    except SCMError as error:
        raise UsageError(f"{text}: {error}.", "a commit, a tag or a branch of the repository.") from error
    except DvcException as error:
        raise InputError(f"{text} cannot be read: {error}.", "a revision whose dvc.yaml can be read.") from error
    if not there:
        raise InputError(f"{revision} holds no {within}.", "a folder that DVC kept at that revision.")
    return Place(filesystem, within, text)
