"""The loop: what own orders have cost goes back into sizes and schedules, at boundaries, as data.

Model: for each book a curve says what a lot costs in one taking order of a parent, against the mid that the
desk saw when the parent's first order left, by the order's size: what earlier pieces have moved is in it. Every `boundary_ns` the curve is learned anew: from the orders that ended
since the boundary before, drawn towards what was believed until then as if that had been seen
`prior_orders` times at each knot. What was believed goes half of the way back to the configured prior
first, so that sizes which are no longer tried are slowly tried again. So the curve responds within one
boundary, and stands between two.

From the curve comes the *piece*: the largest order that is expected to cost no more than `cost_ppm_max` a
lot. A parent that is spread over time has as many slices, and as much more time, as its pieces need, up to
`stretch_ppm_max` of what was told; and no position is wanted that could not be reached so.

Invariants: between boundaries nothing changes; a curve knows only orders that had ended before its
boundary; with no order seen it comes back to the prior.

Limits: only taking orders are learned from, and what the market did meanwhile is in their costs, for and
against them. A limit that an order could not pass hides what more would
have cost, so schedules under a loop should have room in theirs (`slippage`).
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from desk.tca.curve import CostCurve, CurveAxis, CurveKey
from desk.tca.learning import LearningConfig, Observation, fit
from market.columns import QTY_LOTS_MAX
from market.decisions import PPM, Learned
from market.errors import InputError

SEEN_MAX: Final = 10_000
STARTS_MAX: Final = 256


class LoopConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How costs are learned, and what they decide.

    Attributes:
        boundary_ns: Between boundaries; they are multiples of it since the epoch.
        knots: Sizes of an order, in lots, rising.
        costs_ppm: What is believed at each before anything has been seen.
        prior_orders: How many orders the prior is worth at each knot.
        cost_ppm_max: What a lot of a piece may cost.
        stretch_ppm_max: How much longer a schedule may become; 1,000,000 is not at all.
    """

    boundary_ns: int
    knots: tuple[int, ...]
    costs_ppm: tuple[int, ...]
    cost_ppm_max: int
    prior_orders: int = 5
    stretch_ppm_max: int = 4 * PPM

    def __post_init__(self) -> None:
        for name, low, high in (
            ("boundary_ns", 1_000_000, 1 << 60),
            ("cost_ppm_max", 1, PPM),
            ("prior_orders", 1, 1_000_000),
            ("stretch_ppm_max", PPM, 1_000 * PPM),
        ):
            if not low <= getattr(self, name) <= high:
                raise InputError(f"tca.{name} is {getattr(self, name)}, allowed is {low} to {high}")
        self.curve(self.costs_ppm)

    def curve(self, costs_ppm: Sequence[int]) -> CostCurve:
        """A curve on the knots."""
        return CostCurve(
            key=CurveKey(),
            axis=CurveAxis.SIZE,
            knots=self.knots,
            costs_ppm=tuple(costs_ppm),
            parents=0,
        )


class BookCosts(msgspec.Struct):
    """What is known of one book.

    Attributes:
        costs_ppm: Of the curve that stands.
        piece_lots: The largest order that is cheap enough by it; at least 1.
        seen: Lots and cost of orders since the last boundary.
    """

    costs_ppm: list[int]
    piece_lots: int
    seen: list[tuple[int, int]] = []


class LoopData(msgspec.Struct):
    """All that is remembered.

    Attributes:
        next_ns: The next boundary; 0 before the first event.
        books: By number.
        parents: Parent of each order that has not ended, by its id.
        mids: Twice the mid when a parent's first order left, by the parent; the newest STARTS_MAX.
    """

    next_ns: int = 0
    books: dict[int, BookCosts] = {}
    parents: dict[int, int] = {}
    mids: dict[int, int] = {}


class CostLoop:
    """Learns costs for one desk.

    Args:
        config: How.
        data: What an earlier one remembered.
        count: Of books.
    """

    def __init__(self, config: LoopConfig, data: LoopData, count: int) -> None:
        self.config = config
        self.data = data
        for book_id in range(count):
            data.books.setdefault(
                book_id, BookCosts(list(config.costs_ppm), self._piece(config.costs_ppm))
            )

    def sent(self, order_id: int, parent_id: int, mid_x2_ticks: int) -> None:
        """A taking order of a parent has left, when the mid was this."""
        mids = self.data.mids
        self.data.parents[order_id] = parent_id
        if parent_id not in mids:
            mids[parent_id] = mid_x2_ticks
            if len(mids) > STARTS_MAX:
                del mids[min(mids)]

    def ended(
        self, order_id: int, book_id: int, sign: int, fills: Sequence[tuple[int, int]]
    ) -> None:
        """A taking order has ended.

        Args:
            order_id: Its id.
            book_id: Its book.
            sign: 1 of a buy, −1 of a sell.
            fills: Price in ticks and lots of each.
        """
        mid_x2 = self.data.mids.get(self.data.parents.pop(order_id, 0), 0)
        lots = sum(one for _, one in fills)
        seen = self.data.books[book_id].seen
        if mid_x2 <= 0 or lots == 0 or len(seen) >= SEEN_MAX:
            return
        worse_x2 = sign * sum((2 * ticks - mid_x2) * one for ticks, one in fills)
        seen.append((lots, worse_x2 * PPM // (mid_x2 * lots)))

    def boundary(self, now_ns: int) -> list[Learned]:
        """The curves that stand from now on, where a boundary has come; what changed in them."""
        data, every_ns = self.data, self.config.boundary_ns
        if data.next_ns == 0:
            data.next_ns = (now_ns // every_ns + 1) * every_ns
        if now_ns < data.next_ns:
            return []
        at_ns = now_ns // every_ns * every_ns
        data.next_ns = at_ns + every_ns
        return [self._learn(book_id, at_ns) for book_id in sorted(data.books)]

    def piece_lots(self, book_id: int) -> int:
        """The largest order that is expected to be cheap enough."""
        return self.data.books[book_id].piece_lots

    def slices(self, book_id: int, total_lots: int, told_slices: int) -> int:
        """In how many pieces a parent is worked; at least as many as was told."""
        needed = -(-total_lots // self.piece_lots(book_id))
        return max(told_slices, min(needed, told_slices * self.config.stretch_ppm_max // PPM))

    def position_max(self, book_id: int, told_slices: int) -> int:
        """The largest position that could be reached in the longest schedule."""
        longest = told_slices * self.config.stretch_ppm_max // PPM
        return min(self.piece_lots(book_id) * longest, QTY_LOTS_MAX)

    def _learn(self, book_id: int, at_ns: int) -> Learned:
        """One book's curve from what was seen since the boundary before."""
        known = self.data.books[book_id]
        before, piece_lots = tuple(known.costs_ppm), known.piece_lots
        halfway = [
            (one + other) // 2 for one, other in zip(before, self.config.costs_ppm, strict=True)
        ]
        found = fit(
            CurveKey(),
            [
                Observation(key=CurveKey(), x=lots, cost_ppm=cost_ppm, lots=lots)
                for lots, cost_ppm in known.seen
            ],
            LearningConfig(
                prior=self.config.curve(halfway), prior_parents=self.config.prior_orders
            ),
            at_ns,
        )
        learned = Learned(
            book_id=book_id,
            boundary_ns=at_ns,
            orders=len(known.seen),
            knots=self.config.knots,
            before_ppm=before,
            after_ppm=found.costs_ppm,
            piece_before_lots=piece_lots,
            piece_after_lots=self._piece(found.costs_ppm),
        )
        known.costs_ppm = list(found.costs_ppm)
        known.piece_lots = learned.piece_after_lots
        known.seen = []
        return learned

    def _piece(self, costs_ppm: Sequence[int]) -> int:
        """The largest order that a curve calls cheap enough; at most the last knot."""
        largest = self.config.curve(costs_ppm).largest(self.config.cost_ppm_max, 0)
        most = self.config.knots[-1]
        return max(min(most if largest is None else largest, most), 1)
