"""Every small integer that crosses a boundary, named once.

Codes are stored in tapes, journals and kernels, so a value never changes its meaning; new ones are
added at the end. `sim/kernels/status.py` repeats those that compiled code needs, and a test holds
the two files equal.
"""

from enum import IntEnum, IntFlag


class Side(IntEnum):
    """Which side of the book; also the index of a side in every array."""

    BUY = 0
    SELL = 1

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 - 2 * int(self)

    @property
    def other(self) -> "Side":
        """The side that an order of this side trades with."""
        return Side(1 - int(self))


class Kind(IntEnum):
    """What a tape row, or a published market-data message, says.

    INDICATION is published only: what a call would print if it ended now.
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
    INDICATION = 13


class RowFlag(IntFlag):
    """Bits of a row's `side_flags`.

    Bit 0 is the side: of the resting order on book rows, of the aggressor on prints. INFERRED marks a
    row that the source does not say itself but that follows from a later state of it.
    """

    SELL = 1
    LAST = 2
    KEEP_PRIORITY = 4
    SNAPSHOT = 8
    MAYBE_BAD = 16
    SIDE_UNKNOWN = 32
    INFERRED = 64


class Phase(IntEnum):
    """Trading phase of a book; historical ADDs match only in CONTINUOUS.

    In a *call* orders gather unmatched; its end is an auction. HALT_CALL reopens after a halt. In
    TRADE_AT_LAST, which follows a closing call, orders trade at its price or not at all.
    """

    PRE_OPEN = 0
    CONTINUOUS = 1
    HALT = 2
    CLOSED = 3
    OPENING_CALL = 4
    INTRADAY_CALL = 5
    CLOSING_CALL = 6
    VOLATILITY_CALL = 7
    HALT_CALL = 8
    TRADE_AT_LAST = 9

    @property
    def is_call(self) -> bool:
        """Whether orders gather for an auction."""
        return Phase.OPENING_CALL <= self <= Phase.HALT_CALL


class Mode(IntEnum):
    """How history answers to our orders (docs/explanation/venue-truth.md)."""

    FROZEN = 0
    REACTIVE = 1


class Depth(IntEnum):
    """How much a source tells of a book: its best prices, its levels, or every order."""

    L1 = 1
    L2 = 2
    L3 = 3


class QueueModel(IntEnum):
    """How many of the lots that left a level are believed to have stood in front of our order.

    It matters only where orders have no identity, on L1 and L2 books.
    """

    RISK_AVERSE = 0
    POWER = 1
    LOG = 2


class OrderType(IntEnum):
    """How an order is priced (docs/explanation/venue-rules.md says how each trades).

    A book without rules takes LIMIT and MARKET only.
    """

    LIMIT = 0
    MARKET = 1
    MARKET_TO_LIMIT = 2
    STOP = 3
    STOP_LIMIT = 4
    TRAILING_STOP = 5
    PEG_PRIMARY = 6
    PEG_MIDPOINT = 7
    PEG_MARKET = 8
    STRIKE_MATCH = 9


class TimeInForce(IntEnum):
    """How long an order may live; AUCTION is the next call of any kind, and no other time."""

    GTC = 0
    IOC = 1
    FOK = 2
    DAY = 3
    GTD = 4
    AT_OPEN = 5
    AT_CLOSE = 6
    AUCTION = 7


class PostOnly(IntEnum):
    """What a venue does with an order that may only rest and would trade."""

    OFF = 0
    REJECT = 1
    SLIDE = 2


class SelfTrade(IntEnum):
    """What a venue does when an order would trade with one of its own owner's."""

    ALLOW = 0
    CANCEL_NEWEST = 1
    CANCEL_OLDEST = 2
    CANCEL_BOTH = 3
    DECREMENT = 4


class BandAction(IntEnum):
    """What a price band does to an order that would trade outside it.

    REJECT refuses it at entry, CLAMP lets it trade and rest no further than the band, INTERRUPT stops
    before the first trade outside and calls a volatility auction.
    """

    NONE = 0
    REJECT = 1
    CLAMP = 2
    INTERRUPT = 3


class ReportType(IntEnum):
    """What a venue answers, one row each."""

    ACCEPTED = 1
    REJECTED = 2
    FILLED = 3
    EXPIRED = 4
    CANCELLED = 5
    CANCEL_REJECTED = 6
    REPLACED = 7
    REPLACE_REJECTED = 8
    BUSTED = 9
    CORRECTED = 10
    STATUS = 11
    TRIGGERED = 12
    MASS_CANCELLED = 13
    QUOTED = 14


class Reason(IntEnum):
    """Why a venue refused or ended an order."""

    NONE = 0
    BAD_QTY = 1
    BAD_PRICE = 2
    WOULD_CROSS = 3
    NOT_FILLABLE = 4
    NO_LIQUIDITY = 5
    IOC_REMAINDER = 6
    UNKNOWN_ORDER = 7
    HALTED = 8
    CLOSED = 9
    DUPLICATE_ORDER = 10
    BAD_FLAGS = 11
    UNKNOWN_BOOK = 12
    BAD_TICK = 13
    BAD_LOT = 14
    OUTSIDE_BAND = 15
    BELOW_MINIMUM = 16
    BAD_MINIMUM = 17
    BAD_DISPLAY = 18
    BAD_STOP = 19
    NO_REFERENCE = 20
    NO_OPPOSITE_LIMIT = 21
    NOT_IN_PHASE = 22
    UNSUPPORTED_TYPE = 23
    UNSUPPORTED_TIF = 24
    UNSUPPORTED_TERMS = 25
    SELF_TRADE = 26
    DAY_OVER = 27
    TIME_OVER = 28
    AUCTION_OVER = 29
    THROTTLED = 30
    TOO_LARGE = 31
    TOO_MUCH_NOTIONAL = 32
    NO_LOCATE = 33
    SHORT_PRICE_TEST = 34
    NOT_SETTLED = 35
    TOO_LATE = 36
    MASS_CANCEL = 37
    DISCONNECTED = 38
    QUOTE_PROTECTION = 39
    PRICE_COLLAR = 40
    BAD_EXPIRY = 41
    TOO_SMALL = 42
    TOO_LITTLE_NOTIONAL = 43


class Liquidity(IntEnum):
    """Whether a fill's owner was resting or arriving, or both met in an auction."""

    NONE = 0
    MAKER = 1
    TAKER = 2
    AUCTION = 3
    HIDDEN_MAKER = 4


class Trigger(IntFlag):
    """What a subscription on a local book wakes its host for."""

    BBO = 1
    TRADE = 2
    LEVEL = 4
    STALE = 8
    PHASE = 16
    INDICATION = 32
    GAP = 64


class Regime(IntEnum):
    """How a market behaves at present, from quiet to wild."""

    UNKNOWN = 0
    CALM = 1
    NORMAL = 2
    VOLATILE = 3
    EXTREME = 4


class Urgency(IntEnum):
    """How much a strategy would pay to be done soon."""

    PATIENT = 0
    NORMAL = 1
    URGENT = 2


class OperatorAction(IntEnum):
    """What a person, or a program in a person's name, tells a desk."""

    KILL = 1
    REARM = 2
    SAFE_MODE = 3
    PAUSE_STRATEGY = 4
    RESUME_STRATEGY = 5
    END_OF_DAY = 6
    SET_LIMITS = 7


class JournalTrouble(IntEnum):
    """How the store under a host's journal stands; recorded, so a value never changes its meaning.

    FULL and STALLED may pass. After SYNC_ERROR nobody knows what the file holds behind what was durable
    before, and after CORRUPT not even that: only a process that reads it anew may go on with it.
    """

    NONE = 0
    SYNC_ERROR = 1
    FULL = 2
    STALLED = 3
    CORRUPT = 4


class AccrualKind(IntEnum):
    """Money that moves because a position is held, not because it is traded."""

    FUNDING = 1
    BORROW = 2


class SaleKind(IntEnum):
    """How a sell is marked: of what one owns, short, or short and exempt from the price test."""

    LONG = 0
    SHORT = 1
    SHORT_EXEMPT = 2
