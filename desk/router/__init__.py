"""Where: venues compared by what they cost, fill and do, and lots split over them.

`measure.facts_of` makes a venue's facts from market data (`VenueNow`), from what own orders have
taught (`learning`, `markouts`, `posterior`) and from its `health`; `score` ranks; `split`
divides. `factors` is the table of all that counts, `weights` says how much, `cont_kukanov` is the
reference for resting orders. Nothing here knows of the rest of the desk; state is plain data that
a desk may keep among its own.
"""

from desk.router import cont_kukanov, health, learning, markouts, posterior
from desk.router.factors import FACTORS, RouterFactor
from desk.router.facts import VenueFacts
from desk.router.measure import VenueNow, facts_of, learned_of
from desk.router.scores import Blocked, Candidate, ScoreRow, explain, score
from desk.router.splits import Room, Split, SplitRule, split
from desk.router.weights import REST, TAKE, Weights, weights_of

__all__ = [
    "FACTORS",
    "REST",
    "TAKE",
    "Blocked",
    "Candidate",
    "Room",
    "RouterFactor",
    "ScoreRow",
    "Split",
    "SplitRule",
    "VenueFacts",
    "VenueNow",
    "Weights",
    "cont_kukanov",
    "explain",
    "facts_of",
    "health",
    "learned_of",
    "learning",
    "markouts",
    "posterior",
    "score",
    "split",
    "weights_of",
]
