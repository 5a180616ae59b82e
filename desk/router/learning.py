"""One venue as own orders have found it: every posterior that the factors are read from.

Only what happened to own orders is learned from here, because that is what the next one will
meet: others' fills say nothing about our place in the queue, our latency, or who trades against
us.

All of it is plain data (`VenueData`) for the desk's own; each `on_…` applies one thing that
happened.
"""

import msgspec

from desk.router.markouts import PPB, MarkoutData
from desk.router.posterior import (
    MeanData,
    Prior,
    QuantileData,
    RateData,
    ShareData,
    add_mean,
    add_quantile,
    add_rate,
    add_share,
)
from market.codes import Side


class Priors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is believed of a venue before it has been used.

    Attributes:
        fill: Share of resting lots that fill; also the rate of fills.
        take: Share of lots that taking orders get.
        trouble: Shares of what goes wrong: refused, late, silent, faded.
        hidden: Share of lots got beyond those displayed.
        money: Means in ppb, drawn towards zero; also the share of toxic fills.
        latency: Forgetting of latencies; its counts do not matter.
    """

    fill: Prior = Prior()
    take: Prior = Prior(hits_micro=9_000_000)
    trouble: Prior = Prior(hits_micro=20_000, misses_micro=1_980_000)
    hidden: Prior = Prior(hits_micro=20_000, misses_micro=1_980_000)
    money: Prior = Prior()
    latency: Prior = Prior(keep_ppm=995_000)


class VenueData(msgspec.Struct):
    """All that is learned of one venue."""

    book_id: int
    fill: ShareData = msgspec.field(default_factory=ShareData)
    fill_rate: RateData = msgspec.field(default_factory=RateData)
    take: ShareData = msgspec.field(default_factory=ShareData)
    fade: ShareData = msgspec.field(default_factory=ShareData)
    hidden: ShareData = msgspec.field(default_factory=ShareData)
    reject: ShareData = msgspec.field(default_factory=ShareData)
    late_cancel: ShareData = msgspec.field(default_factory=ShareData)
    silent: ShareData = msgspec.field(default_factory=ShareData)
    slippage: MeanData = msgspec.field(default_factory=MeanData)
    improvement: MeanData = msgspec.field(default_factory=MeanData)
    leak: MeanData = msgspec.field(default_factory=MeanData)
    ack: QuantileData = msgspec.field(default_factory=QuantileData)
    cancel: QuantileData = msgspec.field(default_factory=QuantileData)
    markouts: MarkoutData = msgspec.field(default_factory=MarkoutData)


def on_rest_end(
    data: VenueData, priors: Priors, *, lots: int, filled_lots: int, rested_ns: int
) -> None:
    """A resting order has ended, filled or not.

    Args:
        data: Changed in place.
        priors: Of the venue.
        lots: What it rested with.
        filled_lots: What of it was filled.
        rested_ns: How long it rested.
    """
    assert 0 <= filled_lots <= lots
    assert lots > 0
    assert rested_ns >= 0
    add_share(data.fill, priors.fill, filled_lots, lots)
    add_rate(data.fill_rate, priors.fill, int(filled_lots > 0), rested_ns // 1_000)


def on_take_end(
    data: VenueData,
    priors: Priors,
    *,
    side: Side,
    lots: int,
    filled_lots: int,
    displayed_lots: int,
    touch_ticks: int,
    paid_tl: int,
) -> None:
    """A taking order has ended.

    Args:
        data: Changed in place.
        priors: Of the venue.
        side: Of the order.
        lots: What it was sent for.
        filled_lots: What it got.
        displayed_lots: What its price or better showed when it was sent.
        touch_ticks: The best displayed price when it was sent, above 0.
        paid_tl: Sum of price × lots of its fills, in ticks × lots.
    """
    assert 0 <= filled_lots <= lots
    assert lots > 0
    assert touch_ticks > 0
    add_share(data.take, priors.take, filled_lots, lots)
    expected_lots = min(lots, displayed_lots)
    if expected_lots:
        faded_lots = max(expected_lots - filled_lots, 0)
        add_share(data.fade, priors.trouble, faded_lots, expected_lots)
    if filled_lots == 0:
        return
    beyond_lots = max(filled_lots - displayed_lots, 0)
    add_share(data.hidden, priors.hidden, beyond_lots, filled_lots)
    worse_tl = side.sign * (paid_tl - touch_ticks * filled_lots)
    worse_ppb = abs(worse_tl) * PPB // (touch_ticks * filled_lots)
    add_mean(data.slippage, priors.money, worse_ppb if worse_tl > 0 else 0, filled_lots)
    add_mean(data.improvement, priors.money, worse_ppb if worse_tl < 0 else 0, filled_lots)


def on_answer(data: VenueData, priors: Priors, *, latency_ns: int, refused: bool) -> None:
    """A request to trade was answered."""
    add_quantile(data.ack, priors.latency, latency_ns)
    add_share(data.reject, priors.trouble, int(refused), 1)
    add_share(data.silent, priors.trouble, 0, 1)


def on_silence(data: VenueData, priors: Priors) -> None:
    """An answer is overdue."""
    add_share(data.silent, priors.trouble, 1, 1)


def on_cancel_answer(data: VenueData, priors: Priors, *, latency_ns: int, late: bool) -> None:
    """A cancel was answered; late when the order had already ended."""
    add_quantile(data.cancel, priors.latency, latency_ns)
    add_share(data.late_cancel, priors.trouble, int(late), 1)


def on_shown(
    data: VenueData,
    priors: Priors,
    *,
    side: Side,
    mid_x2_ticks: int,
    later_mid_x2_ticks: int,
    lots: int,
) -> None:
    """An order has rested for a second: where the mid was when it began, and where it is.

    Args:
        data: Changed in place.
        priors: Of the venue.
        side: Of the order.
        mid_x2_ticks: Twice the mid at its beginning, above 0.
        later_mid_x2_ticks: Twice the mid a second later.
        lots: What it showed.
    """
    assert mid_x2_ticks > 0
    away = side.sign * (later_mid_x2_ticks - mid_x2_ticks)
    size = abs(away) * PPB // mid_x2_ticks
    add_mean(data.leak, priors.money, size if away >= 0 else -size, lots)
