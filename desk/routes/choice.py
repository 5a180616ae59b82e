"""The choice: a wish for lots, over the venues of a route as they are now.

Model: each venue is an `Option`, what market, gate and own orders say of it. What is known makes facts,
facts make scores, and the split does the rest:

    take    level by level over all venues, the cheapest first by price and score together
    rest    in proportion to how close a venue comes to the best (`spread`), or by Cont and Kukanov,
            who may want part of it taken at once

Invariants: no venue gets more than its room, a blocked one nothing but its probe, and shares never add
up to more than the wish.
"""

from collections.abc import Mapping, Sequence

import msgspec

from desk.router import cont_kukanov, health
from desk.router.config import RouteConfig
from desk.router.facts import VenueFacts
from desk.router.health import HealthState
from desk.router.measure import VenueNow, facts_of
from desk.router.scores import Blocked, Candidate, ScoreRow, score
from desk.router.splits import Room, Share, SplitRule, split
from desk.router.weights import Weights
from desk.routes.memory import VenueMemory
from market.decisions import PPM

SWEEP = SplitRule(way="sweep")
S = 1_000_000_000
PPB = 1_000_000_000


class Option(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A venue of a route, now.

    Attributes:
        now: What there is to see; None without a market.
        blocked: Why it may not be used.
        room_lots: What the gate and orders at work leave.
        levels: The other side's displayed (price, lots) within the limit, best first.
    """

    book_id: int
    now: VenueNow | None
    blocked: Blocked = Blocked.NO
    room_lots: int = 0
    levels: tuple[tuple[int, int], ...] = ()


class Choice(msgspec.Struct, frozen=True, gc=False):
    """Venues in order, what each gets, and what should rather be taken."""

    rows: tuple[ScoreRow, ...]
    shares: tuple[Share, ...]
    take_lots: int = 0


def take(
    route: RouteConfig, memory: VenueMemory, options: Sequence[Option], total_lots: int
) -> Choice:
    """Split lots that are to be taken, level by level over all venues."""
    rows = _rows(route, memory, options, route.take_weights)
    by_book = {option.book_id: option for option in options}
    probes = split(
        SWEEP, total_lots, _blocked_only(rows), [_room(memory, one, 0) for one in options]
    )
    got = {share.book_id: share for share in probes.shares}
    left_lots = probes.left_lots
    room = {option.book_id: option.room_lots for option in options}
    for _, book_id, shown_lots in sorted(_levels(rows, by_book)):
        healthy_lots = shown_lots * memory.data.health[book_id].weight_ppm // PPM
        lots = min(healthy_lots, room[book_id], left_lots)
        if lots > 0:
            had = got.get(book_id)
            got[book_id] = Share(book_id, lots + (had.lots if had is not None else 0))
            room[book_id] -= lots
            left_lots -= lots
    return Choice(rows, tuple(got.values()))


def _levels(
    rows: Sequence[ScoreRow], by_book: Mapping[int, Option]
) -> list[tuple[tuple[int, int], int, int]]:
    """Every displayed level of venues that may be used: (how dear, rank), book, lots.

    A level is dearer than its venue's best one by the difference in price, and a venue than another by
    the difference of their scores, both in millionths of a ppb.
    """
    found = []
    for row in rows:
        option = by_book[row.book_id]
        if row.blocked is not Blocked.NO or not option.levels:
            continue
        best_ticks = option.levels[0][0]
        for ticks, lots in option.levels:
            worse = abs(ticks - best_ticks) * PPB * PPM // best_ticks
            found.append(((worse - row.score_micro, row.rank), row.book_id, lots))
    return found


def _blocked_only(rows: Sequence[ScoreRow]) -> list[ScoreRow]:
    """Venues that get nothing but a probe."""
    return [row for row in rows if row.blocked is not Blocked.NO]


def rest(
    route: RouteConfig, memory: VenueMemory, options: Sequence[Option], total_lots: int
) -> Choice:
    """Split lots that are to rest."""
    rows = _rows(route, memory, options, route.rest_weights)
    rooms = [_room(memory, one, one.room_lots) for one in options]
    if route.mode == "cont_kukanov":
        return _reference(route, rows, options, total_lots)
    rule = SWEEP if route.mode in ("best", "static") else route.split
    return Choice(rows, split(rule, total_lots, rows, rooms).shares)


def _rows(
    route: RouteConfig, memory: VenueMemory, options: Sequence[Option], weights: Weights
) -> tuple[ScoreRow, ...]:
    """Every venue with its score."""
    candidates = []
    for option in options:
        now, book_id = option.now, option.book_id
        blocked = option.blocked
        if route.mode == "static" and book_id != route.static_book:
            blocked = blocked or Blocked.FORBIDDEN
        elif memory.data.health[book_id].state in (HealthState.SICK, HealthState.PROBING):
            blocked = blocked or Blocked.SICK
        facts = (
            VenueFacts(book_id=book_id)
            if now is None
            else facts_of(now, memory.learned(book_id, route.priors), memory.data.health[book_id])
        )
        candidates.append(Candidate(facts, blocked))
    return score(weights, candidates)


def _room(memory: VenueMemory, option: Option, lots: int) -> Room:
    """What a venue can take, in its state of health."""
    found = memory.data.health[option.book_id]
    return Room(
        book_id=option.book_id,
        lots=min(lots, option.room_lots),
        weight_ppm=found.weight_ppm,
        probe_lots=min(
            health.probe_lots(found, memory.told[option.book_id].health), option.room_lots
        ),
    )


def _reference(
    route: RouteConfig, rows: tuple[ScoreRow, ...], options: Sequence[Option], total_lots: int
) -> Choice:
    """Cont and Kukanov: what rests in which queue, and what is better taken at once."""
    by_book = {option.book_id: option for option in options}
    usable = [
        by_book[row.book_id]
        for row in rows
        if row.blocked is Blocked.NO and by_book[row.book_id].now
    ]
    venues, takers = [], []
    half_ppb = 0.0
    for option in usable:
        now = option.now
        assert now is not None
        half_ppb = abs(now.far_ticks - now.near_ticks) * 5e8 / now.near_ticks
        mean_lots = now.outflow_mlots_s * route.deadline_ns / (1_000.0 * S)
        takers.append(now.taker_fee_ppb)
        venues.append(
            cont_kukanov.RestVenue(
                book_id=option.book_id,
                queue_lots=now.near_lots,
                rebate=float(now.maker_rebate_ppb),
                outflow=cont_kukanov.Outflow(mean_lots=max(mean_lots, 1e-3)),
                lots_max=option.room_lots,
            )
        )
    if not venues:
        return Choice(rows, ())
    fee_ppb = float(min(takers))
    cost = cont_kukanov.TakeCost(
        half_spread=half_ppb,
        fee=fee_ppb,
        impact=0.0,
        penalty=half_ppb + fee_ppb + route.penalty_ppb,
    )
    found = cont_kukanov.split(cost, venues, total_lots)
    shares = [
        Share(venue.book_id, lots)
        for venue, lots in zip(venues, found.rest_lots, strict=True)
        if lots
    ]
    return Choice(rows, tuple(shares), found.take_lots)
