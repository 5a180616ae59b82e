"""Sizes and prices that an order may have."""

from typing import Final

from console.venue_words.amounts import NONE, Section, lots, percent, width
from scenarios.venue_preset import VenuePreset
from scenarios.venue_sections import AdmissionSection
from sim.front import OddLot
from sim.venue_rules.tick_table import RTS11_TRADES_FROM, UNITS, US_EQUITY, TickTable, rts11_table

ODD: Final = {
    OddLot.REFUSE: "refused",
    OddLot.SMALL: "taken below one round lot, mixed ones refused",
    OddLot.ACCEPT: "taken",
}
SAMPLES: Final = (UNITS // 2, UNITS, 10 * UNITS, 100 * UNITS)
"""Prices at which a table's tick is shown."""


def sizes(preset: VenuePreset) -> Section:
    """What quantities and prices are held to."""
    sheet = preset.admission
    return {
        "round_lot": lots(sheet.round_lots),
        "other_quantities": ODD[sheet.odd_lots],
        "largest_order": lots(sheet.qty_lots_max) if sheet.qty_lots_max else "any",
        "largest_worth": f"{sheet.notional_max:,} of currency" if sheet.notional_max else "any",
        "least_that_an_iceberg_shows": _least_shown(sheet),
        "grid_of_prices": _grid(sheet),
        "daily_limits": (
            f"{percent(sheet.price_limit_ppm)} from the last close"
            if sheet.price_limit_ppm
            else NONE
        ),
        "collar": _collar(sheet),
    }


def _least_shown(sheet: AdmissionSection) -> str:
    """The least peak of an iceberg."""
    parts = [percent(sheet.display_ppm_min) + " of it"] if sheet.display_ppm_min else []
    parts += [lots(sheet.display_lots_min)] if sheet.display_lots_min else []
    return ", and never less than ".join(parts) or "anything"


def _grid(sheet: AdmissionSection) -> str:
    """The step between prices."""
    if sheet.tick_table == "none":
        return "the instrument's own tick"
    if sheet.tick_table == "us_equity":
        return f"a cent from one dollar on, a hundredth of it below: {_samples(US_EQUITY)}"
    least = max(start for start in RTS11_TRADES_FROM if start <= sheet.trades_a_day)
    return (
        f"the European table for {sheet.trades_a_day:,} trades a day (its column from {least:,} on): "
        f"{_samples(rts11_table(sheet.trades_a_day))}"
    )


def _samples(table: TickTable) -> str:
    """A table's tick at some prices."""
    return ", ".join(f"{_units(table.tick_at(price))} at {_units(price)}" for price in SAMPLES)


def _units(units: int) -> str:
    """A price of a tick table."""
    whole, rest = divmod(units, UNITS)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")


def _collar(sheet: AdmissionSection) -> str:
    """How far from the market a limit may lie."""
    if not (sheet.collar_ppm or sheet.collar_ticks_min):
        return NONE if not sheet.collar_both_ways else f"{NONE}, to either side"
    side = "to either side" if sheet.collar_both_ways else "towards the other side only"
    return f"{width(sheet.collar_ppm, sheet.collar_ticks_min)} from the last price, {side}"
