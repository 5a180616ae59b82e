"""What borrowing for a short position costs, day by day.

Model: lent lots are secured by cash, a share of the last close a lot above its worth, by custom
rounded up to a whole unit of currency. The yearly rate is charged on that security for every night
that the position is held, over a year of 360 days: a position held over a weekend pays three.

Rounding: security a lot up to its step; the rate of the nights half up to a part per billion; the
amount half up to a whole price unit × lot.

Limits: nights run from the trade and not from its settlement, so a position pays for the nights in
which it is held, not for those in which its delivery is open. Rebates on the proceeds of a sale are
not here.
"""

import msgspec

from market.codes import AccrualKind
from market.errors import InputError
from market.instruments import Instrument
from market.messages import Accrual
from sim.costs.exact import NANOS, NANOS_MAX, PPB, PPM, check_range, divide

YEAR_DAYS_MAX = 366
NIGHTS_MAX = 366
RATE_MAX = 100 * PPB
"""Ten thousand percent a year."""


class BorrowTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Terms of a loan of lots.

    Attributes:
        year_ppb: The rate of a year, in parts per billion; 0 lends for nothing.
        year_days: Days that a year is counted as.
        security_ppm: Security in millionths of the close; 1,020,000 is the custom in dollars.
        security_step_nanos: Security a lot is rounded up to a multiple of this much currency; 0 for
            one price unit.
    """

    year_ppb: int = 0
    year_days: int = 360
    security_ppm: int = PPM
    security_step_nanos: int = 0

    def __post_init__(self) -> None:
        check_range("year_ppb", self.year_ppb, 0, RATE_MAX)
        check_range("year_days", self.year_days, 1, YEAR_DAYS_MAX)
        check_range("security_ppm", self.security_ppm, PPM, 10 * PPM)
        check_range("security_step_nanos", self.security_step_nanos, 0, NANOS_MAX)

    def security_units(self, close_units: int, instrument: Instrument) -> int:
        """Security for one piece, as a price in price units.

        Args:
            close_units: The last close; a price of zero or below needs none.
            instrument: Whose price units.

        Raises:
            InputError: The step is no whole number of price units.
        """
        scaled = self.security_step_nanos * instrument.price_units_per_currency
        step, rest = divmod(scaled, NANOS)
        if rest or (scaled and not step):
            raise InputError(
                f"security_step_nanos: found {self.security_step_nanos}, allowed is 0 or a multiple "
                f"of a price unit of {instrument.symbol}, 1/{instrument.price_units_per_currency}"
            )
        step = step or 1
        return step * divide(max(close_units, 0) * self.security_ppm, PPM * step, "up")

    def accrual(
        self, book_id: int, close_units: int, nights: int, instrument: Instrument
    ) -> Accrual:
        """What falls due for the nights between two trading days.

        Args:
            book_id: Of which book.
            close_units: The close before them.
            nights: Calendar days from this trading day to the next: 3 over a weekend.
            instrument: Of the book.
        """
        assert 1 <= nights <= NIGHTS_MAX
        return Accrual(
            kind=AccrualKind.BORROW,
            book_id=book_id,
            rate_ppb=divide(self.year_ppb * nights, self.year_days),
            mark_units=self.security_units(close_units, instrument),
        )
