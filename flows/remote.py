"""The DVC remote: whether it answers, what goes there and comes from there, and its errors in words.

``python -m flows.remote`` looks at it and says what is wrong; a process of its own, because a remote that does not
answer keeps its libraries waiting for minutes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from contract.errors import DONE, FAILED, InputError, M3PError, PassingError, UsageError
from flows.environment import stage_environment, without_secrets
from flows.graph import open_repo
from flows.shown import counted

_ANSWER_SECONDS = 30
_ABOUT = "The DVC remote {name}: "
_SAID = 500  # characters of a library's message
_PASSING = re.compile(
    r"Could not connect|failed to connect|[Tt]imed out|[Tt]imeout|Connection (reset|refused|was closed)"
    r"|SlowDown|ServiceUnavailable|InternalError|Unable to acquire lock"
)
# What a library says of a remote, and what to do about it; the first that fits.
_REMEDIES = (
    (
        r"locate credentials|NoCredential|PartialCredential|ProfileNotFound",
        "credentials.",
        "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, one of ~/.aws; or put them into "
        ".dvc/config.local by `dvc remote modify --local {name} access_key_id …` and `… secret_access_key …`.",
    ),
    (
        r"Access ?Denied|Forbidden|\b403\b|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidClientTokenId|ExpiredToken"
        r"|credentials .*(invalid|incorrect)|PermissionError",
        "credentials that may read and write there.",
        "check the key, its secret, and what its owner may do.",
    ),
    (
        r"bucket does not exist|NoSuchBucket",
        "a bucket that is there.",
        "make the bucket, or mend the address: `dvc remote modify {name} url s3://BUCKET/PATH`.",
    ),
    (
        r"missing dependencies|No module named",
        "the part of DVC for this kind of storage.",
        "for S3, pip install -e '.[s3]'; for another, pip install 'dvc[KIND]'.",
    ),
    (
        _PASSING.pattern,
        "an answer.",
        "check `endpointurl` and the network; run the same command again, it goes on where it was.",
    ),
    (r"No space left on device", "room on the disk.", "make room; run the same command again."),
    (
        r"missing files|Missing cache|failed to (download|pull)|Checkout failed",
        "all that was pushed.",
        "run the half that makes it again, where its files are; it pushes what is lacking.",
    ),
)


def remote_name() -> str:
    """The name of DVC's default remote.

    Raises:
        UsageError: where there is none.
    """
    with open_repo() as repo:
        name = repo.config["core"].get("remote")
    if not name:
        raise UsageError(
            "This clone has no default DVC remote.", "one that both halves can reach.",
            "`dvc remote add -d NAME s3://BUCKET/PATH`; docs/remotes.md says more.",
        )  # fmt: skip
    return str(name)


def require_answer() -> str:
    """Looks at the remote, and waits for its answer half a minute at most.

    Returns:
        Its name.

    Raises:
        UsageError: where there is none.
        InputError: where it refuses.
        PassingError: where it does not answer.
    """
    name = remote_name()
    command = [sys.executable, "-m", "flows.remote"]
    try:
        looked = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_ANSWER_SECONDS, stdin=subprocess.DEVNULL,
            env=stage_environment(1, 1),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise explained(name, f"timed out after {_ANSWER_SECONDS} s") from None
    if looked.returncode != DONE:
        raise explained(name, (looked.stdout or looked.stderr).removeprefix(_ABOUT.format(name=name)))
    return name


def run_dvc(command: str, targets: Sequence[str], say: Callable[[str], None]) -> None:
    """Pushes or pulls.

    Args:
        command: ``push`` or ``pull``.
        targets: stages or paths.
        say: is given DVC's last line.

    Raises:
        InputError: where the remote refuses, or lacks something.
        PassingError: where it does not answer.
    """
    name = remote_name()
    run = subprocess.run(
        [sys.executable, "-m", "dvc", "--wait-for-lock", command, "--quiet", "--remote", name, *targets],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        stdin=subprocess.DEVNULL, env=stage_environment(1, 1),
    )  # fmt: skip
    if run.returncode != 0:
        raise explained(name, "\n".join(line for line in run.stdout.splitlines() if line.startswith("ERROR")))
    say(f"dvc {command}: {counted(len(targets), 'stage' if command == 'push' else 'output')}, remote {name}")


def read_text(path: str) -> str | None:
    """A small file that lies in the remote beside DVC's own; None where it is not there.

    Raises:
        InputError: where the remote refuses.
        PassingError: where it does not answer.
    """
    with _opened() as remote:
        place = remote.fs.join(remote.path, path)
        return str(remote.fs.cat_file(place).decode()) if remote.fs.exists(place) else None


def write_text(path: str, text: str) -> None:
    """Writes a small file into the remote beside DVC's own.

    Raises:
        InputError: where the remote refuses.
        PassingError: where it does not answer.
    """
    with _opened() as remote:
        place = remote.fs.join(remote.path, path)
        remote.fs.makedirs(remote.fs.parent(place))
        remote.fs.pipe_file(place, text.encode())


@contextmanager
def _opened() -> Iterator[Any]:
    name = remote_name()
    try:
        with open_repo() as repo:
            yield repo.cloud.get_remote(name)
    except M3PError:
        raise
    except Exception as error:  # each kind of storage has a library, and exceptions, of its own
        raise explained(name, f"{type(error).__name__}: {error}") from error


def explained(name: str, said: str) -> M3PError:
    """What a library said of a remote, as an error with a remedy.

    Args:
        name: the remote's.
        said: the library's message; names and passwords within addresses are left out.
    """
    text = without_secrets(said.replace("ERROR: ", "").replace("unexpected error - ", "")).strip()
    what = _ABOUT.format(name=name) + (text[:_SAID] or "no reason was given.")
    for pattern, expected, remedy in _REMEDIES:
        if re.search(pattern, text):
            kind = PassingError if pattern == _PASSING.pattern else InputError
            return kind(what, expected, remedy.format(name=name))
    return InputError(what, "a remote that works.", "`dvc remote list` and docs/remotes.md.")


def _look() -> int:
    """Lists the remote's uppermost folder, which asks for address, bucket and credentials."""
    try:
        with _opened() as remote:
            try:
                remote.fs.ls(remote.path, detail=False)
            except FileNotFoundError as error:
                if "bucket" in str(error):  # where only the folder is not there, the first push makes it
                    raise
    except M3PError as error:
        print(error.what)
        return FAILED
    return DONE


if __name__ == "__main__":
    sys.exit(_look())
