"""Parents from a run's events: every order that a host sent, as a parent of its own.

The market between two looks of a host is not in a run's events, so the venue's book is taken from the
views: what a host saw is what stood at the venue at the view's `venue_ns`. That is enough to hold sums
against the venue's account; for figures to act upon the venue's own book is wanted.
"""

from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from desk.tca import ChildRecord, FillRecord, ParentRecord, Quote, Seen
from market.codes import Liquidity, OrderType, ReportType, Side, TimeInForce
from market.instruments import Instrument
from market.messages import NO_PRICE
from sim.recorder import EventKind

Event = dict[str, Any]
ENDS: Final = (
    ReportType.CANCELLED,
    ReportType.EXPIRED,
    ReportType.REJECTED,
    ReportType.FILLED,
)


class Quotes:
    """The two-sided quotes of one book that one host saw, by local and by venue time."""

    def __init__(self, views: list[Event], tick_units: int) -> None:
        self.local_ns: list[int] = []
        self.venue_ns: list[int] = []
        self.quotes: list[Quote] = []
        for view in views:
            bid_ticks, ask_ticks = view["price_ticks"], view["qty_lots"]
            if NO_PRICE not in (bid_ticks, ask_ticks):
                self.local_ns.append(view["time_ns"])
                self.venue_ns.append(view["venue_ns"])
                self.quotes.append(Quote(bid_ticks * tick_units, ask_ticks * tick_units))

    def seen(self, at_ns: int) -> Seen:
        """What was believed and what was true at a moment."""
        return Seen(at_ns, self._as_of(self.local_ns, at_ns), self._as_of(self.venue_ns, at_ns))

    def before(self, at_ns: int) -> Seen:
        """The same just before it."""
        return Seen(at_ns, self.seen(at_ns).local, self._as_of(self.venue_ns, at_ns - 1))

    def after_x2(self, at_ns: int) -> int:
        """Twice the venue's mid at the first look that knows of that moment."""
        index = min(bisect_left(self.venue_ns, at_ns), len(self.quotes) - 1)
        return self.quotes[index].mid_x2_units

    def _as_of(self, times_ns: list[int], at_ns: int) -> Quote:
        return self.quotes[max(bisect_right(times_ns, at_ns) - 1, 0)]


def parents_of(folder: Path, instruments: list[Instrument]) -> list[ParentRecord]:
    """Every order of a run as a parent, valued at the last mid of its book."""
    events = pq.read_table(folder / "events.parquet").to_pylist()
    books: dict[tuple[int, int], list[Event]] = {}
    orders: dict[tuple[int, int], list[Event]] = {}
    for event in events:
        if event["kind"] == EventKind.VIEW:
            books.setdefault((event["host"], event["book_id"]), []).append(event)
        elif event["kind"] in (EventKind.SUBMIT, EventKind.ARRIVED, EventKind.ANSWER):
            orders.setdefault((event["host"], event["order_id"]), []).append(event)
    quotes = {name: Quotes(views, instruments[name[1]].tick_units) for name, views in books.items()}
    end_ns = events[-1]["time_ns"] + 1
    return [
        _parent(found, quotes[found[0]["host"], found[0]["book_id"]], instruments, end_ns)
        for found in orders.values()
    ]


def _parent(
    events: list[Event], quotes: Quotes, instruments: list[Instrument], end_ns: int
) -> ParentRecord:
    submit = events[0]
    assert submit["kind"] == EventKind.SUBMIT
    instrument = instruments[submit["book_id"]]
    sent = quotes.seen(submit["time_ns"])
    decided_ns = quotes.local_ns[max(bisect_right(quotes.local_ns, sent.at_ns) - 1, 0)]
    arrived = next((one for one in events if one["kind"] == EventKind.ARRIVED), None)
    answers = [one for one in events if one["kind"] == EventKind.ANSWER]
    fills = tuple(_fill(one, quotes, instrument) for one in answers if is_fill(one))
    ends = [one["time_ns"] for one in answers if one["detail"] in ENDS and not one["leaves_lots"]]
    child = ChildRecord(
        order_id=submit["order_id"],
        venue=instrument.venue,
        order_type=OrderType.LIMIT,
        tif=TimeInForce.GTC,
        lots=submit["qty_lots"],
        limit_units=submit["price_ticks"] * instrument.tick_units,
        sent=sent,
        received=None if arrived is None else quotes.seen(arrived["time_ns"]),
        ended_ns=max(ends, default=end_ns),
        fills=fills,
    )
    return ParentRecord(
        parent_id=submit["order_id"],
        instrument=instrument,
        strategy=submit["host"],
        algo="order",
        side=Side(submit["side"]),
        wanted_lots=submit["qty_lots"],
        decided=quotes.seen(min(decided_ns, sent.at_ns)),
        children=(child,),
        ended_ns=child.ended_ns,
        end_mid_x2_units=quotes.quotes[-1].mid_x2_units,
        closed_ns=end_ns,
    )


def is_fill(event: Event) -> bool:
    """Whether an answer says that something traded."""
    return event["kind"] == EventKind.ANSWER and event["detail"] == ReportType.FILLED


def _fill(event: Event, quotes: Quotes, instrument: Instrument) -> FillRecord:
    return FillRecord(
        exec_id=event["exec_id"],
        venue=instrument.venue,
        price_x2_units=(2 * event["price_ticks"] + event["half"]) * instrument.tick_units,
        lots=event["qty_lots"],
        fee=event["fee"],
        liquidity=Liquidity(event["liquidity"]),
        seen=quotes.before(event["time_ns"]),
        after_mid_x2_units=quotes.after_x2(event["time_ns"]),
    )
