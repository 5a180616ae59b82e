"""How much of what a desk can do a set of runs has done, part by part, against the whole list.

Model: each part is a list that the program itself holds: the rows of the order machine, the gate's
vetoes, the limits' refusals, the algorithms, and the kinds of orders that execution can choose. What
runs reached is read from the journals of their desks (`scenarios.journal_watch`). What needs a fault is
told apart by `scenarios.coverage_needs` and is not asked for; it counts where it was met all the same.

A code of the gate was given when it was a veto, or the cause of an action on orders in flight. A loss that
is too large is said once, by the action that makes the desk safe; every veto after it is SAFE_MODE.

The verdict is of each part on its own, so that a long list cannot hide a short one.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, get_args

import msgspec

from desk.execution.algo_config import AlgoName
from desk.execution.auction import AUCTION_TIFS
from desk.execution.schedules.order_choice import RULES
from desk.gate.codes import VetoCode
from desk.limits import LimitCode
from desk.orders.table import TABLE, OrderEvent, OrderState
from market.codes import OrderType, Reason, TimeInForce
from market.errors import InputError
from market.messages import EVERY
from scenarios.coverage_needs import KIND_NEEDS, REFUSAL_NEEDS, VETO_NEEDS, step_needs
from scenarios.journal_watch import Seen, watch_journal
from scenarios.run_journal import JOURNAL_SUFFIX
from scenarios.schema import parse_scenario

PPM: Final = 1_000_000
ENOUGH_PPM: Final = 900_000
"""Share of each part, of what needs no fault, from which runs cover it."""

STYLE_KINDS: Final = (
    (OrderType.LIMIT, TimeInForce.GTC, True),
    (OrderType.LIMIT, TimeInForce.IOC, False),
)
"""What the styles `passive` and `immediate` send."""

AUCTION_KINDS: Final = tuple(
    (order_type, tif, False)
    for tif in AUCTION_TIFS
    for order_type in (OrderType.LIMIT, OrderType.MARKET)
)
"""What the algorithm `auction` sends there."""

Reached = dict[str, dict[str, int]]
"""How often each name of each part was reached."""


class Item(msgspec.Struct, frozen=True):
    """One thing that can be reached: its name, and what fault it needs, if any."""

    name: str
    needs: str = ""


class PartCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """One part.

    Attributes:
        wanted: How many need no fault.
        reached: How many of those were.
        share_ppm: The one of the other.
        missing: Those that were not.
        by_fault: How many need a fault.
        by_fault_reached: How many of those were reached all the same.
    """

    part: str
    wanted: int
    reached: int
    share_ppm: int
    missing: tuple[str, ...]
    by_fault: int
    by_fault_reached: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a set of runs covers.

    Attributes:
        holds: Whether each part has its share.
        counts: How often each thing was reached, by part; 0 where it was not.
        needs: What each thing needs that a run without a fault cannot bring, by part.
        reasons: How often each reason stood in a venue's answer; told, not asked for.
    """

    holds: bool
    enough_ppm: int
    runs: tuple[str, ...]
    parts: tuple[PartCoverage, ...]
    counts: Reached
    needs: dict[str, dict[str, str]]
    reasons: dict[str, int]


def kind_name(kind: tuple[int, int, bool]) -> str:
    """A kind of order in words, as `limit gtc post-only`."""
    order_type, tif, post_only = kind
    words = f"{OrderType(order_type).name} {TimeInForce(tif).name}".lower()
    return f"{words} post-only" if post_only else words


def step_name(step: tuple[int, int]) -> str:
    """A row of the order machine in words, as `live + cancel_sent`."""
    return f"{OrderState(step[0]).name} + {OrderEvent(step[1]).name}".lower()


def _kinds() -> list[tuple[OrderType, TimeInForce, bool]]:
    """Every kind of order that execution can choose, each once."""
    chosen = [(rule.order_type, rule.tif, rule.post_only) for rule in RULES]
    return list(dict.fromkeys([*STYLE_KINDS, *chosen, *AUCTION_KINDS]))


WHOLE: Final[dict[str, tuple[Item, ...]]] = {
    "order machine": tuple(
        Item(step_name((state, event)), step_needs((int(state), int(event))))
        for state, row in TABLE.items()
        for event in row
    ),
    "vetoes": tuple(Item(code.name.lower(), VETO_NEEDS.get(code, "")) for code in VetoCode),
    "refusals": tuple(Item(code.name.lower(), REFUSAL_NEEDS.get(code, "")) for code in LimitCode),
    "algorithms": tuple(Item(name) for name in get_args(AlgoName)),
    "orders": tuple(Item(kind_name(kind), KIND_NEEDS.get(kind, "")) for kind in _kinds()),
}
"""Every part, with all that can be reached in it."""


def reached_in(folder: Path) -> Reached:
    """What the desks of one run reached; a run without a desk reached nothing.

    Args:
        folder: The run's folder.

    Raises:
        InputError: It is no run, or a journal is missing or damaged.
    """
    where = folder / "scenario.toml"
    try:
        hosts = parse_scenario(where.read_text(encoding="utf-8"), str(where)).hosts
    except OSError:
        raise InputError(
            f"{folder}: found no scenario.toml, allowed is the folder of a run"
        ) from None
    found: Reached = {name: {} for name in (*WHOLE, "reasons")}
    for host in hosts:
        if host.stack is None:
            continue
        path = folder / f"{host.name}{JOURNAL_SUFFIX}"
        if not path.is_file():
            raise InputError(f"{folder}: found no {path.name}, allowed is a whole run")
        algos = [one.execution.algo_name for one in host.stack.strategies]
        _add(found, _named(watch_journal(path), algos))
    return found


def _named(seen: Seen, algos: Sequence[str]) -> Reached:
    """What a journal shows, by name; EVERY as a strategy is nobody's."""
    used: dict[str, int] = {}
    for strategy, count in seen.senders.items():
        if strategy != EVERY and count:
            used[algos[strategy]] = used.get(algos[strategy], 0) + count
    return {
        "order machine": {step_name(step): count for step, count in seen.steps.items()},
        "vetoes": {
            VetoCode(code).name.lower(): n for code, n in (seen.vetoes + seen.causes).items()
        },
        "refusals": {LimitCode(code).name.lower(): n for code, n in seen.refusals.items()},
        "algorithms": used,
        "orders": {kind_name(kind): count for kind, count in seen.kinds.items()},
        "reasons": {Reason(code).name.lower(): n for code, n in seen.reasons.items()},
    }


def _add(whole: Reached, more: Reached) -> None:
    for part, counts in more.items():
        for name, count in counts.items():
            whole[part][name] = whole[part].get(name, 0) + count


def coverage_of(runs: Iterable[tuple[str, Reached]]) -> Coverage:
    """Hold what runs reached against the whole list.

    Args:
        runs: Name of each run, and what it reached (`reached_in`).
    """
    whole: Reached = {name: {} for name in (*WHOLE, "reasons")}
    names = []
    for name, reached in runs:
        names.append(name)
        _add(whole, reached)
    parts = tuple(_part(part, items, whole[part]) for part, items in WHOLE.items())
    return Coverage(
        holds=all(one.share_ppm >= ENOUGH_PPM for one in parts),
        enough_ppm=ENOUGH_PPM,
        runs=tuple(names),
        parts=parts,
        counts={
            part: {item.name: whole[part].get(item.name, 0) for item in items}
            for part, items in WHOLE.items()
        },
        needs={
            part: {item.name: item.needs for item in items if item.needs}
            for part, items in WHOLE.items()
        },
        reasons=dict(sorted(whole["reasons"].items())),
    )


def _part(part: str, items: Sequence[Item], reached: dict[str, int]) -> PartCoverage:
    wanted = [item.name for item in items if not item.needs]
    by_fault = [item.name for item in items if item.needs]
    missing = tuple(name for name in wanted if not reached.get(name))
    count = len(wanted) - len(missing)
    return PartCoverage(
        part=part,
        wanted=len(wanted),
        reached=count,
        share_ppm=count * PPM // len(wanted),
        missing=missing,
        by_fault=len(by_fault),
        by_fault_reached=sum(bool(reached.get(name)) for name in by_fault),
    )


def run_name(folder: Path) -> str:
    """A run's identity, from its summary.

    Raises:
        InputError: There is no summary that can be read.
    """
    try:
        summary = json.loads((folder / "summary.json").read_bytes())
        return str(summary["run_id"])
    except (OSError, ValueError, KeyError):
        raise InputError(
            f"{folder}: found no summary.json, allowed is the folder of a run"
        ) from None
