"""Parents worked over time: plans by strategy and book, and the order that each of them needs now.

Model: `look` says how many lots may be at work, at which price and in which kind of order. How many is
the plan's matter (`plan`), which order that of the table of `schedules.order_choice` by urgency, size,
spread and the time left of the slice that is worked. Where the slippage filter is on, it says how far
past the touch an order that crosses may go; it is fed by what each such order slipped, and one that got
nothing counts as having slipped a tick more than its limit allowed.

New orders and moves are counted in a window, so that a flickering market makes no storm of them; a
pull is never held back.

All that is remembered is data (`AlgoData`), so that a desk made from a snapshot goes on as it would have.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET

from desk.execution.algo_config import SLICES_MAX, AlgoName, ScheduleConfig
from desk.execution.auction import AuctionRule, is_for_auction
from desk.execution.plan import (
    PlanData,
    adapt,
    fit,
    fresh_plan,
    is_other,
    next_ns,
    pause,
    resume,
    retarget,
    stretch,
    wanted_lots,
)
from desk.execution.schedules.order_choice import (
    RULES,
    Anchor,
    Situation,
    choose,
    limit_ticks,
    timeout_ns,
)
from desk.execution.schedules.slippage_filter import LevelData, add_slippage, offset_ticks
from desk.orders import Order
from market.codes import OrderType, Side, TimeInForce, Urgency
from market.decisions import PPM
from market.touch import Touch

NO_PEGS: Final = tuple(rule for rule in RULES if rule.order_type is OrderType.LIMIT)


class AlgoData(msgspec.Struct):
    """All that is remembered; keys are `strategy << 16 | book_id`, but for `touches`.

    Attributes:
        plans: The newest plan.
        sent: When new orders and moves left lately, oldest first.
        levels: What is believed of slippage.
        offsets: Limit past the touch as it is, in ticks.
        touches: Best price of the other side when an order that crosses was sent, by order id.
    """

    plans: dict[int, PlanData] = {}
    sent: dict[int, list[int]] = {}
    levels: dict[int, LevelData] = {}
    offsets: dict[int, int] = {}
    touches: dict[int, int] = {}


class Wish(NamedTuple):
    """What a parent wants at the venue now.

    Attributes:
        lots: At work in all; 0 for nothing.
        ask_again: Whether it is so much of the volume that the gate should be asked once more.
    """

    lots: int
    price_ticks: int
    order_type: OrderType
    tif: TimeInForce
    post_only: bool
    ask_again: bool


class Algorithms:
    """The plans of one desk.

    Args:
        algos: By strategy.
        told: By strategy; only those with one are worked here.
        data: What earlier ones remembered.
        homes: Home of each book of a route.
    """

    def __init__(
        self,
        algos: Sequence[AlgoName],
        told: Sequence[ScheduleConfig | None],
        data: AlgoData,
        homes: Mapping[int, int],
    ) -> None:
        self.data = data
        self._algos = list(algos)
        self._told = list(told)
        self._homes = homes
        self.more_slices: Callable[[int, int, int], int] | None = None
        """In how many pieces a parent must be worked, of book, lots and what was told; None as told."""
        self.volatility_ppm: Callable[[int], int] | None = None
        """Volatility of a book as it is, of its usual one; 0 while unknown."""

    def plan(self, key: int, parent_id: int) -> PlanData | None:
        """The plan of a parent, if it is the newest."""
        found = self.data.plans.get(key)
        return found if found is not None and found.parent_id == parent_id else None

    def auction_rule(self, strategy: int) -> AuctionRule | None:
        """What of a strategy's parents goes into an auction, if anything does."""
        told = self._told[strategy]
        return None if told is None or told.auction is UNSET else told.auction

    def is_other_wish(self, key: int, parent_id: int, target_lots: int) -> bool:
        """Whether a target is too far from a parent's plan to be the same wish."""
        plan, told = self.plan(key, parent_id), self._told[key >> 16]
        return plan is not None and told is not None and is_other(plan, told, target_lots)

    def stands(self, key: int, now_ns: int, *, still: bool) -> None:
        """A parent has been paused, or goes on."""
        plan = self.data.plans.get(key)
        if plan is not None:
            (pause if still else resume)(plan, now_ns)

    def look(
        self,
        key: int,
        parent_id: int,
        *,
        urgency: Urgency,
        position_lots: int,
        target_lots: int,
        missing_lots: int,
        volume_lots: int,
        touch: Touch,
        now_ns: int,
    ) -> Wish:
        """What a parent wants at the venue now; its plan is made where there is none.

        Args:
            key: `strategy << 16 | book_id`.
            parent_id: Of the parent.
            urgency: Of the signal.
            position_lots: Of the strategy in the book.
            target_lots: Position to reach.
            missing_lots: From one to the other, with its sign, less what may have filled unheard.
            volume_lots: Traded in the book today.
            touch: Best prices of others.
            now_ns: Now.
        """
        told = self._told[key >> 16]
        assert told is not None
        plan = self.plan(key, parent_id)
        if plan is None:
            plan = self.data.plans[key] = fresh_plan(
                self._algos[key >> 16],
                self._stretched(key & 0xFFFF, abs(target_lots - position_lots), told),
                parent_id=parent_id,
                position_lots=position_lots,
                target_lots=target_lots,
                volume_lots=volume_lots,
                now_ns=now_ns,
            )
        elif plan.target_lots != target_lots:
            retarget(plan, target_lots, now_ns)
        if told.adaptive is not UNSET:
            found = self.volatility_ppm
            adapt(
                plan,
                told,
                volatility_ppm=found(key & 0xFFFF) if found is not None else 0,
                volume_lots=volume_lots,
                now_ns=now_ns,
            )
        lots = wanted_lots(
            plan,
            told,
            missing_lots=abs(missing_lots),
            position_lots=position_lots,
            volume_lots=volume_lots,
            now_ns=now_ns,
        )
        side = Side.BUY if missing_lots > 0 else Side.SELL
        begin_ns, end_ns = stretch(plan, now_ns)
        left_ns = max(end_ns - now_ns, 0)
        situation = Situation(
            urgency=urgency,
            size_ppm=abs(missing_lots) * PPM // told.daily_volume_lots,
            spread_ticks=touch.ask_ticks - touch.bid_ticks,
            left_ppm=left_ns * PPM // max(end_ns - begin_ns, 1),
        )
        _, rule = choose(RULES if told.pegs else NO_PEGS, situation)
        price_ticks = limit_ticks(rule, side, touch.bid_ticks, touch.ask_ticks)
        if rule.anchor is Anchor.FAR and told.slippage is not UNSET:
            far_ticks = touch.ask_ticks if side is Side.BUY else touch.bid_ticks
            price_ticks = far_ticks + side.sign * self._offset(key, told)
        if rule.timeout_ppm and lots:
            # The rule may be another one by then; without a view in between nobody would look.
            plan.look_ns = now_ns + max(timeout_ns(rule, left_ns), 1)
        else:
            plan.look_ns = 0
        traded = max(volume_lots - plan.begin_volume_lots, 0)
        done = abs(position_lots - plan.start_lots)
        ask_again = bool(told.ask_share_ppm) and (done + lots) * PPM > traded * told.ask_share_ppm
        return Wish(lots, price_ticks, rule.order_type, rule.tif, rule.post_only, ask_again)

    def _stretched(self, book_id: int, lots: int, told: ScheduleConfig) -> ScheduleConfig:
        """As told, or with more slices and as much more time."""
        if self.more_slices is None:
            return told
        slices = min(self.more_slices(book_id, lots, told.slices), SLICES_MAX)
        if slices == told.slices:
            return told
        over_ns = told.over_ns * slices // told.slices
        return msgspec.structs.replace(told, slices=slices, over_ns=over_ns)

    def _offset(self, key: int, told: ScheduleConfig) -> int:
        """How far past the touch an order may go, by what recent ones slipped."""
        assert told.slippage is not UNSET
        data = self.data
        level = data.levels.get(key)
        if level is None:
            level = data.levels[key] = LevelData()
        offset = offset_ticks(told.offset, told.slippage, level, data.offsets.get(key, 0))
        data.offsets[key] = offset
        return offset

    def may_send(self, key: int, now_ns: int, more: int = 0) -> bool:
        """Whether one new order or move, behind so many others, is within the window."""
        told, sent = self._told[key >> 16], self.data.sent.get(key)
        assert told is not None
        if sent is None:
            return more < told.messages_max
        while sent and sent[0] <= now_ns - told.messages_window_ns:
            sent.pop(0)
        return len(sent) + more < told.messages_max

    def may_move(self, key: int, now_ns: int) -> bool:
        """Whether the order at work has stood long enough to be moved."""
        told = self._told[key >> 16]
        assert told is not None
        return now_ns - self.data.plans[key].moved_ns >= told.requote_wait_ns

    def left(self, key: int, now_ns: int) -> None:
        """A new order or a move has left."""
        self.data.sent.setdefault(key, []).append(now_ns)
        self.data.plans[key].moved_ns = now_ns

    def to_auction(self, key: int, order_id: int, lots: int, now_ns: int) -> None:
        """The order of a parent's part for an auction has left; what it does not hold is the rest's.

        Without an order (0 of 0 lots) it never will.
        """
        plan = self.data.plans[key]
        assert plan.auction is not UNSET
        plan.auction.order_id, plan.auction.lots = order_id, lots
        fit(plan, now_ns)

    def is_at_auction(self, key: int, parent_id: int, order: Order) -> bool:
        """Whether an order is that of this parent's part for an auction."""
        plan = self.plan(key, parent_id)
        return (
            plan is not None
            and plan.auction is not UNSET
            and plan.auction.order_id == order.order_id
        )

    def at_auction(self, order: Order, now_ns: int) -> None:
        """How the order of a parent's part for an auction stands: what it lost is the rest's."""
        plan = self.data.plans.get(order.strategy << 16 | order.book_id)
        if plan is None or plan.auction is UNSET or plan.auction.order_id != order.order_id:
            return
        plan.auction.lots = 0 if order.ended else order.open_lots
        plan.auction.filled_lots = order.cum_lots
        fit(plan, now_ns)

    def crossed(self, order_id: int, far_ticks: int) -> None:
        """An order that crosses has left, when the other side's best price was this."""
        self.data.touches[order_id] = far_ticks

    def ended(self, order: Order, now_ns: int) -> None:
        """An order of a strategy that is worked here has ended: what did it slip?"""
        if is_for_auction(order):
            self.at_auction(order, now_ns)
        far_ticks = self.data.touches.pop(order.order_id, None)
        told = self._told[order.strategy]
        if far_ticks is None or told is None or told.slippage is UNSET:
            return
        lots, paid = 0, 0
        for fill in order.fills.values():
            lots += fill.qty_lots
            paid += fill.qty_lots * fill.price_ticks
        sign = order.side.sign
        if lots:
            slipped = sign * (paid - far_ticks * lots) / lots  # tidy: ticks of a filter, not money
        else:
            slipped = float(sign * (order.price_ticks - far_ticks) + 1)
        key = order.strategy << 16 | order.book_id
        level = self.data.levels.setdefault(self._homes.get(key, key), LevelData())
        add_slippage(level, told.slippage, slipped)

    def wake_ns(self, key: int, parent_id: int, now_ns: int) -> int:
        """When a parent must be looked at by time alone, if no timer will do so before; else 0."""
        plan, told = self.plan(key, parent_id), self._told[key >> 16]
        if plan is None or told is None or plan.paused_ns:
            return 0
        due_ns = next_ns(plan, told, now_ns)
        if plan.look_ns and (not due_ns or plan.look_ns < due_ns):
            due_ns = plan.look_ns
        sent = self.data.sent.get(key)
        if sent and len(sent) >= told.messages_max:
            free_ns = sent[0] + told.messages_window_ns
            due_ns = min(due_ns or free_ns, free_ns)
        if due_ns <= now_ns or now_ns < plan.timer_ns <= due_ns:
            return 0
        plan.timer_ns = due_ns
        return due_ns
