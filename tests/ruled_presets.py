"""Rules under which random streams run: each switch of `BookRules` on and off, alone and together."""

from typing import Final

from market.codes import BandAction
from sim.streams import stream_key
from sim.venue_rules.allocation_policy import AllocationPolicy, ShareOf, Step, cme_steps
from sim.venue_rules.auction_policy import (
    EURONEXT,
    FOUR_STEP,
    NASDAQ_CROSS,
    XETRA_R14,
    XETRA_T7,
)
from sim.venue_rules.book_rules import BookRules, Matching

KEY: Final = stream_key(5, "peaks")

PRESETS: Final[dict[str, BookRules]] = {
    "plain": BookRules(peak_key=KEY),
    "xetra": BookRules(
        auction=XETRA_T7,
        market_rests=True,
        mid_isolated=True,
        band_action=BandAction.INTERRUPT,
        call_extends=True,
        peak_key=KEY,
    ),
    "resting": BookRules(
        auction=XETRA_R14, market_rests=True, market_after_call=True, peak_key=KEY + 1
    ),
    "nasdaq": BookRules(auction=NASDAQ_CROSS, band_action=BandAction.CLAMP, peak_key=KEY),
    "refusing": BookRules(
        auction=FOUR_STEP, band_action=BandAction.REJECT, market_rests=True, peak_key=KEY
    ),
    "interrupting": BookRules(
        auction=EURONEXT, band_action=BandAction.INTERRUPT, market_after_call=True, peak_key=KEY
    ),
    "futures": BookRules(
        matching=Matching.SHARED,
        allocation=AllocationPolicy(steps=cme_steps("A"), prorata_min_lots=2),
        peak_key=KEY,
    ),
    "shares": BookRules(
        matching=Matching.SHARED,
        allocation=AllocationPolicy(
            steps=(Step.TOP, Step.PRO_RATA),
            top_max_lots=7,
            prorata_min_lots=3,
            share_of=ShareOf.ENTERED,
        ),
        band_action=BandAction.INTERRUPT,
        market_rests=True,
        peak_key=KEY,
    ),
    "options": BookRules(
        matching=Matching.SHARED,
        allocation=AllocationPolicy(steps=cme_steps("C"), prorata_round_up=True),
        mid_isolated=True,
        peak_key=KEY,
    ),
    "brokers": BookRules(matching=Matching.BROKER_TIME, mid_isolated=True, peak_key=KEY),
    "nordic": BookRules(
        matching=Matching.BROKER_TIME,
        market_rests=True,
        band_action=BandAction.CLAMP,
        call_extends=True,
        peak_key=KEY,
    ),
}
