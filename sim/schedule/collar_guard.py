"""Static and dynamic collars of one book: a price outside calls a volatility auction.

Model: the dynamic collar lies around the last trade, the static one around the last auction; the band
in continuous trading is what both allow. A book that stops before the first trade outside its band
(`BandAction.INTERRUPT`) begins the volatility call by itself; a print outside, which only history can
bring, begins it here, and stands. In a call the band is the wider of the collars, and for a volatility
call the extended one, so that a print outside is what extends the call.

What prints at the instant at which a call ends is its auction; its price moves both references.

Limits: collars are the same all day; venues publish their widths by class of stock, or not at all.
"""

import msgspec

from market.codes import Phase
from market.errors import InputError
from sim.clock import NEVER_NS
from sim.schedule.effective import Interruption
from sim.schedule.guard import Act, Interrupt, PhaseBegan, Seen, SetBand, Traded, inside_ticks
from sim.schedule.ports import NO_HIGH_TICKS, NO_LOW_TICKS
from sim.venue_rules.bands import Band
from sim.venue_rules.collars import Breach, Collars, Width


class CollarTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A book's collars; a width of 0 in both of its figures is no collar.

    Attributes:
        reference_ticks: The last auction's price before the run, above 0.
        dynamic_ppm: Half width around the last trade, in millionths.
        dynamic_ticks_min: It is never less than this.
        static_ppm: Half width around the last auction, in millionths.
        static_ticks_min: It is never less than this.
        extended_ppm: Half width around the last trade that a volatility call may print in; 0 for any.
    """

    reference_ticks: int
    dynamic_ppm: int = 0
    dynamic_ticks_min: int = 0
    static_ppm: int = 0
    static_ticks_min: int = 0
    extended_ppm: int = 0

    def __post_init__(self) -> None:
        if self.reference_ticks < 1:
            raise InputError(
                f"reference_ticks: found {self.reference_ticks}, allowed is at least 1"
            )
        self.collars()
        self.extended()

    def collars(self) -> Collars:
        """Both collars, in half ticks."""
        return Collars(
            static=_width(self.static_ppm, self.static_ticks_min),
            dynamic=_width(self.dynamic_ppm, self.dynamic_ticks_min),
        )

    def extended(self) -> Width | None:
        """What a volatility call may print in, in half ticks."""
        return _width(self.extended_ppm, 0)


def _width(ppm: int, ticks_min: int) -> Width | None:
    """A width in half ticks."""
    return Width(ppm=ppm, ticks_min=2 * ticks_min) if ppm or ticks_min else None


class CollarGuard:
    """Keeps one book inside its collars.

    Args:
        book_id: Of the run.
        terms: Its collars.
    """

    def __init__(self, book_id: int, terms: CollarTerms) -> None:
        self._book_id = book_id
        self._collars = terms.collars()
        self._extended = terms.extended()
        self._auction_x2 = 2 * terms.reference_ticks
        self._trade_x2 = 2 * terms.reference_ticks
        self._phase = Phase.CLOSED
        self._uncrossed_ns = -1
        self._now_ns = 0
        self._set = (NO_LOW_TICKS, NO_HIGH_TICKS)

    @property
    def due_ns(self) -> int:
        """Time alone never makes it act."""
        return NEVER_NS

    def advance(self, now_ns: int) -> list[Act]:
        """Nothing happens by time alone."""
        assert now_ns >= self._now_ns
        self._now_ns = now_ns
        return []

    def on(self, seen: Seen, now_ns: int) -> list[Act]:
        """A trade moves references; a phase has its band; quotes and extensions do not matter."""
        self.advance(now_ns)
        if isinstance(seen, Traded):
            return self._on_trade(seen.price_x2)
        if isinstance(seen, PhaseBegan):
            if self._phase.is_call and not seen.phase.is_call:
                self._uncrossed_ns = now_ns
            self._phase = seen.phase
            return self._refresh(always=True)
        return []

    def _on_trade(self, price_x2: int) -> list[Act]:
        """A trade moves the references, and interrupts trading if it lies outside the collars."""
        if self._phase.is_call or self._now_ns == self._uncrossed_ns:
            self._auction_x2 = self._trade_x2 = price_x2
            return self._refresh()
        acts: list[Act] = []
        if self._phase is Phase.CONTINUOUS and self._is_outside(price_x2):
            acts.append(Interrupt(self._now_ns, self._book_id, Interruption.VOLATILITY, None))
            self._phase = Phase.VOLATILITY_CALL
        self._trade_x2 = price_x2
        return self._refresh() + acts

    def _is_outside(self, price_x2: int) -> bool:
        """Whether a price lies outside a collar."""
        breach = self._collars.breach(
            price_x2, auction_ticks=self._auction_x2, trade_ticks=self._trade_x2
        )
        return breach is not Breach.NONE

    def _refresh(self, *, always: bool = False) -> list[Act]:
        """Move the band to where it belongs."""
        band = self._due_band()
        found = (NO_LOW_TICKS, NO_HIGH_TICKS)
        if band is not None:
            found = inside_ticks(band.low, band.high)
        if found == self._set and not (always and band is not None):
            return []
        self._set = found
        return [SetBand(self._now_ns, self._book_id, *found)]

    def _due_band(self) -> Band | None:
        """The band that holds in the present phase, in half ticks."""
        if self._phase is Phase.VOLATILITY_CALL:
            return None if self._extended is None else self._extended.around(self._trade_x2)
        dynamic, static = self._collars.dynamic, self._collars.static
        bands = []
        if dynamic is not None:
            bands.append(dynamic.around(self._trade_x2))
        if static is not None:
            bands.append(static.around(self._auction_x2))
        if not bands or not (self._phase is Phase.CONTINUOUS or self._phase.is_call):
            return None
        both = Band(max(band.low for band in bands), min(band.high for band in bands))
        # A print of history far outside can tear the collars apart; then the nearer one holds.
        return both if both.low <= both.high else bands[0]
