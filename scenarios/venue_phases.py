"""Who sets the phases of a venue's books: its schedule, or the tape that is replayed.

Model: a tape whose book has PHASE rows says itself when that book opened, halted and closed, so that a
schedule would contradict it. `[run] phases` may ask for one of the two; by default each book follows its
tape if that has phases, and else its venue's schedule.
"""

from collections.abc import Sequence
from typing import Final, Literal

from market.errors import InputError
from market.instruments import Instrument
from scenarios.stack import name_of
from sim.tape.growing import GrowingTape
from sim.tape.phases import books_with_phases
from sim.tape.read import Tape

PhasesFrom = Literal["auto", "tape", "schedule"]
PHASES: Final[dict[str, PhasesFrom]] = {"auto": "auto", "tape": "tape", "schedule": "schedule"}


def books_by_tape(
    wanted: PhasesFrom,
    tape: Tape | GrowingTape | None,
    instruments: Sequence[Instrument],
    venue_books: Sequence[int],
) -> frozenset[int]:
    """Of the books of venues with a preset, those whose phases the tape sets.

    Args:
        wanted: Who is asked for.
        tape: What is replayed, if anything.
        instruments: By book.
        venue_books: Books of venues with a preset.

    Raises:
        InputError: The tape is asked for and there is none, or the schedule and the tape has phases too.
    """
    if tape is None:
        if wanted == "tape":
            raise InputError(
                "run.phases: found 'tape' and no tape, allowed is 'auto' or 'schedule' "
                "(or give it a tape: --tape FILE)"
            )
        return frozenset()
    if wanted == "tape":
        return frozenset(venue_books)
    if isinstance(tape, GrowingTape):
        return frozenset()
    found = sorted(books_with_phases(tape) & set(venue_books)) if venue_books else []
    if wanted == "schedule" and found:
        names = ", ".join(name_of(instruments[book_id]) for book_id in found)
        raise InputError(
            f"run.phases: found 'schedule', and PHASE rows of {names} on the tape; "
            "allowed is 'auto' or 'tape', or a tape without them"
        )
    return frozenset(found)
