"""Records for transaction-cost analysis, made from the folder of a finished run.

Model: every order is followed through the run's events: it left its host, arrived, was answered. A desk's
orders stand under the parents that its journal names (`scenarios.tca_causes`); every order of a bare
participant is a parent of its own, decided when the decision that sent it was taken. Prices that were
true at the venue are the views' (`scenarios.tca_quotes` says what that means).

Fills count as they stand at the end: busted ones are left out, corrected ones have their new price,
quantity and fee, at the moment of the fill. Prices between ticks (`half`) are exact.

Limits: events say neither type nor time in force. A desk's orders have them from the journal; those of a
bare participant are LIMIT (MARKET without a price), and IOC where the venue expired what was left at
the instant of arrival, GTC otherwise. Legs of mass quotes leave no command of their own; a run in which
one filled is refused.
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from desk.tca import ChildRecord, FillRecord, MidSeries, ParentRecord, Seen
from market.codes import Liquidity, OrderType, ReportType, Side, TimeInForce
from market.errors import InputError
from market.instruments import Instrument
from market.messages import NO_PRICE
from scenarios.run_journal import JOURNAL_SUFFIX
from scenarios.schema import parse_scenario
from scenarios.sections import HostSection
from scenarios.tca_causes import Causes, Sent, Wish
from scenarios.tca_quotes import Ints, Quotes, columns_of
from sim.recorder import EventKind

Valued = Literal["end", "close"]
Row = dict[str, int]

ENDS: Final = frozenset(
    (ReportType.CANCELLED, ReportType.EXPIRED, ReportType.REJECTED, ReportType.FILLED)
)
TRADES: Final = frozenset((ReportType.FILLED, ReportType.BUSTED, ReportType.CORRECTED))
FOLLOWED: Final = (
    EventKind.SUBMIT,
    EventKind.ARRIVED,
    EventKind.ANSWER,
    EventKind.LOST,
    EventKind.RECEIVED,
)


class RunRecords(msgspec.Struct, frozen=True, kw_only=True):
    """What transaction-cost analysis is told of a run.

    Attributes:
        records: Parents, in the order in which their first orders left.
        horizons_ns: Of each parent's belief; 0 where none was said.
        strategies: Names, by `ParentRecord.strategy`.
        mids: By symbol.
        books: What was traded, by `book_id`.
        quotes_ahead: How often a price was asked for before the first two-sided view.
    """

    records: list[ParentRecord]
    horizons_ns: list[int]
    strategies: list[str]
    mids: dict[str, MidSeries]
    books: list[Instrument]
    start_ns: int
    end_ns: int
    quotes_ahead: int
    run_id: str
    tape_digest: str


def records_of(folder: Path, *, valued: Valued = "close") -> RunRecords:
    """Every parent of a run.

    Args:
        folder: The run's folder.
        valued: What was not filled is valued at the `close`, the run's last mid, so that all real
            portfolios together are the venue's profit and loss (but for what a route holds away from
            its home, and for moves after the last view); or at each parent's own `end`.

    Raises:
        InputError: The folder is no run, a journal is damaged, no host ever saw a price, or a fill
            belongs to an order that no command sent.
    """
    summary, identity = _summary(folder), _identity(folder)
    where = folder / "scenario.toml"
    try:
        hosts = parse_scenario(where.read_text(encoding="utf-8"), str(where)).hosts
        events = columns_of(pq.read_table(folder / "events.parquet", use_threads=False))
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{folder}: found no readable run ({error})") from None
    books = msgspec.convert(summary["books"], list[Instrument])
    builder = _Builder(folder, list(hosts), books, events, valued)
    builder.take()
    return RunRecords(
        records=builder.records,
        horizons_ns=builder.horizons_ns,
        strategies=builder.strategies,
        mids=builder.quotes.mids(builder.end_ns),
        books=books,
        start_ns=builder.start_ns,
        end_ns=builder.end_ns,
        quotes_ahead=builder.quotes.ahead,
        run_id=str(summary["run_id"]),
        tape_digest=str(identity.get("tape_digest", "")),
    )


def _summary(folder: Path) -> dict[str, Any]:
    path = folder / "summary.json"
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except OSError:
        raise InputError(f"{folder}: found no summary.json, allowed is a run's folder") from None
    except ValueError as error:
        raise InputError(f"{path}: found damaged JSON ({error})") from None
    if not found.get("books"):
        raise InputError(f"{path}: found no 'books', allowed is a run of this version")
    return found


def _identity(folder: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads((folder / "run.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        raise InputError(f"{folder}: found no run.toml, allowed is the folder of a run") from None
    found: dict[str, Any] = table["identity"]
    return found


class _Builder:
    """One run's records being made."""

    def __init__(
        self,
        folder: Path,
        hosts: list[HostSection],
        books: list[Instrument],
        events: Mapping[str, Ints],
        valued: Valued,
    ) -> None:
        self.books, self._hosts, self._valued = books, hosts, valued
        times_ns = events["time_ns"]
        self.start_ns = int(times_ns[0]) if len(times_ns) else 0
        self.end_ns = int(times_ns.max()) + 1 if len(times_ns) else 0
        self.quotes = Quotes(events, books)
        self._orders = _orders(events)
        self._decided = _decisions(events, len(hosts))
        self._causes: dict[int, Causes] = {}
        self._first: dict[int, int] = {}
        self.strategies: list[str] = []
        for number, host in enumerate(hosts):
            self._first[number] = len(self.strategies)
            if host.stack is None:
                self.strategies.append(f"{host.name}/{host.strategy}")
                continue
            self.strategies += [f"{host.name}/{one.name}" for one in host.stack.strategies]
            self._causes[number] = Causes(folder / f"{host.name}{JOURNAL_SUFFIX}")
        self.records: list[ParentRecord] = []
        self.horizons_ns: list[int] = []

    def take(self) -> None:
        """Put every order under its parent."""
        parents: dict[tuple[int, int, int], list[tuple[ChildRecord, Row, int]]] = {}
        for number, rows in enumerate(self._orders.values()):
            submit = rows[0]
            if submit["kind"] != EventKind.SUBMIT:
                if any(_is(row, EventKind.ANSWER, TRADES) for row in rows):
                    raise InputError(
                        f"order {submit['order_id']}: found a fill and no command that sent it, "
                        "allowed are runs without mass quotes"
                    )
                continue
            sent = self._sent(submit)
            child, closed_ns = self._child(rows, sent)
            wish = None if sent is None else self._causes[submit["host"]].wishes[sent.parent_id]
            alone = sent is None or wish is None or wish.quoting or not wish.wanted_lots
            key = (submit["host"], -1 - number, 0)
            if not alone:
                assert sent is not None
                key = (submit["host"], sent.parent_id, submit["side"])
            parents.setdefault(key, []).append((child, submit, closed_ns))
        for found in parents.values():
            self._parent(found)

    def _sent(self, submit: Row) -> Sent | None:
        causes = self._causes.get(submit["host"])
        if causes is None:
            return None
        sent = causes.sent.get(submit["order_id"])
        if sent is None:
            raise InputError(
                f"host {self._hosts[submit['host']].name!r}: found order {submit['order_id']} in the "
                "events and not in the journal, allowed is a journal of the same run"
            )
        return sent

    def _parent(self, found: list[tuple[ChildRecord, Row, int]]) -> None:
        """One record from its orders."""
        children = tuple(child for child, _, _ in found)
        submit, host = found[0][1], found[0][1]["host"]
        sent = self._sent(submit)
        wish = None if sent is None else self._causes[host].wishes[sent.parent_id]
        together = wish is not None and not wish.quoting and wish.wanted_lots > 0
        decided_ns = self._decided_ns(submit, sent, wish if together else None)
        ended_ns = max(child.ended_ns for child in children)
        # A wish over several venues is held against its home, wherever its first order went.
        book_id = wish.book_id if wish is not None and together else submit["book_id"]
        end_x2 = self.quotes.close_x2(book_id)
        if self._valued == "end":
            end_x2 = self.quotes.mid_x2(book_id, ended_ns)
        self.records.append(
            ParentRecord(
                parent_id=sent.parent_id if sent is not None and together else submit["order_id"],
                instrument=self.books[book_id],
                strategy=self._first[host] + (0 if wish is None else wish.strategy),
                algo=self._algo(host, wish),
                side=Side(submit["side"]),
                wanted_lots=wish.wanted_lots if wish is not None and together else children[0].lots,
                decided=self.quotes.seen(host, book_id, decided_ns),
                children=children,
                ended_ns=ended_ns,
                end_mid_x2_units=end_x2,
                closed_ns=max(closed_ns for _, _, closed_ns in found),
            )
        )
        self.horizons_ns.append(wish.horizon_ns if wish is not None and together else 0)

    def _decided_ns(self, submit: Row, sent: Sent | None, wish: Wish | None) -> int:
        """When it was decided: by the journal, or when the decision before the order was taken."""
        if wish is not None:
            return wish.decided_ns
        if sent is not None:
            return sent.decided_ns
        times_ns, decided_ns = self._decided[submit["host"]]
        index = int(np.searchsorted(times_ns, submit["time_ns"], side="right")) - 1
        return int(decided_ns[index]) if index >= 0 else submit["time_ns"]

    def _algo(self, host: int, wish: Wish | None) -> str:
        """How it was worked, in a word."""
        stack = self._hosts[host].stack
        if stack is None or wish is None:
            return self._hosts[host].strategy
        return "quotes" if wish.quoting else stack.strategies[wish.strategy].execution.algo_name

    def _child(self, rows: list[Row], sent: Sent | None) -> tuple[ChildRecord, int]:
        """One order, and when its host had heard of its end."""
        submit, host, book_id = rows[0], rows[0]["host"], rows[0]["book_id"]
        instrument = self.books[book_id]
        answers = [row for row in rows if row["kind"] == EventKind.ANSWER]
        fills = self._fills(answers)
        arrived_ns = _first_ns(rows, EventKind.ARRIVED)
        received = arrived_ns is not None and not any(
            row["detail"] == ReportType.REJECTED for row in answers
        )
        ends = [
            row["time_ns"] for row in answers if row["detail"] in ENDS and not row["leaves_lots"]
        ]
        lost_ns = _first_ns(rows, EventKind.LOST) if arrived_ns is None else None
        ended_ns = max(ends) if ends else lost_ns if lost_ns is not None else self.end_ns
        heard = [row["time_ns"] for row in rows if row["kind"] == EventKind.RECEIVED]
        closed_ns = max(heard, default=self.end_ns) if ends else self.end_ns
        order_type, tif = _type_of(submit, answers, arrived_ns)
        priced = submit["price_ticks"] != NO_PRICE
        child = ChildRecord(
            order_id=submit["order_id"],
            venue=instrument.venue,
            order_type=order_type if sent is None else sent.order_type,
            tif=tif if sent is None else sent.tif,
            lots=_ordered_lots(submit, answers),
            limit_units=submit["price_ticks"] * instrument.tick_units if priced else NO_PRICE,
            sent=self.quotes.seen(host, book_id, submit["time_ns"]),
            received=self._arrival(host, book_id, arrived_ns) if received else None,
            ended_ns=ended_ns,
            fills=fills,
            special=sent is not None and sent.terms is not None,
            changed=sum(row["detail"] == ReportType.REPLACED for row in answers),
        )
        return child, max(closed_ns, ended_ns)

    def _arrival(self, host: int, book_id: int, at_ns: int | None) -> Seen:
        assert at_ns is not None
        return self.quotes.seen(host, book_id, at_ns, own=True)

    def _fills(self, answers: list[Row]) -> tuple[FillRecord, ...]:
        """The fills that stand, in the order in which they happened."""
        standing: dict[int, tuple[Row, Row]] = {}
        for row in answers:
            if row["detail"] == ReportType.FILLED:
                standing[row["exec_id"] or -1 - len(standing)] = row, row
            elif row["detail"] == ReportType.BUSTED:
                standing.pop(row["exec_id"], None)
            elif row["detail"] == ReportType.CORRECTED and row["exec_id"] in standing:
                standing[row["exec_id"]] = standing[row["exec_id"]][0], row
        return tuple(self._fill(first, last) for first, last in standing.values())

    def _fill(self, first: Row, last: Row) -> FillRecord:
        instrument = self.books[first["book_id"]]
        return FillRecord(
            exec_id=first["exec_id"],
            venue=instrument.venue,
            # A tick may be an odd number of price units, so half of one is counted in half units.
            price_x2_units=(2 * last["price_ticks"] + last["half"]) * instrument.tick_units,
            lots=last["qty_lots"],
            fee=last["fee"],
            liquidity=Liquidity(first["liquidity"]),
            seen=self.quotes.seen(first["host"], first["book_id"], first["time_ns"], own=True),
            after_mid_x2_units=self.quotes.after_x2(first["book_id"], first["time_ns"]),
        )


def _orders(events: Mapping[str, Ints]) -> dict[int, list[Row]]:
    """The rows of each order, in order; the number of an order names its host already."""
    kept = np.flatnonzero(np.isin(events["kind"], FOLLOWED) & (events["order_id"] != 0))
    names = list(events)
    columns = [events[name][kept].tolist() for name in names]
    found: dict[int, list[Row]] = {}
    for values in zip(*columns, strict=True):
        row = dict(zip(names, values, strict=True))
        found.setdefault(row["order_id"], []).append(row)
    return found


def _decisions(events: Mapping[str, Ints], hosts: int) -> list[tuple[Ints, Ints]]:
    """For each host, when its decisions left, and when they had been taken."""
    computed = events["kind"] == EventKind.COMPUTED
    found = []
    for host in range(hosts):
        rows = np.flatnonzero(computed & (events["host"] == host))
        found.append((events["time_ns"][rows], events["venue_ns"][rows]))
    return found


def _is(row: Row, kind: EventKind, details: frozenset[ReportType]) -> bool:
    return row["kind"] == kind and row["detail"] in details


def _first_ns(rows: list[Row], kind: EventKind) -> int | None:
    """When an order's first command arrived, or was lost."""
    return next(
        (
            row["time_ns"]
            for row in rows
            if row["kind"] == kind and row["detail"] == EventKind.SUBMIT
        ),
        None,
    )


def _ordered_lots(submit: Row, answers: list[Row]) -> int:
    """Ordered in all: the first quantity, or what had filled and stayed open at a replacement."""
    most = submit["qty_lots"]
    filled: dict[int, int] = {}
    for row in answers:
        if row["detail"] in TRADES:
            lots = 0 if row["detail"] == ReportType.BUSTED else row["qty_lots"]
            filled[row["exec_id"]] = lots
        elif row["detail"] == ReportType.REPLACED:
            most = max(most, sum(filled.values()) + row["leaves_lots"])
    return most


def _type_of(
    submit: Row, answers: list[Row], arrived_ns: int | None
) -> tuple[OrderType, TimeInForce]:
    """What can be told of a bare participant's order."""
    order_type = OrderType.MARKET if submit["price_ticks"] == NO_PRICE else OrderType.LIMIT
    at_once = any(
        row["detail"] == ReportType.EXPIRED and row["time_ns"] == arrived_ns for row in answers
    )
    return order_type, TimeInForce.IOC if at_once else TimeInForce.GTC
