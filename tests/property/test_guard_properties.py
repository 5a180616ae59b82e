"""Guards act on what they have seen, when they have seen it, however it is handed to them."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from market.codes import Phase
from sim.schedule.collar_guard import CollarGuard, CollarTerms
from sim.schedule.effective import Interruption
from sim.schedule.guard import Act, Guard, Interrupt, PhaseBegan, Quoted, SetBand, Traded
from sim.schedule.ports import NO_HIGH_TICKS, NO_LOW_TICKS
from sim.schedule.stock_guard import StockGuard, StockTerms
from tests.unit.sim.guard_rig import MINUTE, SECOND, Fed, at, session

Maker = Callable[[], Guard]


def stock(day: int, closes: tuple[int, int] = (16, 0)) -> Maker:
    terms = StockTerms(previous_close_ticks=10_000, reopening_ppm=50_000)
    return lambda: StockGuard(0, [session(day, closes)], terms)


def collars() -> Guard:
    return CollarGuard(
        0,
        CollarTerms(
            reference_ticks=10_000, dynamic_ppm=10_000, static_ppm=30_000, extended_ppm=40_000
        ),
    )


MAKERS: dict[str, Maker] = {
    "bands of today": stock(20240702),
    "bands of 2013, phase one": stock(20130410),
    "bands of 2015": stock(20150105),
    "bands of a half day": stock(20240703, (13, 0)),
    "the breaker of 2012": stock(20120621),
    "no rule": stock(20090105),
    "collars": collars,
}


@st.composite
def feeds(draw: st.DrawFn) -> list[Fed]:
    """A walk of prices in steps of seconds to minutes, with jumps, gaps and changes of phase."""
    now_ns = at(9, 29)
    fed: list[Fed] = [(now_ns, PhaseBegan(Phase.OPENING_CALL))]
    now_ns = at(9, 30)
    fed.append((now_ns, PhaseBegan(Phase.CONTINUOUS)))
    price = 20_000
    for _ in range(draw(st.integers(0, 40))):
        now_ns += draw(
            st.sampled_from(
                [0, 0, SECOND, 7 * SECOND, 16 * SECOND, MINUTE, 5 * MINUTE, 45 * MINUTE]
            )
        )
        price = max(2, price + draw(st.sampled_from([0, 1, -1, 40, -40, 700, -700, 1_500])))
        kind = draw(st.integers(0, 5))
        if kind == 0:
            phase = draw(st.sampled_from([Phase.HALT, Phase.HALT_CALL, Phase.CONTINUOUS]))
            fed.append((now_ns, PhaseBegan(phase)))
        elif kind <= 2:
            bid = draw(st.sampled_from([None, price - 2]))
            ask = draw(st.sampled_from([None, price + 2]))
            fed.append((now_ns, Quoted(bid, ask)))
        else:
            fed.append((now_ns, Traded(price)))
    return fed


def until(fed: list[Fed]) -> int:
    return max(fed[-1][0], at(17, 0))


def heard(guard: Guard, fed: list[Fed]) -> list[Act]:
    return [act for now_ns, seen in fed for act in guard.on(seen, now_ns)]


@given(
    name=st.sampled_from(list(MAKERS)),
    fed=feeds(),
    ticks=st.lists(st.integers(0, 8 * 3_600), max_size=12),
)
def test_advancing_at_any_moments_between_changes_no_act(
    name: str, fed: list[Fed], ticks: list[int]
) -> None:
    make = MAKERS[name]
    plain = make()
    expected = heard(plain, fed) + plain.advance(until(fed))
    ticked = make()
    acts: list[Act] = []
    moments = sorted(at(9, 29) + tick * SECOND for tick in ticks)
    for now_ns, seen in fed:
        while moments and moments[0] < now_ns:
            acts += ticked.advance(moments.pop(0))
        acts += ticked.on(seen, now_ns)
    for moment in moments:
        if fed[-1][0] <= moment <= until(fed):
            acts += ticked.advance(moment)
    acts += ticked.advance(until(fed))

    assert acts == expected


@given(name=st.sampled_from(list(MAKERS)), fed=feeds())
def test_following_due_times_acts_at_exactly_these_times(name: str, fed: list[Fed]) -> None:
    make = MAKERS[name]
    plain = make()
    expected = heard(plain, fed) + plain.advance(until(fed))
    timed = make()
    acts: list[Act] = []
    for now_ns, seen in [*fed, (until(fed), None)]:
        while timed.due_ns <= now_ns:
            due_ns = timed.due_ns
            due = timed.advance(due_ns)
            assert all(act.ts_ns == due_ns for act in due)
            assert timed.due_ns > due_ns
            acts += due
        found = timed.advance(now_ns) if seen is None else timed.on(seen, now_ns)
        assert all(act.ts_ns == now_ns for act in found)
        acts += found

    assert acts == expected


@given(name=st.sampled_from(list(MAKERS)), fed=feeds(), cut=st.integers(0, 42))
def test_no_act_comes_from_the_future(name: str, fed: list[Fed], cut: int) -> None:
    make = MAKERS[name]
    whole = heard(make(), fed)
    begun = heard(make(), fed[:cut])

    assert whole[: len(begun)] == begun
    assert all(act.ts_ns <= fed[min(cut, len(fed)) - 1][0] for act in begun)


@given(name=st.sampled_from(list(MAKERS)), fed=feeds())
def test_acts_are_in_order_and_bands_have_an_inside(name: str, fed: list[Fed]) -> None:
    guard = MAKERS[name]()
    acts = heard(guard, fed) + guard.advance(until(fed))

    assert [act.ts_ns for act in acts] == sorted(act.ts_ns for act in acts)
    for act in acts:
        assert act.book_id == 0
        if isinstance(act, SetBand):
            free = (act.low_ticks, act.high_ticks) == (NO_LOW_TICKS, NO_HIGH_TICKS)
            assert free or 0 <= act.low_ticks <= act.high_ticks
        else:
            assert isinstance(act, Interrupt)
            length_ns = None if act.until_ns is None else act.until_ns - act.ts_ns
            pauses = act.kind is Interruption.PAUSE
            assert length_ns == (5 * MINUTE if pauses else None)
