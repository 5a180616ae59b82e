"""Buys wait for the sells that pay for them: what is free, who comes first, what is written."""

from typing import Any

import pytest

from desk.limits import LimitCode
from desk.purse import CashConfig, Purse
from market.codes import ReportType
from market.decisions import PPM, Target
from market.errors import InputError
from market.messages import OrderCommand, Submit
from tests.desk_rig import LOT, MID, DeskRig, Said

PRICE = MID + 1
"""What a buy pays at once: the ask, a cent more than a lot's hundred."""

CENT = LOT // MID


def rig_of(lots_of_cash: int, books: int = 2, **more: Any) -> tuple[DeskRig, Said]:
    """A desk with cash for so many lots at the ask, and a little for roundings."""
    said = Said()
    cash = lots_of_cash * PRICE * CENT + 1_000
    rig = DeskRig(
        [said],
        books=books,
        sizing={"lots_max": 100},
        execution={"style": "immediate", "child_lots_max": 1_000},
        settings={"cash": CashConfig(cash_micros=cash, **more)},
    )
    return rig, said


def want(rig: DeskRig, said: Said, book_id: int, lots: int) -> list[OrderCommand]:
    """A target, said at a view of its book; new orders that leave."""
    said.next = [Target(book_id=book_id, strength_ppm=lots * PPM // 100)]
    return [one for one in rig.view(book_id) if isinstance(one, Submit)]


def lots(sent: list[OrderCommand]) -> list[tuple[int, int]]:
    return [(one.book_id, one.qty_lots) for one in sent if isinstance(one, Submit)]


def purse(rig: DeskRig) -> Purse:
    found = rig.desk.out._purse
    assert found is not None
    return found


def test_a_buy_gets_as_many_lots_as_there_is_cash_for() -> None:
    rig, said = rig_of(30)
    assert lots(want(rig, said, 0, 100)) == [(0, 30)]


def test_what_is_on_its_way_is_spent_at_its_worst() -> None:
    rig, said = rig_of(30)
    want(rig, said, 0, 20)
    assert lots(want(rig, said, 1, 20)) == [(1, 10)]
    assert 0 <= purse(rig).free_micros() < LOT


def test_without_cash_nothing_leaves_and_the_figures_are_written() -> None:
    rig, said = rig_of(0)
    assert lots(want(rig, said, 0, 20)) == []
    (refusal,) = rig.event.refusals
    assert refusal.code == LimitCode.CASH
    assert refusal.found == pytest.approx(20 * PRICE * CENT, abs=10)
    assert refusal.allowed == 0


def test_a_buy_goes_when_a_sell_has_filled_and_not_before() -> None:
    rig, said = rig_of(0)
    sold = want(rig, said, 1, -50)
    assert lots(sold) == [(1, 50)]
    assert lots(want(rig, said, 0, 20)) == []
    rig.accept(1)
    assert lots(want(rig, said, 0, 20)) == []
    rig.fill(1, 50)
    rig.now_ns += 1_000_000_000
    assert lots(want(rig, said, 0, 20)) == [(0, 20)]


def test_what_an_order_did_not_use_comes_back() -> None:
    rig, said = rig_of(30)
    want(rig, said, 0, 30)
    rig.accept(1)
    rig.fill(1, 10)
    rig.report(ReportType.EXPIRED, 1, 20)
    rig.now_ns += 1_000_000_000
    # It is kept for who came first, who takes it at the next view.
    assert lots(want(rig, said, 1, 100)) == []
    assert lots(rig.view(0)) == [(0, 20)]


def test_an_end_that_has_overtaken_its_fills_keeps_their_price_back() -> None:
    rig, said = rig_of(30)
    want(rig, said, 0, 30)
    rig.report(ReportType.EXPIRED, 1, 20)  # ten have filled, and nobody has said at what
    said.next = [Target(book_id=0, strength_ppm=PPM // 10)]
    rig.view(0, MID - 1_001, MID - 999)

    assert 20 * PRICE * CENT <= purse(rig).free_micros() <= 20 * PRICE * CENT + 1_000


def test_fees_are_kept_back() -> None:
    rig, said = rig_of(30, fee_ppm=100_000)
    assert lots(want(rig, said, 0, 100)) == [(0, 27)]


def test_sells_need_no_cash() -> None:
    rig, said = rig_of(0)
    assert lots(want(rig, said, 0, -100)) == [(0, 100)]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cash_micros": -1}, "cash_micros is -1"),
        ({"cash_micros": 1, "fee_ppm": 2_000_000}, "fee_ppm is 2000000"),
    ],
)
def test_wrong_cash_is_refused(fields: dict[str, int], words: str) -> None:
    with pytest.raises(InputError, match=words):
        CashConfig(**fields)
