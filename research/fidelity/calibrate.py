"""Fitting a twin to a session: its orders wires from those measured, and the queue model that is nearest.

Model: the session is cut in two at its middle command. The orders wire of each host becomes the latencies that its
commands of the first part had; the queue model becomes the one that gives the least distance there. Both are
judged on the orders of the second part, which had no say.

Limits: fees and data are not fitted: a venue says the ones, and the others want a better feed. The session's
own queue model is a guess as well, so the nearest model is the nearest to that guess.
"""

from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import structs

from market.codes import QueueModel
from market.errors import InputError
from research.fidelity.assumed import Assumed, Wire
from research.fidelity.comparison import Comparison
from research.fidelity.distance import FIGURES, Parts, figures
from research.fidelity.orders import Floats
from scenarios.sections import HostSection
from sim.latency import LATENCY_NS_MAX, Empirical

Chosen = npt.NDArray[np.bool_]

MEASURED_MIN: Final = 20
"""Fewer commands than that are no distribution."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of the second part, before and after."""

    name: str
    before: float
    after: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """A twin that was fitted.

    Attributes:
        fitted_on: Orders of the first part.
        judged_on: Orders of the second.
        queue_model: The nearest.
        wires: Files of latencies, by host.
        before: Distance of the twin as it was, on the second part.
        after: Of the fitted one.
        figures: The same by figure.
        lines: What to write into the scenario.
    """

    fitted_on: int
    judged_on: int
    queue_model: str
    wires: dict[str, str]
    before: float
    after: float
    figures: list[Change]
    lines: list[str]


def calibrate(compared: Comparison, units: Floats, folder: Path) -> Calibration | None:
    """Fit and judge; None where too little was measured.

    Args:
        compared: Both sides.
        units: Of the figures.
        folder: Receives the files of latencies.

    Raises:
        InputError: It cannot be written to.
    """
    evidence, orders = compared.evidence, compared.orders
    if len(orders.left_ns) < 2 or len(evidence.flow) < 2 * MEASURED_MIN:
        return None
    middle_ns = evidence.flow[len(evidence.flow) // 2].time_ns
    wires = _wires(compared, middle_ns, folder)
    early = orders.left_ns < middle_ns
    base = structs.replace(compared.twin, order_latency=_fitted(compared.twin, wires))
    twins = [structs.replace(base, queue_model=model) for model in QueueModel]
    tried = {
        model: found.parts for model, found in zip(QueueModel, compared.compare(twins), strict=True)
    }
    usual = compared.twin.queue_model
    # Where none is nearer than what is assumed, that stays.
    model = min(tried, key=lambda one: (_score(tried[one], early, units), one is not usual))
    before = figures(_picked(compared.compare([compared.twin])[0].parts, ~early))
    after = figures(_picked(tried[model], ~early))
    return Calibration(
        fitted_on=int(early.sum()),
        judged_on=int((~early).sum()),
        queue_model=model.name.lower(),
        wires={name: str(path) for name, path in wires.items()},
        before=float((before / units).sum()),
        after=float((after / units).sum()),
        figures=[
            Change(name=name, before=float(before[at]), after=float(after[at]))
            for at, name in enumerate(FIGURES)
        ],
        lines=[
            f'[run] queue_model = "{model.name.lower()}"',
            *(
                f'[[hosts]] {name}: orders = {{ model = "empirical", path = "{path.name}" }}'
                for name, path in wires.items()
            ),
        ],
    )


def _picked(parts: Parts, mine: Chosen) -> Parts:
    return Parts(parts.above[mine], parts.below[mine], parts.signed[mine])


def _score(parts: Parts, mine: Chosen, units: Floats) -> float:
    return float((figures(_picked(parts, mine)) / units).sum())


def _wires(compared: Comparison, middle_ns: int, folder: Path) -> dict[str, Path]:
    """A file of latencies for each host that has sent enough."""
    found = {}
    for name, measured in compared.evidence.wires_ns.items():
        early = [min(took, LATENCY_NS_MAX) for left, took in measured if left < middle_ns]
        if len(early) < MEASURED_MIN:
            continue
        found[name] = folder / f"orders_{name}.txt"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            found[name].write_text("".join(f"{one}\n" for one in early), encoding="ascii")
        except OSError as error:
            raise InputError(
                f"{found[name]}: cannot be written ({error.strerror}); allowed is a folder to write to"
            ) from None
    return found


def _fitted(twin: Assumed, wires: dict[str, Path]) -> Wire:
    """The twin's orders wires with those that were measured."""

    def fit(host: HostSection) -> HostSection:
        if host.name not in wires:
            return host
        venues = {name: structs.replace(one, orders=None) for name, one in host.venues.items()}
        model = Empirical(path=str(wires[host.name]))
        return structs.replace(host, orders=model, venues=venues)

    return Wire(tuple(fit(host) for host in twin.order_latency.hosts), ())
