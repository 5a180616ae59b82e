"""What is assumed of the way from a decision to a fill, in parts of which each can be taken by itself.

Model: a session has one `Assumed`, what it lived with; its twin has another, what somebody would have simulated.
`mixed` takes some parts of one and the rest of the other; `CAUSES` are the parts by name.

Limits: books of levels alone, so nobody sees a paper order and nothing answers to it: `impact` is "frozen" on
both sides, as far as anything can be simulated from such a feed.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
from msgspec import structs

from market.codes import Kind, QueueModel
from market.errors import InputError
from market.faults import Fault
from market.instruments import Instrument
from market.units import format_ns
from research.fidelity.evidence import Evidence
from scenarios.fault_effects import PREFIXED, target_of
from scenarios.sections import FeesSection, HostSection, Scenario, VenueFees
from sim.latency import POINTS, TAIL, Constant, LatencyModel, LogNormal
from sim.rows import Rows
from sim.tape.growing import HANDLES
from sim.tape.meta import TapeBook
from sim.tape.read import open_tape

CAUSES: Final = {
    "feed_latency": "feed latency",
    "order_latency": "order latency",
    "queue_model": "queue model",
    "impact": "impact",
    "fees": "fees",
    "data_gaps": "data gaps",
}
"""Parts of `Assumed`, as people say them; what none of them explains is the code's."""

RECV_DELTA: Final = "recv_delta_ns"


class Wire(NamedTuple):
    """One wire of every host of a session, with what faults do to it.

    Attributes:
        hosts: As they are written, in the session's order.
    """

    hosts: tuple[HostSection, ...]
    faults: tuple[Fault, ...]

    def text(self, part: str) -> str:
        """What it is, to be compared."""
        faults = self._faults_of(part)
        told = [
            [host.name, _contents(getattr(host, part))]
            + [
                [name, _contents(model)]
                for name, links in host.venues.items()
                if (model := getattr(links, part)) is not None
            ]
            for host in self.hosts
        ]
        return msgspec.json.encode([told, faults] if faults else told).decode()

    def _faults_of(self, part: str) -> list[Fault]:
        """Those that act on it; a session that is cut takes its orders wire with it."""
        parts = ("feed", "feed.a", "feed.b") if part == "feed" else (part, "", "session")
        targets = [(one, target_of(one)) for one in self.faults]
        return [
            one
            for one, target in targets
            if target.part in parts and target.owner.partition(":")[0] not in PREFIXED
        ]

    def said(self, part: str) -> str:
        """What it is, in words."""
        told = [f"{host.name}: {_said(getattr(host, part))}" for host in self.hosts]
        told += [
            f"{host.name} to {name}: {_said(model)}"
            for host in self.hosts
            for name, links in host.venues.items()
            if (model := getattr(links, part)) is not None
        ]
        count = len(self._faults_of(part))
        return ", ".join([*told, *([f"{count} faults"] if count else [])])


def _said(model: LatencyModel) -> str:
    """A latency model in words."""
    if isinstance(model, Constant):
        return format_ns(model.latency_ns)
    if isinstance(model, LogNormal):
        return f"lognormal, median {format_ns(model.median_ns)}, sigma {model.sigma:g}"
    block = model.compile()
    return f"as measured, median {format_ns(int(block[POINTS + TAIL // 2]))}"


def _contents(model: LatencyModel) -> object:
    """A latency model; one from a file with the file's content."""
    fields = msgspec.to_builtins(model)
    if "path" in fields:
        fields["path"] = hashlib.blake2b(model.compile().tobytes(), digest_size=16).hexdigest()
    return fields


class Assumed(msgspec.Struct, frozen=True, kw_only=True):
    """One side's assumptions.

    Attributes:
        feed_latency: From the venue to the hosts.
        order_latency: From the hosts to the venue.
        queue_model: How a place in a queue is estimated.
        impact: What answers to own orders.
        fees: What venues charge.
        data_gaps: What happened in the books, by the session's clock.
    """

    feed_latency: Wire
    order_latency: Wire
    queue_model: QueueModel
    impact: str
    fees: FeesSection
    data_gaps: Rows

    def texts(self) -> dict[str, str]:
        """Every part, to be compared."""
        rows = self.data_gaps
        return {
            "feed_latency": self.feed_latency.text("feed"),
            "order_latency": self.order_latency.text("orders"),
            "queue_model": self.queue_model.name.lower(),
            "impact": self.impact,
            "fees": msgspec.json.encode(self.fees).decode(),
            "data_gaps": hashlib.blake2b(rows.tobytes(), digest_size=16).hexdigest(),
        }

    def said(self) -> dict[str, str]:
        """Every part, in words."""
        cleared = int((self.data_gaps["kind"] == Kind.CLEAR).sum())
        return {
            "feed_latency": self.feed_latency.said("feed"),
            "order_latency": self.order_latency.said("orders"),
            "queue_model": self.queue_model.name.lower(),
            "impact": f"{self.impact}: nobody answers to us",
            "fees": _fees_said(self.fees),
            "data_gaps": f"{len(self.data_gaps):,} rows; books cleared {cleared} times",
        }


def _fees_said(fees: FeesSection) -> str:
    charged: list[tuple[str, FeesSection | VenueFees]] = [("", fees)]
    charged += [(f"{name}: ", one) for name, one in fees.venues.items()]
    return ", ".join(
        f"{name}maker {one.maker_units_ppm} ppm, taker {one.taker_units_ppm} ppm"
        for name, one in charged
    )


def lived_by(evidence: Evidence) -> Assumed:
    """What a session lived with."""
    return _assumed(evidence.scenario, evidence.scenario.hosts, evidence.rows)


def assumed_by(scenario: Scenario, evidence: Evidence, rows: Rows | None) -> Assumed:
    """What a scenario would have simulated of a session.

    Args:
        scenario: With hosts of the session's names, at least.
        evidence: Of the session.
        rows: A complete tape's, by the session's clock; those of the session's feed by default.

    Raises:
        InputError: The scenario has no wires for a host of the session, or history answers in it.
    """
    if scenario.run.mode != "frozen":
        raise InputError(
            f"scenario {scenario.run.name!r}: found mode {scenario.run.mode!r}, allowed is 'frozen': "
            "a feed of levels does not say whose orders ours would have met"
        )
    by_name = {host.name: host for host in scenario.hosts}
    hosts = []
    for host in evidence.scenario.hosts:
        if host.name not in by_name:
            raise InputError(
                f"scenario {scenario.run.name!r}: found hosts {', '.join(by_name) or 'none'}, allowed is "
                f"with the session's {host.name!r}"
            )
        hosts.append(by_name[host.name])
    return _assumed(scenario, tuple(hosts), evidence.rows if rows is None else rows)


def _assumed(scenario: Scenario, hosts: tuple[HostSection, ...], rows: Rows) -> Assumed:
    wire = Wire(hosts, scenario.faults)
    return Assumed(
        feed_latency=wire,
        order_latency=wire,
        queue_model=scenario.run.queue_model,
        impact=scenario.run.mode,
        fees=scenario.fees,
        data_gaps=rows,
    )


def mixed(one: Assumed, other: Assumed, causes: Iterable[str]) -> Assumed:
    """The first, with some parts of the second."""
    return structs.replace(one, **{name: getattr(other, name) for name in causes})


def differing(one: Assumed, other: Assumed) -> list[str]:
    """The causes in which two sides differ, in the order of `CAUSES`."""
    left, right = one.texts(), other.texts()
    return [name for name in CAUSES if left[name] != right[name]]


# --- a tape by a session's clock ---------------------------------------------------------------------------


def rows_of_tape(path: Path, evidence: Evidence) -> Rows:
    """The rows of a tape for the books of a session, by the session's clock and grids.

    A tape that says when its messages were received here is taken by that time. What came before the session
    is its opening book.

    Raises:
        InputError: The tape is not of levels, lacks a book, or does not cover the session.
    """
    tape = open_tape(path)
    start = evidence.start
    wanted = {(one.symbol, one.venue): number for number, one in enumerate(start.instruments)}
    numbers = {
        book.book_id: (wanted[book.symbol, book.venue], book)
        for book in tape.meta.books
        if (book.symbol, book.venue) in wanted
    }
    missing = set(wanted.values()) - {number for number, _ in numbers.values()}
    if missing:
        one = start.instruments[min(missing)]
        raise InputError(f"{path}: found no book {one.symbol}@{one.venue}, allowed is with it")
    pieces = []
    for rows, sides in tape.chunks_with_sides():
        piece = rows.copy()
        if RECV_DELTA in sides:
            piece["ts_ns"] += sides[RECV_DELTA]
        pieces.append(_renumbered(piece, numbers, start.instruments, path))
    found = np.concatenate(pieces)
    if not len(found) or int(found["ts_ns"][-1]) < start.start_ns:
        raise InputError(f"{path}: found no row of the session's time, allowed is a tape of it")
    found["ts_ns"] = np.maximum(np.maximum.accumulate(found["ts_ns"]), start.start_ns)
    return found[found["ts_ns"] <= evidence.last_ns]


def _renumbered(
    rows: Rows,
    numbers: dict[int, tuple[int, TapeBook]],
    instruments: tuple[Instrument, ...],
    path: Path,
) -> Rows:
    """Rows of the wanted books, with the session's ids, prices and lots."""
    parts = np.full(len(rows), -1, np.int64)
    for book_id, (number, book) in numbers.items():
        mine = rows["book_id"] == book_id
        parts[mine] = number
        to = instruments[number]
        where = f"{path}: {book.symbol}@{book.venue}"
        if book.depth != "L2" or book.handle_count > HANDLES:
            raise InputError(
                f"{where}: found depth {book.depth} with {book.handle_count} handles, allowed is L2 "
                f"with at most {HANDLES}"
            )
        price, rest = np.divmod(
            rows["price"][mine] * to.price_units_per_currency, book.price_units_per_currency
        )
        if rest.any() or to.price_units_per_currency > book.price_units_per_currency * 10**6:
            raise InputError(f"{where}: found prices finer than the session's, allowed are its own")
        rows["price"][mine] = price
        # As a feed cuts quantities that are finer than the venue's own step; a level stays one.
        lots = (
            rows["qty"][mine] * (book.lot_units * to.lot_den)
            // (book.qty_units_per_piece * to.lot_num)
        )  # fmt: skip
        is_level = rows["kind"][mine] == Kind.LEVEL
        rows["qty"][mine] = np.where(is_level & (rows["qty"][mine] > 0), np.maximum(lots, 1), lots)
    parts[(rows["kind"] == Kind.TRADE) & (rows["qty"] == 0)] = -1
    kept = rows[parts >= 0]
    kept["book_id"] = parts[parts >= 0]
    return kept
