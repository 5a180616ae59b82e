"""Cash: buys wait for the sells that pay for them, and none that can be paid in time is missed.

Model: a buy has a window; it must be funded by `fund_by_ns`, which leaves the time that it needs
to trade. It is funded lot by lot: a granted lot has its worst cost (limit price and fees)
reserved at once, and what a fill does not use comes back. A sell pays when it has filled and the
money may be used, never before: what is expected of sells plans, but funds nothing.

Who comes first: buys in the order of (fund_by_ns, parent_id). Each reserves, out of the cash that
is free, all that it still needs, even before its window has opened; a later one gets what is then
left.

Invariants: 1. Cash is never negative, whatever fills, in whatever order, or never: grants are
made of free cash
   alone, and an open grant keeps its worst cost.
2. A buy is funded if the cash that has come by its time covers it after all buys before it in
   order. Before its last moment no buy behind it is granted a lot while it lacks one; if it lacks
   some when that moment is over, less than the worst cost of one more lot of it was free.
3. Nothing depends on the order in which buys or sells are named.

Whoever calls asks again at every event that frees cash or opens a window, and at
`plan().next_ns`.

Limits: one currency, money in whole value units. Strict order means that a large early buy which
cannot be funded keeps smaller later ones waiting until its time is over.
"""

from collections.abc import Sequence

import msgspec


class BuyWish(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A buy that needs cash.

    Attributes:
        begin_ns: Its window opens; nothing is granted before.
        fund_by_ns: The last moment at which a grant still leaves it the time to trade.
        lots: Not funded yet.
        lot_cost: Worst cost of one lot with all fees, in value units, above 0.
    """

    parent_id: int
    begin_ns: int
    fund_by_ns: int
    lots: int
    lot_cost: int


class SellExpected(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Money that sells are expected to bring.

    Attributes:
        usable_ns: When it may be used.
        amount: In value units.
    """

    parent_id: int
    usable_ns: int
    amount: int


class Grant(msgspec.Struct, frozen=True, gc=False):
    """Lots of a buy that may be sent now, and the cash that is reserved for them."""

    parent_id: int
    lots: int
    amount: int


class Forecast(msgspec.Struct, frozen=True, gc=False):
    """What becomes of a buy if sells do as expected.

    Attributes:
        funded_ns: When its last lot is granted; −1 if that is not in time.
        short_lots: Lots that are not funded in time.
    """

    parent_id: int
    funded_ns: int
    short_lots: int


class CashCall(msgspec.Struct, frozen=True, gc=False):
    """Money that sells have to bring by a moment, so that every buy until then is funded."""

    by_ns: int
    amount: int


class CashPlan(msgspec.Struct, frozen=True, gc=False):
    """What to do now, and what to expect.

    Attributes:
        grants: To be sent now.
        forecasts: Of every buy, in the order of who comes first.
        calls: By rising moment; none where cash in hand is enough.
        next_ns: When to ask again even if nothing happens; −1 for not at all.
    """

    grants: tuple[Grant, ...]
    forecasts: tuple[Forecast, ...]
    calls: tuple[CashCall, ...]
    next_ns: int


class CashData(msgspec.Struct):
    """Cash of one currency, in value units.

    Attributes:
        free: Not reserved for anything; never negative.
        reserved: Worst cost of what was granted and may still fill, by parent.
    """

    free: int
    reserved: dict[int, int] = {}


def on_grant(data: CashData, grant: Grant) -> None:
    """A grant is sent: its worst cost is no longer free."""
    assert 0 <= grant.amount <= data.free
    data.free -= grant.amount
    data.reserved[grant.parent_id] = data.reserved.get(grant.parent_id, 0) + grant.amount


def on_buy_fill(data: CashData, parent_id: int, cost: int, worst: int) -> None:
    """Lots of a buy have filled.

    Args:
        data: Changed in place.
        parent_id: Whose.
        cost: What they cost, at most what was reserved for them.
        worst: What was reserved for them.
    """
    assert 0 <= cost <= worst
    left = data.reserved.get(parent_id, 0) - worst
    assert worst > 0
    assert left >= 0
    if left:
        data.reserved[parent_id] = left
    else:
        del data.reserved[parent_id]
    data.free += worst - cost


def on_sell_cash(data: CashData, amount: int) -> None:
    """Money of a sell may be used."""
    assert amount >= 0
    data.free += amount


def on_buy_end(data: CashData, parent_id: int) -> int:
    """A buy is over and nothing of it can fill; returns what comes back."""
    amount = data.reserved.pop(parent_id, 0)
    data.free += amount
    return amount


def fund_by(window_end_ns: int, work_ns: int) -> int:
    """When a buy has to be funded: its window's end less the time that it needs to trade."""
    assert work_ns >= 0
    return window_end_ns - work_ns


def plan(
    now_ns: int, free: int, sells: Sequence[SellExpected], buys: Sequence[BuyWish]
) -> CashPlan:
    """What may be bought now, and what becomes of the rest if sells do as expected.

    Args:
        now_ns: Now.
        free: Cash that is not reserved, at least 0.
        sells: What is still expected; what is overdue is expected now.
        buys: What is not funded yet.
    """
    assert free >= 0
    queue = sorted(buys, key=_order)
    grants = _grants(now_ns, free, queue)
    return CashPlan(
        grants=grants,
        forecasts=_forecasts(now_ns, free, sells, queue),
        calls=_calls(now_ns, free, queue),
        next_ns=min(
            (
                moment_ns
                for wish in queue
                if wish.lots
                for moment_ns in (wish.begin_ns, wish.fund_by_ns)
                if moment_ns > now_ns
            ),
            default=-1,
        ),
    )


def grants_of(now_ns: int, free: int, buys: Sequence[BuyWish]) -> tuple[Grant, ...]:
    """What may be bought now, and nothing else of `plan`."""
    assert free >= 0
    return _grants(now_ns, free, sorted(buys, key=_order))


def _order(wish: BuyWish) -> tuple[int, int]:
    assert wish.lots >= 0
    assert wish.lot_cost > 0
    return wish.fund_by_ns, wish.parent_id


def _grants(now_ns: int, free: int, queue: Sequence[BuyWish]) -> tuple[Grant, ...]:
    """Cash to buys in their order, each of which first keeps all that it needs."""
    grants = []
    for wish in queue:
        if wish.fund_by_ns < now_ns or wish.lots == 0:
            continue
        lots = 0
        if wish.begin_ns <= now_ns:
            lots = min(wish.lots, free // wish.lot_cost)
        if lots:
            grants.append(Grant(wish.parent_id, lots, lots * wish.lot_cost))
            free -= lots * wish.lot_cost
        if wish.fund_by_ns > now_ns:
            # In its last moment a buy keeps nothing back: what comes later cannot help it.
            free = max(free - (wish.lots - lots) * wish.lot_cost, 0)
    return tuple(grants)


def _forecasts(
    now_ns: int, free: int, sells: Sequence[SellExpected], queue: Sequence[BuyWish]
) -> tuple[Forecast, ...]:
    """The allocator itself, run over the moments at which something is expected to change."""
    moments = {now_ns}
    moments.update(max(sell.usable_ns, now_ns) for sell in sells)
    moments.update(wish.begin_ns for wish in queue if wish.begin_ns > now_ns)
    # In a buy's last moment what it kept becomes free for others.
    moments.update(wish.fund_by_ns for wish in queue if wish.fund_by_ns >= now_ns)
    left = {wish.parent_id: wish for wish in queue}
    funded_ns = {wish.parent_id: now_ns if wish.lots == 0 else -1 for wish in queue}
    before_ns = now_ns - 1
    for moment_ns in sorted(moments):
        for sell in sells:
            if before_ns < max(sell.usable_ns, now_ns) <= moment_ns:
                free += sell.amount
        before_ns = moment_ns
        for grant in _grants(moment_ns, free, list(left.values())):
            free -= grant.amount
            wish = left[grant.parent_id]
            wish = msgspec.structs.replace(wish, lots=wish.lots - grant.lots)
            left[grant.parent_id] = wish
            if wish.lots == 0:
                funded_ns[grant.parent_id] = moment_ns
    return tuple(
        Forecast(wish.parent_id, funded_ns[wish.parent_id], left[wish.parent_id].lots)
        for wish in queue
    )


def _calls(now_ns: int, free: int, queue: Sequence[BuyWish]) -> tuple[CashCall, ...]:
    """Where the needs of buys, added up in their order, pass the cash in hand."""
    calls: list[CashCall] = []
    needed = 0
    for wish in queue:
        if wish.fund_by_ns < now_ns:
            continue
        needed += wish.lots * wish.lot_cost
        short = needed - free
        if short <= 0 or wish.lots == 0:
            continue
        if calls and calls[-1].by_ns == wish.fund_by_ns:
            calls.pop()
        calls.append(CashCall(wish.fund_by_ns, short))
    return tuple(calls)
