"""The errors that a user can do something about, and the exit codes that go with them."""

from __future__ import annotations

DONE, FAILED, WRONG_USAGE = 0, 1, 2
INTERRUPTED = 130  # as a shell says it of a process that SIGINT ended
PASSING_FAILURE = 75  # sysexits' EX_TEMPFAIL: the same command may well succeed when it is run again


class M3PError(Exception):
    """A failure whose message is all that a user needs: what, what was expected, what to do.

    Args:
        what: the file, row or key, and what is wrong with it.
        expected: what should have been there.
        remedy: what to do about it.
    """

    exit_code = FAILED

    def __init__(self, what: str, expected: str = "", remedy: str = "") -> None:
        self.what, self.expected, self.remedy = what, expected, remedy
        sentences = [what, expected and f"Expected: {expected}", remedy and f"To do: {remedy}"]
        super().__init__("\n".join(sentence for sentence in sentences if sentence))

    def __reduce__(self) -> tuple[type[M3PError], tuple[str, str, str]]:
        """Keeps the three parts when a Beam worker sends the error to its parent."""
        return type(self), (self.what, self.expected, self.remedy)


class InputError(M3PError):
    """The data are not what the stage needs; running it again changes nothing."""


class AccessError(M3PError):
    """Something may not be read, or its store does not answer: nothing is said of the data themselves."""


class UsageError(M3PError):
    """The command line or the configuration is wrong."""

    exit_code = WRONG_USAGE


class PassingError(M3PError):
    """A lock, a lost worker, a full queue: worth another try."""

    exit_code = PASSING_FAILURE
