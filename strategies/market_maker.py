"""A market maker after Avellaneda and Stoikov: quotes around a price that leans against inventory.

Model: Avellaneda and Stoikov, "High-frequency trading in a limit order book", Quantitative Finance
8(3), 217–224 (2008). The mid s moves by σ in the root of a second, orders that take arrive at a
quote δ away from the mid with intensity A·e^(−k·δ), and utility is exponential with risk aversion γ.
With inventory q and time T − t left the maker is indifferent at the reservation price

    r = s − q·γ·σ²·(T − t)

and quotes half of the total spread on either side of it:

    ψ = γ·σ²·(T − t) + (2/γ)·ln(1 + γ/k).

Units: s, r and ψ in ticks, σ in ticks, T − t in seconds, q in quotes of `qty_lots`, γ and k in one
over a tick. σ is the desk's measure (`Facts.volatility`, a share of the price) times the mid. T is
what comes first of the horizon, which rolls, and the moment at which the desk must be flat.

Invariants:
1. The bid is rounded down and the ask up, so the spread is never narrower than the model's, and
   neither reaches the best price of others on the far side.
2. A side shows no more than the inventory bound has room for, and nothing at the bound.
3. Within `pause_ns` of the last word nothing is said but changes of quantity.

Limits: k is given, not measured. Between two views a desk may show a filled quote again before the
maker hears of the fill; what is in flight is bounded by the desk's gate, not here. While
volatility is unknown and no floor is set, both sides are taken back.
"""

from collections.abc import Sequence
from math import ceil, floor
from typing import Final

import msgspec

from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.decisions import PPM, Facts, Quotes, Signal
from market.instruments import Instrument
from market.messages import View
from market.portable import log
from market.touch import Touch, touch_of
from strategies.belief import MEMORY_NS_MAX, NEVER_NS, check_range
from strategies.books import followed

MICROS_MAX: Final = 100_000_000
"""Largest γ and k, 100 a tick; with the smallest, the ratio of the two keeps its digits."""

NOTHING: Final[tuple[Signal, ...]] = ()


def reservation_price(
    mid: float, inventory: float, gamma: float, variance: float, left_s: float
) -> float:
    """The price at which the maker is indifferent: r = s − q·γ·σ²·(T − t).

    Args:
        mid: In any unit of price.
        inventory: In quotes; positive for long.
        gamma: Risk aversion, one over a unit of price.
        variance: Of the mid over one second, in squared units of price.
        left_s: T − t in seconds.
    """
    return mid - inventory * gamma * variance * left_s


def base_spread(gamma: float, k: float) -> float:
    """The part of the spread that does not depend on risk: (2/γ)·ln(1 + γ/k), in units of price."""
    return 2.0 / gamma * log(1.0 + gamma / k)


def total_spread(base: float, gamma: float, variance: float, left_s: float) -> float:
    """The whole spread, ask less bid: ψ = γ·σ²·(T − t) + base, in units of price."""
    return gamma * variance * left_s + base


class MarketMakerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters.

    Attributes:
        qty_lots: Quantity of a full quote.
        inventory_lots_max: Position, long or short, at which a side is no longer quoted.
        gamma_micros_per_tick: Risk aversion γ, in millionths of one over a tick.
        k_micros_per_tick: Decay of arrivals k, in millionths of one over a tick.
        horizon_ns: Longest T − t.
        volatility_floor_ppm: Least standard deviation of the mid over one second that is believed,
            in parts per million of the price.
        requote_ticks: Move a quote when it should be this far from where it is, or farther.
        pause_ns: Shortest time between two words about prices.
    """

    qty_lots: int
    inventory_lots_max: int
    gamma_micros_per_tick: int
    k_micros_per_tick: int
    horizon_ns: int
    volatility_floor_ppm: int = 0
    requote_ticks: int = 1
    pause_ns: int = 10_000_000

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("qty_lots", self.qty_lots, 1, QTY_LOTS_MAX),
            ("inventory_lots_max", self.inventory_lots_max, self.qty_lots, QTY_LOTS_MAX),
            ("gamma_micros_per_tick", self.gamma_micros_per_tick, 1, MICROS_MAX),
            ("k_micros_per_tick", self.k_micros_per_tick, 1, MICROS_MAX),
            ("horizon_ns", self.horizon_ns, 0, MEMORY_NS_MAX),
            ("volatility_floor_ppm", self.volatility_floor_ppm, 0, PPM),
            ("requote_ticks", self.requote_ticks, 1, PRICE_TICKS_MAX),
            ("pause_ns", self.pause_ns, 0, MEMORY_NS_MAX),
        ):
            check_range(name, value, low, high)


class Quoted(msgspec.Struct):
    """The quotes said last about one book; lots of 0 when a side is not quoted."""

    bid_ticks: int = 0
    bid_lots: int = 0
    ask_ticks: int = 0
    ask_lots: int = 0
    said_ns: int = NEVER_NS


class MarketMakerState(msgspec.Struct):
    """Everything remembered, by book."""

    books: dict[int, Quoted] = {}


class MarketMaker:
    """Quotes any number of books, each on its own (`market.ports.Strategy`).

    Args:
        books: Numbers of the books it quotes.
        instruments: Of every book of the desk, by number.
    """

    Config = MarketMakerConfig
    State = MarketMakerState

    def __init__(
        self, config: MarketMakerConfig, *, books: Sequence[int], instruments: Sequence[Instrument]
    ) -> None:
        self.state = MarketMakerState(
            books={book_id: Quoted() for book_id in followed("market_maker", books, instruments)}
        )
        self._config = config
        self._gamma = config.gamma_micros_per_tick / 1e6
        self._base = base_spread(self._gamma, config.k_micros_per_tick / 1e6)
        self._floor = config.volatility_floor_ppm / 1e6

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        """Where both quotes should be, when that is news."""
        touch = touch_of(view)
        quoted = self.state.books.get(view.book_id)
        if touch is None or quoted is None:
            return NOTHING
        config = self._config
        size_lots, bound_lots, held_lots = (
            config.qty_lots,
            config.inventory_lots_max,
            facts.position_lots,
        )
        volatility = facts.volatility if facts.volatility > self._floor else self._floor
        if volatility <= 0.0:
            return self._take_back(view, quoted)
        bid_lots = min(size_lots, max(bound_lots - held_lots, 0))
        ask_lots = min(size_lots, max(bound_lots + held_lots, 0))
        bid_ticks, ask_ticks = self._prices(touch, volatility, facts)
        if bid_lots == quoted.bid_lots and ask_lots == quoted.ask_lots:
            moved_ticks = max(abs(bid_ticks - quoted.bid_ticks), abs(ask_ticks - quoted.ask_ticks))
            if (
                moved_ticks < config.requote_ticks
                or view.local_ns - quoted.said_ns < config.pause_ns
            ):
                return NOTHING
        quoted.bid_ticks = bid_ticks
        quoted.bid_lots = bid_lots
        quoted.ask_ticks = ask_ticks
        quoted.ask_lots = ask_lots
        return self._say(view, quoted)

    def _prices(self, touch: Touch, volatility: float, facts: Facts) -> tuple[int, int]:
        """Bid and ask on the grid, outside the model's spread and inside the far best prices."""
        best_bid_ticks, best_ask_ticks = touch
        config, gamma = self._config, self._gamma
        mid = 0.5 * (best_bid_ticks + best_ask_ticks)
        left_ns = min(config.horizon_ns, max(facts.remaining_ns, 0))
        left_s = left_ns / 1e9
        sd = volatility * mid
        variance = sd * sd
        inventory = facts.position_lots / config.qty_lots
        centre = reservation_price(mid, inventory, gamma, variance, left_s)
        half = 0.5 * total_spread(self._base, gamma, variance, left_s)
        bid = min(centre - half, best_ask_ticks - 1.0)
        ask = max(centre + half, best_bid_ticks + 1.0)
        return (
            floor(bid) if bid > -PRICE_TICKS_MAX else -PRICE_TICKS_MAX,
            ceil(ask) if ask < PRICE_TICKS_MAX else PRICE_TICKS_MAX,
        )

    def _take_back(self, view: View, quoted: Quoted) -> Sequence[Signal]:
        """Neither side, unless that has been said."""
        if not quoted.bid_lots and not quoted.ask_lots:
            return NOTHING
        quoted.bid_lots = quoted.ask_lots = 0
        return self._say(view, quoted)

    def _say(self, view: View, quoted: Quoted) -> Sequence[Signal]:
        quoted.said_ns = view.local_ns
        return (
            Quotes(
                book_id=view.book_id,
                bid_ticks=quoted.bid_ticks,
                bid_lots=quoted.bid_lots,
                ask_ticks=quoted.ask_ticks,
                ask_lots=quoted.ask_lots,
            ),
        )
