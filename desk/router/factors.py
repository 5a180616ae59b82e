"""The table of what venues are compared by: each factor's unit, sign, range, source and meaning.

`FACTORS` is the one owner of what a factor means; `facts.VenueFacts` has a field for each,
`weights` gives each a price, and docs/reference/router-factors.md is written from the table.

A factor is a whole number. Money is in billionths of the price (ppb; 100,000 are a basis point).
*Sign* is 1 where more of it speaks for a venue, −1 where it speaks against it. *Low* and *high*
bound what a factor may count for, so that one wild figure cannot decide alone.
"""

from enum import IntEnum
from typing import Final, NamedTuple


class RouterFactor(IntEnum):
    """Every factor; a value never changes its meaning, and the name is that of a field."""

    PRICE_EDGE_PPB = 1
    SPREAD_PPB = 2
    TAKER_FEE_PPB = 3
    MAKER_REBATE_PPB = 4
    ORDER_FEE_PPB = 5
    CLEARING_PPB = 6
    FAR_LOTS = 7
    FAR_DEPTH_LOTS = 8
    FAR_COVER_PPM = 9
    NEAR_LOTS = 10
    QUEUE_SHARE_PPM = 11
    IMBALANCE_PPM = 12
    LEVEL_GAP_TICKS = 13
    OUTFLOW_MLOTS_S = 14
    QUEUE_WAIT_MS = 15
    VOLUME_MLOTS_S = 16
    VOLUME_SHARE_PPM = 17
    TRADE_MLOTS = 18
    FLICKER_MHZ = 19
    FILL_PPM = 20
    FILL_LOW_PPM = 21
    FILL_RATE_UHZ = 22
    FILL_TIME_MS = 23
    TAKE_RATIO_PPM = 24
    FADE_PPM = 25
    HIDDEN_PPM = 26
    IMPROVEMENT_PPB = 27
    SLIPPAGE_PPB = 28
    MARKOUT_10MS_PPB = 29
    MARKOUT_100MS_PPB = 30
    MARKOUT_1S_PPB = 31
    MARKOUT_10S_PPB = 32
    MARKOUT_60S_PPB = 33
    TOXIC_PPM = 34
    LEAK_PPB = 35
    ACK_P50_US = 36
    ACK_P90_US = 37
    ACK_P99_US = 38
    ACK_JITTER_US = 39
    CANCEL_P90_US = 40
    FEED_DELAY_US = 41
    STALE_MS = 42
    REJECT_PPM = 43
    LATE_CANCEL_PPM = 44
    SILENT_PPM = 45
    UNKNOWN_ORDERS = 46
    LINK_BREAKS = 47
    THROTTLE_ROOM = 48
    THROTTLE_USE_PPM = 49
    AUCTION_MS = 50
    HALTS = 51
    RESTING_LOTS = 52
    PARENT_SHARE_PPM = 53
    OPPOSITE_LOTS = 54
    LOT_WASTE_PPM = 55
    HEALTH_PPM = 56
    REST_VALUE_PPB = 57
    TAKE_COST_PPB = 58

    @property
    def field(self) -> str:
        """Its field in `VenueFacts`."""
        return self.name.lower()


class FactorRow(NamedTuple):
    """One row of the table.

    Attributes:
        sign: 1 where more speaks for a venue, −1 where it speaks against it.
        unit: What is counted.
        low: Smaller values count as this.
        high: Larger values count as this.
        source: Where the value comes from.
        text: What it is.
    """

    sign: int
    unit: str
    low: int
    high: int
    source: str
    text: str


SHARE: Final = (0, 1_000_000)
MONEY: Final = (-10_000_000, 10_000_000)
"""Money counts up to 100 basis points either way."""

COST: Final = (0, 10_000_000)
LOTS: Final = (0, 1_000_000_000)
MILLI: Final = (0, 1_000_000_000)
MICROS: Final = (0, 10_000_000)
MILLIS: Final = (0, 600_000)
COUNT: Final = (0, 1_000)

VIEW: Final = "view of the book"
FEES: Final = "the venue's fees"
FLOW: Final = "the venue's trades and levels"
FILLS: Final = "own fills"
ORDERS: Final = "own orders"
SESSION: Final = "session and link"
OWN: Final = "own orders now"
BOTH: Final = "fees and own fills"


def _row(sign: int, unit: str, bounds: tuple[int, int], source: str, text: str) -> FactorRow:
    return FactorRow(sign, unit, bounds[0], bounds[1], source, text)


F = RouterFactor
FACTORS: Final[dict[RouterFactor, FactorRow]] = {
    F.PRICE_EDGE_PPB: _row(1, "ppb", MONEY, VIEW,
        "how much better the other side's best price is than the best of all venues; 0 at the "
        "best"),
    F.SPREAD_PPB: _row(-1, "ppb", COST, VIEW,
        "best ask less best bid"),
    F.TAKER_FEE_PPB: _row(-1, "ppb", MONEY, FEES,
        "fee for taking; negative where the venue pays for it"),
    F.MAKER_REBATE_PPB: _row(1, "ppb", MONEY, FEES,
        "rebate for resting; negative is a fee"),
    F.ORDER_FEE_PPB: _row(-1, "ppb", COST, FEES,
        "fee per order, spread over what is to be traded"),
    F.CLEARING_PPB: _row(-1, "ppb", COST, FEES,
        "clearing and settlement of a trade there"),
    F.FAR_LOTS: _row(1, "lots", LOTS, VIEW,
        "displayed at the other side's best price"),
    F.FAR_DEPTH_LOTS: _row(1, "lots", LOTS, VIEW,
        "displayed on the other side in all levels seen"),
    F.FAR_COVER_PPM: _row(1, "ppm", SHARE, VIEW,
        "displayed at the other side's best price, of what is to be traded; at most all"),
    F.NEAR_LOTS: _row(-1, "lots", LOTS, VIEW,
        "displayed at the own side's best price, which a new order queues behind"),
    F.QUEUE_SHARE_PPM: _row(-1, "ppm", SHARE, VIEW,
        "queue ahead, of queue and order together"),
    F.IMBALANCE_PPM: _row(1, "ppm", (-1_000_000, 1_000_000), VIEW,
        "own side's best lots less the other's, of both: the price is likelier to move our way"),
    F.LEVEL_GAP_TICKS: _row(-1, "ticks", COUNT, VIEW,
        "from the other side's best price to its next one"),
    F.OUTFLOW_MLOTS_S: _row(1, "lots/1000 a second", MILLI, FLOW,
        "how fast lots leave the own side's best price, traded or cancelled"),
    F.QUEUE_WAIT_MS: _row(-1, "ms", MILLIS, FLOW,
        "queue ahead over that outflow"),
    F.VOLUME_MLOTS_S: _row(1, "lots/1000 a second", MILLI, FLOW,
        "how fast the venue trades"),
    F.VOLUME_SHARE_PPM: _row(1, "ppm", SHARE, FLOW,
        "its share of all venues' volume"),
    F.TRADE_MLOTS: _row(1, "lots/1000", MILLI, FLOW,
        "mean size of a trade"),
    F.FLICKER_MHZ: _row(-1, "1/1000 a second", MILLI, FLOW,
        "how often its best prices change"),
    F.FILL_PPM: _row(1, "ppm", SHARE, ORDERS,
        "probability that a lot resting there is filled: mean of a Beta posterior"),
    F.FILL_LOW_PPM: _row(1, "ppm", SHARE, ORDERS,
        "the same, one standard deviation lower: little known counts little"),
    F.FILL_RATE_UHZ: _row(1, "1/1,000,000 a second", LOTS, ORDERS,
        "fills of a resting order a second: mean of a Gamma posterior"),
    F.FILL_TIME_MS: _row(-1, "ms", MILLIS, ORDERS,
        "mean time to a fill by the same posterior"),
    F.TAKE_RATIO_PPM: _row(1, "ppm", SHARE, ORDERS,
        "lots that taking orders got, of those that they were sent for"),
    F.FADE_PPM: _row(-1, "ppm", SHARE, ORDERS,
        "displayed lots that were gone when a taking order arrived"),
    F.HIDDEN_PPM: _row(1, "ppm", SHARE, FILLS,
        "lots got beyond those displayed, of all got by taking: hidden liquidity"),
    F.IMPROVEMENT_PPB: _row(1, "ppb", COST, FILLS,
        "how much better than the displayed price taking orders were filled, on average"),
    F.SLIPPAGE_PPB: _row(-1, "ppb", COST, FILLS,
        "how much worse than the displayed price taking orders were filled, on average"),
    F.MARKOUT_10MS_PPB: _row(1, "ppb", MONEY, FILLS,
        "mid 10 ms after a resting fill against the fill's price, our way positive"),
    F.MARKOUT_100MS_PPB: _row(1, "ppb", MONEY, FILLS,
        "the same after 100 ms"),
    F.MARKOUT_1S_PPB: _row(1, "ppb", MONEY, FILLS,
        "the same after 1 s"),
    F.MARKOUT_10S_PPB: _row(1, "ppb", MONEY, FILLS,
        "the same after 10 s"),
    F.MARKOUT_60S_PPB: _row(1, "ppb", MONEY, FILLS,
        "the same after 60 s"),
    F.TOXIC_PPM: _row(-1, "ppm", SHARE, FILLS,
        "resting fills whose mark-out after 1 s was a loss"),
    F.LEAK_PPB: _row(-1, "ppb", MONEY, ORDERS,
        "how far the mid moved away in the second after an own order began to rest"),
    F.ACK_P50_US: _row(-1, "µs", MICROS, ORDERS,
        "median time from sending to the answer"),
    F.ACK_P90_US: _row(-1, "µs", MICROS, ORDERS,
        "its 90th percentile"),
    F.ACK_P99_US: _row(-1, "µs", MICROS, ORDERS,
        "its 99th percentile"),
    F.ACK_JITTER_US: _row(-1, "µs", MICROS, ORDERS,
        "90th percentile less median"),
    F.CANCEL_P90_US: _row(-1, "µs", MICROS, ORDERS,
        "90th percentile of the time to cancel"),
    F.FEED_DELAY_US: _row(-1, "µs", MICROS, SESSION,
        "age of market data when it arrives"),
    F.STALE_MS: _row(-1, "ms", MILLIS, SESSION,
        "age of the newest content"),
    F.REJECT_PPM: _row(-1, "ppm", SHARE, ORDERS,
        "requests that were refused"),
    F.LATE_CANCEL_PPM: _row(-1, "ppm", SHARE, ORDERS,
        "cancels that came too late"),
    F.SILENT_PPM: _row(-1, "ppm", SHARE, ORDERS,
        "requests whose answer was overdue"),
    F.UNKNOWN_ORDERS: _row(-1, "orders", COUNT, OWN,
        "orders of which nobody knows how they stand"),
    F.LINK_BREAKS: _row(-1, "times", COUNT, SESSION,
        "how often the order link was lost today"),
    F.THROTTLE_ROOM: _row(1, "messages", COUNT, SESSION,
        "messages that may be sent now"),
    F.THROTTLE_USE_PPM: _row(-1, "ppm", SHARE, SESSION,
        "used of what may be sent"),
    F.AUCTION_MS: _row(1, "ms", MILLIS, SESSION,
        "time to the next auction or the close"),
    F.HALTS: _row(-1, "times", COUNT, SESSION,
        "halts today"),
    F.RESTING_LOTS: _row(-1, "lots", LOTS, OWN,
        "own lots that rest there already, on the same side"),
    F.PARENT_SHARE_PPM: _row(-1, "ppm", SHARE, OWN,
        "share of the parent that works there already"),
    F.OPPOSITE_LOTS: _row(-1, "lots", LOTS, OWN,
        "own lots that rest there on the other side"),
    F.LOT_WASTE_PPM: _row(-1, "ppm", SHARE, FEES,
        "share of what is to be traded that the venue's smallest order cannot hold"),
    F.HEALTH_PPM: _row(1, "ppm", SHARE, ORDERS,
        "how much of its share a venue gets: 0 when it is sick"),
    F.REST_VALUE_PPB: _row(1, "ppb", MONEY, BOTH,
        "worth of resting against the mid: p·(mark-out after 1 s + rebate) − (1−p)·(half spread "
        "+ taker fee), p the fill probability"),
    F.TAKE_COST_PPB: _row(-1, "ppb", MONEY, BOTH,
        "cost of taking against the best displayed price of all venues: fees + slippage − "
        "improvement − price edge"),
}  # fmt: skip
