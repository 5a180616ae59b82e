"""Quote protection: what is counted, when it is reached, and how a group comes back."""

from typing import Any

import pytest

from market.codes import Liquidity, Reason
from market.errors import InputError
from market.refusals import Refusal
from sim.front import ProtectionLimits, QuoteProtection, Tripped
from sim.front.quote_protection import Guard
from sim.front.quotes import QuoteFill

MAKER, TAKER = Liquidity.MAKER, Liquidity.TAKER


def fill(lots: int, *, before: int = 0, of: int = 1_000, group: int = 7) -> QuoteFill:
    """Lots of a quote of a thousand."""
    return QuoteFill(owner=1, group=group, lots=lots, filled_lots=before, quoted_lots=of)


def trips(limits: ProtectionLimits, *fills: tuple[int, int]) -> list[Tripped | None]:
    """What fills at times reach."""
    protection = QuoteProtection(limits)
    return [protection.on_fill(fill(lots), MAKER, at_ns) for at_ns, lots in fills]


def test_the_published_example_of_a_window_that_begins_with_a_trade() -> None:
    # CME: limit 1,000, one second; 500 in the first half second and nothing more in it. The next
    # interval begins at zero.
    limits = ProtectionLimits(window_ns=1_000, volume_lots=1_000, from_first=True)

    assert trips(limits, (0, 500), (1_000, 500), (1_400, 499)) == [None] * 3
    assert trips(limits, (0, 500), (999, 500))[1] == Tripped(Guard.VOLUME, 1_000, 1_000, 999)


def test_a_window_that_slides_sees_across_the_borders_of_one_that_starts_over() -> None:
    fills = ((0, 500), (900, 500), (1_100, 499))
    starts_over = ProtectionLimits(window_ns=1_000, volume_lots=1_001, from_first=True)
    slides = ProtectionLimits(window_ns=1_000, volume_lots=999)

    assert trips(starts_over, *fills) == [None] * 3
    assert trips(slides, *fills)[1:] == [Tripped(Guard.VOLUME, 1_000, 999, 900), None]
    assert trips(ProtectionLimits(window_ns=1_000, volume_lots=999), *fills[1:])[1] is not None


def test_a_trade_leaves_a_sliding_window_after_exactly_its_length() -> None:
    limits = ProtectionLimits(window_ns=10, trades=2)

    assert trips(limits, (0, 1), (10, 1)) == [None, None]
    assert trips(limits, (0, 1), (9, 1))[1] == Tripped(Guard.TRADES, 2, 2, 9)


def test_shares_of_a_quote_add_up_to_the_whole_whatever_the_parts() -> None:
    protection = QuoteProtection(ProtectionLimits(window_ns=10, share_ppm=1_000_000))

    thirds = [protection.on_fill(fill(1, before=n, of=3), MAKER, 5) for n in range(3)]

    assert thirds == [None, None, Tripped(Guard.SHARE, 1_000_000, 1_000_000, 5)]


def test_every_limit_is_counted_by_itself_and_the_first_of_them_is_told() -> None:
    limits = ProtectionLimits(window_ns=10, volume_lots=100, trades=2, share_ppm=500_000)

    assert trips(limits, (0, 99))[0] is None
    assert trips(limits, (0, 100))[0] == Tripped(Guard.VOLUME, 100, 100, 0)
    assert trips(limits, (0, 1), (0, 1))[1] == Tripped(Guard.TRADES, 2, 2, 0)
    share = ProtectionLimits(window_ns=10, volume_lots=9_999, share_ppm=500_000)
    assert trips(share, (0, 500))[0] == Tripped(Guard.SHARE, 500_000, 500_000, 0)


def test_a_group_that_is_pulled_may_not_quote_until_a_reset() -> None:
    protection = QuoteProtection(ProtectionLimits(window_ns=10, trades=1))
    assert protection.refusal(1, 7, 0) is None

    assert protection.on_fill(fill(1), MAKER, 1) is not None
    assert protection.on_fill(fill(1), MAKER, 1) is None  # the rest of the same blow
    assert protection.refusal(1, 7, 10_000) == Refusal(Reason.QUOTE_PROTECTION, 0)

    protection.reset(1, 7, 10_000)
    assert protection.refusal(1, 7, 10_000) is None
    assert protection.on_fill(fill(1), MAKER, 10_001) is not None
    assert protection.trips == 2


def test_a_frozen_time_ends_by_itself_and_counts_anew() -> None:
    protection = QuoteProtection(ProtectionLimits(window_ns=1_000, trades=2, frozen_ns=50))
    for _ in range(2):
        protection.on_fill(fill(1), MAKER, 100)

    assert protection.refusal(1, 7, 149) == Refusal(Reason.QUOTE_PROTECTION, 150)
    assert protection.refusal(1, 7, 150) is None
    assert protection.on_fill(fill(1), MAKER, 150) is None
    assert protection.on_fill(fill(1), MAKER, 151) is not None


def test_a_frozen_time_may_be_cut_short() -> None:
    protection = QuoteProtection(ProtectionLimits(window_ns=1_000, trades=1, frozen_ns=50))
    protection.on_fill(fill(1), MAKER, 100)

    protection.reset(1, 7, 120)

    assert protection.refusal(1, 7, 120) is None


def test_a_group_may_count_only_what_rested() -> None:
    limits = ProtectionLimits(window_ns=10, trades=1, maker_only=True)
    protection = QuoteProtection(limits)

    assert protection.on_fill(fill(1), TAKER, 0) is None
    assert protection.on_fill(fill(1), Liquidity.AUCTION, 0) is not None


def test_groups_are_protected_each_by_its_own() -> None:
    protection = QuoteProtection()
    protection.configure(1, 7, ProtectionLimits(window_ns=10, trades=1))

    assert protection.on_fill(fill(1, group=8), MAKER, 0) is None
    assert protection.on_fill(fill(1, group=7), MAKER, 0) is not None
    assert protection.refusal(1, 8, 0) is None
    assert protection.refusal(2, 7, 0) is None
    protection.reset(1, 8, 0)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"window_ns": 10}, "found no limit"),
        ({"window_ns": 0, "trades": 1}, "window_ns: found 0"),
        ({"window_ns": 10, "trades": -1}, "trades: found -1"),
        ({"window_ns": 10, "trades": 1, "frozen_ns": -1}, "frozen_ns: found -1"),
    ],
)
def test_limits_that_make_no_sense_are_refused(made: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        ProtectionLimits(**made)
