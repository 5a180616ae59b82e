"""Could this command possibly be right? The last hard check before anything leaves the desk.

Model: everything that leaves is looked at once more, against limits of its own, with tallies of
its own, from the commands that it let out and the reports that came back. It shares neither state
nor code with the gate, so that a mistake there is found here. A command that passes is counted as
sent.

Cancels, queries and timers are never wrong here: cancels and queries pass up to the absolute rate
of messages, of which a reserve is theirs alone, and timers always.

An order is priced against the market as this check sees it: the view that the command was made on,
and the price this check saw before. Both must agree with the order, so that one broken view cannot
price it: a true jump is believed when it is seen a second time.

Invariants:
1. Position and all that may still come of what was sent stay within the position limit of a book.
2. Within any stretch of the window no more messages leave than the limit says.
3. A strategy that executes too often is off until somebody who gives a name switches it on.
4. A limit that is missing is zero.
5. What limits are set to while the desk runs lets nothing past the ceilings (`desk.limits.ceilings`).
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from desk.limits.ceilings import Ceilings, CeilingsConfig, notional_maxima
from desk.limits.codes import LimitCode
from desk.limits.config import BookLimits, LimitsConfig, scaled
from desk.limits.recent import Recent, count_since
from desk.limits.tally import (
    SentOrder,
    TallyData,
    reached_lots,
    send_order,
    send_replace,
    take_report,
)
from market.codes import OperatorAction, OrderType, Side
from market.decisions import PPM
from market.errors import InputError
from market.instruments import Instrument
from market.messages import (
    EVERY,
    NO_PRICE,
    Cancel,
    Command,
    Operator,
    Query,
    Replace,
    Report,
    SetTimer,
    Submit,
    View,
)

Refusal = tuple[int, int, int]
"""Code, what was found, what is allowed."""

# Enum attributes cost a look-up each; the hot path has plain names.
_BUY: Final = Side.BUY
_SELL: Final = Side.SELL
_MARKET: Final = OrderType.MARKET

NO_LIMITS: Final = BookLimits()
PLAIN: Final = (Submit, Replace)


class LimitsData(msgspec.Struct):
    """All that the last check remembers.

    Attributes:
        mids_x2: Twice the mid of each book, as seen last; 0 for never.
        mids_ns: When that was.
        messages: Everything that left.
        fills: Executions, by strategy.
        disabled: Strategies that executed too often, with how often.
        limits_ppm: What limits were set to, in millionths of what was configured; left out where they are that.
    """

    tally: TallyData
    mids_x2: list[int]
    mids_ns: list[int]
    messages: Recent
    fills: dict[int, Recent] = {}
    disabled: dict[int, int] = {}
    limits_ppm: int | UnsetType = UNSET


class Limits:
    """The last hard check.

    Args:
        config: What is let out.
        instruments: By book; limits are given by their symbols.
        data: What an earlier check remembered.
        ceilings: Over whatever limits are set to; the limits themselves where none are written.

    Raises:
        InputError: A table is about an instrument that the desk does not have.
    """

    def __init__(
        self,
        config: LimitsConfig,
        instruments: Sequence[Instrument],
        data: LimitsData | None = None,
        ceilings: CeilingsConfig | UnsetType = UNSET,
    ) -> None:
        check_symbols(config, instruments)
        zeros = [0] * len(instruments)
        self.data = data or LimitsData(
            tally=TallyData(
                position_lots=zeros.copy(), buy_lots=zeros.copy(), sell_lots=zeros.copy()
            ),
            mids_x2=zeros.copy(),
            mids_ns=zeros.copy(),
            messages=Recent(),
        )
        self._written, self._instruments = config, instruments
        self._ceilings = Ceilings(ceilings, config, instruments)
        self._known = {
            book_id for book_id, one in enumerate(instruments) if one.symbol in config.instruments
        }
        self._tick_units = [one.tick_units for one in instruments]
        self._window_ns = config.messages_window_ns
        self._reference_ns = config.reference_ns
        self._set(self.limits_ppm)

    @property
    def limits_ppm(self) -> int:
        """What limits are, in millionths of what was configured."""
        ppm = self.data.limits_ppm
        return PPM if isinstance(ppm, UnsetType) else ppm

    def _set(self, ppm: int) -> None:
        """Work with limits that are a multiple of what was configured."""
        self.data.limits_ppm = UNSET if ppm == PPM else ppm
        config = self._written if ppm == PPM else scaled(self._written, ppm)
        instruments = self._instruments
        self._fills_max = config.fills_max
        self._tables = [config.instruments.get(one.symbol, NO_LIMITS) for one in instruments]
        self._notional_max = notional_maxima(self._tables, instruments)
        # What takes risk away is never held to less than was configured.
        self._messages_max = max(config.messages_max, self._written.messages_max)
        self._plain_max = config.messages_max - config.cancel_reserve

    # --- what wants to leave --------------------------------------------------------------------

    def check(
        self, command: Command, now_ns: int, view: View | None, strategy: int
    ) -> Refusal | None:
        """Let a command out, or say why not.

        Args:
            view: The book that it was priced on; nothing for what has no price.
            strategy: Whose command.
        """
        kind = type(command)
        if kind is SetTimer:
            return None
        messages = self.data.messages
        left = count_since(messages, now_ns - self._window_ns)
        ceilings = self._ceilings
        if kind is Cancel or kind is Query:
            if left >= self._messages_max:
                return LimitCode.RATE, left, self._messages_max
            if left >= ceilings.messages_max:
                return LimitCode.CEILING_RATE, left, ceilings.messages_max
            messages.times_ns.append(now_ns)
            return None
        assert isinstance(command, PLAIN)
        refusal = self._refusal(command, now_ns, view, strategy)
        if refusal is not None:
            return refusal
        if left >= self._plain_max:
            return LimitCode.RATE, left, self._plain_max
        refusal = self._above(command, left)
        if refusal is not None:
            return refusal
        messages.times_ns.append(now_ns)
        tally = self.data.tally
        if isinstance(command, Submit):
            send_order(tally, command, strategy)
        else:
            send_replace(tally, tally.orders[command.order_id], command)
        return None

    def _refusal(
        self, command: Submit | Replace, now_ns: int, view: View | None, strategy: int
    ) -> Refusal | None:
        """What is wrong with an order, or with what it shall become."""
        data, book_id, qty_lots = self.data, command.book_id, command.qty_lots
        tally = data.tally
        if strategy in data.disabled:
            return LimitCode.STRATEGY_DISABLED, data.disabled[strategy], self._fills_max
        if book_id not in self._known:
            return LimitCode.MISSING_LIMIT, 0, 1
        if isinstance(command, Submit):
            if command.order_id <= tally.last_id:
                return LimitCode.DUPLICATE_ORDER, command.order_id, tally.last_id + 1
            side, market = command.side, command.order_type is _MARKET
        else:
            order = tally.orders.get(command.order_id)
            if order is None or order.ended or order.book_id != book_id or order.market:
                return LimitCode.UNKNOWN_ORDER, command.order_id, tally.last_id
            side, market = _BUY if order.sign > 0 else _SELL, False
        table = self._tables[book_id]
        if not 1 <= qty_lots <= table.order_lots:
            return LimitCode.QTY, qty_lots, table.order_lots
        priced = self._priced(command, now_ns, view, market)
        if priced is not None:
            return priced
        reached = reached_lots(tally, book_id, side, qty_lots)
        if reached > table.position_lots:
            return LimitCode.POSITION, reached, table.position_lots
        working = tally.working.get(book_id << 1 | 1 - side)
        return self._self_trade(command.price_ticks, side, market, working) if working else None

    def _priced(
        self, command: Submit | Replace, now_ns: int, view: View | None, market: bool
    ) -> Refusal | None:
        """Whether an order's price and worth can be right."""
        data, book_id = self.data, command.book_id
        table, mids_x2, mids_ns = self._tables[book_id], data.mids_x2, data.mids_ns
        before_x2 = mids_x2[book_id]
        if before_x2 and now_ns - mids_ns[book_id] > self._reference_ns:
            before_x2 = 0
        mid_x2, sides = 0, 0
        if view is not None and view.book_id == book_id:
            bid_ticks, ask_ticks = view.bid_ticks, view.ask_ticks
            if bid_ticks != NO_PRICE and ask_ticks != NO_PRICE:
                mids_x2[book_id] = mid_x2 = bid_ticks + ask_ticks
                mids_ns[book_id] = now_ns
            else:
                sides = (bid_ticks != NO_PRICE) + (ask_ticks != NO_PRICE)
        if before_x2 == 0:
            before_x2 = mid_x2
        elif mid_x2 == 0:
            mid_x2 = before_x2
        if mid_x2 == 0:
            return LimitCode.NO_REFERENCE, sides, 2
        # A market order is judged as if it were priced as badly as the collar allows.
        collar_ppm = table.collar_ppm
        judged_x2 = price_x2 = 2 * command.price_ticks
        if market:
            judged_x2 = mid_x2
            price_x2 = mid_x2 + abs(mid_x2) * collar_ppm // PPM
        away = abs(judged_x2 - mid_x2) * PPM
        if away > collar_ppm * abs(mid_x2):
            return LimitCode.COLLAR, away // abs(mid_x2), collar_ppm
        if before_x2 != mid_x2:
            away = abs(judged_x2 - before_x2) * PPM
            if away > collar_ppm * abs(before_x2):
                return LimitCode.COLLAR, away // abs(before_x2), collar_ppm
        notional = abs(price_x2) * self._tick_units[book_id] * command.qty_lots
        if notional > 2 * self._notional_max[book_id]:
            return LimitCode.NOTIONAL, notional // 2, self._notional_max[book_id]
        return None

    def _above(self, command: Submit | Replace, left: int) -> Refusal | None:
        """The ceiling that an order would pass, asked last of all."""
        ceilings, tally = self._ceilings, self.data.tally
        if isinstance(command, Submit):
            side = command.side
        else:
            side = _BUY if tally.orders[command.order_id].sign > 0 else _SELL
        refusal = ceilings.refusal(command, side, self.data.mids_x2[command.book_id], tally)
        if refusal is None and left >= ceilings.plain_max:
            return LimitCode.CEILING_RATE, left, ceilings.plain_max
        return refusal

    def _self_trade(
        self, price_ticks: int, side: Side, market: bool, working: list[int]
    ) -> Refusal | None:
        """An own order of the other side that this one would meet, at its price or at a new one."""
        orders = self.data.tally.orders
        for order_id in working:
            order = orders[order_id]
            for other_ticks in _prices(order):
                crosses = price_ticks >= other_ticks if side is _BUY else price_ticks <= other_ticks
                if market or order.market or crosses:
                    return LimitCode.SELF_TRADE, price_ticks, other_ticks
        return None

    # --- what comes back ------------------------------------------------------------------------

    def report(self, report: Report) -> None:
        """Take a venue's answer into this check's own tallies."""
        data = self.data
        strategy = take_report(data.tally, report)
        if strategy < 0:
            return
        recent = data.fills.get(strategy)
        if recent is None:
            recent = data.fills[strategy] = Recent()
        # The venue's time, because it is when the strategy executed that counts; a late report
        # counts as the newest one, so that the moments stay in order.
        times_ns = recent.times_ns
        at_ns = report.venue_ns
        if times_ns and times_ns[-1] > at_ns:
            at_ns = times_ns[-1]
        times_ns.append(at_ns)
        count = count_since(recent, at_ns - self._written.fills_window_ns)
        if count >= self._fills_max:
            data.disabled[strategy] = count

    def operator(self, word: Operator) -> None:
        """Switch strategies on again or set limits, if the person who says so has a name."""
        if word.action is OperatorAction.SET_LIMITS and not isinstance(word.limits_ppm, UnsetType):
            ppm = word.limits_ppm
            if ppm >= 0 and (ppm <= self.limits_ppm or word.authority.strip()):
                self._set(ppm)
            return
        if word.action not in (OperatorAction.REARM, OperatorAction.RESUME_STRATEGY):
            return
        if not word.authority.strip():
            return
        for strategy in list(self.data.disabled):
            if word.strategy in (EVERY, strategy):
                del self.data.disabled[strategy]
                self.data.fills[strategy] = Recent()


def check_symbols(config: LimitsConfig, instruments: Sequence[Instrument]) -> None:
    """Refuse limits with a misspelt name, which would limit nothing."""
    symbols = {one.symbol for one in instruments}
    for name in config.instruments:
        if name not in symbols:
            allowed = ", ".join(sorted(symbols))
            raise InputError(f"limits.instruments: found {name!r}, allowed is {allowed}")


def _prices(order: SentOrder) -> list[int]:
    """Every price at which an order may rest."""
    if not order.pending:
        return [order.price_ticks]
    return [order.price_ticks, *[price_ticks for price_ticks, _ in order.pending]]
