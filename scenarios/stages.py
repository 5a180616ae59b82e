"""Which stages of a desk did nothing in a run, by the evidence of its journal.

A stage that was merely called has shown nothing: the gate must have said both yes and no, the ledger
must have realised something, the router must have had a choice. `EVIDENCE` says for each stage what
counts; docs/howto/measure-coverage.md shows the same in words.
"""

from collections.abc import Callable, Mapping
from typing import Final

from scenarios.journal_watch import Seen

EVIDENCE: Final[Mapping[str, Callable[[Seen, int], bool]]] = {
    "feed": lambda seen, _: seen.views > 0,
    "state": lambda seen, _: seen.fills > 0,
    "strategy": lambda seen, strategies: len(seen.said) == strategies,
    "gate": lambda seen, _: seen.permits > 0 and bool(seen.vetoes),
    "sizing": lambda seen, _: seen.sizes > 0,
    "execution": lambda seen, _: bool(seen.kinds) and seen.changes > 0,
    "router": lambda seen, _: seen.routes > 0,
    "limits": lambda seen, _: seen.checked > 0,
    "orders": lambda seen, _: seen.answered > 0 and seen.ended > 0,
    "ledger": lambda seen, _: (True, True) in seen.traded.values(),
    "journal": lambda seen, _: seen.sealed and seen.snapshots > 0,
    "tca": lambda seen, _: seen.costed > 0,
}
"""What shows that a stage worked, given what was seen and how many strategies the desk has."""


def stages_unreached(seen: Seen, strategies: int) -> list[str]:
    """Stages without evidence, in the order in which a desk calls them.

    Args:
        seen: Of the desk's journal.
        strategies: How many the desk has; each must have said something.
    """
    return [stage for stage, shows in EVIDENCE.items() if not shows(seen, strategies)]
