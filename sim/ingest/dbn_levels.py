"""DBN market-by-price and trade records of one instrument to rows of an L2 or L1 book.

Model: each market-by-price record carries the best levels as they are after it; what differs from
the levels before becomes rows. With ten levels (mbp-10) these are LEVEL rows: a level that leaves
the ten is set to 0, because what becomes of it there is not told. With one level (mbp-1) they are
QUOTE rows. A trade record is a TRADE, and it comes before the record that takes its quantity away.
"""

from market.codes import Kind, Side
from sim.ingest.bad_records import RefusedRecord
from sim.ingest.dbn_event import Event, check_trade
from sim.ingest.dbn_mbo import ACTIONS, TRADE
from sim.ingest.dbn_records import UNDEF_PRICE
from sim.ingest.level_book import LevelBook

Level = tuple[int, int, int, int, int, int]
"""Bid price, ask price, bid quantity, ask quantity, and the two counts of orders."""


class LevelsBook:
    """The best levels of one instrument: one (L1) or more (L2) of each side."""

    def __init__(self, event: Event, statistics: dict[str, int], *, is_quote: bool) -> None:
        self._event = event
        self._statistics = statistics
        self._is_quote = is_quote
        self._shown: tuple[dict[int, int], dict[int, int]] = ({}, {})  # best first
        self._levels = LevelBook()

    def is_crossed(self) -> bool:
        """Whether the best bid is at or above the best ask."""
        bid, ask = (next(iter(side), None) for side in self._shown)
        return bid is not None and ask is not None and bid >= ask

    @property
    def handle_count(self) -> int:
        """Handles that the rows use."""
        return len(Side) if self._is_quote else self._levels.handle_count

    def take(
        self, action: int, side_letter: int, price: int, size: int, levels: list[Level]
    ) -> None:
        """Apply a record.

        Raises:
            RefusedRecord: The record can't be accepted; nothing was changed.
        """
        if action not in ACTIONS:
            raise RefusedRecord(f"found action {chr(action)!r}, allowed one of A, C, M, R, T, F, N")
        if action == TRADE:
            check_trade(side_letter, price, size)
        now = _sides_of(levels)
        if action == TRADE:
            self._event.print_trade(side_letter, price, size)
            self._event.note_trade()
            self._statistics["prints"] = self._statistics.get("prints", 0) + 1
        for side in Side:
            if now[side] != self._shown[side]:
                if self._is_quote:
                    price_units, qty = next(iter(now[side].items()), (0, 0))
                    self._event.add(int(Kind.QUOTE), int(side), int(side), price_units, qty)
                else:
                    self._put(side, now[side])
        self._shown = now

    def _put(self, side: Side, now: dict[int, int]) -> None:
        """Write what differs between two states of a side, removals first."""
        before = self._shown[side]
        for price, qty in [(price, 0) for price in before if price not in now] + [
            (price, qty) for price, qty in now.items() if before.get(price) != qty
        ]:
            handle = self._levels.put(int(side), price, qty)
            self._event.add(int(Kind.LEVEL), int(side), handle, price, qty)


class TradesBook:
    """No levels at all: trades alone."""

    handle_count = 0

    def __init__(self, event: Event, statistics: dict[str, int]) -> None:
        self._event = event
        self._statistics = statistics

    def is_crossed(self) -> bool:
        """Never: there is no book."""
        return False

    def take(
        self, action: int, side_letter: int, price: int, size: int, levels: list[Level]
    ) -> None:
        """Apply a record.

        Raises:
            RefusedRecord: The record can't be accepted.
        """
        assert not levels
        if action != TRADE:
            raise RefusedRecord(f"found action {chr(action)!r}, allowed 'T'")
        check_trade(side_letter, price, size)
        self._event.print_trade(side_letter, price, size)
        self._statistics["prints"] = self._statistics.get("prints", 0) + 1


def _sides_of(levels: list[Level]) -> tuple[dict[int, int], dict[int, int]]:
    """Quantity by price of both sides, best first.

    Raises:
        RefusedRecord: Levels that do not get worse.
    """
    return _side_of(Side.BUY, levels), _side_of(Side.SELL, levels)


def _side_of(side: Side, levels: list[Level]) -> dict[int, int]:
    shown: dict[int, int] = {}
    worst: int | None = None
    for level in levels:
        price, qty = level[side], level[2 + side]
        if price == UNDEF_PRICE or qty == 0:
            continue
        key = -side.sign * price
        if worst is not None and key <= worst:
            raise RefusedRecord(f"found a level of price {price}, allowed prices that get worse")
        worst = key
        shown[price] = qty
    return shown
