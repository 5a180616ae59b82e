"""What an own order of a book with rules keeps beyond its record and tag: `E_SIZE` words a pool slot.

The region is at H_TERMS_OFF of `mem` and has a record for every slot of the pool, so that tags of
plain books keep their size. A record is valid while the slot holds an own order of such a book.
"""

E_PLACE = 0  # where it is: one of the places below
E_TYPE = 1
E_TIF = 2
E_POST = 3
E_OWNER = 4
E_PRICE = 5  # its limit in ticks, NO_PRICE for none
E_RESERVE = 6  # lots of a displayed iceberg behind its peak
E_DISPLAY = 7
E_DISPLAY_HIGH = 8
E_PEAKS = 9  # peaks that it has had
E_REFILLS = 10  # peaks that it may still have, at most; its part of B_REFILLS
E_HIDDEN = 11
E_MIN = 12
E_AON = 13
E_STOP = 14  # trigger, or strike, in ticks
E_TRIGGER = 15  # of a stop, half ticks
E_TRAIL = 16
E_OFFSET = 17
E_SELF_TRADE = 18
E_ENTRY = 19
E_EFFECTIVE = 20  # price of an awake peg in half ticks, NO_PRICE while it sleeps
E_PEG_NEXT = 21  # neighbours in the list of pegs
E_PEG_PREV = 22
E_SHARE = 23  # what a pass over a list marked it with
E_TOOK = 24  # lots that an iceberg has traded since it began to arrive
E_SIZE = 25

# Where an order is; nowhere while it arrives.
NOWHERE = 0
DISPLAYED = 1
QUEUED = 2  # in the market queue
DARK = 3
DORMANT = 4

# What a meeting of history hits: our orders, special ones as well, or every order.
OWN = 0
SPECIAL = 1
EVERY = 2

# Who has crossed a call.
BY_US = 1
BY_HISTORY = 2

PEG_ROUNDS_MAX = 4
PEAKS_MAX = 1_000
