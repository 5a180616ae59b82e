"""Where everything lies in the world's flat arrays.

A world is four arrays, few because each costs about 0.1 µs on every call from Python:

    mem     int64[*]     header, books, locals, subscriptions, and the regions that they point to
    rows    int64[*]     the loaded piece of the tape, four words a row; book rows with prices in ticks
    orders  int64[*]     a record per handle of every book, then the pool (own and moved orders)
    levels  int64[*]     windows and far tables of every ladder

Offsets below are word indices into `mem`, relative to their block. Regions never move while a
kernel runs; growing one appends a larger copy and changes the offset that points to it.
"""

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Words: TypeAlias = npt.NDArray[np.int64]
"""One of the arrays above. Below the entry points it is a bare pointer (`pointer.py`), which has no
length and is only ever indexed; with NUMBA_DISABLE_JIT=1 it is the array."""

Rules: TypeAlias = Literal[1] | None
"""Whether a world has books with rules. numba compiles a function once for each and leaves out what is
behind `rules is not None`, so plain worlds neither load nor pay for what is in `sim/kernels/ruled`."""

# --- order record: 32 bytes, two to a cache line ---------------------------------------------------
ORDER = 4
O_KEY_SIDE = 0  # key * 2 + side; key is -price_ticks for buys, price_ticks for sells
O_LIVE = 1  # what an aggressor can take now, lots
O_TAPE = 2  # what the tape says is left, lots; -1 for own orders, 0 for moved ones
O_LINKS = 3  # next and previous slot in the queue (links.py)

# --- level record: one cache line ---------------------------------------------------------------------
LEVEL = 8
LV_LIVE = 0  # sum of live, lots
LV_SHOWN = 1  # what the public feed says, lots
LV_HEAD = 2
LV_TAIL = 3
LV_COUNT = 4  # orders in the queue; 0 means that the level does not exist
LV_SPECIAL = 5  # of those, orders with live > tape
LV_PEGS = 6  # of those, pegged orders; of books with rules
LV_TOP = 7  # slot + 1 of the order that made the level its side's best, while it heads the queue

# --- tape row: TAPE_DTYPE seen as four words -------------------------------------------------------------
ROW = 4
W_TS = 0
W_PRICE = 1
W_QTY = 2
W_WORD = 3  # handle | book << 32 | kind << 48 | side_flags << 56

NONE_KEY = 1 << 62  # no price on this side; worse than any
NEVER = 1 << 62  # a time that does not come
NO_PRICE = -(1 << 62)
QTY_MAX = 1 << 40
PRICE_MAX = 1 << 40

# --- header -------------------------------------------------------------------------------------
H_MODE = 0
H_BOOKS = 1  # number of books
H_BOOK_OFF = 2  # where the first book block lies
H_LOCALS = 3
H_LOCAL_OFF = 4
H_SUBS = 5
H_SUB_OFF = 6
H_POS = 7  # next row of `rows`
H_ROWS = 8  # rows loaded
H_TAPE_DONE = 9  # 1 when no further rows will be loaded
H_NOW = 10  # everything up to here has happened
H_OUT_OFF = 11
H_OUT_CAP = 12  # rows
H_OUT = 13  # rows written
H_POOL_BASE = 14  # first pool slot
H_POOL_FREE = 15  # head of the free list, -1 when empty
H_POOL_FREE_COUNT = 16
H_TAG_OFF = 17  # T_SIZE words a pool slot
H_NEED = 18  # what the last capacity status asked for: book or local index
H_ROWS_DONE = 19  # rows applied in all
H_MESSAGES = 20  # source messages applied in all
H_DELIVERED = 21  # ring messages delivered to local books
H_STALE_SUBS = 22  # subscriptions armed for staleness
H_FLOW_OFF = 23  # block of the first flow generator, 0 when there is none
H_LIMIT = 25  # horizon of the advance in progress, lowered by observations
H_BAD = 26  # code of the last refused row
H_EAGER = 27  # locals with an armed subscription
H_SLOT = 28  # where the order of the last command rests, -1 when it does not
H_SLOTS = 29  # order records in all
H_TERMS_OFF = 30  # E_SIZE words a pool slot (ruled/words.py), 0 when no book has rules
H_SCRATCH_OFF = 31
H_SCRATCH_CAP = 32  # words for auctions and shares of levels
H_NOTE_OFF = 33  # notes of what became of feeds (line_words.py), 0 when no feed has lines
H_NOTE_CAP = 34
H_NOTES = 35
H_SIZE = 40

# --- book ---------------------------------------------------------------------------------------
B_PHASE = 0
B_TICK = 1  # price units a tick
B_HANDLE_BASE = 2
B_HANDLES = 3
B_SPECIAL = 4  # two words: special orders in the queues of each side
B_LINKED = 6  # two words: orders in the queues of each side
B_VOID = 8
B_EXPIRED = 9
B_DIVERGED = 10
B_MOVED = 11
B_RING_OFF = 12
B_RING_CAP = 13  # a power of two, or 0 when nobody listens
B_RING_WRITE = 14
B_RING_COMMIT = 15
B_RING_LIMIT = 16  # write may not pass this
B_SEQ = 17  # source messages so far; the cause of wire draws
B_FIRST_LOCAL = 18  # -1: none
B_OWN = 19  # own orders alive
B_DEPTH = 20  # 3: orders, 2: levels, 1: best prices
B_QUEUE_MODEL = 21
B_MARKET = 22  # two words: index in `levels` of the market queues
B_LADDER = 24  # two ladder blocks
B_RULES = 56  # offset of the RB_ words, 0 when it has none; what follows is for books with rules
B_LOOKS = 57  # not 0: a row or command here is followed by a look, at its own orders or followers'
B_REFERENCE = 58  # half ticks, NO_PRICE for none
B_BAND_LOW = 59  # NO_PRICE for none
B_BAND_HIGH = 60  # -NO_PRICE for none
B_DARK = 61  # two words: heads of the dark queues
B_DORMANT = 63  # head of the dormant list
B_DORMANT_LAST = 64
B_DORMANTS = 65
B_ENTRIES = 66  # the last entry number given
B_PEG = 67  # head of the list of pegs, by entry
B_PEG_LAST = 68
B_PEGS = 69
B_PEG_BID = 70  # the peg reference at the last look, NO_PRICE for none
B_PEG_ASK = 71
B_PEG_STALE = 72  # 1 when a peg has come or changed since
B_STEP_LOW = 73  # half ticks: the lowest price traded since stops were looked at
B_STEP_HIGH = 74
B_STEP_LAST = 75  # NO_PRICE when nothing traded
B_CROSSED = 76  # whether this call has been crossed: BY_US, BY_HISTORY (ruled/words.py)
B_REFILLS = 77  # peaks that own icebergs may still have, at most
B_FOLLOWER = 78  # the first book whose pegs follow this one, -1: none
B_NEXT_FOLLOWER = 79  # the next that follows the same book
B_CALM = 80  # 1 only while no row could meet a rule, see ruled/quiet.py; 0 is always true
B_SIZE = 81
LOOKS = 1
LOOKS_SHARED = 2  # and its levels are shared

# --- ladder (one side of one book) ----------------------------------------------------------------
L_BEST = 0
L_BASE = 1  # the window holds keys [base, base + win)
L_WIN = 2  # a power of two
L_BITS = 3  # offset in mem of the occupancy bitmap
L_LV = 4  # offset in levels of the window
L_NLEV = 5  # existing levels, far ones included
L_FARN = 6
L_FARCAP = 7  # a power of two; the far table has FAR_PLACES times as many places
L_FARK = 8  # offset in mem of the far keys, NONE_KEY where a place is free
L_FARLV = 9  # offset in levels of the far levels
L_FARBITS = 10  # offset in mem of the bitmap of taken places
L_FARSHIFT = 11  # what leaves the place of a key of its 31 hashed bits
L_SIZE = 16
FAR_PLACES = 2  # at most every other place is taken, so that a search is short
FAR_HASH_BITS = 31

# --- ring row ---------------------------------------------------------------------------------------
R_TS = 0
R_PRICE = 1
R_QTY = 2
R_SHOWN = 3
R_WORD = 4  # flags | kind << 8 | handle << 16
R_CAUSE = 5
R_SIZE = 6

# --- out row ----------------------------------------------------------------------------------------
X_TYPE = 0
X_TS = 1
X_BOOK = 2
X_ID = 3  # order id, or subscription of an observation
X_PRICE = 4
X_QTY = 5
X_LEAVES = 6
X_REASON = 7
X_LIQUIDITY = 8
X_FIGURE = 9  # what decided a refusal
X_HALF = 10  # 1: half a tick above X_PRICE
X_SIZE = 11
OBSERVED = 100  # type of an observation; X_QTY holds the fired triggers

# --- tags of pool slots -------------------------------------------------------------------------------
T_ID = 0  # order id of an own order, former handle of a moved one
T_WORD = 1  # sort, and POST_ONLY
T_AHEAD = 2  # L2 and L1: historical lots believed to be in front of an own order
T_TRADED = 3  # L2 and L1: lots printed at its price since its level last changed
T_SIZE = 4
SORT_OWN = 1
SORT_MOVED = 2
SORT_FLOW = 3
SORT_MASK = 15
POST_ONLY = 16

# --- local book -----------------------------------------------------------------------------------------
K_BOOK = 0
K_NEXT = 1  # next local of the same book, -1: none
K_CURSOR = 2  # next ring message
K_LATENCY = 3  # offset of the latency block
K_KEY = 4  # key of its draws
K_HEAD_DUE = 5  # due time of the message at the cursor, -1 when not drawn yet
K_PREV_DUE = 6  # a wire never overtakes itself
K_ARMED = 7  # union of the armed triggers of its subscriptions
K_WATCH = 8  # subscriptions armed for a level
K_HEAD_FIRED = 9  # triggers of the rows of a message applied so far
K_LINES = 10  # offset of the LN_ words (line_words.py), 0 for a feed of one line
K_VIEW = 16  # the view words, contiguous
V_BID = 0  # key of the best bid, its quantity in the next word
V_ASK = 2  # price of the best ask, its quantity in the next word
V_TRADE_UNITS = 4
V_TRADE_QTY = 5
V_TRADES = 6
V_VENUE_NS = 7
V_LOCAL_NS = 8
V_SEQ = 9
V_PHASE = 10
V_BBO_VERSION = 11
V_LEVEL_VERSION = 12
V_INDICATION = (
    13  # what a call would print, in ticks, NO_PRICE for nothing; lots and surplus follow
)
K_LADDER = 32
K_SIZE = 64

# --- subscription -----------------------------------------------------------------------------------------
S_LOCAL = 0
S_ARMED = 1
S_WATCH = 2  # key_side of the watched level
S_STALE_NS = 3
S_SIZE = 8

# --- zero-intelligence flow ---------------------------------------------------------------------------------
F_BOOK = 0
F_KEY = 1  # key of its draws
F_LIMIT_MEAN_NS = 2  # mean time between limit orders, both sides together
F_MARKET_MEAN_NS = 3  # mean time between market orders, both sides together
F_LIFE_MEAN_NS = 4  # mean life of a limit order
F_BAND = 5  # distances from the opposite best, 1 … band ticks
F_TABLE = 6  # offset of the cumulative weights of the distances, band words of 62 bits
F_QTY_MEAN = 7  # mean quantity of an order, lots
F_SEED_COUNT = 8  # limit orders placed at the first instant
F_ANCHOR = 9  # price in ticks that stands for a missing opposite best
F_END_NS = 10
F_LIMIT_DUE = 11
F_MARKET_DUE = 12
F_LIMITS = 13  # limit orders so far
F_MARKETS = 14
F_HEAP = 15  # offset of the heap of cancels: (due, slot, order id) each
F_HEAP_CAP = 16
F_HEAP_COUNT = 17
F_BUY_PPM = 18  # market orders that buy, of a million
F_NEXT = 19  # block of the next flow, 0: none
F_SIZE = 24
HEAP_SIZE = 3

# --- an order with terms, as Python hands it to a book with rules ------------------------------------------
ST_ID = 0
ST_OWNER = 1  # above 0: all orders of one participant share it; 0: nobody's
ST_SIDE = 2
ST_TYPE = 3
ST_TIF = 4
ST_POST = 5
ST_PRICE = 6  # ticks; NO_PRICE for none
ST_QTY = 7
ST_DISPLAY = 8
ST_DISPLAY_HIGH = 9
ST_HIDDEN = 10
ST_MIN = 11
ST_AON = 12
ST_STOP = 13  # ticks; NO_PRICE for none
ST_TRAIL = 14
ST_OFFSET = 15
ST_SELF_TRADE = 16
ST_FLOW = 17  # 1: an order of the flow, which is told nothing
ST_SIZE = 18

# --- rules of a book, read-only ------------------------------------------------------------------------------
RB_MATCHING = 0
RB_MARKET_RESTS = 1
RB_MID_ISOLATED = 2
RB_MID_REFERENCE = 3  # book id, its own when pegs follow it
RB_BAND_ACTION = 4
RB_CALL_EXTENDS = 5
RB_MARKET_AFTER_CALL = 6
RB_PEAK_KEY = 7
RB_AUCTION = 8  # offset of the AP_ words
RB_ALLOCATION = 9  # offset of the LP_ words, 0 for none
RB_SIZE = 10
