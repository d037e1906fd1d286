"""Making what the next steps need in threads, while the step before is at work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, TypeVar

from contract.errors import UsageError

T = TypeVar("T")


class Ahead(Iterator[T], Generic[T]):
    """The items of some numbers, in order, made in threads before they are asked for.

    Used as a context manager, or closed by hand. An item is begun only once the one ``depth`` before it has been asked
    for: items that take turns at ``depth + 1`` places in memory never meet, as long as the caller lets each go before
    the next. An error of ``make`` is raised where its item is asked for, and ends the iteration.

    Args:
        make: makes the item of a number; several threads call it at once where there are several.
        numbers: of the items.
        threads: how many.
        depth: how many items are made ahead of the one that was asked for last.

    Raises:
        UsageError: where there is no thread, or nothing ahead.
    """

    def __init__(self, make: Callable[[int], T], numbers: Iterable[int], threads: int, depth: int) -> None:
        if threads < 1 or depth < 1:
            raise UsageError(f"{threads} threads make {depth} items ahead.", "one at least of each.")
        self._make, self._numbers = make, iter(numbers)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="ahead")
        self._coming: deque[Future[T]] = deque()
        for _ in range(depth):
            self._begin()

    def _begin(self) -> None:
        number = next(self._numbers, None)
        if number is not None:
            self._coming.append(self._threads.submit(self._make, number))

    def __next__(self) -> T:
        if not self._coming:
            raise StopIteration
        self._begin()
        try:
            return self._coming.popleft().result()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the threads, once they are done with the items they are at; the iteration is over then."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._coming.clear()

    def __enter__(self) -> Ahead[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
