from itertools import pairwise

from market.codes import Phase, Trigger
from market.messages import NO_PRICE
from market.touch import touch_of
from strategies.generated_views import generated_views

KNOWN = (0, 10_016, 1_700_000_039_822_634_444)


def test_a_seed_has_one_list_of_views_and_a_shorter_one_is_its_beginning() -> None:
    assert generated_views(7, 200) == generated_views(7, 300)[:200]
    assert generated_views(7, 200) != generated_views(8, 200)


def test_the_views_of_a_seed_are_the_same_everywhere() -> None:
    last = generated_views(7, 100, books=[0, 3])[-1]

    assert (last.view.book_id, last.view.bid_ticks, last.view.local_ns) == KNOWN


def test_every_kind_of_view_is_met_within_a_few_hundred() -> None:
    seen = generated_views(1, 300, books=[0, 1])
    views = [view for view, _ in seen]

    assert {0, 1} == {view.book_id for view in views}
    assert any(view.bid_ticks == NO_PRICE for view in views)
    assert any(view.ask_ticks == NO_PRICE for view in views)
    assert any(view.crossed for view in views)
    assert {Phase.CONTINUOUS, Phase.HALT, Phase.PRE_OPEN} == {view.phase for view in views}
    assert any(view.fired & Trigger.STALE for view in views)
    assert any(view.own_bid_lots for view in views)
    assert any(view.own_ask_lots for view in views)
    assert sum(touch_of(view) is not None for view in views) > 250


def test_time_never_runs_back_and_sometimes_stands_still() -> None:
    seen = generated_views(1, 300)
    steps = [b.view.local_ns - a.view.local_ns for a, b in pairwise(seen)]

    assert min(steps) == 0
    assert 500_000_000 < max(steps) < 1_000_000_000


def test_facts_reach_their_extremes() -> None:
    facts = [known for _, known in generated_views(1, 500)]

    assert {0.0, 1e-4, 2e-4, 3e-4} == {known.volatility for known in facts}
    assert facts[0].remaining_ns > 0 > facts[-1].remaining_ns
    assert min(known.position_lots for known in facts) < 0 < max(k.position_lots for k in facts)
