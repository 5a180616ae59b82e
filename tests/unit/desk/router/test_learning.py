"""Posteriors by hand and by closed forms; mark-outs against a slow reading of the same mids."""

from math import sqrt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.router import learning, markouts
from desk.router.learning import Priors, VenueData
from desk.router.markouts import HORIZONS_NS, MarkoutData
from desk.router.posterior import (
    MICRO,
    SUM_MAX,
    MeanData,
    Prior,
    QuantileData,
    RateData,
    ShareData,
    add_mean,
    add_quantile,
    add_rate,
    add_share,
    bucket_of,
    edge_ns,
    mean_of,
    quantile_ns,
    rate_uhz,
    share_low_ppm,
    share_ppm,
    wait_us,
)
from market.codes import Side
from market.decisions import PPM
from market.errors import InputError

KEEP = Prior(keep_ppm=PPM)
PRIORS = Priors()


def test_seven_of_ten_from_a_flat_prior() -> None:
    # Beta(1 + 7, 1 + 3): mean 8/12, variance 8·4/(12²·13).
    data = ShareData()
    for hit in [1] * 7 + [0] * 3:
        add_share(data, KEEP, hit, 1)
    assert share_ppm(data, KEEP) == 666_666
    expected = 8 / 12 - sqrt(8 * 4 / (12 * 12 * 13))
    assert share_low_ppm(data, KEEP) == pytest.approx(expected * PPM, abs=2)


def test_an_order_counts_as_one_whatever_its_lots() -> None:
    small, large = ShareData(), ShareData()
    add_share(small, KEEP, 1, 4)
    add_share(large, KEEP, 250_000, 1_000_000)
    assert small == large == ShareData(250_000, 750_000)


def test_forgetting_halves_what_was_seen() -> None:
    half = Prior(keep_ppm=500_000)
    data = ShareData()
    add_share(data, half, 1, 1)
    add_share(data, half, 0, 1)
    assert data == ShareData(MICRO // 2, MICRO)


def test_three_fills_in_ten_seconds() -> None:
    # Gamma(1 + 3, 10 s + 10 s): rate 0.2 a second, next one after 20/(4 − 1) s.
    data = RateData()
    for exposure_us in (2_000_000, 3_000_000, 5_000_000):
        add_rate(data, KEEP, 1, exposure_us)
    assert rate_uhz(data, KEEP) == 200_000
    assert wait_us(data, KEEP) == 20_000_000 // 3
    assert wait_us(RateData(), KEEP) == 100_000_000


def test_a_mean_is_drawn_to_zero_until_own_fills_outweigh_the_prior() -> None:
    data = MeanData()
    add_mean(data, KEEP, -300, 10)
    assert mean_of(data, KEEP) == -100  # 10 lots of −300 against 20 of nothing
    add_mean(data, KEEP, -300, 10)
    assert mean_of(data, KEEP) == -150


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 10**9)), max_size=50))
def test_a_mean_lies_between_zero_and_what_was_seen_and_is_symmetric(
    seen: list[tuple[int, int]],
) -> None:
    data, mirror = MeanData(), MeanData()
    for value, lots in seen:
        add_mean(data, Prior(), value, lots)
        add_mean(mirror, Prior(), -value, lots)
    found = mean_of(data, Prior())
    assert mean_of(mirror, Prior()) == -found
    values = [value for value, _ in seen]
    assert min([0, *values]) <= found <= max([0, *values])


def test_sums_that_grow_too_large_are_halved_and_no_mean_notices() -> None:
    data = MeanData()
    for _ in range(5_000):
        add_mean(data, KEEP, 10_000_000, 10**9)
    assert abs(data.total_milli) <= SUM_MAX
    assert mean_of(data, KEEP) == pytest.approx(10_000_000, rel=1e-6)


@given(st.integers(0, 1 << 50))
def test_a_bucket_holds_its_durations_and_is_at_most_a_quarter_wide(value_ns: int) -> None:
    bucket = bucket_of(value_ns)
    assert bucket_of(value_ns + 1) >= bucket
    if value_ns < 1 << 40:
        assert value_ns <= edge_ns(bucket) <= value_ns * 5 // 4
        assert bucket_of(edge_ns(bucket)) == bucket
        assert bucket_of(edge_ns(bucket) + 1) == bucket + 1 or bucket == 159


@given(values=st.lists(st.integers(0, 10**9), min_size=1, max_size=60), part=st.integers(1, PPM))
def test_a_quantile_is_the_exact_one_or_a_quarter_larger(values: list[int], part: int) -> None:
    data = QuantileData()
    for value in values:
        add_quantile(data, KEEP, value)
    place = -(-len(values) * part // PPM) - 1
    exact = sorted(values)[place]
    assert exact <= quantile_ns(data, part) <= exact * 5 // 4


def test_newer_latencies_weigh_more() -> None:
    data, prior = QuantileData(), Prior(keep_ppm=900_000)
    for value in [1_000] * 500 + [1_000_000] * 30:
        add_quantile(data, prior, value)
    # Thirty of a memory of ten are all but a twenty-fifth of the weight.
    assert quantile_ns(data, 500_000) >= 1_000_000
    assert data.weight <= 1 << 41
    assert quantile_ns(QuantileData(), 500_000) == 0


@pytest.mark.parametrize(
    "wrong", [{"hits_micro": 0}, {"mean_lots": 0}, {"keep_ppm": 0}, {"keep_ppm": PPM + 1}]
)
def test_a_wrong_prior_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=r"prior\.\w+ is"):
        Prior(**wrong)


# --- mark-outs ------------------------------------------------------------------------------------


def test_a_fill_is_judged_by_the_mid_that_stands_at_its_horizon() -> None:
    data, prior = MarkoutData(), Prior(keep_ppm=PPM, mean_lots=1)
    markouts.on_mid(data, prior, 0, 200)
    markouts.on_fill(data, 0, Side.BUY, 100, 1)
    markouts.on_mid(data, prior, HORIZONS_NS[0], 202)  # exactly at 10 ms: counts
    markouts.on_mid(data, prior, HORIZONS_NS[1] + 1, 190)  # just after 100 ms: does not
    markouts.settle(data, prior, HORIZONS_NS[2])
    # Against a price of 100 (200 twice): +1 %, +1 %, −5 %; one lot against one of prior.
    assert [mean.total_milli for mean in data.means[:3]] == [
        10_000_000 * 1_000,
        10_000_000 * 1_000,
        -10_000_000 * 1_000,  # bounded at a hundred basis points
    ]
    assert data.toxic == ShareData(MICRO, 0)
    assert len(data.waiting) == 1
    markouts.settle(data, prior, HORIZONS_NS[-1])
    assert data.waiting == []


def test_a_sale_is_the_mirror_of_a_purchase() -> None:
    assert markouts.markout_ppb(Side.BUY, 200, 202) == 10_000_000
    assert markouts.markout_ppb(Side.SELL, 200, 198) == 10_000_000
    assert markouts.markout_ppb(Side.SELL, 200, 203) == -15_000_000


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 20_000_000_000), st.booleans(), st.integers(900, 1100), st.sampled_from(Side)
    ),
    min_size=1,
    max_size=40,
)


@given(events=EVENTS)
def test_mark_outs_are_a_slow_reading_of_the_same_mids(
    events: list[tuple[int, bool, int, Side]],
) -> None:
    prior = Prior(keep_ppm=PPM)
    data = MarkoutData()
    now_ns, fills, mids = 0, [], []
    for wait_ns, is_fill, price, side in events:
        now_ns += wait_ns
        if is_fill:
            # What fell due until now is judged before the fill is taken in, as a desk's clock does.
            markouts.on_fill(data, now_ns, side, price, 3)
            fills.append((now_ns, side, price))
        else:
            markouts.on_mid(data, prior, now_ns, 2 * price)
            mids.append((now_ns, 2 * price))
        data = msgspec.msgpack.decode(msgspec.msgpack.encode(data), type=MarkoutData)
    end_ns = now_ns + 100_000_000_000
    markouts.settle(data, prior, end_ns)
    for index, horizon_ns in enumerate(HORIZONS_NS):
        expected = MeanData()
        for fill_ns, side, price in fills:
            known = [mid for when, mid in mids if when <= fill_ns + horizon_ns]
            # A fill before any mid waits for the first one.
            if mids:
                mid = known[-1] if known else mids[0][1]
                value = markouts.markout_ppb(side, 2 * price, mid)
                add_mean(expected, prior, value, 3)
        assert data.means[index] == expected
    assert not mids or data.waiting == []


def test_too_many_waiting_fills_lose_the_oldest_and_count_it() -> None:
    data, prior = MarkoutData(), Prior()
    markouts.on_mid(data, prior, 0, 200)
    for number in range(markouts.WAITING_MAX + 3):
        markouts.on_fill(data, number, Side.BUY, 100, 1)
    assert len(data.waiting) == markouts.WAITING_MAX
    assert data.dropped == 3
    assert data.waiting[0].fill_ns == 3
    markouts.settle(data, prior, HORIZONS_NS[0] + 4)
    assert data.judged[0] == 2


# --- one venue ------------------------------------------------------------------------------------


def test_a_taking_order_teaches_slippage_fading_and_hidden_lots() -> None:
    data = VenueData(book_id=1)
    take = {"side": Side.BUY, "touch_ticks": 1_000}
    learning.on_take_end(
        data, PRIORS, lots=10, filled_lots=10, displayed_lots=6, paid_tl=10_005, **take
    )
    assert data.hidden == ShareData(400_000, 600_000)
    assert data.fade == ShareData(0, MICRO)
    # Half a tick of a thousand worse: 500,000 ppb.
    assert data.slippage.total_milli == 500_000 * 10_000
    learning.on_take_end(
        data, PRIORS, lots=10, filled_lots=2, displayed_lots=8, paid_tl=1_998, **take
    )
    assert data.fade.hits_micro == 750_000  # six of eight were gone
    assert data.improvement.total_milli == 1_000_000 * 2_000
    sold = VenueData(book_id=2)
    learning.on_take_end(
        sold,
        PRIORS,
        side=Side.SELL,
        lots=10,
        filled_lots=10,
        displayed_lots=6,
        touch_ticks=1_000,
        paid_tl=9_995,
    )
    assert sold.slippage.total_milli == 500_000 * 10_000


def test_an_order_that_got_nothing_teaches_no_price() -> None:
    data = VenueData(book_id=1)
    learning.on_take_end(
        data,
        PRIORS,
        side=Side.BUY,
        lots=5,
        filled_lots=0,
        displayed_lots=0,
        touch_ticks=10,
        paid_tl=0,
    )
    assert data.take == ShareData(0, MICRO)
    assert (data.fade, data.hidden, data.slippage) == (ShareData(), ShareData(), MeanData())


def test_answers_silence_cancels_and_showing() -> None:
    data = VenueData(book_id=1)
    learning.on_answer(data, PRIORS, latency_ns=1_000, refused=True)
    learning.on_silence(data, PRIORS)
    learning.on_cancel_answer(data, PRIORS, latency_ns=2_000, late=True)
    learning.on_rest_end(data, PRIORS, lots=4, filled_lots=1, rested_ns=3_000_000)
    learning.on_shown(
        data, PRIORS, side=Side.SELL, mid_x2_ticks=2_000, later_mid_x2_ticks=1_999, lots=1
    )
    assert data.reject.hits_micro == MICRO
    assert data.silent == ShareData(MICRO, 990_000)
    assert data.late_cancel.hits_micro == MICRO
    assert data.fill == ShareData(250_000, 750_000)
    assert data.fill_rate == RateData(MICRO, 3_000)
    # The mid fell while a sale was shown: half a tick of a thousand away.
    assert data.leak.total_milli == 500_000 * 1_000
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(data), type=VenueData)
    assert again == data
