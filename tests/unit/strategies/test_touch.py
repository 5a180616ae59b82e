import pytest

from market.codes import Phase, Trigger
from market.messages import NO_PRICE, View
from strategies import Touch, newest, touch_of
from tests.unit.strategies.market import view


def test_own_quantity_at_the_best_is_looked_through() -> None:
    assert Touch(100, 103) == touch_of(view())
    assert Touch(100, 103) == touch_of(view(own_bid_lots=49))
    assert Touch(98, 103) == touch_of(view(own_bid_lots=50))
    assert Touch(100, 105) == touch_of(view(own_ask_lots=60))


@pytest.mark.parametrize(
    "unfit",
    [
        view(NO_PRICE, 103),
        view(100, NO_PRICE),
        view(103, 103),
        view(104, 103),
        view(phase=Phase.HALT),
        view(phase=Phase.PRE_OPEN),
        view(phase=Phase.CLOSED),
        view(fired=Trigger.STALE),
        view(fired=Trigger.BBO | Trigger.STALE),
        view(own_bid_lots=50, depth=1),
        view(own_ask_lots=50, depth=1),
        None,
    ],
    ids=str,
)
def test_a_view_that_may_not_be_traded_on_has_no_touch(unfit: View | None) -> None:
    assert touch_of(unfit) is None


def test_a_stale_view_stays_stale_until_something_arrives() -> None:
    stale = view(fired=Trigger.STALE, seq=7)

    assert touch_of(newest(stale, view(fired=Trigger(0), seq=7))) is None
    assert touch_of(newest(stale, view(seq=8))) is not None
    assert touch_of(newest(view(seq=7), view(fired=Trigger(0), seq=7))) is not None
    assert touch_of(newest(None, view(seq=7))) is not None
