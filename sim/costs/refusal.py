"""Why a settlement or short-sale rule refuses an order: a code and the two figures that decided."""

from typing import NamedTuple

from market.codes import Reason


class Refusal(NamedTuple):
    """A refusal; both figures are lots or ticks, by the reason.

    Attributes:
        reason: Which rule.
        found: What the order wanted.
        allowed: The most, or for a price the lowest, that would have passed.
    """

    reason: Reason
    found: int
    allowed: int

    @property
    def figure(self) -> int:
        """The one figure of a report, which has what was found in its own price and quantity."""
        return self.allowed
