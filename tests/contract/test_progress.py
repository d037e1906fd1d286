import io
from types import SimpleNamespace

from contract import progress


def test_what_was_done_before_counts_for_the_share_and_not_for_the_rate(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    stream = io.StringIO()
    with progress.Progress("train", 100, "steps", stream, already=50) as bar:
        for _ in range(30):
            clock[0] += 2.0
            bar.update()
    (line, closing) = stream.getvalue().splitlines()
    assert line == "train:  80% 80/100 [01:00<00:40,  2.00s/ steps]"
    assert closing == line


def test_a_bar_in_a_terminal_counts_alike(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    with progress.Progress("train", 100, "steps", stream, already=50) as bar:
        assert bar._bar.n == bar._bar.initial == 50
        bar.update(5)
        assert bar._bar.n == 55
