"""Where everything lies in the arrays of `auction.py` and `allocation.py`.

All arrays are int64. An auction reads its orders as records and its policy and terms as one row of
words; what it works with and what it answers are arrays of its caller, so it allocates nothing.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]

FAR = 1 << 62  # beyond every price, either way

# --- auction order ---------------------------------------------------------------------------
AO_SIDE = 0
AO_IS_MARKET = 1
AO_PRICE = 2  # ticks; not looked at for a market order
AO_QTY = 3
AO_HIDDEN = 4  # lots that are not displayed
AO_SEQ = 5
AO_MIN = 6  # lots below which it does not trade, 0: none
AO_STRIKE = 7  # a buy at or above, a sell at or below; NO_STRIKE of its side: none
AO_SIZE = 8
NO_STRIKE_BUY = -FAR
NO_STRIKE_SELL = FAR

# --- policy and terms --------------------------------------------------------------------------
AP_CANDIDATES = 0
AP_LEAST_SURPLUS = 1
AP_PRESSURE = 2
AP_PRESSURE_PPM = 3
AP_TIE = 4
AP_PREFER_HIGH = 5
AP_WITHOUT_REFERENCE = 6
AP_ROUNDING = 7
AP_OUTSIDE_BAND = 8
AP_DISPLAY = 9
AP_HAS_REFERENCE = 10
AP_REFERENCE_X2 = 11
AP_BAND_LOW = 12  # -FAR: no band
AP_BAND_HIGH = 13  # FAR: no band
AP_SIZE = 14

LIMITS = 0
TICKS = 1
NEAREST = 0
CLAMP = 1
LOWEST = 0
HIGHEST = 1
MIDDLE = 2
ROUND_DOWN = 0
ROUND_UP = 1
ROUND_HALF_UP = 2
ROUND_HALF_DOWN = 3
RESTRICT = 0
NO_PRINT = 1
DISPLAY_IGNORED = 0
FIRST_AT_PRICE = 1
FIRST_AT_ALL = 2

# --- answer --------------------------------------------------------------------------------------
AR_PRICE = 0
AR_EXECUTED = 1
AR_SURPLUS = 2
AR_DECIDED = 3  # NOTHING and OUTSIDE_BAND: there is no price
AR_BEST = 4  # executed lots of the best prices so far; from here on the search's own
AR_LEAST = 5  # their surplus, without sign
AR_LOW = 6
AR_HIGH = 7
AR_SIGNS = 8  # 1: one leaves buys over, 2: sells, 4: nothing
AR_NEAR = 9  # the nearest of them to the reference
AR_BUYS = 10  # lots of limit orders that buy, over all prices
AR_SIZE = 11

NOTHING = 0
BY_VOLUME = 1
BY_SURPLUS = 2
BY_PRESSURE = 3
BY_PRESSURE_LIMIT = 4
BY_REFERENCE = 5
MARKET_ONLY = 6
OUTSIDE = 7

EXCLUDED = -1  # in fills: the order left because its strike or minimum was missed

# --- scratch of an auction of n orders, in words ---------------------------------------------------
SCRATCH_AN_ORDER = 9  # three columns of levels, and three of two pieces an order

# --- allocation ------------------------------------------------------------------------------------
LP_TOP_MIN = 0
LP_TOP_MAX = 1
LP_MIN = 2
LP_ROUND_UP = 3
LP_SHARE_OF = 4
LP_SPLIT_PPM = 5
LP_STEP_COUNT = 6
LP_STEPS = 7  # the steps from here on

STEP_TOP = 0
STEP_LMM = 1
STEP_SPLIT = 2
STEP_FIFO = 3
STEP_PRO_RATA = 4
STEP_LEVELING = 5
SHARE_OF_REMAINING = 0
SHARE_OF_ENTERED = 1

MILLION = 1_000_000
