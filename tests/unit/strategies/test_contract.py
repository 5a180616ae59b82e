"""Every strategy of ours keeps the contract, and every planted breach of it is found."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from market.codes import Urgency
from market.decisions import Facts, Flat, Quotes, Signal, Target
from market.messages import View
from market.ports import Strategy
from strategies.contract import (
    Allowed,
    Rule,
    Seen,
    assert_conforms,
    check_foresight,
    check_strategy,
    generated_views,
)
from strategies.registry import NAMES, strategy_named
from tests.unit.strategies.seen import INSTRUMENTS, SECOND_NS

PARAMS = {
    "idle": {},
    "imbalance": {"memory_ns": SECOND_NS // 2, "horizon_ns": SECOND_NS, "levels": 3},
    "market_maker": {
        "qty_lots": 10,
        "inventory_lots_max": 25,
        "gamma_micros_per_tick": 100_000,
        "k_micros_per_tick": 1_500_000,
        "horizon_ns": SECOND_NS,
    },
    "mean_reversion": {"memory_ns": 5 * SECOND_NS},
    "momentum": {"fast_ns": 2 * SECOND_NS, "slow_ns": 8 * SECOND_NS},
    "rebalance": {"start_after_ns": SECOND_NS},
    "parents": {"every_ns": 5 * SECOND_NS, "least_ppm": 100_000},
    "pairs": {"memory_ns": 10 * SECOND_NS, "age_ns_max": 5 * SECOND_NS, "entry_ppm": 1_000_000},
}
SEEN = generated_views(3, 60)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_strategy_of_ours_keeps_the_contract(name: str, seed: int) -> None:
    named = strategy_named(name)
    config = named.config(**PARAMS[name])
    books = (1, 0) if name == "pairs" else (1,)

    def make() -> Strategy:
        return named.cls(config, books=books, instruments=INSTRUMENTS)

    # Two legs of a pair, or one signal a view; a pause of 10 ms or more between two words.
    allowed = Allowed(books=books, signals_per_view_max=len(books), silent=name == "idle")
    assert_conforms(make, generated_views(seed, 250, books=books), allowed)


# --- a good strategy, and what makes it a bad one -------------------------------------------------


class Count(msgspec.Struct):
    views: int = 0


class Good:
    """Says the number of views so far, every third view."""

    def __init__(self) -> None:
        self.state = Count()

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        self.state.views += 1
        return self.say(view) if self.state.views % 3 == 0 else ()

    def say(self, view: View) -> Sequence[Signal]:
        return (Target(book_id=0, strength_ppm=self.state.views),)


def broken(make: Callable[[], object], **allowed: object) -> dict[Rule, int]:
    """Rules that are broken, and where."""
    return {
        finding.rule: finding.place for finding in check_strategy(make, SEEN, Allowed(**allowed))
    }


def test_a_good_strategy_breaks_no_rule() -> None:
    assert {} == broken(Good)


class ClassCount(Good):
    shared = 0

    def say(self, view: View) -> Sequence[Signal]:
        ClassCount.shared += 1
        return (Target(book_id=0, strength_ppm=ClassCount.shared),)


class SharedState(Good):
    one = Count()

    def __init__(self) -> None:
        self.state = SharedState.one


@pytest.mark.parametrize("bad", [ClassCount, SharedState])
def test_what_fresh_instances_share_is_found(bad: Callable[[], object]) -> None:
    assert Rule.DETERMINED in broken(bad)


class HiddenCount(Good):
    """Its count is not in its state."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = 0

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        self.hidden += 1
        return (Target(book_id=0, strength_ppm=self.hidden),)


class HiddenForOneView(Good):
    """Forgets only when it is restored between its views 17 and 18."""

    def __init__(self) -> None:
        super().__init__()
        self.armed = False

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        self.state.views += 1
        if self.state.views == 18 and not self.armed:
            return ()
        self.armed = self.state.views == 17
        return (Target(book_id=0, strength_ppm=1),)


class HoldsOldState(Good):
    """Keeps the state that it was made with when it is given another."""

    def __init__(self) -> None:
        super().__init__()
        self.held = self.state

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        self.held.views += 1
        return (Target(book_id=0, strength_ppm=self.held.views),)


class SilentDrift(Good):
    """Says the same, but remembers otherwise after it is restored."""

    def __init__(self) -> None:
        super().__init__()
        self.first = True

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        self.state.views += 2 if self.first else 1
        self.first = False
        return (Target(book_id=0, strength_ppm=1),)


class DictState(Good):
    def __init__(self) -> None:
        self.state = {"views": 0}  # type: ignore[assignment]

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        return (Target(book_id=0, strength_ppm=1),)


class Odd(msgspec.Struct):
    thing: object = None


class StoresAnObject(DictState):
    def __init__(self) -> None:
        self.state = Odd(thing=object())  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        (HiddenCount, 1),
        (HiddenForOneView, 17),
        (HoldsOldState, 0),
        (SilentDrift, 1),
        (DictState, 0),
        (StoresAnObject, 0),
    ],
)
def test_what_a_restored_strategy_forgets_is_found(bad: Callable[[], object], place: int) -> None:
    assert {Rule.RESTORABLE: place} == broken(bad)


class ChangesItsMind(Good):
    """Hands out a list, and writes to it later."""

    def __init__(self) -> None:
        super().__init__()
        self.last: list[Signal] = []

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        self.last.clear()
        self.last = [Target(book_id=0, strength_ppm=1)]
        return self.last


def test_what_was_said_may_not_be_changed_afterwards() -> None:
    assert {Rule.NO_FORESIGHT: 0} == broken(ChangesItsMind)


class FromData(Good):
    """Was built from data, and looks up what comes `ahead` views later."""

    def __init__(self, seen: Sequence[Seen], ahead: int) -> None:
        super().__init__()
        self.mids = [view.bid_ticks for view, _ in seen]
        self.ahead = ahead

    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        self.state.views += 1
        ahead = min(self.state.views - 1 + self.ahead, len(self.mids) - 1)
        later = max(ahead, 0)
        return (Target(book_id=0, strength_ppm=1 if self.mids[later] > view.bid_ticks else -1),)


@pytest.mark.parametrize("ahead", [1, 5])
def test_a_strategy_that_knows_the_data_to_come_is_found(ahead: int) -> None:
    finding = check_foresight(lambda seen: FromData(seen, ahead), SEEN)

    assert finding is not None
    assert finding.rule is Rule.NO_FORESIGHT


def test_a_strategy_that_knows_the_data_that_was_is_not_blamed() -> None:
    assert check_foresight(lambda seen: FromData(seen, 0), SEEN) is None
    assert check_foresight(lambda seen: FromData(seen, -3), SEEN) is None


class Chatty(Good):
    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        self.state.views += 1
        return (Target(book_id=0, strength_ppm=1),) * 3


def test_too_many_signals_a_view_are_found() -> None:
    assert {Rule.BOUNDED_RATE: 0} == broken(Chatty)
    assert {} == broken(Chatty, signals_per_view_max=3)


def test_too_many_signals_a_second_are_found_where_they_are_too_many() -> None:
    times = [view.local_ns for view, _ in SEEN]
    counts = [
        3 * sum(now - SECOND_NS < then <= now for then in times[: place + 1])
        for place, now in enumerate(times)
    ]
    most = max(counts)

    limits = {"signals_per_view_max": 3, "signals_per_second_max": most - 1}
    assert {Rule.BOUNDED_RATE: counts.index(most)} == broken(Chatty, **limits)
    assert {} == broken(Chatty, **(limits | {"signals_per_second_max": most}))


@pytest.mark.parametrize(("apart_ns", "count"), [(SECOND_NS - 1, 6), (SECOND_NS, 3)])
def test_a_second_ends_before_the_moment_that_is_a_second_later(apart_ns: int, count: int) -> None:
    (view, facts), _ = SEEN[:2]
    later = msgspec.structs.replace(view, local_ns=view.local_ns + apart_ns)
    seen = [Seen(view, facts), Seen(later, facts)]

    def rules(most: int) -> list[Rule]:
        allowed = Allowed(signals_per_view_max=3, signals_per_second_max=most)
        return [finding.rule for finding in check_strategy(Chatty, seen, allowed)]

    assert [] == rules(count)
    assert [Rule.BOUNDED_RATE] == rules(count - 1)


def saying(signal: object) -> type[Good]:
    class Says(Good):
        def say(self, view: View) -> Sequence[Signal]:
            return (signal,)  # type: ignore[return-value]

    return Says


QUOTES = Quotes(book_id=0, bid_ticks=1, bid_lots=1, ask_ticks=2, ask_lots=1)


@pytest.mark.parametrize(
    "bad",
    [
        Target(book_id=1, strength_ppm=0),
        Target(book_id=True, strength_ppm=0),
        Target(book_id=0, strength_ppm=1_000_001),
        Target(book_id=0, strength_ppm=-1_000_001),
        Target(book_id=0, strength_ppm=0.5),  # type: ignore[arg-type]
        Target(book_id=0, strength_ppm=float("nan")),  # type: ignore[arg-type]
        Target(book_id=0, strength_ppm=0, confidence_ppm=-1),
        Target(book_id=0, strength_ppm=0, confidence_ppm=1_000_001),
        Target(book_id=0, strength_ppm=0, horizon_ns=-1),
        Target(book_id=0, strength_ppm=0, horizon_ns=1 << 63),
        Target(book_id=0, strength_ppm=0, urgency=1),  # type: ignore[arg-type]
        Flat(book_id=2),
        Flat(book_id=0, urgency=9),  # type: ignore[arg-type]
        msgspec.structs.replace(QUOTES, bid_lots=-1),
        msgspec.structs.replace(QUOTES, ask_lots=(1 << 40) + 1),
        msgspec.structs.replace(QUOTES, bid_ticks=2),
        msgspec.structs.replace(QUOTES, bid_ticks=-(1 << 62)),
        msgspec.structs.replace(QUOTES, ask_ticks=2.0),
        msgspec.structs.replace(QUOTES, confidence_ppm=-1),
        "buy",
    ],
    ids=str,
)
def test_a_signal_out_of_bounds_is_found(bad: object) -> None:
    assert broken(saying(bad))[Rule.IN_BOUNDS] == 2


@pytest.mark.parametrize(
    "good",
    [
        Target(book_id=0, strength_ppm=-1_000_000, urgency=Urgency.URGENT),
        Flat(book_id=0),
        QUOTES,
        msgspec.structs.replace(QUOTES, bid_ticks=2, bid_lots=0),
    ],
    ids=str,
)
def test_a_signal_within_bounds_is_not(good: object) -> None:
    assert {} == broken(saying(good))


class Silent(Good):
    def say(self, view: View) -> Sequence[Signal]:
        return ()


def test_a_strategy_that_says_nothing_has_shown_nothing() -> None:
    assert {Rule.NOT_SILENT: 59} == broken(Silent)
    assert {} == broken(Silent, silent=True)


def test_an_assertion_names_every_rule_that_is_broken() -> None:
    with pytest.raises(
        AssertionError, match=r"ST-020 at view \d+: .*\n.*ST-040 at view 0: found 3"
    ):
        assert_conforms(Both, SEEN)


class Both(HiddenCount):
    def on_view(self, view: View, facts: Facts) -> Sequence[Signal]:
        return tuple(super().on_view(view, facts)) * 3


def test_no_views_break_nothing_but_silence() -> None:
    findings = check_strategy(Good, [])

    assert [Rule.NOT_SILENT] == [finding.rule for finding in findings]
