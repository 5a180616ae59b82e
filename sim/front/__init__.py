"""What a venue checks and does around its books: the front of a venue.

`Admission` is the rule sheet of a book and `Throttle` that of messages; both answer with a
`market.refusals.Refusal` or let a command pass. `QuoteSets` turns mass quotes into commands and
`QuoteProtection` says when all of them must go; `sweep` and `Disconnects` say which orders one message, or
the loss of a session, takes away; `Lifetimes` says which orders end by themselves; `TradeThroughs` judges
trades by what other venues showed. Nothing here has a clock or a book: time comes as `now_ns`, and what is
to be done goes out as commands, ids and reasons. docs/explanation/venue-front.md tells how they fit.
"""

from sim.front.admission import Admission, Held, OddLot, Situation
from sim.front.cut_off import NASDAQ_CLOSE, NASDAQ_OPEN, NYSE_CLOSE, CutOff
from sim.front.disconnects import POLICIES, DisconnectPolicy, Disconnects, Spared
from sim.front.ending import Ending
from sim.front.kinds import Accepted
from sim.front.lifetimes import Lifetimes
from sim.front.quote_protection import ProtectionLimits, QuoteProtection, Tripped
from sim.front.quotes import QuotePlan, QuoteSets
from sim.front.scopes import Scope, Standing, sweep
from sim.front.throttle import Passage, Per, Shape, Throttle, ThrottleRule
from sim.front.through_tally import VenueThroughs
from sim.front.trade_through import Exempt, TradeThroughs

__all__ = [
    "NASDAQ_CLOSE",
    "NASDAQ_OPEN",
    "NYSE_CLOSE",
    "POLICIES",
    "Accepted",
    "Admission",
    "CutOff",
    "DisconnectPolicy",
    "Disconnects",
    "Ending",
    "Exempt",
    "Held",
    "Lifetimes",
    "OddLot",
    "Passage",
    "Per",
    "ProtectionLimits",
    "QuotePlan",
    "QuoteProtection",
    "QuoteSets",
    "Scope",
    "Shape",
    "Situation",
    "Spared",
    "Standing",
    "Throttle",
    "ThrottleRule",
    "TradeThroughs",
    "Tripped",
    "VenueThroughs",
    "sweep",
]
