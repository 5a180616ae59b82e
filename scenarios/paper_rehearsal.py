"""Half a minute of a market that never was, before a paper session: what is compiled at its first use is then there.

Model: the session's own world, made once more without folder, faults or measured wires, takes a book that
moves and trades on both sides. On a machine that has never run the twin that takes a minute, in which a live
feed would wait and its frames be stamped late; later it takes half a second. Nothing of it is kept.

Limits: a path that the desk does not take in it is still compiled when it is first needed.
"""

from pathlib import Path
from typing import Final

from msgspec import structs

from market.codes import Side
from market.live import BookDelta, BookSnapshot, Print, Update
from scenarios.paper_session import SessionPlan, SessionStart, world_of

STEP_NS: Final = 500_000_000
STEPS: Final = 60
MID_TICKS: Final = 1_000_000
LEVELS: Final = 10
LOTS: Final = 1_000


def rehearse(start: SessionStart, plan: SessionPlan) -> None:
    """Run it.

    Raises:
        InputError: The session's scenario does not fit its instruments.
    """
    scenario = structs.replace(plan.scenario, faults=())
    end_ns = start.start_ns + (STEPS + 1) * STEP_NS
    begun = structs.replace(start, end_ns=end_ns, round_trips_ns=())
    world = world_of(Path(), begun, structs.replace(plan, scenario=scenario))
    for step in range(1, STEPS + 1):
        now_ns = start.start_ns + step * STEP_NS
        updates = [
            one for book_id in range(len(start.instruments)) for one in _updates(book_id, step)
        ]
        world.assembly.world.inject(world.rows.rows(updates, now_ns))
        world.advance(now_ns + 1)


def _updates(book_id: int, step: int) -> list[Update]:
    """What happens to a book: first all of it, then its levels grow and shrink, and it trades."""
    more_lots = (step % 2) * 5 * LOTS
    bids = tuple((MID_TICKS - 1 - level, LOTS + more_lots) for level in range(LEVELS))
    asks = tuple((MID_TICKS + level, LOTS) for level in range(LEVELS))
    if step == 1:
        return [BookSnapshot(book_id=book_id, venue_ns=0, seq=step, bids=bids, asks=asks)]
    return [
        BookDelta(book_id=book_id, venue_ns=0, seq=step, bids=bids, asks=asks),
        Print(
            book_id=book_id,
            venue_ns=0,
            trade_id=step,
            price_ticks=MID_TICKS - 1 - step % 3,
            qty_lots=3 * LOTS,
            aggressor=Side.SELL if step % 2 else Side.BUY,
        ),
    ]
