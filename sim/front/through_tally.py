"""What is counted of the trade-throughs of one venue in one group of books."""

import msgspec


class VenueThroughs(msgspec.Struct, frozen=True, kw_only=True):
    """The trade-throughs of one venue.

    Attributes:
        trades: Trades judged.
        lots: Lots of these.
        violations: Trade-throughs that nothing excuses.
        violation_lots: Lots of these.
        violation_ticks: Mean distance of a violation's lots, in ticks of the venue; None without any.
        violation_ticks_max: Largest distance.
        exempt: Trade-throughs that are allowed, by reason.
        passed_over: Violations elsewhere that passed over this venue's quote.
        passed_over_lots: Lots of these.
    """

    trades: int
    lots: int
    violations: int
    violation_lots: int
    violation_ticks: float | None
    violation_ticks_max: float | None
    exempt: dict[str, int]
    passed_over: int
    passed_over_lots: int


class Tally:
    """Counts of one venue.

    Args:
        tick: Of the venue's book, in the group's scale.
        kinds: How many reasons excuse a trade.
    """

    __slots__ = (
        "_exempt", "_lots", "_passed_lots", "_passed_over", "_tick", "_trades", "_violation_lots",
        "_violations", "_worse_lots", "_worse_max",
    )  # fmt: skip

    def __init__(self, *, tick: int, kinds: int) -> None:
        self._tick = tick
        self._exempt = [0] * kinds
        self._trades = 0
        self._lots = 0
        self._violations = 0
        self._violation_lots = 0
        self._worse_lots = 0
        self._worse_max = 0
        self._passed_over = 0
        self._passed_lots = 0

    def trade(self, lots: int) -> None:
        """A trade is judged."""
        self._trades += 1
        self._lots += lots

    def excuse(self, kind: int) -> None:
        """It passed over another venue's quote, and may."""
        self._exempt[kind] += 1

    def violate(self, lots: int, worse: int) -> None:
        """It did, by so much, and may not."""
        self._violations += 1
        self._violation_lots += lots
        self._worse_lots += worse * lots
        self._worse_max = max(self._worse_max, worse)

    def passed_over(self, lots: int) -> None:
        """A trade elsewhere passed over this venue's quote, and may not."""
        self._passed_over += 1
        self._passed_lots += lots

    def report(self, kinds: list[str]) -> VenueThroughs:
        """What was counted, with the reasons' names."""
        lots = self._violation_lots
        return VenueThroughs(
            trades=self._trades,
            lots=self._lots,
            violations=self._violations,
            violation_lots=lots,
            violation_ticks=self._worse_lots / (self._tick * lots) if lots else None,
            violation_ticks_max=self._worse_max / self._tick if lots else None,
            exempt=dict(zip(kinds, self._exempt, strict=True)),
            passed_over=self._passed_over,
            passed_over_lots=self._passed_lots,
        )
