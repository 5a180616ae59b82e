"""A choice as it is journaled."""

from operator import attrgetter

from desk.router import RouterFactor
from desk.routes.choice import Choice
from desk.routes.sight import Situation
from market.codes import TimeInForce
from market.decisions import Route, RouteVenue

FACTS = attrgetter(*(factor.field for factor in RouterFactor))
"""All facts of a venue at once: asked for one by one they cost a twentieth of a routed order."""

CODES = tuple(int(factor) for factor in RouterFactor)


def written(
    this: Situation,
    choice: Choice,
    rooms: dict[int, int],
    lots: dict[int, int],
    total_lots: int,
) -> Route:
    """A choice as it is journaled."""
    return Route(
        mode=this.route.mode,
        side=this.side,
        takes=this.wish.tif is TimeInForce.IOC,
        total_lots=total_lots,
        venues=tuple(
            RouteVenue(
                book_id=row.book_id,
                rank=row.rank,
                score_micro=row.score_micro,
                blocked=int(row.blocked),
                room_lots=rooms[row.book_id],
                lots=lots.get(row.book_id, 0),
                facts=FACTS(row.facts),
                parts=tuple(
                    [(factor, part) for factor, part in zip(CODES, row.parts, strict=True) if part]
                ),
            )
            for row in choice.rows
        ),
    )
