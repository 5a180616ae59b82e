"""Piped progress is a few plain lines with rate and time left."""

import io

from console.progress import LinePrinter


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_line_is_printed_at_most_every_five_seconds() -> None:
    clock, stream = Clock(), io.StringIO()
    tick = LinePrinter("ingest", "rows", stream, clock)

    for second in range(1, 12):
        clock.now_s = 100.0 + second
        tick(second * 1_000, 21_000)

    assert stream.getvalue().splitlines() == [
        "ingest: 5,000 of 21,000 rows, 1,000 rows/s, 16 s left",
        "ingest: 10,000 of 21,000 rows, 1,000 rows/s, 11 s left",
    ]


def test_without_a_known_end_no_time_left_is_claimed() -> None:
    clock, stream = Clock(), io.StringIO()
    tick = LinePrinter("run", "messages", stream, clock)
    clock.now_s += 10

    tick(50, 0)

    assert stream.getvalue() == "run: 50 messages, 5 messages/s\n"
