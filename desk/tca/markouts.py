"""Mark-outs: where the mid was, some time after a fill.

Model: a mark-out is side × (later mid − price) × lots: above zero, the market went our way. Measured
from the price it holds the spread that was paid or earned; from the mid at the fill it does not, and
says how informed the other side was. What the data end before is absent: it is not in sums or counts,
and is counted apart.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final

import msgspec

from desk.tca.exact import currency_decimals, in_decimals, ratio
from desk.tca.records import FillRecord, ParentRecord
from desk.tca.series import MidSeries
from market.units import DURATION_NS

HORIZONS_NS: Final = tuple(
    count * DURATION_NS[unit] for count, unit in ((1, "s"), (5, "s"), (30, "s"), (1, "m"), (5, "m"))
)
"""1 s, 5 s, 30 s, 1 min and 5 min."""

Key = int | str
KeyOf = Callable[[ParentRecord, FillRecord], Key]


class Markout(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One fill at one horizon, in half price unit × lot; both None where the mid is not known yet."""

    horizon_ns: int
    from_price_x2: int | None
    from_mid_x2: int | None


class MarkoutRow(msgspec.Struct, frozen=True, kw_only=True):
    """A mean over fills: sums of money in 10^-`decimals` of `currency`.

    Attributes:
        fills: How many are known at this horizon.
        absent: How many are not.
        lots: Of the known ones.
        worth: Of them at their prices.
    """

    key: Key
    currency: str
    decimals: int
    horizon_ns: int
    fills: int
    absent: int
    lots: int
    worth: int
    from_price: int
    from_mid: int

    @property
    def per_lot(self) -> Fraction | None:
        """From the price, weighted by lots, in 10^-`decimals` of currency; None of nothing."""
        return ratio(self.from_price, self.lots)

    @property
    def share(self) -> Fraction | None:
        """From the price, as a share of what was traded; None of nothing."""
        return ratio(self.from_price, self.worth)


def markouts_of(
    record: ParentRecord,
    fill: FillRecord,
    mids: MidSeries,
    horizons_ns: Sequence[int] = HORIZONS_NS,
) -> list[Markout]:
    """One fill at every horizon.

    Args:
        record: The parent of the fill.
        fill: The fill.
        mids: Of its book.
        horizons_ns: Times after the fill.
    """
    signed_lots = record.side.sign * fill.lots
    found = []
    for horizon_ns in horizons_ns:
        later_x2 = mids.at(fill.seen.at_ns + horizon_ns)
        from_price_x2 = from_mid_x2 = None
        if later_x2 is not None:
            from_price_x2 = signed_lots * (later_x2 - fill.price_x2_units)
            from_mid_x2 = signed_lots * (later_x2 - fill.seen.venue.mid_x2_units)
        found.append(
            Markout(horizon_ns=horizon_ns, from_price_x2=from_price_x2, from_mid_x2=from_mid_x2)
        )
    return found


def mean_markouts(
    records: Sequence[ParentRecord],
    mids: Mapping[str, MidSeries],
    key_of: KeyOf,
    horizons_ns: Sequence[int] = HORIZONS_NS,
) -> list[MarkoutRow]:
    """A row for each key, currency and horizon, in that order.

    Args:
        records: Parents.
        mids: By symbol.
        key_of: What a fill is counted under.
        horizons_ns: Times after each fill.
    """
    decimals = currency_decimals(record.instrument for record in records)
    sums: dict[tuple[Key, str, int], list[int]] = {}
    for record in records:
        for _, fill in record.fills():
            name = key_of(record, fill), record.instrument.currency
            for one in markouts_of(record, fill, mids[record.instrument.symbol], horizons_ns):
                row = sums.setdefault((*name, one.horizon_ns), [0] * 6)
                _add(row, record, fill, one, decimals[record.instrument.currency])
    rows = []
    for key, currency, horizon_ns in sorted(sums):
        fills, absent, lots, worth, from_price, from_mid = sums[key, currency, horizon_ns]
        rows.append(
            MarkoutRow(
                key=key,
                currency=currency,
                decimals=decimals[currency],
                horizon_ns=horizon_ns,
                fills=fills,
                absent=absent,
                lots=lots,
                worth=worth,
                from_price=from_price,
                from_mid=from_mid,
            )
        )
    return rows


def _add(
    row: list[int], record: ParentRecord, fill: FillRecord, one: Markout, decimals: int
) -> None:
    """Count one fill at one horizon."""
    if one.from_price_x2 is None or one.from_mid_x2 is None:
        row[1] += 1
        return
    row[0] += 1
    row[2] += fill.lots
    amounts_x2 = (fill.price_x2_units * fill.lots, one.from_price_x2, one.from_mid_x2)
    for index, amount_x2 in enumerate(amounts_x2, 3):
        row[index] += in_decimals(record.instrument, amount_x2, decimals)
