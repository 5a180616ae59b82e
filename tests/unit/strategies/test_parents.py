"""Wishes by the clock: the same for everybody, far enough apart, one a stretch."""

from itertools import pairwise

from market.decisions import PPM, Target
from strategies.contract import generated_views
from strategies.parents import Parents, ParentsConfig
from tests.unit.strategies.seen import INSTRUMENTS, SECOND_NS


def said(skip: int = 1, **config: int) -> list[tuple[int, int]]:
    """Stretch and strength of every target, by somebody who sees only some of the views."""
    told = ParentsConfig(every_ns=2 * SECOND_NS, least_ppm=300_000, **config)
    strategy = Parents(told, books=(0,), instruments=INSTRUMENTS)
    found = []
    for seen in generated_views(3, 2_000)[::skip]:
        for signal in strategy.on_view(*seen):
            assert isinstance(signal, Target)
            found.append((seen.view.local_ns // (2 * SECOND_NS), signal.strength_ppm))
    return found


def test_each_stretch_has_one_target_far_from_the_one_before() -> None:
    found = said()

    assert len(found) > 100
    assert len({stretch for stretch, _ in found}) == len(found)
    strengths = [0, *(strength for _, strength in found)]
    changes = [abs(one - other) for one, other in pairwise(strengths)]
    assert min(changes) >= 300_000
    assert max(map(abs, strengths)) <= PPM
    assert min(strengths) < -PPM // 2 < PPM // 2 < max(strengths)


def test_another_key_gives_other_wishes() -> None:
    assert said(key=1) != said(key=2)
    assert said(key=1) == said(key=1)
