"""Lines of a run over time: profit, orders, positions, answers, age of content.

Floats are allowed here: nothing on a page decides anything.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from chaos.ledger import History
from market.codes import ReportType, Side
from market.instruments import Instrument
from market.messages import NO_PRICE
from sim.recorder import Event, EventKind

POINTS: Final = 360
"""Points of a line."""


class Series(NamedTuple):
    """Seconds from the start of the run, and values."""

    x: list[float]
    y: list[float | None]


def grid(history: History) -> list[int]:
    """Moments at which lines have their points."""
    span_ns = history.end_ns - history.start_ns
    return [history.start_ns + span_ns * number // POINTS for number in range(1, POINTS + 1)]


def seconds(history: History, time_ns: int) -> float:
    """From the start of the run."""
    return round((time_ns - history.start_ns) / 1e9, 6)


def profit(history: History, books: Sequence[Instrument]) -> dict[str, Series]:
    """Cash and position at the last mid that a host saw, less fees, by currency."""
    result = {}
    for currency in dict.fromkeys(one.currency for one in books):
        numbers = [number for number, one in enumerate(books) if one.currency == currency]
        paths = [_profit_of(history, number, books[number]) for number in numbers]
        y: list[float | None] = [round(sum(points), 4) for points in zip(*paths, strict=True)]
        result[currency] = Series([seconds(history, one) for one in grid(history)], y)
    return result


def _profit_of(history: History, book_id: int, book: Instrument) -> list[float]:
    """Profit in one book at every moment of the grid."""
    unit = book.lot_num / (book.lot_den * book.price_units_per_currency)
    steps: list[tuple[int, int, float, float]] = []  # time, 0 fill or 1 mid, lots or mid, cash
    for time_ns, lots, cash in _fills(history, book_id, book.tick_units):
        steps.append((time_ns, 0, lots, cash))
    for one in history.of(EventKind.VIEW):
        if one.book_id == book_id and NO_PRICE not in (one.price_ticks, one.qty_lots):
            mid = (one.price_ticks + one.qty_lots) / 2 * book.tick_units
            steps.append((one.time_ns, 1, mid, 0.0))
    steps.sort()
    found, position, money, mid, at = [], 0.0, 0.0, 0.0, 0
    for time_ns in grid(history):
        while at < len(steps) and steps[at][0] <= time_ns:
            _, what, value, cash = steps[at]
            if what:
                mid = value
            else:
                position, money = position + value, money + cash
            at += 1
        found.append((money + position * mid) * unit)
    return found


def _fills(history: History, book_id: int, tick_units: int) -> list[tuple[int, float, float]]:
    """When lots and cash of a book changed: fills, and what busts and corrections undid of them."""
    known: dict[tuple[int, int], tuple[float, float]] = {}
    changes = []
    for story in history.stories():
        if story.book_id != book_id:
            continue
        for one in story.answers:
            if one.detail not in (ReportType.FILLED, ReportType.BUSTED, ReportType.CORRECTED):
                continue
            key = one.order_id, one.exec_id
            lots, cash = known.pop(key, (0.0, 0.0))
            if one.detail == ReportType.FILLED:
                lots, cash = 0.0, 0.0  # a number that comes again is another fill
            now = (0.0, 0.0)
            if one.detail != ReportType.BUSTED:
                sign = 1 if story.side == Side.BUY else -1
                price = (2 * one.price_ticks + one.half) / 2 * tick_units
                now = sign * one.qty_lots, -sign * one.qty_lots * price - one.fee
                known[key] = now
            changes.append((one.time_ns, now[0] - lots, now[1] - cash))
    return changes


def counts(history: History, events: Sequence[Event]) -> Series:
    """How many events of a kind there were in each second."""
    x = list(range((history.end_ns - history.start_ns) // 1_000_000_000 + 1))
    y = [0] * len(x)
    for one in events:
        y[min(len(y) - 1, (one.time_ns - history.start_ns) // 1_000_000_000)] += 1
    return Series([float(one) for one in x], [float(one) for one in y])


def fills(history: History) -> list[Event]:
    """Every fill, in order of time."""
    return [one for one in history.of(EventKind.ANSWER) if one.detail == ReportType.FILLED]


def live_orders(history: History) -> dict[str, Series]:
    """Orders at the venue, and those that each desk takes for open."""
    x = [seconds(history, one.time_ns) for one in history.looks]
    found = {"at the venue": Series(x, [float(len(one.venue)) for one in history.looks])}
    for host in history.looks[0].desks if history.looks else ():
        y = [
            None if host in one.down else float(len(one.desks.get(host, ())))
            for one in history.looks
        ]
        found[f"in {history.name(host)}"] = Series(x, y)
    return found


def positions(history: History, books: Sequence[Instrument]) -> dict[str, Series]:
    """Lots held on the venue's ledger, by member and book."""
    keys = sorted({key for one in history.looks for key in one.positions})
    x = [seconds(history, one.time_ns) for one in history.looks]
    return {
        f"{history.name(member)} {books[book_id].symbol}": Series(
            x, [float(one.positions.get((member, book_id), 0)) for one in history.looks]
        )
        for member, book_id in keys
    }


def answers(history: History) -> Series:
    """Milliseconds from a new order's leaving until the first report of it, by when it left."""
    found = []
    for story in history.stories():
        if story.submits and story.received:
            sent_ns = story.submits[0].time_ns
            found.append((sent_ns, (story.received[0].time_ns - sent_ns) / 1e6))
    found.sort()
    return Series(
        [seconds(history, sent_ns) for sent_ns, _ in found], [round(ms, 4) for _, ms in found]
    )


def content_age(history: History) -> dict[str, Series]:
    """The oldest content, in ms, that each host looked at in each stretch."""
    moments = grid(history)
    found: dict[int, list[float | None]] = {}
    for one in history.of(EventKind.VIEW):
        if one.venue_ns <= 0:
            continue
        ages = found.setdefault(one.host, [None] * len(moments))
        at = min(len(moments) - 1, bisect_right(moments, one.time_ns))
        age = round((one.time_ns - one.venue_ns) / 1e6, 3)
        known = ages[at]
        ages[at] = age if known is None else max(known, age)
    x = [seconds(history, one) for one in moments]
    return {history.name(host): Series(x, ages) for host, ages in sorted(found.items())}
