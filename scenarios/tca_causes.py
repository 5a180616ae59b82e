"""Why a desk's orders were sent: from its journal, each order's parent, and each parent's wish.

Model: a command is journaled with its cause. Orders of a route are about its home, wherever they went,
and its position is that of all its books together. Orders of one parent that reach for a position are one
wish; what was wanted is the most that any sizing of the parent was away from the position at its
first order. A quote is no wish to trade but an offer, so each order of a quoting parent stands for
itself, as the orders of a bare participant do.

A wish was decided when its signal first came to a verdict, or, if that signal has had an earlier
parent in the same book, at the event of its own first order: a wish that was already met once is not
as old as its signal.
"""

from pathlib import Path

import msgspec

from bridge.stores import map_file
from desk.journal import Reader, RecordType, event_in
from market.codes import OrderType, ReportType, TimeInForce
from market.decisions import Caused, Decision, Flat, Quotes, Target
from market.messages import Replace, Report, Submit, Terms


class Wish(msgspec.Struct, kw_only=True):
    """What a parent of a desk was for.

    Attributes:
        decided_ns: When it was decided.
        wanted_lots: How much; 0 where each order stands for itself.
        quoting: Whether it shows quotes.
        horizon_ns: For how long the belief was meant.
        begin_lots: Position of the strategy at the first order, in the book, or in all of a route's.
    """

    strategy: int
    book_id: int
    decided_ns: int
    wanted_lots: int = 0
    quoting: bool = False
    horizon_ns: int = 0
    begin_lots: int = 0


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """An order as its desk sent it."""

    parent_id: int
    decided_ns: int
    order_type: OrderType
    tif: TimeInForce
    terms: Terms | None


class Causes:
    """What one desk's journal says about its orders."""

    def __init__(self, path: Path) -> None:
        self.sent: dict[int, Sent] = {}
        self.wishes: dict[int, Wish] = {}
        self._positions: dict[tuple[int, int], int] = {}
        self._owners: dict[int, tuple[int, int, int]] = {}
        self._fills: dict[tuple[int, int], int] = {}
        self._said_ns: dict[int, int] = {}
        self._used: dict[tuple[int, int], int] = {}
        self._routes: dict[tuple[int, int], tuple[int, ...]] = {}
        for record in Reader(map_file(path), where=str(path)):
            if record.type is not RecordType.EVENT:
                continue
            event = event_in(record)
            if isinstance(event.message, Report):
                self._report(event.message)
            for one in event.decisions:
                self._said_ns.setdefault(one.signal_id, record.now_ns)
            for caused in event.commands:
                if isinstance(caused.command, Submit):
                    self._submit(caused, caused.command, event.decisions, record.now_ns)
                elif isinstance(caused.command, Replace):
                    # An order that follows its price may grow with the wish behind it.
                    wish = self.wishes.get(self.sent[caused.command.order_id].parent_id)
                    sign = self._owners[caused.command.order_id][2]
                    self._grow(wish, sign, _decision_of(caused, event.decisions))

    def _report(self, report: Report) -> None:
        """Keep the position of each strategy in each book, busts and corrections included."""
        owner = self._owners.get(report.order_id)
        if owner is None:
            return
        key = report.order_id, report.exec_id
        before = self._fills.get(key, 0)
        if report.type in (ReportType.FILLED, ReportType.CORRECTED):
            self._fills[key] = report.qty_lots
        elif report.type is ReportType.BUSTED:
            self._fills[key] = 0
        else:
            return
        strategy, book_id, sign = owner
        account = strategy, book_id
        change = sign * (self._fills[key] - before)
        self._positions[account] = self._positions.get(account, 0) + change

    def _submit(
        self, caused: Caused, order: Submit, decisions: tuple[Decision, ...], now_ns: int
    ) -> None:
        """An order left: put it under its parent, and see how much that wants."""
        cause, account = caused.cause, (caused.cause.strategy, order.book_id)
        self._owners[order.order_id] = (*account, order.side.sign)
        self.sent[order.order_id] = Sent(
            parent_id=cause.parent_id,
            decided_ns=now_ns,
            order_type=order.order_type,
            tif=order.tif,
            terms=order.terms,
        )
        decision = _decision_of(caused, decisions)
        if decision is not None and decision.route is not None:
            account = cause.strategy, decision.signal.book_id
            self._routes[account] = tuple(one.book_id for one in decision.route.venues)
        wish = self.wishes.get(cause.parent_id)
        if wish is None:
            wish = self._wish(account, cause.signal_id, decision, now_ns)
            self.wishes[cause.parent_id] = wish
        self._grow(wish, order.side.sign, decision)

    def _grow(self, wish: Wish | None, sign: int, decision: Decision | None) -> None:
        """A parent wants the most that any sizing of it was away from where it began."""
        if wish is None or wish.quoting or decision is None or decision.sized is None:
            return
        missing_lots = sign * (decision.sized.position_lots - wish.begin_lots)
        wish.wanted_lots = max(wish.wanted_lots, missing_lots)

    def _wish(
        self, account: tuple[int, int], signal_id: int, decision: Decision | None, now_ns: int
    ) -> Wish:
        """A parent's first order."""
        signal = None if decision is None else decision.signal
        again = self._used.get(account) == signal_id
        self._used[account] = signal_id
        # A desk that goes flat for the end of the day does so without a new signal.
        alone = again or isinstance(signal, Flat | Quotes)
        return Wish(
            strategy=account[0],
            book_id=account[1],
            decided_ns=now_ns if alone else self._said_ns.get(signal_id, now_ns),
            quoting=isinstance(signal, Quotes),
            horizon_ns=signal.horizon_ns if isinstance(signal, Target) else 0,
            begin_lots=sum(
                self._positions.get((account[0], book_id), 0)
                for book_id in self._routes.get(account, (account[1],))
            ),
        )


def _decision_of(caused: Caused, decisions: tuple[Decision, ...]) -> Decision | None:
    """The decision that a command came of; None for what no sizing asked for."""
    cause = caused.cause
    for one in decisions:
        if one.strategy == cause.strategy and one.signal_id == cause.signal_id and one.sized:
            return one
    return None
