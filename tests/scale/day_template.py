"""One day of LOBSTER messages that begins and ends with an empty book, so that it can be repeated.

Model: the real GOOG day where `TWIN_DATA` has it, else a seeded synthetic flow of as many messages.
Orders that rested before the file began are announced at its first instant with all that the day
takes off them; what is left at the end is deleted at the last instant. Ids are numbered from 0, so
that a copy of the day has fresh ones when it adds a multiple of their count.
"""

import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from market.codes import Kind
from sim.flow import record_flow
from tests.scale.large_tape import MODEL, SECOND_NS, TICK_UNITS

GOOG = "lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip"
MESSAGES = 147_916
SUBMISSION, CANCELLATION, DELETION, EXECUTION, HIDDEN = 1, 2, 3, 4, 5
REMOVALS = (CANCELLATION, DELETION, EXECUTION)
KINDS = {
    Kind.ADD: SUBMISSION,
    Kind.REDUCE: CANCELLATION,
    Kind.DELETE: DELETION,
    Kind.EXECUTE: EXECUTION,
}

Ints = npt.NDArray[np.int64]
Message = tuple[int, int, int, int, int, int]
"""Nanoseconds, type, order id, size, price, direction: LOBSTER's own columns."""


class Day(NamedTuple):
    """A closed day: int64 (n, 6), times since its first instant, and how many ids it uses."""

    rows: Ints
    id_count: int
    name: str


def load_day(data: str) -> Day:
    """The real day of that folder of real data, or the synthetic one where there is none."""
    path = Path(data) / GOOG
    if data and path.is_file():
        return closed(real_messages(path), "GOOG")
    return closed(synthetic_messages(), "synthetic")


def real_messages(path: Path) -> list[Message]:
    """The message file of the archive as LOBSTER distributes it."""
    with zipfile.ZipFile(path) as archive:
        (member,) = [name for name in archive.namelist() if "_message_" in name]
        lines = archive.read(member).decode().splitlines()
    messages = []
    for line in lines:
        time, kind, order_id, size, price, direction = line.split(",")
        seconds, _, decimals = time.partition(".")
        now_ns = int(seconds) * SECOND_NS + int(decimals[:9].ljust(9, "0"))
        messages.append(
            (now_ns, int(kind), int(order_id), int(size), int(price), int(direction)),
        )
    return messages


def synthetic_messages(seed: int = 7, count: int = MESSAGES) -> list[Message]:
    """A seeded flow in LOBSTER's words; every order gets an id of its own."""
    spec = MODEL.compile(seed=seed, book_id=0, start_ns=0, end_ns=1 << 50)
    names: dict[int, int] = {}
    messages = []
    last_id = 0
    for piece in record_flow(spec, tick_units=TICK_UNITS, slice_ns=SECOND_NS, message_count=count):
        for ts_ns, price, qty, handle, _, kind, flags in piece.tolist():
            if kind == Kind.ADD:
                last_id += 1
                names[handle] = last_id
            direction = -1 if flags & 1 else 1
            messages.append((ts_ns, KINDS[kind], names[handle], qty, price, direction))
    return messages


def closed(messages: list[Message], name: str) -> Day:
    """The day with its opening announced and its leftovers deleted, ids from 0."""
    announced: set[int] = set()
    opening: dict[int, list[int]] = {}
    left: dict[int, list[int]] = {}
    for _, kind, order_id, size, price, direction in messages:
        if kind == SUBMISSION:
            announced.add(order_id)
            left[order_id] = [size, price, direction]
        elif kind in REMOVALS and order_id in announced:
            left[order_id][0] -= size
        elif kind in REMOVALS:
            opening.setdefault(order_id, [0, price, direction])[0] += size
    begin_ns, end_ns = messages[0][0], messages[-1][0]
    rows = [(begin_ns, SUBMISSION, order_id, *rest) for order_id, rest in opening.items()]
    rows += messages
    rows += [(end_ns, DELETION, order_id, *rest) for order_id, rest in left.items() if rest[0]]
    table = np.array(rows, np.int64)
    table[:, 0] -= begin_ns
    names, table[:, 2] = np.unique(table[:, 2], return_inverse=True)
    return Day(table, len(names), name)
