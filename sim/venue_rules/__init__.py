"""Rules of venues as plain functions over integers, each checked against published examples.

`auction` finds the price of a call and fills it, `allocation` shares an arriving order within a price
level, both under policies that are data; `bands`, `luld`, `breakers` and `collars` say where trading
must stop, `tick_table` which prices exist. How a book is to use them is in
docs/explanation/venue-rules.md.
"""

from sim.venue_rules.allocation import Resting, allocate
from sim.venue_rules.allocation_policy import AllocationPolicy, cme_steps
from sim.venue_rules.auction import run_auction
from sim.venue_rules.auction_order import AuctionOrder, AuctionResult, Terms
from sim.venue_rules.auction_policy import AuctionPolicy
from sim.venue_rules.bands import luld_band, luld_rules_on
from sim.venue_rules.breakers import MarketBreakers
from sim.venue_rules.collars import Collars, cross_band
from sim.venue_rules.indication import indicate
from sim.venue_rules.luld import LuldMonitor, LuldReference
from sim.venue_rules.tick_table import TickTable, rts11_table

__all__ = [
    "AllocationPolicy",
    "AuctionOrder",
    "AuctionPolicy",
    "AuctionResult",
    "Collars",
    "LuldMonitor",
    "LuldReference",
    "MarketBreakers",
    "Resting",
    "Terms",
    "TickTable",
    "allocate",
    "cme_steps",
    "cross_band",
    "indicate",
    "luld_band",
    "luld_rules_on",
    "rts11_table",
    "run_auction",
]
