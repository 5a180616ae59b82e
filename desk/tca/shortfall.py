"""Implementation shortfall: what the paper portfolio earned and the real one did not, in parts.

Model: the paper portfolio trades all that was wanted at the decision, at the mid that the desk saw. The
real one has the fills, their fees, and nothing of what was not filled. Both are valued at the mid of
the end; the difference is the shortfall (Perold 1988). With side s, decision mid D, arrival mid A, end
mid E, fills of q lots at p, and u lots unfilled:

    shortfall = s Σ q (p − D) + s u (E − D) + fees

Each fill's p − D goes along a chain of prices, so that its parts add up whatever they are:

    delay    A − D   from the decision until the first order was at a venue
    timing   how the mid moved after that, but for our own moves of it
    impact   our own moves of the mid at earlier fills that took, and how far this one went beyond the
             best price
    spread   from the venue's mid to the price, as far as the best price

What rested has its whole distance from the mid as spread, which is then mostly below zero: earned. In
an auction there is no spread; its distance from the last mid is timing, because nothing shows whose
move it was. Fills of one venue at one instant are one step: its mid before is the first one's, its mid
after the last one's.

Conventions: PEROLD counts delay on what was filled, and the rest from the decision to the end (the
CFA curriculum does so too); KISSELL counts delay on all that was wanted, and the rest from the arrival.
The whole is the same. A parent that never arrived has no delay in either.

Invariant: delay + spread + impact + timing + opportunity + fees == paper − real, to the last half
price unit × lot; and the parts are the sums over the pieces, one for each fill and one for the rest.

Limits: an own move counts as ours for good. When the book refills behind us, the way back is a timing
gain of later fills. In frozen replay the book does not move at our fills, so impact is only what went
beyond the best price.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from fractions import Fraction
from itertools import groupby
from typing import Final

import msgspec

from desk.tca.exact import in_ppm, ratio
from desk.tca.records import ChildRecord, FillRecord, ParentRecord, Seen
from market.codes import Liquidity


class Convention(IntEnum):
    """Which lots delay and opportunity are counted on; the values never change their meaning."""

    PEROLD = 1
    KISSELL = 2


class Parts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A cost in half price unit × lot, split; above zero is paid, below is earned."""

    delay_x2: int = 0
    spread_x2: int = 0
    impact_x2: int = 0
    timing_x2: int = 0
    opportunity_x2: int = 0
    fees_x2: int = 0

    @property
    def total_x2(self) -> int:
        """All of it."""
        moved_x2 = self.delay_x2 + self.impact_x2 + self.timing_x2 + self.opportunity_x2
        return moved_x2 + self.spread_x2 + self.fees_x2


PART_NAMES: Final = Parts.__struct_fields__


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """What one fill, or what was not filled, has in the shortfall.

    Attributes:
        venue: Where it was filled; empty for the rest.
        liquidity: NONE for the rest.
        lots: Filled, or unfilled; the rest of an overfilled parent is below zero.
        latency_x2: Of which: from the mid that the desk saw when this order left to the venue's when
            it arrived. A share of delay for the first order, of timing and impact for later ones.
    """

    venue: str
    liquidity: Liquidity
    order_id: int
    exec_id: int
    lots: int
    at_ns: int
    parts: Parts
    latency_x2: int = 0


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """The shortfall of one parent; money in half price unit × lot.

    Attributes:
        paper_x2: What the paper portfolio earned from the decision to the end.
        real_x2: What the real one did, after fees.
        stale_x2: Of which delay: the desk's view was behind the venue's book at the decision.
        waited_x2: Of which delay: from the decision to the departure of the first order.
        wire_x2: Of which delay: from that to the first arrival.
        worth_x2: What was wanted, at the decision's mid.
    """

    record: ParentRecord
    convention: Convention
    parts: Parts
    pieces: tuple[Piece, ...]
    paper_x2: int
    real_x2: int
    stale_x2: int
    waited_x2: int
    wire_x2: int
    worth_x2: int

    @property
    def total_x2(self) -> int:
        """Paper less real."""
        return self.paper_x2 - self.real_x2

    @property
    def share(self) -> Fraction | None:
        """Of what was wanted at the decision's mid, exactly; None where that is not above zero."""
        return ratio(self.total_x2, self.worth_x2)

    @property
    def ppm(self) -> int | None:
        """The same in parts per million, rounded half up."""
        share = self.share
        return None if share is None else in_ppm(share)


def shortfall_of(record: ParentRecord, convention: Convention = Convention.PEROLD) -> Shortfall:
    """Measure one parent."""
    sign = record.side.sign
    decided_x2 = record.decided.local.mid_x2_units
    arrived_x2 = _mid_of(record.arrived, decided_x2)
    pieces = tuple(_pieces(record, convention, decided_x2, arrived_x2))
    parts = summed([piece.parts for piece in pieces])
    paper_x2 = sign * record.wanted_lots * (record.end_mid_x2_units - decided_x2)
    real_x2 = -2 * record.order_fees
    for _, fill in record.fills():
        gained_x2 = record.end_mid_x2_units - fill.price_x2_units
        real_x2 += sign * fill.lots * gained_x2 - 2 * fill.fee
    assert parts.total_x2 == paper_x2 - real_x2
    stale_x2, waited_x2, wire_x2 = _delays(record, convention, decided_x2, arrived_x2)
    assert stale_x2 + waited_x2 + wire_x2 == parts.delay_x2
    return Shortfall(
        record=record,
        convention=convention,
        parts=parts,
        pieces=pieces,
        paper_x2=paper_x2,
        real_x2=real_x2,
        stale_x2=stale_x2,
        waited_x2=waited_x2,
        wire_x2=wire_x2,
        worth_x2=record.wanted_lots * decided_x2,
    )


def summed(parts: Sequence[Parts]) -> Parts:
    """Part by part."""
    return Parts(**{name: sum(getattr(one, name) for one in parts) for name in PART_NAMES})


def market_adjusted(found: Shortfall, beta_ppm: int, market_ppm: int) -> Fraction | None:
    """The share less what the market's own move explains, side-signed: IS − s · β · r.

    Args:
        found: The shortfall.
        beta_ppm: Of the instrument to the market.
        market_ppm: The market's return from the decision to the end.
    """
    share = found.share
    if share is None:
        return None
    return share - Fraction(found.record.side.sign * beta_ppm * market_ppm, 10**12)


def _mid_of(seen: Seen | None, otherwise_x2: int) -> int:
    """Twice the venue's mid at a moment that may never have come."""
    return otherwise_x2 if seen is None else seen.venue.mid_x2_units


def _pieces(
    record: ParentRecord, convention: Convention, decided_x2: int, arrived_x2: int
) -> Iterator[Piece]:
    """The fills in order of time, then what was not filled with what was charged for the whole."""
    own_x2 = 0
    for _, found in groupby(record.fills(), key=lambda one: (one[1].seen.at_ns, one[1].venue)):
        step = list(found)
        before_x2 = step[0][1].seen.venue.mid_x2_units
        for child, fill in step:
            yield _piece_of_fill(record, child, fill, decided_x2, arrived_x2, before_x2, own_x2)
        if any(fill.liquidity is Liquidity.TAKER for _, fill in step):
            own_x2 += step[-1][1].after_mid_x2_units - before_x2
    rest_lots = record.wanted_lots - record.filled_lots
    if rest_lots or record.order_fees:
        signed_lots = record.side.sign * rest_lots
        from_x2 = arrived_x2 if convention is Convention.KISSELL else decided_x2
        yield Piece(
            venue="",
            liquidity=Liquidity.NONE,
            order_id=0,
            exec_id=0,
            lots=rest_lots,
            at_ns=record.ended_ns,
            parts=Parts(
                delay_x2=signed_lots * (from_x2 - decided_x2),
                opportunity_x2=signed_lots * (record.end_mid_x2_units - from_x2),
                fees_x2=2 * record.order_fees,
            ),
        )


def _piece_of_fill(
    record: ParentRecord,
    child: ChildRecord,
    fill: FillRecord,
    decided_x2: int,
    arrived_x2: int,
    before_x2: int,
    own_x2: int,
) -> Piece:
    """One fill's way from the decision's mid to its price.

    Args:
        before_x2: The venue's mid before the step that the fill is part of.
        own_x2: How our own earlier fills moved the mid.
    """
    side = record.side
    mid_x2 = fill.seen.venue.mid_x2_units
    price_x2 = fill.price_x2_units
    if fill.liquidity is Liquidity.TAKER:
        touch_x2 = 2 * fill.seen.venue.touch_units(side)
        # Better than the best price is less spread, worse is impact.
        spread_to_x2 = max(price_x2, touch_x2) if side else min(price_x2, touch_x2)
        inside_x2 = 0
    elif fill.liquidity is Liquidity.AUCTION:
        spread_to_x2, inside_x2 = mid_x2, price_x2 - mid_x2
    else:
        spread_to_x2, inside_x2 = price_x2, 0
    beyond_x2 = price_x2 - inside_x2 - spread_to_x2
    signed_lots = side.sign * fill.lots
    assert child.received is not None
    arrived_of_child_x2 = child.received.venue.mid_x2_units
    return Piece(
        venue=fill.venue,
        liquidity=fill.liquidity,
        order_id=child.order_id,
        exec_id=fill.exec_id,
        lots=fill.lots,
        at_ns=fill.seen.at_ns,
        parts=Parts(
            delay_x2=signed_lots * (arrived_x2 - decided_x2),
            spread_x2=signed_lots * (spread_to_x2 - mid_x2),
            impact_x2=signed_lots * (own_x2 + (mid_x2 - before_x2) + beyond_x2),
            timing_x2=signed_lots * ((before_x2 - arrived_x2) - own_x2 + inside_x2),
            fees_x2=2 * fill.fee,
        ),
        latency_x2=signed_lots * (arrived_of_child_x2 - child.sent.local.mid_x2_units),
    )


def _delays(
    record: ParentRecord, convention: Convention, decided_x2: int, arrived_x2: int
) -> tuple[int, int, int]:
    """Delay as a stale view, as waiting at the desk, and as the wire."""
    if record.arrived is None:
        return 0, 0, 0
    counted = record.wanted_lots if convention is Convention.KISSELL else record.filled_lots
    signed_lots = record.side.sign * counted
    true_x2 = record.decided.venue.mid_x2_units
    sent_x2 = _mid_of(record.sent, true_x2)
    return (
        signed_lots * (true_x2 - decided_x2),
        signed_lots * (sent_x2 - true_x2),
        signed_lots * (arrived_x2 - sent_x2),
    )
