"""Everything about a venue that costs, as one struct that a preset file holds.

Each part that is not said is a rule that the venue does not have, but for its fees.
"""

import msgspec

from sim.costs.borrow import BorrowTerms
from sim.costs.fee_schedule import FeeSchedule
from sim.costs.funding import FundingTerms
from sim.costs.settlement import SettlementRule
from sim.costs.short_sale import ShortSaleRule


class VenueCosts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A venue's costs and settlement rules.

    Attributes:
        fees: What fills cost.
        settlement: When what was bought may be sold.
        short_sale: What short sales need.
        borrow: What short positions cost.
        funding: What positions in a perpetual pay each other.
    """

    fees: FeeSchedule
    settlement: SettlementRule = SettlementRule()
    short_sale: ShortSaleRule = ShortSaleRule()
    borrow: BorrowTerms = BorrowTerms()
    funding: FundingTerms = FundingTerms()
