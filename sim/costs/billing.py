"""A venue's billing: what each fill costs its account, what the venue keeps, what it passes on.

Model: a bill is made for every fill and stays with it. An order's bounds hold over its fills that
stand: a fill is charged what brings the order to the bounded sum, so the first may carry a minimum
and later ones nothing. Turnover is counted for each host, over all books of one venue that share one
schedule.

A *bust* takes back what its bill charged, to the last unit, and nothing else: other fills keep their
bills, also where the busted lots had lifted them to a better rate or borne the order's minimum. A
*correction* takes its bill back and makes a new one at the rate that the fill had. After either, the
order's next bill brings it to the bounded sum of what stands. Whether the turnover that later fills
look at changes too is the schedule's `restate_turnover`.

Invariants:
    1. What the bills that stand charge is what the venue keeps and passes on, to the unit.
    2. After every bill that is made, an order has been charged the bounded sum of its fills' fees.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from market.errors import InputError
from market.instruments import Instrument
from sim.costs.exact import Scale, scale_of
from sim.costs.fee_schedule import Charge, Fees, FeeSchedule, Tariff
from sim.costs.rate import Rate, Trade
from sim.costs.turnover import TurnoverLog, day_of


class Payer(NamedTuple):
    """Whose fill it is."""

    host: int
    book_id: int
    order_id: int


class Bill(NamedTuple):
    """What one fill was charged, and why.

    Attributes:
        payer: Who.
        trade: For what.
        charge: How much.
        day: On which day, in the schedule's zone.
        rate: At which rate; None under `Fees`.
        fee: The exchange's fee of the fill by itself, before the order's bounds.
    """

    payer: Payer
    trade: Trade
    charge: Charge
    day: int = 0
    rate: Rate | None = None
    fee: int = 0


class Takings(NamedTuple):
    """What one book has brought in, in price unit × lot: kept, and each levy by its name."""

    kept: int
    levies: dict[str, int]

    @property
    def total(self) -> int:
        """All of it."""
        return self.kept + sum(self.levies.values())


class _Book:
    """How one book is charged, and what it has brought in."""

    def __init__(self, tariff: Tariff, scale: Scale, group: int) -> None:
        self.tariff = tariff
        self.scale = scale
        self.group = group
        self.per_currency = 1
        self.kept = 0
        self.levies = [0] * (len(tariff.levies) if isinstance(tariff, FeeSchedule) else 0)

    def amount(self, trade: Trade) -> int:
        """What a trade is worth in parts of currency that are the group's."""
        return trade.worth * self.scale.den * (self.per_currency // self.scale.num)


class Billing:
    """Charges every fill of a venue.

    Args:
        instruments: One a book.
        tariffs: One for all books, or one each.

    Raises:
        InputError: A schedule does not fit a book that it is for.
    """

    def __init__(
        self, instruments: Sequence[Instrument], tariffs: Tariff | Sequence[Tariff]
    ) -> None:
        each = [tariffs] * len(instruments) if isinstance(tariffs, Tariff) else list(tariffs)
        if len(each) != len(instruments):
            raise InputError(
                f"fees: found {len(each)} schedules, allowed is one, or {len(instruments)}: one a book"
            )
        groups: dict[tuple[str, Tariff], int] = {}
        self._books: list[_Book] = []
        for instrument, tariff in zip(instruments, each, strict=True):
            group = groups.setdefault((instrument.venue, tariff), len(groups))
            self._books.append(_Book(tariff, scale_of(instrument), group))
        for (venue, tariff), group in groups.items():
            members = [i for i, book in enumerate(self._books) if book.group == group]
            if isinstance(tariff, FeeSchedule):
                self._join(venue, tariff, [instruments[i] for i in members], members)
        self._logs: dict[tuple[int, int], TurnoverLog] = {}
        self._orders: dict[int, tuple[int, int, int]] = {}

    def _join(
        self, venue: str, schedule: FeeSchedule, instruments: list[Instrument], members: list[int]
    ) -> None:
        """Check a schedule against its books, and find what all of their amounts divide into."""
        currencies = list(dict.fromkeys(one.currency for one in instruments))
        if schedule.counts_currency and len(currencies) > 1:
            raise InputError(
                f"fees of {venue}: found thresholds in currency over books in "
                f"{', '.join(currencies)}, allowed is one currency"
            )
        per_currency = math.lcm(*(self._books[i].scale.num for i in members))
        for i in members:
            book = self._books[i]
            book.per_currency = per_currency
            for levy in schedule.levies:
                levy.step_of(book.scale)

    # --- bills ------------------------------------------------------------------------------------

    def bill(self, payer: Payer, trade: Trade, now_ns: int) -> Bill:
        """Charge a fill.

        Args:
            payer: Whose it is.
            trade: What was traded.
            now_ns: When; decides the day.
        """
        tariff = self._books[payer.book_id].tariff
        if isinstance(tariff, Fees):
            return self._plain(tariff, payer, trade)
        day = day_of(now_ns, tariff.zone_minutes)
        book = self._books[payer.book_id]
        log = self._log(payer, tariff)
        amount = book.amount(trade)
        rate = tariff.rate(trade, log.turnover(day, trade.qty_lots, amount))
        log.add(day, trade.qty_lots, amount)
        return self._charge(tariff, Bill(payer, trade, Charge(0), day, rate))

    def cancel(self, bill: Bill) -> None:
        """Take back a bill that stands: its fill is busted."""
        book = self._books[bill.payer.book_id]
        self._withdraw(bill)
        tariff = book.tariff
        if isinstance(tariff, FeeSchedule) and tariff.restate_turnover:
            trade = bill.trade
            log = self._log(bill.payer, tariff)
            log.add(bill.day, -trade.qty_lots, -book.amount(trade))

    def restate(self, bill: Bill, trade: Trade) -> Bill:
        """Take back a bill that stands, and charge what shall have been traded at the same rate."""
        book = self._books[bill.payer.book_id]
        self._withdraw(bill)
        tariff = book.tariff
        if isinstance(tariff, Fees):
            return self._plain(tariff, bill.payer, trade)
        if tariff.restate_turnover:
            lots = trade.qty_lots - bill.trade.qty_lots
            amount = book.amount(trade) - book.amount(bill.trade)
            self._log(bill.payer, tariff).add(bill.day, lots, amount)
        return self._charge(tariff, bill._replace(trade=trade))

    def credit(self, host: int, book_id: int, day: int, lots: int, currency: int) -> None:
        """Count turnover from before the run, or from elsewhere, towards a host's tiers.

        Args:
            host: Whose.
            book_id: Any book under the schedule that it counts for.
            day: When it was traded: days since 1970 in the schedule's zone.
            lots: How much.
            currency: What it was worth, in whole units of currency.

        Raises:
            InputError: The book has no schedule.
        """
        book = self._books[book_id]
        if isinstance(book.tariff, Fees):
            raise InputError(
                f"turnover of host {host}: found book {book_id} with two plain rates, "
                "allowed is one with a schedule"
            )
        log = self._log(Payer(host, book_id, 0), book.tariff)
        log.add(day, lots, currency * book.per_currency)

    def takings(self, book_id: int) -> Takings:
        """What a book has brought in so far."""
        book = self._books[book_id]
        tariff = book.tariff
        names = [levy.name for levy in tariff.levies] if isinstance(tariff, FeeSchedule) else []
        return Takings(book.kept, dict(zip(names, book.levies, strict=True)))

    # --- the parts of a bill ----------------------------------------------------------------------

    def _plain(self, tariff: Fees, payer: Payer, trade: Trade) -> Bill:
        """A bill by two plain rates."""
        fee = tariff.of(trade.notional, trade.liquidity)
        self._books[payer.book_id].kept += fee
        return Bill(payer, trade, Charge(fee), fee=fee)

    def _charge(self, tariff: FeeSchedule, bill: Bill) -> Bill:
        """Make a bill at its own rate, and enter it."""
        assert bill.rate is not None
        book = self._books[bill.payer.book_id]
        trade, scale = bill.trade, book.scale
        fee = exchange = tariff.fee(trade, scale, bill.rate)
        if not tariff.per_order.is_free:
            fees, worth, charged = self._orders.get(bill.payer.order_id, (0, 0, 0))
            fees, worth = fees + fee, worth + trade.worth
            exchange = tariff.per_order.clamp(fees, worth, scale) - charged
            self._orders[bill.payer.order_id] = (fees, worth, charged + exchange)
        levies = tuple(levy.of(trade, scale) for levy in tariff.levies)
        self._enter(book, Charge(exchange, levies), 1)
        return bill._replace(charge=Charge(exchange, levies), fee=fee)

    def _withdraw(self, bill: Bill) -> None:
        """Undo what a bill entered, but for turnover."""
        book = self._books[bill.payer.book_id]
        self._enter(book, bill.charge, -1)
        order_id = bill.payer.order_id
        if order_id in self._orders:
            fees, worth, charged = self._orders[order_id]
            charge = bill.charge.exchange
            self._orders[order_id] = (fees - bill.fee, worth - bill.trade.worth, charged - charge)

    def _enter(self, book: _Book, charge: Charge, times: int) -> None:
        book.kept += times * charge.exchange
        for index, amount in enumerate(charge.levies):
            book.levies[index] += times * amount

    def _log(self, payer: Payer, schedule: FeeSchedule) -> TurnoverLog:
        """The turnover of a host under the schedule of a book."""
        book = self._books[payer.book_id]
        key = (payer.host, book.group)
        if key not in self._logs:
            self._logs[key] = TurnoverLog(schedule, book.per_currency)
        return self._logs[key]
