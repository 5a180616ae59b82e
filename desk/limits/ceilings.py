"""Ceilings over the limits: what no word changes while a desk runs.

Model: limits can be set anew by a person, and a person can be wrong by three zeros. So behind them stand ceilings,
which are read once, at the start, and are held against every order last of all. They have no door: nothing that
is said to a desk reaches them. Where none are written, the limits of the start are the ceilings, so that a word
can make limits narrower and nothing wider.

They look at the last check's tally, because that is what left, and at nothing that was configured since.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import UnsetType

from desk.limits.codes import LimitCode
from desk.limits.config import MESSAGES_MAX, BookLimits, LimitsConfig
from desk.limits.tally import TallyData, reached_lots
from market.codes import OrderType, Side
from market.decisions import PPM
from market.errors import InputError
from market.instruments import Instrument
from market.messages import Replace, Submit

NO_CEILING: Final = BookLimits()
"""A book without a ceiling of its own, where others have one: nothing may be sent about it."""


class CeilingsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What no limit may let out, whatever it is set to.

    Attributes:
        instruments: By name, in the same terms as limits.
        messages_max: Messages of every kind within the limits' window.
    """

    instruments: dict[str, BookLimits] = {}
    messages_max: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.messages_max <= MESSAGES_MAX:
            raise InputError(f"messages_max is {self.messages_max}, allowed is 0 to {MESSAGES_MAX}")


class Ceilings:
    """The ceilings of one desk.

    Args:
        config: As written; the limits of the start where nothing is.
        limits: As they are at the start.
        instruments: By book.

    Raises:
        InputError: A limit lies above its ceiling.
    """

    def __init__(
        self,
        config: CeilingsConfig | UnsetType,
        limits: LimitsConfig,
        instruments: Sequence[Instrument],
    ) -> None:
        if isinstance(config, UnsetType):
            config = CeilingsConfig(
                instruments=limits.instruments, messages_max=limits.messages_max
            )
        check_ceilings(config, limits)
        self._tables = [config.instruments.get(one.symbol, NO_CEILING) for one in instruments]
        self._notional_max = notional_maxima(self._tables, instruments)
        self._tick_units = [one.tick_units for one in instruments]
        self.messages_max = config.messages_max
        self.plain_max = config.messages_max - limits.cancel_reserve

    def refusal(
        self, command: Submit | Replace, side: Side, mid_x2: int, tally: TallyData
    ) -> tuple[int, int, int] | None:
        """Which ceiling an order would pass that its limits let out.

        Args:
            mid_x2: Twice the mid that the order was priced against.
            tally: Of everything that left.
        """
        book_id, qty_lots = command.book_id, command.qty_lots
        table = self._tables[book_id]
        if qty_lots > table.order_lots:
            return LimitCode.CEILING_QTY, qty_lots, table.order_lots
        if isinstance(command, Submit) and command.order_type == OrderType.MARKET:
            price_x2 = mid_x2 + abs(mid_x2) * table.collar_ppm // PPM
        else:
            price_x2 = 2 * command.price_ticks
            away = abs(price_x2 - mid_x2) * PPM
            if away > table.collar_ppm * abs(mid_x2):
                return LimitCode.CEILING_COLLAR, away // abs(mid_x2), table.collar_ppm
        notional = abs(price_x2) * self._tick_units[book_id] * qty_lots
        if notional > 2 * self._notional_max[book_id]:
            return LimitCode.CEILING_NOTIONAL, notional // 2, self._notional_max[book_id]
        reached = reached_lots(tally, book_id, side, qty_lots)
        if reached > table.position_lots:
            return LimitCode.CEILING_POSITION, reached, table.position_lots
        return None


def notional_maxima(tables: Sequence[BookLimits], instruments: Sequence[Instrument]) -> list[int]:
    """Largest worth of an order by book, in price units times lots."""
    return [
        table.order_notional_micros * one.price_units_per_currency * one.lot_den
        // (PPM * one.lot_num)
        for table, one in zip(tables, instruments, strict=True)
    ]  # fmt: skip


def check_ceilings(ceilings: CeilingsConfig, limits: LimitsConfig) -> None:
    """Refuse limits above their ceilings.

    Raises:
        InputError: With the first of them.
    """
    _check("messages_max", limits.messages_max, ceilings.messages_max)
    for name, table in limits.instruments.items():
        ceiling = ceilings.instruments.get(name, NO_CEILING)
        allowed: Mapping[str, int] = msgspec.structs.asdict(ceiling)
        for field, value in msgspec.structs.asdict(table).items():
            _check(f"instruments.{name}.{field}", value, allowed[field])


def _check(name: str, value: int, ceiling: int) -> None:
    if value > ceiling:
        raise InputError(f"limits.{name} is {value}, allowed is up to its ceiling, {ceiling}")
