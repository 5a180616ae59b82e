"""Bars of any length, the day and the average of minutes, against counting every trade by itself."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from bridge.served.errors import ApiError
from bridge.served.frames import Quote, Traded
from bridge.served.symbols import text_of
from bridge.served.trade_log import DAY_MS, INTERVAL_MS, TradeLog
from sim.streams import draw

START_MS = 1_723_161_600_000
QUOTE = Quote("1", "1", "2", "1")
Known = tuple[int, int, int, bool]
"""When, price and quantity in hundred-millionths, and whether the buyer had rested."""


def trades(count: int, step_ms: int) -> list[Known]:
    """Drawn trades, with holes of minutes between some of them."""
    found, now_ms = [], START_MS + 17
    for number in range(count):
        now_ms += draw(1, number) % step_ms
        if draw(2, number) % 40 == 0:
            now_ms += draw(3, number) % 400_000
        price, qty = 10**9 + draw(4, number) % 10**7, 1 + draw(5, number) % 10**8
        found.append((now_ms, price, qty, draw(6, number) % 2 == 0))
    return found


def log_of(known: Sequence[Known]) -> TradeLog:
    log = TradeLog()
    for number, (now_ms, price, qty, buyer_is_maker) in enumerate(known):
        log.add(Traded(number, text_of(price), text_of(qty), buyer_is_maker), now_ms)
    return log


def plain_bar(known: Sequence[Known]) -> list[Any]:
    prices = [price for _, price, _, _ in known]
    qty = sum(one[2] for one in known)
    worth = sum(price * lots for _, price, lots, _ in known)
    taken = [one for one in known if not one[3]]
    return [
        text_of(prices[0]), text_of(max(prices)), text_of(min(prices)), text_of(prices[-1]),
        text_of(qty), text_of(worth // 10**8), len(known), text_of(sum(one[2] for one in taken)),
        text_of(sum(price * lots for _, price, lots, _ in taken) // 10**8),
    ]  # fmt: skip


def plain_bars(known: Sequence[Known], length_ms: int) -> dict[int, list[Any]]:
    by_bar: dict[int, list[Known]] = {}
    for one in known:
        by_bar.setdefault(one[0] // length_ms * length_ms, []).append(one)
    return {open_ms: plain_bar(mine) for open_ms, mine in by_bar.items()}


def told(bar: list[Any]) -> list[Any]:
    return [*bar[1:6], *bar[7:11]]


@pytest.mark.parametrize("interval", ["1s", "1m", "15m", "1h", "1d", "1w"])
def test_bars_are_those_of_the_trades(interval: str) -> None:
    known, length_ms = trades(800, 9_000), INTERVAL_MS[interval]
    log, wanted = log_of(known), plain_bars(known, INTERVAL_MS[interval])

    every = log.bars(interval, 1_000, 0, 1 << 50)
    newest = log.bars(interval, 3, 0, 1 << 50)
    middle_ms = sorted(wanted)[len(wanted) // 2]
    from_there = log.bars(interval, 2, middle_ms, 1 << 50)
    until_there = log.bars(interval, 2, 0, middle_ms)

    opens = sorted(wanted)
    at = opens.index(middle_ms)
    assert {bar[0]: told(bar) for bar in every} == wanted
    assert [bar[0] for bar in every] == opens
    assert all(bar[6] == bar[0] + length_ms - 1 for bar in every)
    assert newest == every[-3:]
    assert from_there == every[at : at + 2]
    assert until_there == every[max(at - 1, 0) : at + 1]


@pytest.mark.parametrize("later_ms", [0, 1, 999, 1_000, 29_500, 60_000, 3_600_001])
def test_a_day_is_the_last_day_to_the_second_that_has_begun(later_ms: int) -> None:
    known = trades(3_000, 60_000)
    now_ms = known[-1][0] + later_ms
    assert known[0][0] < now_ms - DAY_MS

    day = log_of(known).day("X", QUOTE, now_ms)

    from_ms = -(-(now_ms - DAY_MS + 1) // 1_000) * 1_000
    wanted = plain_bar([one for one in known if one[0] >= from_ms])
    names = ("openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume", "count")
    assert [day[name] for name in names] == wanted[:7]


@pytest.mark.parametrize("later_ms", [0, 1, 999, 59_999, 299_000])
def test_the_average_is_of_the_last_five_minutes(later_ms: int) -> None:
    known = trades(600, 4_000)
    now_ms = known[-1][0] + later_ms

    found = log_of(known).average("1.00000000", now_ms)

    from_ms = -(-(now_ms - 300_000) // 1_000) * 1_000
    mine = [one for one in known if one[0] >= from_ms]
    worth = sum(price * qty for _, price, qty, _ in mine)
    wanted = Fraction(worth, sum(qty for _, _, qty, _ in mine))
    assert found == {"mins": 5, "price": text_of(int(wanted)), "closeTime": known[-1][0]}


def test_without_a_trade_in_five_minutes_the_average_is_the_last_price() -> None:
    known = trades(10, 1_000)

    assert log_of(known).average("7.5", known[-1][0] + 400_000)["price"] == "7.5"
    assert TradeLog().average("7.5", 9)["closeTime"] == 9


def test_an_interval_that_there_is_not_is_refused() -> None:
    with pytest.raises(ApiError):
        TradeLog().bars("7m", 1, 0, 1)
