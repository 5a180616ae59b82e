"""How much may still be added: every limit of exposure, turned into lots of one book.

Model: a limit on gross exposure leaves room up to a largest number of lots on either side, a limit
on net exposure leaves room in one direction (`desk.gate.exposure` has the sums). The tightest limit
is the room. `rooms_of` says what each limit leaves and is the specification; `tightest` is its
smallest room to either side, quickly, and a property test holds the two equal.

Invariants: whatever becomes of the orders in flight, and of new ones within the rooms, no limit
is passed at the present marks. Roundings go against us, by at most a millionth of the base
currency and one lot a limit.

Limits: the share of one book in the portfolio rises by itself when other books shrink; it is judged
where risk is added, not watched.
"""

from typing import TYPE_CHECKING, Final

from desk.gate.codes import VetoCode
from desk.gate.exposure import Sums
from desk.gate.tables import Tables
from market.decisions import PPM

if TYPE_CHECKING:
    from desk.state import State

UNIT_SHIFT: Final = 20
"""One lot may be worth less than a value unit, so the worth of 2^20 lots is what is divided by."""

ENDLESS: Final = 1 << 60
FREE: Final = (ENDLESS, ENDLESS)

ROOMS: Final = (
    VetoCode.CORRELATION,
    VetoCode.POSITION,
    VetoCode.INSTRUMENT_VALUE,
    VetoCode.VOLUME_SHARE,
    VetoCode.CONCENTRATION,
    VetoCode.GROUP_GROSS,
    VetoCode.PORTFOLIO_GROSS,
    VetoCode.STRATEGY_VALUE,
    VetoCode.GROUP_NET,
    VetoCode.PORTFOLIO_NET,
)
"""Which limit leaves each room of `Rooms`."""


Room = tuple[int, int]
"""Lots that may be bought, and lots that may be sold."""

Rooms = tuple[list[int], list[int]]
"""Lots that may be bought, and lots that may be sold, by each limit of ROOMS on its own."""


def rooms_of(
    state: "State",
    tables: Tables,
    sums: Sums,
    key: int,
    own_high: int,
    own_low: int,
) -> Rooms:
    """The room that every limit leaves on its own, in lots; below zero where it is passed.

    Args:
        sums: As they are now.
        key: Of the strategy in the book, `strategy << 16 | book_id`.
        own_high: Most lots that this strategy may come to hold of the book.
        own_low: Fewest.
    """
    strategy, book_id = key >> 16, key & 0xFFFF
    seen, portfolio, table = state.data, tables.portfolio, tables.instrument[book_id]
    group = tables.group_of[book_id]
    limits, value = tables.group[group], state.value
    gross = sums.gross
    position = seen.position_lots[book_id]
    high = position + seen.buy_risk_lots[book_id]
    low = position - seen.sell_risk_lots[book_id]
    held = high if high > -low else -low
    own_held = own_high if own_high > -own_low else -own_low
    unit = _unit(state, book_id)
    volume = seen.volume_lots[book_id]
    if volume < table.daily_volume_lots:
        volume = table.daily_volume_lots
    # Each is the largest number of lots, long or short, that the book may come to. What is left of
    # a sum over books comes on top of what this book adds to the sum already.
    position_most = table.position_lots
    value_most = (table.value_micros << UNIT_SHIFT) // unit
    volume_most = table.volume_ppm * volume // PPM
    single_most = ENDLESS
    if portfolio.single_name_ppm < PPM:
        single_most = (_single(value(book_id, held), gross, tables) << UNIT_SHIFT) // unit
    group_most = _more(held, limits.gross_micros - sums.group_gross[group], unit)
    gross_most = _more(held, portfolio.gross_micros - gross, unit)
    own_most = _more(own_held, tables.strategy[strategy].value_micros - sums.own[strategy], unit)
    buys, sells = _correlation(state, tables, book_id) if len(tables.books) > 1 else FREE
    return (
        [
            buys,
            position_most - high,
            value_most - high,
            volume_most - high,
            single_most - high,
            group_most - high,
            gross_most - high,
            own_most - own_high,
            _lots(limits.net_micros - sums.group_long[group], unit),
            _lots(portfolio.net_micros - sums.long, unit),
        ],
        [
            sells,
            position_most + low,
            value_most + low,
            volume_most + low,
            single_most + low,
            group_most + low,
            gross_most + low,
            own_most + own_low,
            _lots(limits.net_micros + sums.group_short[group], unit),
            _lots(portfolio.net_micros + sums.short, unit),
        ],
    )


def tightest(
    state: "State", tables: Tables, sums: Sums, key: int, own_high: int, own_low: int
) -> Room:
    """The smallest of `rooms_of` to either side, without the lists.

    What a limit in value units leaves is turned into lots only where it may be less than what was
    found before. It is not when it is more than that many lots, each rounded up to a whole unit, are
    worth; nor when that is below zero, because no more than one lot below zero is ever left.
    """
    strategy, book_id = key >> 16, key & 0xFFFF
    most, worth, volume_ppm, volume, group, group_gross, group_net, own_worth, single = (
        tables.bounds[strategy][book_id]
    )
    seen, gross = state.data, sums.gross
    position = seen.position_lots[book_id]
    high = position + seen.buy_risk_lots[book_id]
    low = position - seen.sell_risk_lots[book_id]
    held = high if high > -low else -low
    lot_worth = state.value(book_id, 1) + 1
    # The largest number of lots, long or short, that the book may come to.
    if worth <= most * lot_worth:
        most = min(most, (worth << UNIT_SHIFT) // _unit(state, book_id))
    if seen.volume_lots[book_id] > volume:
        volume = seen.volume_lots[book_id]
    if volume_ppm * volume < most * PPM:
        most = volume_ppm * volume // PPM
    if single:
        share = _single(state.value(book_id, held), gross, tables)
        most = min(most, (share << UNIT_SHIFT) // _unit(state, book_id))
    left, own_left = tables.gross_micros - gross, own_worth - sums.own[strategy]
    other = group_gross - sums.group_gross[group]
    if other < left:
        left = other
    is_alone = own_high == high and own_low == low
    if is_alone and own_left < left:
        left = own_left  # what the book adds to one sum it adds to the other
    if left <= most * lot_worth:
        most = min(most, _more(held, left, _unit(state, book_id)))
    buy, sell = most - high, most + low
    if not is_alone:
        own_held = own_high if own_high > -own_low else -own_low
        own_most = _more(own_held, own_left, _unit(state, book_id))
        buy, sell = min(buy, own_most - own_high), min(sell, own_most + own_low)
    left, other = tables.net_micros - sums.long, group_net - sums.group_long[group]
    if other < left:
        left = other
    if left <= buy * lot_worth:
        buy = min(buy, _lots(left, _unit(state, book_id)))
    left, other = tables.net_micros + sums.short, group_net + sums.group_short[group]
    if other < left:
        left = other
    if left <= sell * lot_worth:
        sell = min(sell, _lots(left, _unit(state, book_id)))
    if tables.is_plural and state.close_books(book_id, tables.rho_max):
        buys, sells = _correlation(state, tables, book_id)
        buy, sell = min(buy, buys), min(sell, sells)
    return buy, sell


def figures(
    code: VetoCode, state: "State", tables: Tables, sums: Sums, strategy: int, book_id: int
) -> tuple[int, int]:
    """What a limit of exposure found, and what it allows."""
    portfolio, table = tables.portfolio, tables.instrument[book_id]
    group = tables.group_of[book_id]
    lots = max(state.worst_long(book_id), -state.worst_short(book_id))
    match code:
        case VetoCode.CORRELATION:
            return worst_rho_ppm(state, tables, book_id), portfolio.correlation_ppm
        case VetoCode.POSITION:
            return lots, table.position_lots
        case VetoCode.INSTRUMENT_VALUE:
            return state.value(book_id, lots), table.value_micros
        case VetoCode.VOLUME_SHARE:
            volume = max(state.data.volume_lots[book_id], table.daily_volume_lots)
            return lots * PPM // max(volume, 1), table.volume_ppm
        case VetoCode.CONCENTRATION:
            whole = max(sums.gross, portfolio.single_name_floor_micros, 1)
            return state.value(book_id, lots) * PPM // whole, portfolio.single_name_ppm
        case VetoCode.GROUP_GROSS:
            return sums.group_gross[group], tables.group[group].gross_micros
        case VetoCode.GROUP_NET:
            net = max(sums.group_long[group], -sums.group_short[group])
            return net, tables.group[group].net_micros
        case VetoCode.STRATEGY_VALUE:
            return sums.own[strategy], tables.strategy[strategy].value_micros
        case VetoCode.PORTFOLIO_GROSS:
            return sums.gross, portfolio.gross_micros
        case _:
            return max(sums.long, -sums.short), portfolio.net_micros


def reducing_rooms(
    state: "State", tables: Tables, sums: Sums, book_id: int, *, buy: int, sell: int
) -> tuple[int, int]:
    """How much of a reduction keeps net exposure within its limits.

    A position may be the hedge of another book's; to take it off is less gross but more net.

    Args:
        buy: Lots that may be bought and bring the book nearer to zero.
        sell: The same for selling.
    """
    seen, value, group = state.data, state.value, tables.group_of[book_id]
    position, unit = seen.position_lots[book_id], _unit(state, book_id)
    group_most, most = tables.group[group].net_micros, tables.portfolio.net_micros
    if buy:
        short = -position - seen.buy_risk_lots[book_id]
        more = value(book_id, short) - value(book_id, short - buy)
        for left in (group_most - sums.group_long[group], most - sums.long):
            if more > left:
                buy = min(buy, max(_lots(left, unit), 0))
    if sell:
        held = position - seen.sell_risk_lots[book_id]
        more = value(book_id, held) - value(book_id, held - sell)
        for left in (group_most + sums.group_short[group], most + sums.short):
            if more > left:
                sell = min(sell, max(_lots(left, unit), 0))
    return buy, sell


def worst_rho_ppm(state: "State", tables: Tables, book_id: int) -> int:
    """Size of the strongest correlation with another book that is held or worked."""
    return int(
        max(
            [
                abs(state.rho(book_id, other))
                for other in tables.books
                if other != book_id and state.involved(other)
            ],
            default=0.0,
        )
        * PPM
    )


def _unit(state: "State", book_id: int) -> int:
    """What 2^20 lots are worth, and a millionth more, so that what is divided by it is not too much."""
    return state.value(book_id, 1 << UNIT_SHIFT) + 1


def _single(exposure: int, gross: int, tables: Tables) -> int:
    """The worth up to which a book stays within its share of the portfolio."""
    portfolio = tables.portfolio
    share_ppm = portfolio.single_name_ppm
    # x ≤ s (others + x), which is x ≤ s others / (1 − s); below the floor it is x ≤ s floor.
    above = share_ppm * (gross - exposure) // (PPM - share_ppm)
    below = share_ppm * portfolio.single_name_floor_micros // PPM
    return above if above > below else below


def _lots(left: int, unit: int) -> int:
    """Lots that are worth no more than what is left, less the millionth that sums may round.

    −1 where the limit is passed already.
    """
    return ((left - 1) << UNIT_SHIFT) // unit if left > 0 else (-1 if left else 0)


def _more(held: int, left: int, unit: int) -> int:
    """Lots that a book may come to when so much is left of a sum that it is part of."""
    return held + ((left - 1) << UNIT_SHIFT) // unit if left > 0 else (0 if left else held)


def _correlation(state: "State", tables: Tables, book_id: int) -> tuple[int, int]:
    """Room to buy and to sell by what other books with the same risk hold: all of it, or none."""
    buys, sells = FREE
    seen = state.data
    for other, rho in state.close_books(book_id, tables.rho_max):
        position = seen.position_lots[other]
        high = position + seen.buy_risk_lots[other]
        low = position - seen.sell_risk_lots[other]
        if (high > 0) if rho > 0.0 else (low < 0):
            buys = 0
        if (low < 0) if rho > 0.0 else (high > 0):
            sells = 0
    return buys, sells
