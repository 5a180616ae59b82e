"""Levels, queues and fills of a compiled call auction."""

from numba import njit

from sim.kernels.auction_words import (
    AO_HIDDEN,
    AO_IS_MARKET,
    AO_MIN,
    AO_PRICE,
    AO_QTY,
    AO_SEQ,
    AO_SIDE,
    AO_SIZE,
    AO_STRIKE,
    AP_DISPLAY,
    AR_EXECUTED,
    AR_PRICE,
    DISPLAY_IGNORED,
    EXCLUDED,
    FAR,
    FIRST_AT_ALL,
    Ints,
)

HIDDEN_RANK = 1 << 44  # above every price, so that all hidden pieces come behind all displayed ones


@njit(cache=True)
def lots_at(prices: Ints, lots: Ints, count: int, low: int, high: int) -> int:
    """The lots of all levels with a price in [low, high]."""
    total = 0
    for index in range(count):
        if low <= prices[index] <= high:
            total += lots[index]
    return total


@njit(cache=True)
def sort_prices(prices: Ints, count: int) -> None:
    """Sort the first `count` prices ascending, in place: a heap sort, for it needs no memory."""
    start = count // 2
    end = count
    while end > 1:
        if start > 0:
            start -= 1
        else:
            end -= 1
            prices[end], prices[0] = prices[0], prices[end]
        root = start
        while True:
            child = 2 * root + 1
            if child >= end:
                break
            if child + 1 < end and prices[child] < prices[child + 1]:
                child += 1
            if prices[root] >= prices[child]:
                break
            prices[root], prices[child] = prices[child], prices[root]
            root = child


@njit(cache=True)
def sort_levels(
    orders: Ints, count: int, fills: Ints, prices: Ints, buys: Ints, sells: Ints
) -> int:
    """The levels of the limit orders that take part, ascending; how many."""
    found = 0
    for index in range(count):
        if fills[index] != EXCLUDED and not orders[index * AO_SIZE + AO_IS_MARKET]:
            prices[found] = orders[index * AO_SIZE + AO_PRICE]
            found += 1
    sort_prices(prices, found)
    levels = 0
    for index in range(found):
        if levels == 0 or prices[index] != prices[levels - 1]:
            prices[levels] = prices[index]
            buys[levels] = 0
            sells[levels] = 0
            levels += 1
    for index in range(count):
        row = index * AO_SIZE
        if fills[index] == EXCLUDED or orders[row + AO_IS_MARKET]:
            continue
        low = 0
        high = levels - 1
        while low < high:
            middle = (low + high) >> 1
            if prices[middle] < orders[row + AO_PRICE]:
                low = middle + 1
            else:
                high = middle
        if orders[row + AO_SIDE] == 0:
            buys[low] += orders[row + AO_QTY]
        else:
            sells[low] += orders[row + AO_QTY]
    return levels


@njit(cache=True)
def market_lots(orders: Ints, count: int, fills: Ints, side: int) -> int:
    """The lots of one side's market orders that take part."""
    total = 0
    for index in range(count):
        row = index * AO_SIZE
        if (
            fills[index] != EXCLUDED
            and orders[row + AO_IS_MARKET] != 0
            and orders[row + AO_SIDE] == side
        ):
            total += orders[row + AO_QTY]
    return total


@njit(cache=True)
def before(pieces: Ints, orders: Ints, a: int, b: int) -> bool:
    """Whether the piece at place `a` trades before the one at `b`: by rank, time, number."""
    if pieces[3 * a] != pieces[3 * b]:
        return pieces[3 * a] < pieces[3 * b]
    first = pieces[3 * a + 1]
    second = pieces[3 * b + 1]
    if orders[first * AO_SIZE + AO_SEQ] != orders[second * AO_SIZE + AO_SEQ]:
        return orders[first * AO_SIZE + AO_SEQ] < orders[second * AO_SIZE + AO_SEQ]
    return first < second


@njit(cache=True)
def swap(pieces: Ints, a: int, b: int) -> None:
    """Exchange two pieces of three words."""
    for word in range(3):
        pieces[3 * a + word], pieces[3 * b + word] = pieces[3 * b + word], pieces[3 * a + word]


@njit(cache=True)
def sort_pieces(pieces: Ints, orders: Ints, count: int) -> None:
    """Sort pieces by priority, in place: the heap sort of `sort_prices`."""
    start = count // 2
    end = count
    while end > 1:
        if start > 0:
            start -= 1
        else:
            end -= 1
            swap(pieces, 0, end)
        root = start
        while True:
            child = 2 * root + 1
            if child >= end:
                break
            if child + 1 < end and before(pieces, orders, child, child + 1):
                child += 1
            if not before(pieces, orders, root, child):
                break
            swap(pieces, root, child)
            root = child


@njit(cache=True)
def cut(orders: Ints, index: int, display: int, pieces: Ints, count: int) -> int:
    """Put an order's piece, or its displayed and hidden ones, behind `count` others; how many now.

    A rank is `key * 2`, one more when it stands behind its price; a market order's is below all.
    """
    row = index * AO_SIZE
    qty = orders[row + AO_QTY]
    hidden = orders[row + AO_HIDDEN]
    rank = -FAR
    if orders[row + AO_IS_MARKET]:
        hidden = 0
    else:
        price = orders[row + AO_PRICE]
        rank = 2 * (price if orders[row + AO_SIDE] == 1 else -price)
        if display == DISPLAY_IGNORED:
            hidden = 0
    if qty > hidden:
        pieces[3 * count] = rank
        pieces[3 * count + 1] = index
        pieces[3 * count + 2] = qty - hidden
        count += 1
    if hidden > 0:
        pieces[3 * count] = rank + (HIDDEN_RANK if display == FIRST_AT_ALL else 1)
        pieces[3 * count + 1] = index
        pieces[3 * count + 2] = hidden
        count += 1
    return count


@njit(cache=True)
def fill_side(
    orders: Ints, count: int, side: int, terms: Ints, pieces: Ints, fills: Ints, out: Ints
) -> None:
    """Fill one side's orders that trade at the print, first come first."""
    price = out[AR_PRICE]
    found = 0
    for index in range(count):
        row = index * AO_SIZE
        if fills[index] == EXCLUDED or orders[row + AO_SIDE] != side:
            continue
        better = orders[row + AO_PRICE] - price
        if orders[row + AO_IS_MARKET] or (better >= 0 if side == 0 else better <= 0):
            found = cut(orders, index, terms[AP_DISPLAY], pieces, found)
    sort_pieces(pieces, orders, found)
    lots = out[AR_EXECUTED]
    for piece in range(found):
        filled = min(lots, pieces[3 * piece + 2])
        fills[pieces[3 * piece + 1]] += filled
        lots -= filled


@njit(cache=True)
def leave(orders: Ints, count: int, fills: Ints, out: Ints) -> bool:
    """Exclude the orders whose conditions the print breaks; whether there were any."""
    price = out[AR_PRICE]
    any_left = False
    latest = -1
    for index in range(count):
        if fills[index] == EXCLUDED:
            continue
        row = index * AO_SIZE
        strike = orders[row + AO_STRIKE]
        if price < strike if orders[row + AO_SIDE] == 0 else price > strike:
            any_left = True
        elif 0 < fills[index] < orders[row + AO_MIN] and (
            latest < 0 or orders[row + AO_SEQ] >= orders[latest * AO_SIZE + AO_SEQ]
        ):
            latest = index
    if not any_left:
        if latest >= 0:
            fills[latest] = EXCLUDED
        return latest >= 0
    for index in range(count):
        row = index * AO_SIZE
        strike = orders[row + AO_STRIKE]
        if price < strike if orders[row + AO_SIDE] == 0 else price > strike:
            fills[index] = EXCLUDED
    return True
