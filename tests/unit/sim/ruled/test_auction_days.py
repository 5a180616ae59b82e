"""Days with auctions, from their sources' own files to fills: what history does, and what we get."""

from collections.abc import Callable
from pathlib import Path

import pytest

from market.codes import Kind, Mode, Phase, Reason
from market.codes import TimeInForce as Tif
from sim.reference import ReferenceBook
from sim.tape.read import Tape
from tests.unit.sim.auction_days import DAYS, Replay, dbn_day, itch_day, lobster_day
from tests.unit.sim.ruled.game import BUY, FROZEN, REACTIVE, SELL, Game, expired, fills, news

New = Callable[..., Game]
MODES = pytest.mark.parametrize("mode", [FROZEN, REACTIVE])

KINDS = {
    "itch": "PHASE ADD ADD ADD ADD CROSS EXECUTE ADD EXECUTE PHASE REDUCE PHASE ADD ADD CROSS EXECUTE "
    "EXECUTE EXECUTE PHASE TRADE ADD CROSS EXECUTE PHASE",
    "lobster": "ADD ADD ADD ADD ADD ADD ADD CROSS EXECUTE ADD PHASE PHASE ADD ADD CROSS EXECUTE "
    "EXECUTE EXECUTE PHASE CROSS EXECUTE",
    "dbn": "PHASE CLEAR ADD ADD ADD ADD ADD ADD CROSS EXECUTE EXECUTE EXECUTE EXECUTE EXECUTE PHASE "
    "ADD EXECUTE",
}


@pytest.mark.parametrize("day", DAYS)
def test_a_day_has_its_crosses_before_their_shares(tmp_path: Path, day: str) -> None:
    tape = DAYS[day](tmp_path)
    kinds = [Kind(kind).name for chunk in tape.chunks() for kind in chunk["kind"].tolist()]
    assert kinds == KINDS[day].split()


def plain_book(tape: Tape, mode: Mode) -> ReferenceBook:
    (book,) = tape.meta.books
    return ReferenceBook(mode=mode, tick_units=book.tick_units, handle_count=26)


@MODES
@pytest.mark.parametrize("day", DAYS)
def test_without_orders_of_ours_a_book_with_rules_is_the_tapes_row_by_row(
    new: New, tmp_path: Path, mode: Mode, day: str
) -> None:
    tape = DAYS[day](tmp_path)
    replay, plain = Replay(new, mode, tape), plain_book(tape, mode)
    rest: dict[int, list[int]] = {}
    while replay.rows:
        row = dict(replay.rows[0])
        told, wanted = replay.row(), plain.apply(**row)
        assert told.messages == wanted.messages
        assert (told.reports, wanted.reports) == ([], [])
        state = plain.dump()
        assert replay.game.book.dump()[: len(state)] == state
        tell(rest, row)
        for side in (BUY, SELL):
            shown = [(price, lots) for price, lots, _ in replay.game.now.levels[side]]
            assert shown == levels_of(rest, side)


def tell(rest: dict[int, list[int]], row: dict[str, int]) -> None:
    """What a row does to orders as (side, price, lots) by handle, on its own word."""
    kind, handle = row["kind"], row["handle"]
    if kind in (Kind.ADD, Kind.REVEAL):
        rest[handle] = [row["side_flags"] & 1, row["price"], row["qty"]]
    elif kind in (Kind.REDUCE, Kind.DELETE, Kind.EXECUTE):
        rest[handle][2] -= row["qty"]
        if rest[handle][2] == 0:
            del rest[handle]


def levels_of(rest: dict[int, list[int]], side: int) -> list[tuple[int, int]]:
    """(price, lots) of a side, best first."""
    totals: dict[int, int] = {}
    for own_side, price, lots in rest.values():
        if own_side == side:
            totals[price] = totals.get(price, 0) + lots
    return sorted(totals.items(), reverse=side == BUY)


# ITCH.


@MODES
def test_itch_the_opening_and_the_closing_cross_fill_in_the_midst_of_trading(
    new: New, tmp_path: Path, mode: Mode
) -> None:
    replay = Replay(new, mode, itch_day(tmp_path))
    replay.until(Kind.CROSS)
    game = replay.game
    assert game.now.phase == Phase.CONTINUOUS
    game.buy(300, tif=Tif.AT_OPEN)
    game.buy(50, 1003, tif=Tif.AT_OPEN)
    game.buy(10, 1002, tif=Tif.AT_OPEN)
    game.sell(70, 1001)
    game.sell(60, tif=Tif.AT_CLOSE)
    game.sell(20, 1003, tif=Tif.AT_CLOSE)
    opening = replay.row()
    # History printed 1,000 at 1002; who is better fills there, whoever is not for the open stays.
    assert fills(opening) == [
        (1, 1002, 300, 0, "A"),
        (2, 1002, 50, 0, "A"),
        (4, 1002, 70, 0, "A"),
    ]
    assert expired(opening) == [(3, 10, Reason.AUCTION_OVER)]
    ours = [] if mode == FROZEN else [
        ("ADD", 1003, 50, 50),
        ("ADD", 1002, 10, 10),
        ("DELETE", 1003, 50, 0),
        ("DELETE", 1001, 70, 0),
    ]  # fmt: skip
    over = [] if mode == FROZEN else [("DELETE", 1002, 10, 0)]
    assert news(opening) == [*ours, ("CROSS", 100_200, 1_000, 0), *over]
    # Its displayed share goes as ever: nobody of ours is in front.
    assert news(replay.row()) == [("EXECUTE", 1002, 100, 0)]
    replay.until(Kind.CROSS, 100_300)
    closing = replay.row()
    assert fills(closing) == [(5, 1003, 60, 0, "A")]
    assert expired(closing) == [(6, 20, Reason.AUCTION_OVER)]
    assert news(replay.row()) == [("EXECUTE", 1003, 80, 0)]
    assert game.now.own_lots() == {}


def test_itch_frozen_a_halts_cross_fills_at_historys_price(new: New, tmp_path: Path) -> None:
    replay = Replay(new, FROZEN, itch_day(tmp_path))
    game = replay.game
    replay.until(Kind.CROSS, 100_400)
    assert game.now.phase == Phase.PRE_OPEN
    game.buy(100, 1006, tif=Tif.AUCTION)
    game.buy(30, 1004)
    cross = replay.row()
    assert fills(cross) == [(1, 1004, 100, 0, "A")]
    assert news(cross) == [("CROSS", 100_400, 500, 0)]
    shares = [news(replay.row()) for _ in range(3)]
    assert shares == [
        [("EXECUTE", 1005, 200, 0)],
        [("EXECUTE", 1003, 150, 0)],
        [("EXECUTE", 1004, 50, 250)],
    ]
    # At the cross's own price we were no better; as trading begins we meet what is left there.
    assert fills(replay.row()) == [(2, 1004, 30, 0, "T")]


def test_itch_reactive_a_halts_cross_is_found_anew_and_historys_shares_shrink(
    new: New, tmp_path: Path
) -> None:
    replay = Replay(new, REACTIVE, itch_day(tmp_path))
    game = replay.game
    replay.until(Kind.CROSS, 100_400)
    game.buy(100, 1006, tif=Tif.AUCTION)
    cross = replay.row()
    # 300 buy at 1004 or 1005 and 450 sell there: the lower price prints. Of d, 300 at 1004, what f
    # and history's 50 do not sell is ours.
    assert fills(cross) == [(1, 1004, 100, 0, "A")]
    assert news(cross) == [
        ("ADD", 1006, 100, 100),
        ("CROSS", 100_400, 300, 0),
        ("DELETE", 1006, 100, 0),
        ("DELETE", 1005, 200, 0),
        ("DELETE", 1003, 150, 0),
        ("REDUCE", 1004, 150, 150),
    ]
    shares = [replay.row().messages for _ in range(3)]
    assert shares == [[], [], []]
    assert game.shows(SELL) == [(1004, "150d")]
    assert (game.now.spent, game.now.void, game.now.expired_lots) == ({}, 0, 0)
    replay.until(Kind.CROSS)
    assert game.shows(SELL) == [(1003, "80f"), (1004, "150d")]


@MODES
def test_itch_an_order_for_the_open_that_comes_in_a_halt_is_for_its_cross(
    new: New, tmp_path: Path, mode: Mode
) -> None:
    replay = Replay(new, mode, itch_day(tmp_path))
    replay.until(Kind.CROSS, 100_400)
    replay.game.sell(20, tif=Tif.AT_OPEN)
    replay.game.sell(5, tif=Tif.AT_CLOSE)
    assert fills(replay.row()) == [(1, 1004, 20, 0, "A")]
    assert replay.game.is_open(2)


# LOBSTER.


@MODES
def test_lobster_crosses_fill_by_the_pseudo_order_that_names_them(
    new: New, tmp_path: Path, mode: Mode
) -> None:
    replay = Replay(new, mode, lobster_day(tmp_path))
    game = replay.game
    replay.until(Kind.CROSS)
    game.buy(40, tif=Tif.AT_OPEN)
    game.sell(10, tif=Tif.AT_CLOSE)
    assert fills(replay.row()) == [(1, 10001, 40, 0, "A")]
    replay.until(Kind.CROSS, 1_000_300)
    assert game.is_open(2)
    assert fills(replay.row()) == [(2, 10003, 10, 0, "A")]


def test_lobster_frozen_a_cross_in_a_halt_fills_at_historys_price(new: New, tmp_path: Path) -> None:
    replay = Replay(new, FROZEN, lobster_day(tmp_path))
    replay.until(Kind.CROSS, 1_000_200)
    replay.game.buy(30, 10004, tif=Tif.AUCTION)
    assert fills(replay.row()) == [(1, 10002, 30, 0, "A")]
    assert [news(replay.row()) for _ in range(3)] == [
        [("EXECUTE", 10003, 85, 15)],
        [("EXECUTE", 10001, 25, 0)],
        [("EXECUTE", 10002, 60, 0)],
    ]


def test_lobster_reactive_we_take_the_place_of_some_of_historys_buyer(
    new: New, tmp_path: Path
) -> None:
    replay = Replay(new, REACTIVE, lobster_day(tmp_path))
    game = replay.game
    replay.until(Kind.CROSS, 1_000_200)
    game.buy(30, 10004, tif=Tif.AUCTION)
    cross = replay.row()
    # 85 are sold at 10002 or 10003, and 130 are wanted: pressure prints the higher price.
    assert fills(cross) == [(1, 10003, 30, 0, "A")]
    assert news(cross)[1:] == [
        ("CROSS", 1_000_300, 85, 0),
        ("DELETE", 10004, 30, 0),
        ("REDUCE", 10003, 55, 45),
        ("DELETE", 10001, 25, 0),
        ("DELETE", 10002, 60, 0),
    ]
    # History's buyer had 85 and keeps 15: what we took of that it does not get back.
    assert [news(replay.row()) for _ in range(3)] == [[("REDUCE", 10003, 30, 15)], [], []]
    assert game.shows(BUY)[0][0] == 10003
    replay.until(Kind.CROSS)
    assert game.now.phase == Phase.CONTINUOUS


# DBN.


def test_dbn_frozen_the_auction_fills_who_is_better(new: New, tmp_path: Path) -> None:
    replay = Replay(new, FROZEN, dbn_day(tmp_path))
    game = replay.game
    replay.until(Kind.CROSS)
    game.buy(2, 403)
    game.sell(4, tif=Tif.AUCTION)
    game.buy(3, 400)
    cross = replay.row()
    assert fills(cross) == [(1, 400, 2, 0, "A"), (2, 400, 4, 0, "A")]
    before = [replay.row() for _ in range(5)]
    # Behind the last of history's bids at 400 nobody executes, so that we wait.
    assert [fills(outcome) for outcome in before] == [[]] * 5
    replay.row()
    assert game.now.phase == Phase.CONTINUOUS
    assert game.shows(BUY) == [(400, "3*3")]


def test_dbn_frozen_ahead_of_historys_share_we_get_it(new: New, tmp_path: Path) -> None:
    replay = Replay(new, FROZEN, dbn_day(tmp_path))
    replay.until(Kind.ADD, 400)
    replay.row()  # an ask at 400
    replay.until(Kind.ADD, 400)
    replay.game.buy(3, 400)
    replay.until(Kind.EXECUTE, 400)
    # The bid of 2 that came after ours was filled at 400.
    assert fills(replay.row()) == [(1, 400, 2, 1, "M")]


def test_dbn_reactive_our_bid_moves_the_auction(new: New, tmp_path: Path) -> None:
    replay = Replay(new, REACTIVE, dbn_day(tmp_path))
    game = replay.game
    replay.until(Kind.CROSS)
    game.buy(2, 403)
    cross = replay.row()
    # 12 are wanted at 400 and 10 at 401, and 10 are sold: 401 leaves nothing over.
    assert fills(cross) == [(1, 401, 2, 0, "A")]
    assert news(cross) == [
        ("CROSS", 401 * 250_000_000, 10, 0),
        ("DELETE", 403, 2, 0),
        ("DELETE", 402, 5, 0),
        ("DELETE", 401, 3, 0),
        ("DELETE", 399, 4, 0),
        ("DELETE", 400, 6, 0),
    ]
    # Only the bid at 400 has lost what history gave it: its share went to us.
    assert [news(replay.row()) for _ in range(5)] == [[], [], [("REDUCE", 400, 2, 0)], [], []]
    replay.row()
    assert (game.now.phase, game.now.spent) == (Phase.CONTINUOUS, {})
    assert game.shows(SELL) == [(405, "9e")]
