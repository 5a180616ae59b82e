"""Call auctions, compiled: the twin of `sim/venue_rules/auction.py`, which explains the rules.

Here demand and supply are walked once, in order of price, instead of being summed anew for every
candidate. `find_print` needs the levels of a book alone, so a book can call it on its ladders;
`run_auction` does the whole for a list of orders.
"""

from numba import njit

from sim.kernels.auction_fill import fill_side, leave, lots_at, market_lots, sort_levels
from sim.kernels.auction_words import (
    AP_BAND_HIGH,
    AP_BAND_LOW,
    AP_CANDIDATES,
    AP_HAS_REFERENCE,
    AP_LEAST_SURPLUS,
    AP_OUTSIDE_BAND,
    AP_PREFER_HIGH,
    AP_PRESSURE,
    AP_PRESSURE_PPM,
    AP_REFERENCE_X2,
    AP_ROUNDING,
    AP_TIE,
    AP_WITHOUT_REFERENCE,
    AR_BEST,
    AR_BUYS,
    AR_DECIDED,
    AR_EXECUTED,
    AR_HIGH,
    AR_LEAST,
    AR_LOW,
    AR_NEAR,
    AR_PRICE,
    AR_SIGNS,
    AR_SURPLUS,
    BY_PRESSURE,
    BY_PRESSURE_LIMIT,
    BY_REFERENCE,
    BY_SURPLUS,
    BY_VOLUME,
    CLAMP,
    EXCLUDED,
    FAR,
    LOWEST,
    MARKET_ONLY,
    MIDDLE,
    MILLION,
    NOTHING,
    OUTSIDE,
    RESTRICT,
    ROUND_HALF_DOWN,
    ROUND_HALF_UP,
    ROUND_UP,
    TICKS,
    Ints,
)


@njit(cache=True)
def clamp(price: int, low: int, high: int) -> int:
    """The price, moved into [low, high]."""
    return max(low, min(high, price))


@njit(cache=True)
def divide(number: int, by: int, rounding: int) -> int:
    """A whole quotient, rounded as asked; `by` > 0."""
    quotient = number // by
    rest = number - quotient * by
    if rounding == ROUND_UP and rest > 0:
        return quotient + 1
    if rounding == ROUND_HALF_UP and 2 * rest >= by:
        return quotient + 1
    if rounding == ROUND_HALF_DOWN and 2 * rest > by:
        return quotient + 1
    return quotient


@njit(cache=True)
def offer(terms: Ints, out: Ints, low: int, high: int, demand: int, supply: int) -> None:
    """Compare the candidates low … high, which all trade the same, with the best so far."""
    executed = min(demand, supply)
    surplus = demand - supply
    least = abs(surplus) if terms[AP_LEAST_SURPLUS] else 0
    if executed < out[AR_BEST]:
        return
    if executed > out[AR_BEST] or least < out[AR_LEAST]:
        out[AR_BEST] = executed
        out[AR_LEAST] = least
        out[AR_LOW] = low
        out[AR_SIGNS] = 0
    elif least > out[AR_LEAST]:
        return
    out[AR_HIGH] = high
    out[AR_SIGNS] |= 1 if surplus > 0 else (2 if surplus < 0 else 4)


@njit(cache=True)
def approach(terms: Ints, out: Ints, price: int, demand: int, supply: int) -> None:
    """Let a candidate be the print if it is one of the best and nearer to the reference."""
    least = abs(demand - supply) if terms[AP_LEAST_SURPLUS] else 0
    if min(demand, supply) != out[AR_BEST] or least != out[AR_LEAST]:
        return
    distance = abs(2 * price - terms[AP_REFERENCE_X2])
    before = abs(2 * out[AR_NEAR] - terms[AP_REFERENCE_X2])
    # Candidates come in ascending order, so of two at one distance the later is the higher.
    if distance < before or (distance == before and terms[AP_PREFER_HIGH]):
        out[AR_NEAR] = price


@njit(cache=True)
def stretch(
    terms: Ints,
    out: Ints,
    low: int,
    high: int,
    is_limit: bool,
    demand: int,
    supply: int,
    near: bool,
) -> None:
    """One stretch of ticks at which demand and supply are the same: which of them are candidates.

    `out` holds the first and the last candidate's bounds in AR_PRICE and AR_EXECUTED meanwhile.
    """
    first = out[AR_PRICE]
    last = out[AR_EXECUTED]
    if terms[AP_CANDIDATES] == TICKS or is_limit:
        low = max(low, clamp(first, terms[AP_BAND_LOW], terms[AP_BAND_HIGH]))
        high = min(high, clamp(last, terms[AP_BAND_LOW], terms[AP_BAND_HIGH]))
        if low <= high:
            if near:
                approach(terms, out, low, demand, supply)
            else:
                offer(terms, out, low, high, demand, supply)
        return
    # Between limits only an edge of the band is one, for the limits that it moved inside.
    edge = terms[AP_BAND_LOW]
    if first < edge and low <= edge <= high:
        if near:
            approach(terms, out, edge, demand, supply)
        else:
            offer(terms, out, edge, edge, demand, supply)
    edge = terms[AP_BAND_HIGH]
    if last > edge and low <= edge <= high:
        if near:
            approach(terms, out, edge, demand, supply)
        else:
            offer(terms, out, edge, edge, demand, supply)


@njit(cache=True)
def walk(
    prices: Ints,
    buys: Ints,
    sells: Ints,
    count: int,
    market_buy: int,
    market_sell: int,
    terms: Ints,
    out: Ints,
    near: bool,
) -> None:
    """Visit all prices from the lowest, limits and the ticks between them."""
    demand = market_buy + out[AR_BUYS]
    supply = market_sell
    low = -FAR
    for index in range(count):
        price = prices[index]
        if low < price:
            stretch(terms, out, low, price - 1, False, demand, supply, near)
        supply += sells[index]
        stretch(terms, out, price, price, True, demand, supply, near)
        demand -= buys[index]
        low = price + 1
    stretch(terms, out, low, FAR, False, demand, supply, near)


@njit(cache=True)
def choose(
    prices: Ints,
    buys: Ints,
    sells: Ints,
    count: int,
    market_buy: int,
    market_sell: int,
    terms: Ints,
    out: Ints,
    has_reference: bool,
) -> None:
    """The print among the best prices, in AR_NEAR, and what decided, in AR_DECIDED."""
    low = out[AR_LOW]
    high = out[AR_HIGH]
    signs = out[AR_SIGNS]
    reference = terms[AP_REFERENCE_X2]
    out[AR_NEAR] = low
    out[AR_DECIDED] = BY_REFERENCE
    if terms[AP_PRESSURE] and (signs == 1 or signs == 2):
        end = high if signs == 1 else low
        out[AR_NEAR] = end
        out[AR_DECIDED] = BY_PRESSURE
        if terms[AP_PRESSURE_PPM] > 0 and has_reference:
            away = abs(reference) * terms[AP_PRESSURE_PPM]
            moved = reference * MILLION + (away if signs == 1 else -away)
            out[AR_NEAR] = clamp(divide(moved, 2 * MILLION, terms[AP_ROUNDING]), low, high)
            if out[AR_NEAR] != end:
                out[AR_DECIDED] = BY_PRESSURE_LIMIT
    elif not has_reference and terms[AP_WITHOUT_REFERENCE] != MIDDLE:
        out[AR_NEAR] = low if terms[AP_WITHOUT_REFERENCE] == LOWEST else high
    else:
        if not has_reference:
            terms[AP_REFERENCE_X2] = low + high
        if terms[AP_TIE] == CLAMP:
            middle = divide(terms[AP_REFERENCE_X2], 2, terms[AP_ROUNDING])
            out[AR_NEAR] = clamp(middle, low, high)
        else:
            walk(prices, buys, sells, count, market_buy, market_sell, terms, out, True)
        terms[AP_REFERENCE_X2] = reference


@njit(cache=True)
def find_print(
    prices: Ints,
    buys: Ints,
    sells: Ints,
    count: int,
    market_buy: int,
    market_sell: int,
    terms: Ints,
    out: Ints,
) -> int:
    """The print of a book given by its levels; what decided, `NOTHING` and `OUTSIDE` for none.

    Arrays:
        prices: int64[count], ticks, ascending, each once. in
        buys: int64[count], lots of limit orders that buy at that limit. in
        sells: int64[count], lots of limit orders that sell at that limit. in
        terms: int64[AP_SIZE], policy, reference and band. in, restored
        out: int64[AR_SIZE], the answer. out
    """
    has_reference = terms[AP_HAS_REFERENCE] != 0
    reference = terms[AP_REFERENCE_X2]
    band_low = terms[AP_BAND_LOW]
    band_high = terms[AP_BAND_HIGH]
    out[:] = 0
    for index in range(count):
        out[AR_BUYS] += buys[index]
    restricts = terms[AP_OUTSIDE_BAND] == RESTRICT
    if count == 0:
        if not has_reference:
            return NOTHING
        out[AR_NEAR] = divide(reference, 2, terms[AP_ROUNDING])
        if restricts:
            out[AR_NEAR] = clamp(out[AR_NEAR], band_low, band_high)
        out[AR_DECIDED] = MARKET_ONLY
    else:
        if not restricts:
            terms[AP_BAND_LOW] = -FAR
            terms[AP_BAND_HIGH] = FAR
        first = prices[0]
        last = prices[count - 1]
        if terms[AP_CANDIDATES] == TICKS and has_reference:
            first = min(first, reference >> 1)
            last = max(last, (reference + 1) >> 1)
        out[AR_PRICE] = first
        out[AR_EXECUTED] = last
        out[AR_BEST] = -1
        walk(prices, buys, sells, count, market_buy, market_sell, terms, out, False)
        if out[AR_BEST] > 0:
            decide(prices, buys, sells, count, market_buy, market_sell, terms, out, has_reference)
        terms[AP_BAND_LOW] = band_low
        terms[AP_BAND_HIGH] = band_high
    return settle_print(prices, buys, sells, count, market_buy, market_sell, terms, out)


@njit(cache=True)
def decide(
    prices: Ints,
    buys: Ints,
    sells: Ints,
    count: int,
    market_buy: int,
    market_sell: int,
    terms: Ints,
    out: Ints,
    has_reference: bool,
) -> None:
    """From the range of best prices to one, and which step it was."""
    if out[AR_LOW] == out[AR_HIGH]:
        price = out[AR_LOW]
        out[AR_NEAR] = price
        out[AR_DECIDED] = BY_VOLUME
        if not terms[AP_LEAST_SURPLUS]:
            return
        # Volume alone decides when no other candidate trades as much.
        best = out[AR_BEST]
        terms[AP_LEAST_SURPLUS] = 0
        out[AR_BEST] = -1
        walk(prices, buys, sells, count, market_buy, market_sell, terms, out, False)
        terms[AP_LEAST_SURPLUS] = 1
        out[AR_DECIDED] = BY_VOLUME if out[AR_LOW] == out[AR_HIGH] else BY_SURPLUS
        out[AR_BEST] = best
        return
    choose(prices, buys, sells, count, market_buy, market_sell, terms, out, has_reference)


@njit(cache=True)
def settle_print(
    prices: Ints,
    buys: Ints,
    sells: Ints,
    count: int,
    market_buy: int,
    market_sell: int,
    terms: Ints,
    out: Ints,
) -> int:
    """What the chosen price trades; no price when that is nothing or the band forbids it."""
    price = out[AR_NEAR]
    decided = out[AR_DECIDED]
    demand = market_buy + lots_at(prices, buys, count, price, FAR)
    supply = market_sell + lots_at(prices, sells, count, -FAR, price)
    out[AR_PRICE] = 0
    out[AR_EXECUTED] = 0
    out[AR_SURPLUS] = 0
    if decided == NOTHING or min(demand, supply) == 0:
        out[AR_DECIDED] = NOTHING
    elif price < terms[AP_BAND_LOW] or price > terms[AP_BAND_HIGH]:
        out[AR_DECIDED] = OUTSIDE
    else:
        out[AR_PRICE] = price
        out[AR_EXECUTED] = min(demand, supply)
        out[AR_SURPLUS] = demand - supply
    return out[AR_DECIDED]


@njit(cache=True)
def run_auction(
    orders: Ints, count: int, terms: Ints, scratch: Ints, fills: Ints, out: Ints
) -> int:
    """Determine the price of a list of orders and fill them. What decided.

    Arrays:
        orders: int64[count * AO_SIZE], one record an order. in
        terms: int64[AP_SIZE], policy, reference and band. in, restored
        scratch: int64[count * SCRATCH_AN_ORDER]. out
        fills: int64[count], lots by order, EXCLUDED for one that left. out
        out: int64[AR_SIZE], the answer. out
    """
    prices = scratch[:count]
    buys = scratch[count : 2 * count]
    sells = scratch[2 * count : 3 * count]
    pieces = scratch[3 * count : 9 * count]
    fills[:count] = 0
    while True:
        levels = sort_levels(orders, count, fills, prices, buys, sells)
        market_buy = market_lots(orders, count, fills, 0)
        market_sell = market_lots(orders, count, fills, 1)
        decided = find_print(prices, buys, sells, levels, market_buy, market_sell, terms, out)
        for index in range(count):
            if fills[index] != EXCLUDED:
                fills[index] = 0
        if decided == NOTHING or decided == OUTSIDE:
            return decided
        for side in range(2):
            fill_side(orders, count, side, terms, pieces, fills, out)
        if not leave(orders, count, fills, out):
            return decided
