"""Runs of one stock dealt to several venues with presets, and what a plain count says of its trades."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from market.codes import Kind, RowFlag
from scenarios.run import RunSummary
from sim.tape.read import Tape
from tests.several_books import HOST, RUN, run

PRESETS: Final = {
    "XNAS": "nasdaq_like",
    "XNYS": "nyse_like",
    "ARCX": "nyse_like",
    "BATS": "nasdaq_like",
}
SHARES: Final = "seed = 7\n[venues]\nXNAS = 0.4\nXNYS = 0.3\nARCX = 0.2\nBATS = 0.1\n"
BUYER: Final = '{{ total_lots = {lots}, slices = {slices}, patience = "{patience}" }}'


def venue_scenario(
    folder: Path,
    *,
    symbol: str,
    mode: str,
    phases: str = "auto",
    close_ticks: int = 0,
    buyer: tuple[int, int, str] = (100, 10, "1s"),
) -> Path:
    """Write a scenario: every venue has its preset, and somebody buys at ARCX, whatever others show.

    Args:
        folder: Where it goes.
        symbol: The stock.
        mode: How history answers.
        phases: Who sets the phases.
        close_ticks: The last close at every venue; 0 for none.
        buyer: Lots, slices and patience.
    """
    lots, slices, patience = buyer
    text = RUN.format(mode=mode) + f'phases = "{phases}"\n'
    for venue, preset in PRESETS.items():
        text += f'\n[[venues]]\nname = "{venue}"\npreset = "{preset}"\n'
        if close_ticks:
            text += f"closes = {{ {symbol} = {close_ticks} }}\n"
    text += HOST.format(
        name="buyer",
        desk=1,
        strategy="scheduled_buyer",
        triggers='["trade"]',
        books=f'["{symbol}@ARCX"]',
        params=BUYER.format(lots=lots, slices=slices, patience=patience),
    )
    path = folder / f"venues_{mode}.toml"
    path.write_text(text, encoding="utf-8")
    return path


class Counted(NamedTuple):
    """Trades of one venue, their lots, and how many passed a better quote elsewhere."""

    trades: int
    lots: int
    throughs: int


def counted_in_run(summary: RunSummary, name: str) -> dict[str, Counted]:
    """What a run's summary says of one symbol, violations and excused ones together."""
    return {
        venue: Counted(one.trades, one.lots, one.violations + sum(one.exempt.values()))
        for venue, one in summary.trade_throughs[name].items()
    }


class PlainBook:
    """Orders by handle and lots by price: what a tape says of one venue."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}
        self.lots: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def best(self) -> tuple[int | None, int | None]:
        """Best bid and ask in price units."""
        bids, asks = self.lots
        return max(bids, default=None), min(asks, default=None)

    def take(self, kind: int, side: int, handle: int, price: int, qty: int) -> None:
        """What a row does."""
        if kind == Kind.ADD or (kind == Kind.REVEAL and qty > 0) or kind == Kind.REPLACE:
            self._set(handle, side, price, qty)
        elif kind in (Kind.REDUCE, Kind.EXECUTE, Kind.DELETE, Kind.REVEAL):
            own_side, own_price, left = self.orders[handle]
            left = 0 if kind == Kind.DELETE else left - abs(qty)
            self._set(handle, own_side, own_price, left)

    def _set(self, handle: int, side: int, price: int, qty: int) -> None:
        if handle in self.orders:
            own_side, own_price, left = self.orders.pop(handle)
            lots = self.lots[own_side]
            lots[own_price] -= left
            if lots[own_price] == 0:
                del lots[own_price]
        if qty:
            self.orders[handle] = side, price, qty
            self.lots[side][price] = self.lots[side].get(price, 0) + qty


def counted_on_tape(tape: Tape) -> dict[str, Counted]:
    """Trades at prices worse than a quote elsewhere that stood before and after their instant.

    The tape's last instant is left out, as a run is over before anybody hears of it.
    """
    venues = [book.venue for book in tape.meta.books]
    books = [PlainBook() for _ in venues]
    before = [book.best() for book in books]
    counts: Counter[tuple[int, str]] = Counter()
    trades: list[tuple[int, int, int]] = []
    now_ns = 0

    def settle() -> None:
        nonlocal before
        after = [book.best() for book in books]
        bids = [worse(old[0], new[0], min) for old, new in zip(before, after, strict=True)]
        asks = [worse(old[1], new[1], max) for old, new in zip(before, after, strict=True)]
        for venue, price, qty in trades:
            counts[venue, "trades"] += 1
            counts[venue, "lots"] += qty
            above = any(ask is not None and ask < price for ask in without(asks, venue))
            below = any(bid is not None and bid > price for bid in without(bids, venue))
            counts[venue, "throughs"] += above or below
        trades.clear()
        before = after

    for chunk in tape.chunks():
        for ts_ns, price, qty, handle, book_id, kind, flags in chunk.tolist():
            if ts_ns != now_ns:
                settle()
                now_ns = ts_ns
            if kind in (Kind.EXECUTE, Kind.TRADE):
                trades.append((book_id, price, qty))
            books[book_id].take(kind, flags & RowFlag.SELL, handle, price, qty)
    return {
        venue: Counted(*(counts[number, name] for name in Counted._fields))
        for number, venue in enumerate(venues)
    }


def without(quotes: list[int | None], venue: int) -> list[int | None]:
    return quotes[:venue] + quotes[venue + 1 :]


def worse(old: int | None, new: int | None, pick: Callable[[int, int], int]) -> int | None:
    return None if old is None or new is None else pick(old, new)


def run_venues(path: Path, tape: Path, runs: Path) -> RunSummary:
    """Run two times, which must come to the same."""
    one, two = (run(path, tape, runs / number) for number in ("1", "2"))
    assert one.digest == two.digest
    assert one.trade_throughs == two.trade_throughs
    return one
