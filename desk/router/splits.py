"""Split: a parent's lots over ranked venues, to the last lot.

Model, one of two ways:

    sweep    best first, each up to its room, as one takes
    spread   in proportion to how close each comes to the best: a venue whose score lies d below
             the best has the weight `scale` − d, and none from `scale` on; what is over a
             venue's room goes to the others in the same proportions

A venue's room is what it shows, or what may rest there, times its health. A sick one has none,
but may be given its probe, before anything else, because without probes it could never come back.
An order below a venue's smallest is not sent there.

Invariants: shares and what is left add up to the parent; no share is above its room, nor below
the venue's smallest order, and each is a multiple of its step; blocked venues get nothing but a
sick one its probe; something is left only when no venue that counts (all of them in `sweep`,
those within `scale` in `spread`) has room for it; nothing depends on the order in which venues
are named.

`cont_kukanov.split` is the reference for resting orders, where queues and outflows are known.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from desk.router.scores import Blocked, ScoreRow
from market.decisions import PPM
from market.errors import InputError


class SplitRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to split.

    Attributes:
        way: `sweep` or `spread`.
        scale_ppb: Of `spread`: a venue so much worse than the best gets nothing.
        probe_ppm_max: Largest share of a parent that probes may be.
    """

    way: Literal["sweep", "spread"]
    scale_ppb: int = 50_000
    probe_ppm_max: int = 50_000

    def __post_init__(self) -> None:
        if self.scale_ppb < 1:
            raise InputError(f"split.scale_ppb is {self.scale_ppb}, allowed is 1 or more")
        if not 0 <= self.probe_ppm_max <= PPM:
            raise InputError(f"split.probe_ppm_max is {self.probe_ppm_max}, allowed is 0 to {PPM}")


class Room(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a venue can take.

    Attributes:
        lots: Before health.
        weight_ppm: Its health.
        probe_lots: Probe that it wants now; 0 for none.
        lots_min: Smallest order.
        lot_step: Orders are multiples of it.
    """

    book_id: int
    lots: int
    weight_ppm: int = PPM
    probe_lots: int = 0
    lots_min: int = 1
    lot_step: int = 1


class Share(msgspec.Struct, frozen=True, gc=False):
    """What one venue gets."""

    book_id: int
    lots: int
    probe: bool = False


class Split(msgspec.Struct, frozen=True, gc=False):
    """What each venue gets, best first, and what none can take."""

    shares: tuple[Share, ...]
    left_lots: int


def split(
    rule: SplitRule, total_lots: int, rows: Sequence[ScoreRow], rooms: Sequence[Room]
) -> Split:
    """A parent's lots over venues.

    Args:
        rule: How.
        total_lots: At least 0.
        rows: From `scores.score`, in any order.
        rooms: One for each row.
    """
    assert total_lots >= 0
    by_book = {room.book_id: room for room in rooms}
    ranked = sorted(rows, key=lambda row: row.rank)
    probes = _probes(rule, total_lots, ranked, by_book)
    left_lots = total_lots - sum(share.lots for share in probes)
    open_rows = [
        row for row in ranked if row.blocked is Blocked.NO and room_lots(by_book[row.book_id])
    ]
    found = (
        _sweep(left_lots, open_rows, by_book)
        if rule.way == "sweep"
        else _spread(rule, left_lots, open_rows, by_book)
    )
    shares = probes + [
        Share(row.book_id, found[row.book_id]) for row in open_rows if found.get(row.book_id)
    ]
    return Split(tuple(shares), total_lots - sum(share.lots for share in shares))


def room_lots(room: Room) -> int:
    """What a venue takes in its state of health: whole steps, and 0 below its smallest order."""
    return _whole(room.lots * room.weight_ppm // PPM, room)


def apportion(total_lots: int, weights: Sequence[int]) -> list[int]:
    """Whole lots in proportion to weights: rounded down, the rest to the largest remainders.

    Args:
        total_lots: At least 0.
        weights: Never negative, at least one above 0; of equal remainders the first comes first.
    """
    whole = sum(weights)
    assert whole > 0
    lots = [total_lots * weight // whole for weight in weights]
    order = sorted(
        range(len(weights)), key=lambda place: (-(total_lots * weights[place] % whole), place)
    )
    for place in order[: total_lots - sum(lots)]:
        lots[place] += 1
    return lots


def _probes(
    rule: SplitRule, total_lots: int, ranked: Sequence[ScoreRow], by_book: Mapping[int, Room]
) -> list[Share]:
    """Probes of sick venues, as long as they are a small part."""
    budget_lots = total_lots * rule.probe_ppm_max // PPM
    probes = []
    for row in ranked:
        room = by_book[row.book_id]
        if row.blocked in (Blocked.NO, Blocked.SICK) and 0 < room.probe_lots <= budget_lots:
            budget_lots -= room.probe_lots
            probes.append(Share(row.book_id, room.probe_lots, probe=True))
    return probes


def _sweep(
    total_lots: int, rows: Sequence[ScoreRow], by_book: Mapping[int, Room]
) -> dict[int, int]:
    """Best first."""
    found = {}
    for row in rows:
        room = by_book[row.book_id]
        lots = _whole(min(total_lots, room_lots(room)), room)
        found[row.book_id] = lots
        total_lots -= lots
    return found


def _spread(
    rule: SplitRule, total_lots: int, rows: Sequence[ScoreRow], by_book: Mapping[int, Room]
) -> dict[int, int]:
    """In proportion, then what rounding to steps has left over best first."""
    found = dict.fromkeys((row.book_id for row in rows), 0)
    if not rows:
        return found
    scale = rule.scale_ppb * 1_000_000
    best = rows[0].score_micro
    weights = {
        row.book_id: max(scale - (best - row.score_micro), 0) * by_book[row.book_id].weight_ppm
        for row in rows
    }
    active = [row.book_id for row in rows if weights[row.book_id]]
    left_lots = total_lots
    while active and left_lots:
        wished = apportion(left_lots, [weights[book_id] for book_id in active])
        full = [
            book_id
            for book_id, lots in zip(active, wished, strict=True)
            if lots >= room_lots(by_book[book_id])
        ]
        if not full:
            for book_id, lots in zip(active, wished, strict=True):
                found[book_id] = _whole(lots, by_book[book_id])
            break
        for book_id in full:
            found[book_id] = room_lots(by_book[book_id])
            left_lots -= found[book_id]
            active.remove(book_id)
    return _fill_up(
        total_lots, found, [row.book_id for row in rows if weights[row.book_id]], by_book
    )


def _fill_up(
    total_lots: int, found: dict[int, int], books: Sequence[int], by_book: Mapping[int, Room]
) -> dict[int, int]:
    """What steps and smallest orders have left over, best first."""
    left_lots = total_lots - sum(found.values())
    for book_id in books:
        room = by_book[book_id]
        more = min(left_lots, room_lots(room) - found[book_id])
        lots = _whole(found[book_id] + more, room)
        left_lots -= lots - found[book_id]
        found[book_id] = lots
    return found


def _whole(lots: int, room: Room) -> int:
    """Whole steps; 0 below the smallest order."""
    lots -= lots % room.lot_step
    return lots if lots >= room.lots_min else 0
