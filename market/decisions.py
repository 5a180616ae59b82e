"""Decisions: what the stages of a desk hand on to each other, each an immutable message.

A strategy says a *signal* (`Target`, `Quotes` or `Flat`); the gate answers with a `Permit` or a
`Veto`; sizing makes a permitted signal a `Sized` order of magnitude; execution makes that *children*,
which are commands with a `Cause`. All of them are journaled, so a command can be followed back to
what was believed and who allowed it.

Shares of a whole are whole parts per million, so that equal beliefs are equal bytes.
"""

from enum import IntEnum
from typing import Final

import msgspec

from market.codes import Regime, Side, Urgency
from market.messages import EVERY, Command

PPM: Final = 1_000_000


class Target(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="signal"):
    """A strategy wants to be long or short.

    Attributes:
        strength_ppm: −1,000,000 (as short as sizing allows) to 1,000,000 (as long).
        confidence_ppm: 0 to 1,000,000.
        horizon_ns: For how long the belief is meant.
    """

    book_id: int
    strength_ppm: int
    confidence_ppm: int = PPM
    horizon_ns: int = 0
    urgency: Urgency = Urgency.NORMAL


class Quotes(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="signal"):
    """A strategy wants to rest on one or both sides; a quantity of 0 leaves a side alone.

    Sizing may lower quantities, never raise them.
    """

    book_id: int
    bid_ticks: int
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    confidence_ppm: int = PPM


class Flat(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, tag_field="signal"):
    """A strategy wants no position and no order; only halts and missing prices can hinder it."""

    book_id: int
    urgency: Urgency = Urgency.URGENT


Signal = Target | Quotes | Flat


class Facts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a strategy may know beside a view: its own position, and what the desk measures.

    Attributes:
        position_lots: Of this strategy in this book.
        volatility: Standard deviation of the mid's relative change over one second; 0 while unknown.
        remaining_ns: Until the desk must be flat, or the run ends.
    """

    position_lots: int
    volatility: float
    regime: Regime
    remaining_ns: int


class Permit(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A signal may become risk, up to what is named.

    Attributes:
        permit_id: From 1, never used again by this desk.
        buy_room_lots: Lots that may be bought on top of everything in flight.
        sell_room_lots: The same for selling.
        scale_ppm: What the size is multiplied with, for the regime's sake.
    """

    permit_id: int
    buy_room_lots: int
    sell_room_lots: int
    scale_ppm: int = PPM


class Veto(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A signal may not become risk.

    Attributes:
        code: Of `desk.gate.codes`.
        found: The figure that decided.
        allowed: What it was held against.
    """

    code: int
    found: int
    allowed: int


class Sized(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How much: a position to reach, or quantities to show.

    Attributes:
        position_lots: Where a `Target` or `Flat` should end.
        bid_lots: What a `Quotes` may show to buy.
        ask_lots: What it may show to sell.
        factors: Name and value of what made the size; in parts per million, but for lots.
    """

    position_lots: int = 0
    bid_lots: int = 0
    ask_lots: int = 0
    factors: tuple[tuple[str, int], ...] = ()


class Cause(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Why a command was sent: ids of this desk, 0 where a stage had no part in it."""

    strategy: int
    signal_id: int = 0
    permit_id: int = 0
    parent_id: int = 0


class Caused(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A command with its cause, as it is journaled."""

    command: Command
    cause: Cause


class RouteVenue(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One venue of a choice.

    Attributes:
        rank: 0 is the best.
        score_micro: In millionths of a ppb of the price.
        blocked: Why it could not be used, of `desk.router.scores.Blocked`; 0 for it could.
        room_lots: What the gate and orders at work left there.
        lots: What it got.
        facts: Every factor, in the order of `desk.router.RouterFactor`.
        parts: What each factor that counts gave to the score, as (factor, part).
    """

    book_id: int
    rank: int
    score_micro: int
    blocked: int
    room_lots: int
    lots: int
    facts: tuple[int, ...]
    parts: tuple[tuple[int, int], ...]


class Route(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Where lots were sent, and what every venue looked like.

    Attributes:
        mode: How venues are chosen.
        takes: Whether the lots were to be taken, or to rest.
        total_lots: What there was to place.
        venues: Best first.
    """

    mode: str
    side: Side
    takes: bool
    total_lots: int
    venues: tuple[RouteVenue, ...]


class Decision(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One signal on its way through the stages, as it is journaled.

    `route` is of a wish that is worked over several venues, when lots were placed anew.
    """

    signal_id: int
    strategy: int
    signal: Signal
    permit: Permit | None = None
    veto: Veto | None = None
    sized: Sized | None = None
    route: Route | None = None


class Learned(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A cost curve at a boundary: what it said, and what it says from then on.

    Attributes:
        orders: How many ended orders it was learned from.
        knots: Sizes of an order in lots.
        before_ppm: What a lot was believed to cost at each.
        after_ppm: What it is believed to cost now.
        piece_before_lots: The largest order that was cheap enough.
        piece_after_lots: The largest that is.
    """

    book_id: int
    boundary_ns: int
    orders: int
    knots: tuple[int, ...]
    before_ppm: tuple[int, ...]
    after_ppm: tuple[int, ...]
    piece_before_lots: int
    piece_after_lots: int


class Refusal(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A command that the last hard check did not let out; `code` is of `desk.limits`."""

    command: Command
    cause: Cause
    code: int
    found: int
    allowed: int


class ActionKind(IntEnum):
    """What the gate asks of everything that is in flight; a value never changes its meaning.

    PAUSE: children of the scope are pulled and send nothing until RESUME. ABORT: they end for good.
    SAFE: nothing anywhere may add risk; what reduces a position, and cancels, go on. KILL: every order
    is cancelled and nothing else is sent. Out of SAFE and KILL only a named person leads.
    """

    PAUSE = 1
    RESUME = 2
    ABORT = 3
    SAFE = 4
    KILL = 5


class Action(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The gate's word about what is in flight already.

    Attributes:
        strategy: Whose children; EVERY for all strategies.
        book_id: In which book; EVERY for all books.
        code: Why, of `desk.gate.codes`.
        found: The figure that decided; 0 when it has gone (RESUME).
        allowed: What it was held against.
    """

    kind: ActionKind
    strategy: int = EVERY
    book_id: int = EVERY
    code: int = 0
    found: int = 0
    allowed: int = 0
