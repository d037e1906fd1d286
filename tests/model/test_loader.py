"""Items made ahead: in order, never too many, and errors where they belong."""

import threading
import time
from itertools import count

import pytest

from contract.errors import UsageError
from model.loader import Ahead


@pytest.mark.parametrize("threads", [1, 3])
def test_items_come_in_order_whoever_is_done_first(threads):
    def make(number):
        time.sleep(0.002 * (number % 3))  # later ones are done before earlier ones
        return number * 10

    with Ahead(make, count(5), threads, 4) as items:
        assert [next(items) for _ in range(20)] == [number * 10 for number in range(5, 25)]


def test_after_the_last_number_there_is_no_item():
    with Ahead(str, range(3, 5), 2, 4) as items:
        assert list(items) == ["3", "4"]


def test_no_more_is_made_than_was_asked_to_be_ahead():
    begun, most = [], []
    with Ahead(begun.append, count(0), 2, 3) as items:
        for number in range(10):
            next(items)
            time.sleep(0.005)  # long enough for all that may be begun
            most.append(max(begun) - number)
    assert max(most) == 3


def test_places_in_memory_that_items_take_turns_at_are_never_shared():
    depth = 2
    places = [[0] for _ in range(depth + 1)]

    def make(number):
        place = places[number % len(places)]
        place[0] = number
        return place

    with Ahead(make, count(0), 4, depth) as items:
        for number in range(200):
            place = next(items)
            time.sleep(0.0005)
            assert place[0] == number


def test_an_error_is_raised_at_its_item_and_ends_the_iteration():
    def make(number):
        if number == 2:
            raise ValueError("number two")
        return number

    items = Ahead(make, count(0), 3, 5)
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(ValueError, match="number two"):
        next(items)
    assert list(items) == [] and not running()


def running():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("ahead")]


def test_closing_ends_the_threads_and_begins_nothing_more():
    made, go = [], threading.Event()

    def make(number):
        go.wait(5)
        made.append(number)

    items = Ahead(make, count(0), 2, 8)
    assert len(running()) == 2
    threading.Timer(0.2, go.set).start()
    items.close()
    assert not running() and sorted(made) == [0, 1]  # those that were begun, and none of the six others
    assert next(items, None) is None
    with pytest.raises(RuntimeError, match="stopped by hand"), Ahead(make, count(0), 2, 2):
        raise RuntimeError("stopped by hand")
    assert not running()


def test_nothing_ahead_is_refused():
    with pytest.raises(UsageError, match="0 threads"):
        Ahead(str, count(0), 0, 2)
