"""Which order to send: a table from urgency, size, spread and time left to type, price, time-out.

Model: rules are read from the top, and the first that fits decides. A rule fits when the urgency
is at least its own and size, spread and time left are at most its own; where a rule says nothing
it fits everything. The price is counted from an *anchor*: the best price of one's own side
(NEAR), the mid, or the best price of the other side (FAR), plus an offset towards the other side.

`check_rules` holds a table to being whole (the last rule fits everything) and free of dead rules
(each decides somewhere), by trying every combination of the bounds that occur in it.

Reasons for the table given here, RULES: somebody whose time is nearly over crosses; the urgent
cross at once, up to what their size would move; the others join their own side where a spread of
one tick leaves nothing in between, step inside where it does, and cross for the rest when the
time-out is over; the patient rest, behind the best price when they are large, because they would
be seen at it. docs/reference/order-choice.md is written from it.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

import msgspec

from market.codes import OrderType, Side, TimeInForce, Urgency
from market.columns import PRICE_TICKS_MAX
from market.decisions import PPM
from market.errors import InputError


class Anchor(IntEnum):
    """What an order's price is counted from."""

    NEAR = 0
    MID = 1
    FAR = 2


class Situation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What decides.

    Attributes:
        size_ppm: What is left, of an average day's volume.
        spread_ticks: Best ask less best bid, of others.
        left_ppm: Time left, of the parent's whole time.
    """

    urgency: Urgency
    size_ppm: int
    spread_ticks: int
    left_ppm: int


class ChoiceRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row: when it fits, and what is sent then.

    Attributes:
        why: The reason, in a few words.
        urgency_min: Fits from this urgency on.
        size_ppm_max: Fits up to this size; none for every size.
        spread_ticks_max: Fits up to this spread; none for every spread.
        left_ppm_max: Fits up to this much time left; none for every time.
        order_type: What is sent.
        tif: How long it lives at the venue.
        post_only: Whether it may only rest.
        anchor: What its price is counted from.
        offset_ticks: Towards the other side; negative is away from it.
        timeout_ppm: When it is looked at again, of the time left; 0 as soon as it is answered.
    """

    why: str
    order_type: OrderType
    tif: TimeInForce
    anchor: Anchor
    offset_ticks: int = 0
    post_only: bool = False
    timeout_ppm: int = 0
    urgency_min: Urgency = Urgency.PATIENT
    size_ppm_max: int | None = None
    spread_ticks_max: int | None = None
    left_ppm_max: int | None = None

    def fits(self, situation: Situation) -> bool:
        """Whether the rule says something about a situation."""
        return (
            situation.urgency >= self.urgency_min
            and _within(situation.size_ppm, self.size_ppm_max)
            and _within(situation.spread_ticks, self.spread_ticks_max)
            and _within(situation.left_ppm, self.left_ppm_max)
        )


def _within(found: int, most: int | None) -> bool:
    return most is None or found <= most


def _cross(why: str, offset_ticks: int = 0, **when: int) -> ChoiceRule:
    return ChoiceRule(
        why=why,
        order_type=OrderType.LIMIT,
        tif=TimeInForce.IOC,
        anchor=Anchor.FAR,
        offset_ticks=offset_ticks,
        **when,  # type: ignore[arg-type]
    )


def _rest(why: str, anchor: Anchor, offset_ticks: int, timeout_ppm: int, **when: int) -> ChoiceRule:
    return ChoiceRule(
        why=why,
        order_type=OrderType.LIMIT,
        tif=TimeInForce.GTC,
        anchor=anchor,
        offset_ticks=offset_ticks,
        post_only=True,
        timeout_ppm=timeout_ppm,
        **when,  # type: ignore[arg-type]
    )


RULES: Final = (
    _cross("the time is over", 2, left_ppm_max=20_000),
    _cross(
        "urgent, and too small to move the price",
        1,
        urgency_min=Urgency.URGENT,
        size_ppm_max=1_000,
    ),
    _cross("urgent, and large: take what is shown", urgency_min=Urgency.URGENT, spread_ticks_max=2),
    ChoiceRule(
        why="urgent, large, in a wide market: meet in the middle",
        urgency_min=Urgency.URGENT,
        order_type=OrderType.PEG_MIDPOINT,
        tif=TimeInForce.DAY,
        anchor=Anchor.MID,
        timeout_ppm=50_000,
    ),
    _cross(
        "a quarter of the time is left and the spread is one tick",
        urgency_min=Urgency.NORMAL,
        spread_ticks_max=1,
        left_ppm_max=250_000,
    ),
    _rest(
        "nothing lies between the best prices",
        Anchor.NEAR,
        0,
        200_000,
        urgency_min=Urgency.NORMAL,
        spread_ticks_max=1,
    ),
    _rest("step inside", Anchor.NEAR, 1, 150_000, urgency_min=Urgency.NORMAL, spread_ticks_max=4),
    _rest("a wide market: rest at the mid", Anchor.MID, 0, 100_000, urgency_min=Urgency.NORMAL),
    _rest("patient and small: join", Anchor.NEAR, 0, 500_000, size_ppm_max=10_000),
    _rest("patient and large: rest behind the best price", Anchor.NEAR, -1, 500_000),
)


def choose(rules: Sequence[ChoiceRule], situation: Situation) -> tuple[int, ChoiceRule]:
    """Number and text of the rule that decides."""
    for number, rule in enumerate(rules):
        if rule.fits(situation):
            return number, rule
    raise InputError(f"order choice: found no rule for {situation}, allowed is a whole table")


def limit_ticks(rule: ChoiceRule, side: Side, bid_ticks: int, ask_ticks: int) -> int:
    """The order's price.

    Args:
        rule: That decided.
        side: Of the order.
        bid_ticks: Best price of others that buy.
        ask_ticks: Best price of others that sell; above the bid.

    A mid between two ticks is rounded towards the order's own side, and an order that may only rest
    stays a tick away from the other side's best price.
    """
    near, far = (bid_ticks, ask_ticks) if side is Side.BUY else (ask_ticks, bid_ticks)
    if rule.anchor is Anchor.MID:
        whole = bid_ticks + ask_ticks
        price_ticks = whole // 2 if side is Side.BUY else -(-whole // 2)
    else:
        price_ticks = near if rule.anchor is Anchor.NEAR else far
    price_ticks += side.sign * rule.offset_ticks
    if rule.post_only and side.sign * (price_ticks - far) >= 0:
        price_ticks = far - side.sign
    return price_ticks


def timeout_ns(rule: ChoiceRule, left_ns: int) -> int:
    """When the order is looked at again, from now."""
    return left_ns * rule.timeout_ppm // PPM


def check_rules(rules: Sequence[ChoiceRule]) -> None:
    """Hold a table to being whole and without dead rules.

    Raises:
        InputError: Which rule is wrong, and why.
    """
    if not rules:
        raise InputError("order choice: found no rule, allowed is one or more")
    for number, rule in enumerate(rules):
        for name, low, high in (
            ("timeout_ppm", 0, PPM),
            ("offset_ticks", -PRICE_TICKS_MAX, PRICE_TICKS_MAX),
        ):
            if not low <= getattr(rule, name) <= high:
                raise InputError(
                    f"order choice, rule {number}: {name} is {getattr(rule, name)}, "
                    f"allowed is {low} to {high}"
                )
        if rule.post_only and rule.anchor is Anchor.FAR and rule.offset_ticks >= 0:
            raise InputError(
                f"order choice, rule {number}: found a price at the other side's best for an order "
                f"that may only rest, allowed is an offset below 0"
            )
    last = rules[-1]
    if last.urgency_min is not Urgency.PATIENT or any(_bounds(last)):
        raise InputError(
            "order choice: the last rule has a condition, allowed is one that fits all"
        )
    used = {choose(rules, situation)[0] for situation in _situations(rules)}
    dead = [number for number in range(len(rules)) if number not in used]
    if dead:
        raise InputError(
            f"order choice, rule {dead[0]}: rules above it take every situation that it fits, "
            f"allowed is a rule that decides somewhere"
        )


def _bounds(rule: ChoiceRule) -> tuple[bool, bool, bool]:
    return (
        rule.size_ppm_max is not None,
        rule.spread_ticks_max is not None,
        rule.left_ppm_max is not None,
    )


def _situations(rules: Sequence[ChoiceRule]) -> list[Situation]:
    """One situation for each way in which bounds can fall."""

    def steps(bounds: Sequence[int | None]) -> list[int]:
        found = sorted({bound for bound in bounds if bound is not None})
        return [*found, found[-1] + 1 if found else 0]

    sizes = steps([rule.size_ppm_max for rule in rules])
    spreads = steps([rule.spread_ticks_max for rule in rules])
    lefts = steps([rule.left_ppm_max for rule in rules])
    return [
        Situation(urgency=urgency, size_ppm=size, spread_ticks=spread, left_ppm=left)
        for urgency in Urgency
        for size in sizes
        for spread in spreads
        for left in lefts
    ]
