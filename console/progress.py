"""Progress of long work: a bar with rate and time left on a terminal, plain lines when piped.

Workers know nothing of terminals: they call `tick(done, total)` now and then. A total of zero says
that the end is not known.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

Tick = Callable[[int, int], None]
"""A progress callback: work done and work in all, in the same unit; total 0 when unknown."""

LINE_EVERY_S: Final = 5.0
"""Seconds between two plain lines: a log of an hour stays readable."""


@contextmanager
def ticker(label: str, unit: str) -> Iterator[Tick]:
    """A callback that shows progress on standard error in the way that fits it."""
    if sys.stderr.isatty():
        with _bar(label, unit) as tick:
            yield tick
    else:
        yield LinePrinter(label, unit, sys.stderr)


class LinePrinter:
    """Progress as lines of text, at most one every few seconds."""

    def __init__(
        self,
        label: str,
        unit: str,
        stream: TextIO,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label = label
        self._unit = unit
        self._stream = stream
        self._now_s = now_s
        self._start_s = now_s()
        self._printed_s = self._start_s

    def __call__(self, done: int, total: int) -> None:
        """Print a line when the last one is old enough."""
        now_s = self._now_s()
        if now_s - self._printed_s < LINE_EVERY_S:
            return
        self._printed_s = now_s
        rate = done / (now_s - self._start_s)
        text = f"{self._label}: {done:,}"
        if total:
            text += f" of {total:,}"
        text += f" {self._unit}, {rate:,.0f} {self._unit}/s"
        if total and rate > 0:
            text += f", {max(0, total - done) / rate:,.0f} s left"
        print(text, file=self._stream, flush=True)


@contextmanager
def _bar(label: str, unit: str) -> Iterator[Tick]:
    """A rich progress bar that goes away when the work is done."""
    from rich import progress as bars
    from rich.console import Console
    from rich.text import Text

    class Rate(bars.ProgressColumn):
        """Work per second, in the worker's unit."""

        def render(self, task: bars.Task) -> Text:
            """The rate, or nothing before there is one."""
            return Text("" if task.speed is None else f"{task.speed:,.0f} {unit}/s", style="green")

    shown = bars.Progress(
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        Rate(),
        bars.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with shown:
        task = shown.add_task(label, total=None)

        def tick(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total or None)

        yield tick
