"""One parent's plan: what it should have done by when, and how that changes on the way.

Model: a plan holds a schedule for the whole quantity, from the position at which it began. What is due
is what the schedule says by now, or for `pov` what was released; what is done is how far the position
has come. A target that moves a little changes the slices that are still to come, in their proportion;
a pause moves them later by its length. With `adaptive` a slice that begins, and those behind it, follow
volatility and volume as they are then. With `auction` the slices are those of what does not go there.

Invariants: the slices add up to the quantity, less what goes into an auction; what is wanted is never above what is missing; after a
gap at most two slices' worth is caught up with at a time, until the time is over.

Limits: outside the session of its curve, where no volume is expected, `vwap` goes evenly.
"""

from math import sqrt
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from desk.execution.algo_config import AlgoName, ScheduleConfig
from desk.execution.auction import AuctionData
from desk.execution.schedules.almgren_chriss import left_shares, shortfall
from desk.execution.schedules.jitter import jitter
from desk.execution.schedules.participation import (
    PovData,
    on_release,
    release_lots,
)
from desk.execution.schedules.slices import Slice, cut, cut_path, due_lots
from desk.execution.schedules.twap import twap
from desk.execution.schedules.volume_curve import WHOLE, VolumeCurve, share_until
from desk.execution.schedules.vwap import vwap
from market.decisions import PPM

CATCH_UP: Final = 2
"""So many of the largest slices may be caught up with at once."""


class PlanData(msgspec.Struct):
    """What a plan remembers.

    Attributes:
        parent_id: Whose plan it is.
        begin_ns: When it began.
        end_ns: When it should be done.
        start_lots: Position at its beginning.
        target_lots: Position to reach.
        total_lots: How far apart the two are.
        begin_volume_lots: The day's volume at its beginning.
        slices: Of the whole quantity, less what goes into an auction; none for `pov`.
        pov: Of `pov`.
        granted_lots: Released so far by `pov`.
        paused_ns: Since when it stands still; 0 while it does not.
        look_ns: When its order is looked at again by the time-out of its rule; 0 for never.
        moved_ns: When its order was last sent or moved.
        timer_ns: The earliest timer under way; 0 for none.
        adapted: So many slices have begun when the plan last followed the market.
        seen_ns: When that was.
        seen_lots: The day's volume then.
        auction: The part for an auction; left out where there is none.
    """

    parent_id: int
    begin_ns: int
    end_ns: int
    start_lots: int
    target_lots: int
    total_lots: int
    begin_volume_lots: int
    slices: list[Slice] = []
    pov: PovData = msgspec.field(default_factory=PovData)
    granted_lots: int = 0
    paused_ns: int = 0
    look_ns: int = 0
    moved_ns: int = 0
    timer_ns: int = 0
    adapted: int = 0
    seen_ns: int = 0
    seen_lots: int = 0
    auction: AuctionData | UnsetType = UNSET

    def kept_lots(self) -> int:
        """Lots that are meant for an auction, or at work there."""
        return 0 if self.auction is UNSET else self.auction.lots

    def crossed_lots(self) -> int:
        """Lots that an auction has traded."""
        return 0 if self.auction is UNSET else self.auction.filled_lots


def fresh_plan(
    algo: AlgoName,
    told: ScheduleConfig,
    *,
    parent_id: int,
    position_lots: int,
    target_lots: int,
    volume_lots: int,
    now_ns: int,
) -> PlanData:
    """A plan that begins now."""
    total_lots = abs(target_lots - position_lots)
    plan = PlanData(
        parent_id=parent_id,
        begin_ns=now_ns,
        end_ns=now_ns + told.over_ns,
        start_lots=position_lots,
        target_lots=target_lots,
        total_lots=total_lots,
        begin_volume_lots=volume_lots,
    )
    if told.auction is not UNSET:
        plan.auction = AuctionData(lots=total_lots * told.auction.share_ppm // PPM)
        algo = told.auction.rest
    if algo != "pov":
        rest_lots = total_lots - plan.kept_lots()
        made = _schedule(algo, told, rest_lots, plan.begin_ns, plan.end_ns)
        plan.slices = list(
            jitter(
                made,
                key=told.jitter_key,
                parent_id=parent_id,
                time_ppm=told.jitter_time_ppm,
                size_ppm=told.jitter_size_ppm,
            )
        )
    return plan


def _schedule(
    algo: AlgoName, told: ScheduleConfig, total_lots: int, begin_ns: int, end_ns: int
) -> tuple[Slice, ...]:
    """The slices before any jitter."""
    if algo == "is":
        return shortfall(total_lots, begin_ns, end_ns, told.slices, urgency=told.urgency_ppm / PPM)
    if algo == "vwap":
        curve = VolumeCurve(told.bucket_ns, tuple(cut(WHOLE, told.curve)))
        open_ns = begin_ns - begin_ns % told.day_ns + told.open_ns
        if share_until(curve, begin_ns - open_ns) < share_until(curve, end_ns - open_ns):
            return vwap(total_lots, begin_ns, end_ns, told.slices, curve=curve, open_ns=open_ns)
    return twap(total_lots, begin_ns, end_ns, told.slices)


def is_other(plan: PlanData, told: ScheduleConfig, target_lots: int) -> bool:
    """Whether a target is so far from the plan's that it is another wish."""
    if (target_lots - plan.start_lots) * (plan.target_lots - plan.start_lots) <= 0:
        return True
    return abs(target_lots - plan.target_lots) * PPM > plan.total_lots * told.replace_ppm


def retarget(plan: PlanData, target_lots: int, now_ns: int) -> None:
    """The target has moved a little: slices still to come change in their proportion."""
    plan.target_lots, plan.total_lots = target_lots, abs(target_lots - plan.start_lots)
    fit(plan, now_ns)


def fit(plan: PlanData, now_ns: int) -> None:
    """Slices still to come hold what is neither done nor due, nor an auction's."""
    slices = plan.slices
    rest_lots = plan.total_lots - plan.kept_lots() - plan.crossed_lots()
    change_lots = rest_lots - sum(one.qty_lots for one in slices)
    if not slices or change_lots == 0:
        return
    # Where nothing is to come any more, the change is due with the last slice; what is due already
    # can only become less from the newest slice backwards.
    later = [at for at, one in enumerate(slices) if one.send_ns > now_ns] or [len(slices) - 1]
    left_lots = sum(slices[at].qty_lots for at in later) + change_lots
    weights = [slices[at].qty_lots for at in later]
    if not any(weights):
        weights = [1] * len(later)
    for at, lots in zip(later, cut(max(left_lots, 0), weights), strict=True):
        slices[at] = msgspec.structs.replace(slices[at], qty_lots=lots)
    over_lots = max(-left_lots, 0)
    for at in range(later[0] - 1, -1, -1):
        less_lots = min(over_lots, slices[at].qty_lots)
        over_lots -= less_lots
        slices[at] = msgspec.structs.replace(slices[at], qty_lots=slices[at].qty_lots - less_lots)


def adapt(
    plan: PlanData, told: ScheduleConfig, *, volatility_ppm: int, volume_lots: int, now_ns: int
) -> None:
    """When a slice has begun: it and those behind it follow the market as it is.

    Volume is what was traded since the slice before began, against an average day's in that time.

    Args:
        plan: Changed in place.
        told: With `adaptive`.
        volatility_ppm: As it is, of the usual one; 0 while unknown counts as the usual one.
        volume_lots: Of the day so far.
        now_ns: Now.
    """
    rule, slices = told.adaptive, plan.slices
    begun = sum(one.send_ns <= now_ns for one in slices)
    if rule is UNSET or begun <= plan.adapted:
        return
    spent_ns, traded_lots = now_ns - plan.seen_ns, volume_lots - plan.seen_lots
    was_measured = plan.adapted > 0
    plan.adapted, plan.seen_ns, plan.seen_lots = begun, now_ns, volume_lots
    left = len(slices) - begun + 1
    usual_lots = told.daily_volume_lots * spent_ns // told.day_ns
    if not was_measured or left < 2 or usual_lots <= 0:
        return
    volume_ppm = max(traded_lots * PPM // usual_lots, 1)
    pace = (volatility_ppm or PPM) / PPM * sqrt(volume_ppm / PPM)
    urgency, horizon = told.urgency_ppm / PPM, left / len(slices)
    usual, path = (left_shares(rate, horizon, left) for rate in (urgency, urgency * pace))
    first = min(
        max(1.0 - path[0], (1.0 - usual[0]) * rule.slowest_ppm / PPM),
        (1.0 - usual[0]) * rule.fastest_ppm / PPM,
    )
    at = begun - 1
    left_lots = sum(one.qty_lots for one in slices[at:])
    lots = min(int(left_lots * first + 0.5), left_lots)
    shape = path if path[0] > 0.0 else usual
    rest = cut_path(left_lots - lots, [one / shape[0] for one in shape[1:]])
    for place, qty_lots in enumerate([lots, *rest], at):
        slices[place] = msgspec.structs.replace(slices[place], qty_lots=qty_lots)


def pause(plan: PlanData, now_ns: int) -> None:
    """The plan stands still from now on."""
    plan.paused_ns = plan.paused_ns or now_ns


def resume(plan: PlanData, now_ns: int) -> None:
    """The plan goes on: what was to come comes as much later as it stood still."""
    since_ns, plan.paused_ns = plan.paused_ns, 0
    if not since_ns:
        return
    later_ns = now_ns - since_ns
    plan.end_ns += later_ns
    slices = plan.slices
    for at, one in enumerate(slices):
        if one.send_ns > since_ns:
            slices[at] = msgspec.structs.replace(
                one,
                begin_ns=one.begin_ns + later_ns,
                end_ns=one.end_ns + later_ns,
                send_ns=one.send_ns + later_ns,
            )


def wanted_lots(
    plan: PlanData,
    told: ScheduleConfig,
    *,
    missing_lots: int,
    position_lots: int,
    volume_lots: int,
    now_ns: int,
) -> int:
    """What may be at work now, without a sign; at most what is missing.

    Args:
        plan: A share that `pov` releases is noted in it.
        told: How.
        missing_lots: From the position to the target, less what may have filled unheard; no sign.
        position_lots: As it is.
        volume_lots: Of the day so far.
        now_ns: Now.
    """
    sign = 1 if plan.target_lots >= plan.start_lots else -1
    moved_lots = max(sign * (position_lots - plan.start_lots), 0)
    done_lots = max(moved_lots - plan.crossed_lots(), 0)
    missing_lots = max(missing_lots - plan.kept_lots(), 0)
    pov = told.pov
    if plan.slices or pov is UNSET:
        wanted = due_lots(tuple(plan.slices), now_ns) - done_lots
        if now_ns < plan.end_ns:
            wanted = min(wanted, CATCH_UP * max(*(one.qty_lots for one in plan.slices), 1))
        return max(min(wanted, missing_lots), 0)
    data = plan.pov
    volume = max(volume_lots - plan.begin_volume_lots, 0)
    # Own trades are in the market's volume too, and must not be taken part in.
    data.others_lots = max(data.others_lots, volume - moved_lots)
    data.own_lots = done_lots
    plan.granted_lots = max(plan.granted_lots, done_lots)
    left_lots = max(plan.total_lots - plan.kept_lots() - moved_lots, 0)
    at_work = min(plan.granted_lots - done_lots, left_lots)
    more = release_lots(data, pov, left_lots, at_work)
    if more:
        on_release(data)
        plan.granted_lots += more
    return max(min(plan.granted_lots - done_lots, missing_lots), 0)


def stretch(plan: PlanData, now_ns: int) -> tuple[int, int]:
    """Begin and end of the newest slice that has been sent; of the whole plan where there is none.

    A slice whose end has passed has no time left, so what is left of it crosses.
    """
    found = plan.begin_ns, plan.end_ns
    for one in plan.slices:
        if one.send_ns > now_ns:
            break
        found = one.begin_ns, one.end_ns
    return found


def next_ns(plan: PlanData, told: ScheduleConfig, now_ns: int) -> int:
    """When something is due by time alone; 0 for never."""
    for one in plan.slices:
        if one.send_ns > now_ns and one.qty_lots:
            return one.send_ns
    if not plan.slices and now_ns < plan.end_ns:
        return min(now_ns + told.over_ns // told.slices, plan.end_ns)
    return plan.end_ns if now_ns < plan.end_ns else 0
