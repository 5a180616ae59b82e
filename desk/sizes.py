"""How much, with all that bounds it: each strategy's sizing, and what could be traded at a bearable cost."""

import msgspec
from msgspec import UNSET

from desk.config import DeskConfig
from desk.desk_data import DeskData
from desk.execution import Executor
from desk.picture import Picture
from desk.sizing import FactorSizer, SizingData, size
from desk.tca.loop import CostLoop, LoopConfig, LoopData
from market.decisions import Permit, Signal, Sized, Target
from market.messages import View


class Sizes:
    """Sizes of one desk.

    Args:
        config: Of the desk.
        data: Of the desk; what sizing by factors remembers is kept there.
        picture: What is known.
        executor: Says what is worked over time.
        loop: What own orders cost, where that is learned.
    """

    def __init__(
        self,
        config: DeskConfig,
        data: DeskData,
        picture: Picture,
        executor: Executor,
        loop: CostLoop | None,
    ) -> None:
        self._state = picture.state
        self._executor = executor
        self._loop = loop
        self._configs = [one.sizing for one in config.strategies]
        wanted = [one.model == "factors" for one in self._configs]
        if any(wanted) and data.sizing is UNSET:
            data.sizing = SizingData()
        known = data.sizing
        self._sizers = [
            FactorSizer(one, number, picture, picture.ledger.instruments, known)
            if isinstance(known, SizingData) and wanted[number]
            else None
            for number, one in enumerate(self._configs)
        ]

    def size(self, strategy: int, signal: Signal, permit: Permit, view: View) -> Sized:
        """How much of a permitted signal to work."""
        sizer = self._sizers[strategy]
        if sizer is None:
            found = size(signal, permit, self._configs[strategy], self._state)
        else:
            found = sizer.size(signal, permit, view)
        if self._loop is None or type(signal) is not Target:
            return found
        slices = self._executor.told_slices(strategy)
        if not slices:  # only what is worked over time is bounded
            return found
        most = self._loop.position_max(signal.book_id, slices)
        if abs(found.position_lots) <= most:
            return found
        lots = most if found.position_lots > 0 else -most
        factors = (*found.factors, ("cost_cap_lots", most))
        return msgspec.structs.replace(found, position_lots=lots, factors=factors)


def loop_of(
    config: DeskConfig, data: DeskData, picture: Picture, executor: Executor
) -> CostLoop | None:
    """What feeds costs back, where that is wanted."""
    if not isinstance(config.tca, LoopConfig):
        return None
    if not isinstance(data.costs, LoopData):
        data.costs = LoopData()
    loop = CostLoop(config.tca, data.costs, len(picture.state.books))
    if executor.algorithms is not None:
        executor.algorithms.more_slices = loop.slices
    return loop
