"""Files that may not be read, tried as a user who is not root, whoever runs the tests."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def open_copy(folder: Path) -> Iterator[Path]:
    """A copy of a folder that everybody may read: folders of tests are their owner's alone."""
    with tempfile.TemporaryDirectory() as root:
        copy = shutil.copytree(folder, Path(root) / folder.name)
        for path in (Path(root), copy, *copy.rglob("*")):
            path.chmod(0o755)
        yield copy


@contextmanager
def forbidden(path: Path) -> Iterator[None]:
    """Within it nobody but root has a right to a file or folder, and this process is not root's."""
    mode, user = path.stat().st_mode, os.geteuid()
    path.chmod(0)
    try:
        if user == 0:
            os.seteuid(NOBODY)
        yield
    finally:
        os.seteuid(user)
        path.chmod(mode)
