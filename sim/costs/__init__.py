"""What trading and holding costs at a venue, and the settlement rules that a desk must know.

`Fees` is two rates; `FeeSchedule` a whole price list with volume tiers, bounds and levies, and
`Billing` charges by either. `SellableLots` is the T+1 sell restriction; `Locates`, `PriceTest` and
`refuse_mark` are what short sales need; `BorrowTerms` and `FundingTerms` say what holding costs, and
`accrued` how much of it falls on a position. Everything is whole numbers with a declared rounding,
explained in docs/explanation/venue-costs.md. `VenueCosts` is all of it, as a preset file holds it.
"""

from sim.costs.accrual import accrue_all, accrued
from sim.costs.billing import Bill, Billing, Payer, Takings
from sim.costs.borrow import BorrowTerms
from sim.costs.exact import Scale, scale_of
from sim.costs.fee_schedule import Charge, Fees, FeeSchedule, Tariff, Turnover
from sim.costs.funding import FundingTerms, PremiumAverage, Ratio, impact_price, premium_ppb
from sim.costs.levy import Levy
from sim.costs.rate import Bounds, Rate, Trade
from sim.costs.refusal import Refusal
from sim.costs.settlement import SellableLots, SettlementRule
from sim.costs.short_sale import Locates, PriceTest, ShortSaleRule, refuse_mark
from sim.costs.venue_costs import VenueCosts

__all__ = [
    "Bill",
    "Billing",
    "BorrowTerms",
    "Bounds",
    "Charge",
    "FeeSchedule",
    "Fees",
    "FundingTerms",
    "Levy",
    "Locates",
    "Payer",
    "PremiumAverage",
    "PriceTest",
    "Rate",
    "Ratio",
    "Refusal",
    "Scale",
    "SellableLots",
    "SettlementRule",
    "ShortSaleRule",
    "Takings",
    "Tariff",
    "Trade",
    "Turnover",
    "VenueCosts",
    "accrue_all",
    "accrued",
    "impact_price",
    "premium_ppb",
    "refuse_mark",
    "scale_of",
]
