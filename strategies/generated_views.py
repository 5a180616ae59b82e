"""Views made from a seed, to show a strategy what it may meet.

Model: the mid of each book walks in ticks, with stretches that lean up or down, spreads of one to
four ticks, and quantities of which some are lopsided. One view in sixteen is odd: a side is empty,
the book is locked or crossed, trading is halted, or the feed has gone stale. Some best levels hold
lots of our own. Time stands still between a few views and moves on by up to a second between others.
Facts say a position that wanders, a volatility that is unknown at first, and a time left that runs
out before the views do.

Every draw is a keyed hash of seed and cause, so the views of a seed are the same everywhere, and a
shorter list is the beginning of a longer one.

Limits: nothing here depends on what a strategy says; it is no market, and earns nobody anything.
"""

import struct
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from market.codes import Phase, Regime, Trigger
from market.decisions import Facts
from market.messages import NO_PRICE, View

START_NS: Final = 1_700_000_000_000_000_000
SESSION_NS: Final = 120_000_000_000
"""Time left at the first view."""

STEP_NS: Final = 1_000_000_000
UNKNOWN_VIEWS: Final = 10
"""Views at the beginning without a volatility."""

STRETCH_VIEWS: Final = 40
"""Views for which a book leans one way."""

LEVELS: Final = 3
POSITION_LOTS: Final = 30
ANCHOR_TICKS: Final = 10_000


class Seen(NamedTuple):
    """What a strategy is shown at once."""

    view: View
    facts: Facts


def generated_views(seed: int, count: int, *, books: Sequence[int] = (0,)) -> list[Seen]:
    """The first `count` views of a seed.

    Args:
        seed: Any integer.
        count: Views of all books together.
        books: Numbers of the books, which take turns by chance.
    """
    assert books
    mids = {book_id: ANCHOR_TICKS * (place + 1) for place, book_id in enumerate(books)}
    positions = dict.fromkeys(books, 0)
    now_ns = START_NS
    result = []
    for index in range(count):
        words = _words(seed, "view", index)
        book_id = books[_below(words[0], len(books))]
        if _below(words[1], 4):
            now_ns += _below(words[2], STEP_NS)
        lean = _below(_words(seed, "lean", index // STRETCH_VIEWS * 65_536 + book_id)[0], 3) - 1
        mids[book_id] += _below(words[3], 5) - 2 + lean * _below(words[4], 3)
        step_lots = _below(words[5], 11) - 5
        positions[book_id] = max(-POSITION_LOTS, min(POSITION_LOTS, positions[book_id] + step_lots))
        facts = Facts(
            position_lots=positions[book_id],
            volatility=(1 + _below(words[6], 3)) / 10_000 if index >= UNKNOWN_VIEWS else 0.0,
            regime=Regime(_below(words[7], len(Regime))),
            remaining_ns=START_NS + SESSION_NS - now_ns,
        )
        result.append(Seen(_view(words[8:], book_id, mids[book_id], now_ns, index + 1), facts))
    return result


def _view(words: Sequence[int], book_id: int, mid_ticks: int, now_ns: int, seq: int) -> View:
    """A book around a mid, mostly one that may be traded on."""
    spread_ticks = 1 + _below(words[0], 4)
    odd = _below(words[1], 16 * 6)
    if odd == 0:
        spread_ticks = -_below(words[2], 3)
    bid_ticks = mid_ticks - spread_ticks // 2
    heavy = (1, 1, 10)[_below(words[3], 3)]
    bids = _side(words[4], bid_ticks, -1, heavy) if odd != 1 else ()
    asks = _side(words[5], bid_ticks + spread_ticks, 1, 11 - heavy) if odd != 2 else ()
    own = _below(words[6], 8)
    phase = {3: Phase.HALT, 4: Phase.PRE_OPEN}.get(odd, Phase.CONTINUOUS)
    return View(
        book_id=book_id,
        bid_ticks=bids[0][0] if bids else NO_PRICE,
        bid_lots=bids[0][1] if bids else 0,
        ask_ticks=asks[0][0] if asks else NO_PRICE,
        ask_lots=asks[0][1] if asks else 0,
        own_bid_lots=bids[0][1] if bids and own == 0 else 0,
        own_ask_lots=asks[0][1] // 2 if asks and own == 1 else 0,
        last_trade_units=NO_PRICE,
        last_trade_lots=0,
        trade_count=0,
        venue_ns=now_ns - 1_000,
        local_ns=now_ns,
        seq=seq,
        phase=phase,
        fired=Trigger.STALE if odd == 5 else Trigger.BBO,
        bids=bids,
        asks=asks,
    )


def _side(word: int, best_ticks: int, step_ticks: int, heavy: int) -> tuple[tuple[int, int], ...]:
    """Levels of one side, the best first."""
    return tuple(
        (best_ticks + step_ticks * level, 1 + (word >> 8 * level & 0xFF) * heavy)
        for level in range(LEVELS)
    )


def _words(seed: int, stream: str, cause: int) -> tuple[int, ...]:
    """Sixteen words of 32 bits that depend on nothing but the arguments."""
    digest = blake2b(f"{seed}\0{stream}\0{cause}".encode(), digest_size=64, person=b"twin-views")
    return struct.unpack("<16I", digest.digest())


def _below(word: int, n: int) -> int:
    """A word as an integer in [0, n)."""
    return word * n >> 32
