"""The table of factors is whole; scores add up; facts are what they say."""

from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.router import (
    FACTORS,
    REST,
    TAKE,
    Blocked,
    Candidate,
    RouterFactor,
    ScoreRow,
    VenueFacts,
    VenueNow,
    explain,
    facts_of,
    learned_of,
    learning,
    markouts,
    score,
    weights_of,
)
from desk.router.health import HealthData
from desk.router.learning import Priors, VenueData
from desk.router.measure import rest_value_ppb
from desk.router.weights import PART_MAX, Weights
from market.codes import Side
from market.decisions import PPM
from market.errors import InputError

PRIORS = Priors()


def test_the_table_has_a_row_for_every_factor_and_every_factor_a_field() -> None:
    assert list(FACTORS) == list(RouterFactor)
    assert len(FACTORS) >= 40
    fields = [name for name in VenueFacts.__struct_fields__ if name != "book_id"]
    assert fields == [factor.field for factor in RouterFactor]
    assert [int(factor) for factor in RouterFactor] == list(range(1, len(FACTORS) + 1))
    for row in FACTORS.values():
        assert row.sign in (1, -1)
        assert row.low < row.high
        assert row.text
        assert row.source


def test_every_factor_that_is_asked_for_is_measured() -> None:
    # Each field of the facts moves when something that is known moves.
    base = facts_of(now_at(), learned_of(VenueData(book_id=1), PRIORS), HealthData())
    data = VenueData(book_id=1)
    learning.on_rest_end(data, PRIORS, lots=4, filled_lots=4, rested_ns=5_000_000_000)
    learning.on_take_end(
        data, PRIORS, side=Side.BUY, lots=10, filled_lots=9, displayed_lots=6,
        touch_ticks=1_000, paid_tl=9_100,
    )  # fmt: skip
    learning.on_take_end(
        data, PRIORS, side=Side.BUY, lots=10, filled_lots=5, displayed_lots=8,
        touch_ticks=1_000, paid_tl=4_900,
    )  # fmt: skip
    for latency_ns in (1_000_000, 1_000_000, 9_000_000):
        learning.on_answer(data, PRIORS, latency_ns=latency_ns, refused=True)
    learning.on_silence(data, PRIORS)
    learning.on_cancel_answer(data, PRIORS, latency_ns=3_000_000, late=True)
    learning.on_shown(
        data, PRIORS, side=Side.BUY, mid_x2_ticks=2_000, later_mid_x2_ticks=2_020, lots=9
    )
    markouts.on_fill(data.markouts, 0, Side.BUY, 1_000, 50)
    markouts.on_mid(data.markouts, PRIORS.money, 1, 1_990)
    markouts.settle(data.markouts, PRIORS.money, 10**12)
    moved = facts_of(
        now_at(
            near_ticks=990, far_ticks=1_003, next_far_ticks=1_009, best_far_ticks=1_001,
            far_lots=77, far_depth_lots=300, near_lots=44, outflow_mlots_s=2_000,
            volume_mlots_s=3_000, all_volume_mlots_s=9_000, trade_mlots=1_500, flicker_mhz=700,
            taker_fee_ppb=30_000, maker_rebate_ppb=20_000, clearing_ppb=100, order_fee_ppb=5_000,
            lot_step=7, feed_delay_us=90, stale_ms=12, unknown_orders=1, link_breaks=2,
            throttle_room=10, throttle_max=40, auction_ms=1_000, halts=1, resting_lots=8,
            opposite_lots=3, working_lots=25,
        ),
        learned_of(data, PRIORS), HealthData(weight_ppm=500_000),
    )  # fmt: skip
    same = [
        factor.name
        for factor in RouterFactor
        if getattr(base, factor.field) == getattr(moved, factor.field)
    ]
    assert same == []


def now_at(**changed: int) -> VenueNow:
    known: dict[str, object] = {
        "book_id": 1,
        "side": Side.BUY,
        "todo_lots": 100,
        "parent_lots": 100,
        "near_ticks": 999,
        "far_ticks": 1_000,
        "next_far_ticks": 1_001,
        "best_far_ticks": 1_000,
        "far_lots": 50,
        "far_depth_lots": 200,
        "near_lots": 150,
    }
    return VenueNow(**{**known, **changed})  # type: ignore[arg-type]


def test_facts_by_hand() -> None:
    found = facts_of(
        now_at(
            far_ticks=1_002, near_lots=150, outflow_mlots_s=3_000, order_fee_ppb=500_000,
            taker_fee_ppb=30_000, clearing_ppb=1_000, lot_step=30, working_lots=10,
        ),
        learned_of(VenueData(book_id=1), PRIORS), HealthData(),
    )  # fmt: skip
    assert found.price_edge_ppb == -2_000_000  # two ticks of a thousand
    assert found.spread_ppb == 3 * 10**9 // 999
    assert found.order_fee_ppb == 5_000  # over a hundred lots
    assert found.take_cost_ppb == 30_000 + 1_000 + 5_000 + 2_000_000
    assert found.far_cover_ppm == 500_000
    assert found.queue_share_ppm == 600_000
    assert found.imbalance_ppm == 500_000
    assert found.queue_wait_ms == 50_000
    assert found.lot_waste_ppm == 100_000
    assert found.parent_share_ppm == 100_000
    assert found.fill_ppm == 500_000
    assert found.health_ppm == PPM


def test_a_sellers_facts_are_the_mirror_of_a_buyers() -> None:
    data, health = VenueData(book_id=1), HealthData()
    buy = facts_of(now_at(near_ticks=995, far_ticks=1_002), learned_of(data, PRIORS), health)
    sell = facts_of(
        now_at(
            side=Side.SELL, near_ticks=1_005, far_ticks=998, next_far_ticks=997,
            best_far_ticks=1_000,
        ),
        learned_of(data, PRIORS), health,
    )  # fmt: skip
    assert buy.price_edge_ppb == sell.price_edge_ppb
    assert buy.level_gap_ticks == -1
    assert sell.level_gap_ticks == 1
    assert sell.spread_ppb == 7 * 10**9 // 1_005


def test_worth_of_resting_by_hand() -> None:
    # 60 % of filling for 30 and 40 % of crossing for 100: 18 − 40 = −22.
    assert rest_value_ppb(600_000, 30, 100) == -22


def test_a_cheaper_venue_and_a_quicker_one_and_a_quieter_one_win() -> None:
    plain = VenueFacts(book_id=1)
    for better in (
        {"take_cost_ppb": -1},
        {"ack_p90_us": -100},
        {"reject_ppm": -1_000},
        {"hidden_ppm": 1_000},
    ):
        base = dict.fromkeys(better, 500_000)
        one = msgspec.structs.replace(plain, **base)
        two = msgspec.structs.replace(
            plain, book_id=2, **{name: base[name] + change for name, change in better.items()}
        )
        ranked = score(TAKE, [Candidate(one), Candidate(two)])
        assert [row.book_id for row in ranked] == [2, 1], better


def test_a_basis_point_is_a_basis_point() -> None:
    # A venue that refuses everything costs as much as a basis point of fee.
    refusing = VenueFacts(book_id=1, reject_ppm=PPM)
    dear = VenueFacts(book_id=2, take_cost_ppb=100_000)
    rows = score(TAKE, [Candidate(refusing), Candidate(dear)])
    assert rows[0].score_micro == rows[1].score_micro
    assert [row.book_id for row in rows] == [1, 2]  # a tie: the lower book


FACTS = st.builds(
    VenueFacts,
    book_id=st.just(0),
    **{factor.field: st.integers(-(10**12), 10**12) for factor in RouterFactor},
)


@given(
    facts=st.lists(FACTS, min_size=1, max_size=4),
    blocked=st.lists(st.sampled_from(Blocked), min_size=4, max_size=4),
    weights=st.sampled_from([TAKE, REST]),
)
def test_scores_add_up_fit_the_journal_and_do_not_depend_on_the_order_of_naming(
    facts: list[VenueFacts], blocked: list[Blocked], weights: Weights
) -> None:
    candidates = [
        Candidate(msgspec.structs.replace(one, book_id=number), reason)
        for number, (one, reason) in enumerate(zip(facts, blocked, strict=False))
    ]
    rows = score(weights, candidates)
    for rank, row in enumerate(rows):
        assert row.rank == rank
        assert row.score_micro == sum(row.parts)
        assert len(row.parts) == len(FACTORS)
        assert len(explain(row)) <= 11
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(rows), type=tuple[ScoreRow, ...]) == rows
    free = [row.score_micro for row in rows if not row.blocked]
    assert free == sorted(free, reverse=True)
    assert [bool(row.blocked) for row in rows] == sorted(bool(row.blocked) for row in rows)
    for other in permutations(candidates):
        assert score(weights, other) == rows


def test_wild_figures_count_as_their_bound() -> None:
    wild = VenueFacts(book_id=1, ack_p90_us=10**15)
    row = score(TAKE, [Candidate(wild)])[0]
    bound = FACTORS[RouterFactor.ACK_P90_US].high
    assert row.score_micro == -bound * 1_000_000


def test_explain_names_the_largest_parts_first() -> None:
    facts = VenueFacts(book_id=3, take_cost_ppb=25_000, hidden_ppm=1_000, reject_ppm=10)
    assert explain(score(TAKE, [Candidate(facts, Blocked.SICK)])[0]) == [
        "book 3: rank 0, −24996.000000 ppb, SICK",
        "−25000.000000 ppb TAKE_COST_PPB 25000 ppb",
        "+5.000000 ppb HIDDEN_PPM 1000 ppm",
        "−1.000000 ppb REJECT_PPM 10 ppm",
    ]


def test_weights_are_data_and_wrong_ones_are_refused() -> None:
    assert weights_of({"spread_ppb": 5}).values[int(RouterFactor.SPREAD_PPB) - 1] == 5
    with pytest.raises(InputError, match="found 'spread', allowed are"):
        weights_of({"spread": 1})
    with pytest.raises(InputError, match="spread_ppb is -1"):
        weights_of({"spread_ppb": -1})
    most = PART_MAX // 10_000_000
    weights_of({"spread_ppb": most})
    with pytest.raises(InputError, match=f"allowed is 0 to {most}"):
        weights_of({"spread_ppb": most + 1})
    with pytest.raises(InputError, match="found 1 weights"):
        Weights((1,))
