"""Works for the tests of the Beam runner; in a module of its own, because workers import it."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from contract.errors import InputError


class Recording:
    """Writes a file an element, named by the process that did it."""

    def __init__(self, folder: Path, seconds: float = 0.0) -> None:
        self.folder, self.seconds = folder, seconds

    def setup(self) -> None:
        (self.folder / f"setup-{os.getpid()}-{time.monotonic_ns()}").write_text("")

    def do(self, element: int) -> None:
        (self.folder / f"begun-{element}-{os.getpid()}").write_text("")
        time.sleep(self.seconds)
        (self.folder / f"done-{element}").write_text("")


class Surroundings(Recording):
    """Writes down the variables of its process that begin with M3P_TEST."""

    def do(self, element: int) -> None:
        known = {name: value for name, value in os.environ.items() if name.startswith("M3P_OF_")}
        (self.folder / f"known-{element}.json").write_text(json.dumps(known))


class Complaining(Recording):
    """Finds fault with its input."""

    def do(self, element: int) -> None:
        raise InputError(f"row {element} is broken.", "a whole row.", "mend it.")


class Sorting(Recording):
    """Reads the numbers of an element, and writes a file a key, which is a number's last digit."""

    def spread(self, element: int) -> Iterator[tuple[int, bytes]]:
        if element == 99:
            raise InputError("piece 99 is broken.", "a whole piece.")
        for number in range(10 * element, 10 * element + 8):
            yield number % 10, str(number).encode()

    def gather(self, key: int, blocks: Sequence[bytes]) -> None:
        time.sleep(self.seconds)
        (self.folder / f"key-{key}-{os.getpid()}").write_text(" ".join(sorted(block.decode() for block in blocks)))


class Buggy(Recording):
    """Has a bug."""

    def do(self, element: int) -> None:
        print("about to fail")
        raise TypeError("a bug, not an input")
