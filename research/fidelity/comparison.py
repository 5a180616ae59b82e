"""Twins of one session, held against what happened in it.

Model: twins that differ in fees alone have the same fills, so these are found once and charged anew. Where an order
stood in the session is asked for all twins in one more run of it, since the times at which to ask are those at
which twins have filled.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from market.codes import Liquidity
from research.fidelity.assumed import Assumed, differing, mixed
from research.fidelity.distance import Blocks, Parts, parts_of
from research.fidelity.evidence import Evidence
from research.fidelity.flow import Asked, Filled, FlowRun, charged, run_flow
from research.fidelity.orders import (
    NEVER,
    Floats,
    Mids,
    Orders,
    Outcome,
    orders_of,
    outcome_of,
    questions,
    queue_errors,
)

Chosen = frozenset[str]


class Compared(NamedTuple):
    """A twin held against what happened."""

    other: Outcome
    errors: Floats
    parts: Parts


class Comparison:
    """Holds twins of one session against what happened.

    Args:
        evidence: Of the session.
        lived: What it lived with.
        twin: What is assumed instead; its rows are those that mids come of.
    """

    def __init__(self, evidence: Evidence, lived: Assumed, twin: Assumed) -> None:
        self.evidence, self.lived, self.twin = evidence, lived, twin
        self.orders: Orders = orders_of(evidence)
        self.mids = Mids(evidence, twin.data_gaps)
        self.again: FlowRun = run_flow(evidence, lived, lived)
        self.one: Outcome = outcome_of(self.orders, happened(evidence), self.again, self.mids)
        self.blocks = Blocks(self.orders, evidence.start.seed)
        self.differing = differing(twin, lived)
        ids = list(self.orders.place)
        self._firsts = [
            (ids[at], int(self.one.first_ns[at]))
            for at in np.flatnonzero(self.one.first_ns != NEVER).tolist()
        ]
        self._runs: dict[tuple[str, ...], FlowRun] = {}

    def with_lived(
        self, sets: Sequence[Chosen], progress: Callable[[int, int], None] | None = None
    ) -> dict[Chosen, Compared]:
        """The twin with the session's own value of the causes of each set.

        Args:
            sets: Of causes.
            progress: Told twins done, and how many there are.
        """
        twins = [mixed(self.twin, self.lived, chosen) for chosen in sets]
        return dict(zip(sets, self.compare(twins, progress), strict=True))

    def compare(
        self, twins: Sequence[Assumed], progress: Callable[[int, int], None] | None = None
    ) -> list[Compared]:
        """Any twins."""
        orders, one, found = self.orders, self.one, []
        asked: list[Asked] = []
        for number, twin in enumerate(twins):
            run = self._run(twin)
            fills = charged(run.fills, twin.fees, self.evidence)
            other = outcome_of(orders, fills, run, self.mids)
            of_other, of_one = questions(one, other, orders)
            asked += of_one
            found.append((run, other, of_other, of_one))
            if progress is not None:
                progress(number + 1, len(twins))
        own = run_flow(self.evidence, self.lived, self.lived, asked=asked) if asked else self.again
        compared = []
        for run, other, of_other, of_one in found:
            errors = queue_errors(orders, run, of_other, own, of_one)
            compared.append(Compared(other, errors, parts_of(orders, one, other, errors)))
        return compared

    def _run(self, twin: Assumed) -> FlowRun:
        """What becomes of the orders, whatever is charged for it."""
        key = tuple(text for name, text in twin.texts().items() if name != "fees")
        if key not in self._runs:
            self._runs[key] = run_flow(
                self.evidence,
                twin,
                self.lived,
                ended_ns=self.again.ended_ns,
                asked=self._firsts,
            )
        return self._runs[key]


def happened(evidence: Evidence) -> list[Filled]:
    """The fills that happened."""
    return [
        Filled(
            one.order_id,
            one.venue_ns,
            one.price_ticks,
            one.qty_lots,
            one.fee,
            Liquidity[one.liquidity],
        )
        for one in evidence.fills
    ]
