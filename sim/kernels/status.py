"""Integers that compiled code shares with `market.codes`, and what a kernel may return.

Kernels import nothing of ours but each other, so the codes are repeated here; a test compares each
with its enum.
"""

ADD = 1
REDUCE = 2
DELETE = 3
EXECUTE = 4
REPLACE = 5
TRADE = 6
REVEAL = 7
LEVEL = 8
QUOTE = 9
CROSS = 10
PHASE = 11
CLEAR = 12

SELL = 1
LAST = 2
KEEP_PRIORITY = 4
SNAPSHOT = 8
MAYBE_BAD = 16
SIDE_UNKNOWN = 32
INFERRED = 64

PRE_OPEN = 0
CONTINUOUS = 1
HALT = 2
CLOSED = 3

FROZEN = 0
REACTIVE = 1

LIMIT = 0
MARKET = 1
GTC = 0
IOC = 1
FOK = 2

ACCEPTED = 1
REJECTED = 2
FILLED = 3
EXPIRED = 4
CANCELLED = 5
CANCEL_REJECTED = 6
REPLACED = 7
REPLACE_REJECTED = 8

NO_REASON = 0
BAD_QTY = 1
BAD_PRICE = 2
WOULD_CROSS = 3
NOT_FILLABLE = 4
NO_LIQUIDITY = 5
IOC_REMAINDER = 6
UNKNOWN_ORDER = 7
HALTED = 8
MARKET_CLOSED = 9
BAD_FLAGS = 11

DEPTH_L1 = 1
DEPTH_L2 = 2
DEPTH_L3 = 3
QUEUE_RISK_AVERSE = 0
QUEUE_POWER = 1
QUEUE_LOG = 2

MAKER = 1
TAKER = 2

ON_BBO = 1
ON_TRADE = 2
ON_LEVEL = 4
ON_STALE = 8
ON_PHASE = 16

# What an entry point returns: done, or what it needs before it can go on where it stopped.
DONE = 0
NEED_ROWS = -1
NEED_BOOK = -2  # a larger window or far table of book H_NEED
NEED_LOCAL = -3  # the same of local H_NEED
NEED_RING = -4  # a larger ring of book H_NEED
NEED_OUT = -5
NEED_POOL = -6
BAD_ROW = -7  # row H_POS contradicts the tape; H_BAD says how
NEED_FLOW = -8  # a larger timer heap of the flow

# Why a row was refused.
BAD_KIND = 1
BAD_HANDLE = 2
BAD_HANDLE_LIVE = 3
BAD_HANDLE_DEAD = 4
BAD_ROW_QTY = 5
BAD_ROW_PRICE = 6
BAD_TOO_MUCH = 7
BAD_ROW_PHASE = 8
BAD_ROW_SIDE = 9
