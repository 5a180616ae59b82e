"""Running a scenario: identity first, the folder of the run, the summary last."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import structs

from market.codes import Depth, Side
from market.instruments import Instrument
from scenarios.build import Assembly
from scenarios.dealt import dealt_tape
from scenarios.desk_summary import DeskSummary, summarise
from scenarios.fault_plan import with_plan
from scenarios.faults import FaultOutcome
from scenarios.identity import Identity, code_digest, fingerprint
from scenarios.journal_watch import watch_journal
from scenarios.monitors import MonitorSummary
from scenarios.pair_summary import PairSummary
from scenarios.run_files import RunFolder
from scenarios.schema import parse_scenario, scenario_digest, scenario_text
from scenarios.sections import HostSection, strategies_of
from scenarios.stage_times import StageTimes
from scenarios.stages import stages_unreached
from scenarios.telemetry import Percentiles
from sim.consolidated import ConsolidatedStats
from sim.front import VenueThroughs
from sim.kernels import layout
from sim.tape.read import Tape, open_tape

LOG: Final = logging.getLogger("twin.run")
SLICES: Final = 500
COMPLETE: Final = "complete"

LIMITS: Final = {
    int(Depth.L2): "L2 tape: levels without orders; where our orders stand in a queue is estimated",
    int(
        Depth.L1
    ): "L1 tape: best prices only; depth behind them and every queue position are guesses",
}

Progress = Callable[[int, int], None]


class HostSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What one host did, on the venue's own ledger; money is exact text with its currency."""

    name: str
    strategy: str
    decisions: int
    commands: int
    fills: int
    traded_lots: int
    position_lots: int
    fees: str
    pnl: str


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome of a run; `void_rows` to `moved_orders` say how history and our orders met.

    `host_alerts` counts what hosts themselves had to say about their monitors, by code.
    `stages_unreached` names, as `host.stage`, each stage of a desk of which the journal has no evidence.
    """

    run_id: str
    digest: str
    status: str
    folder: str
    scenario: str
    mode: str
    seed: int
    messages: int
    delivered: int
    decisions: int
    orders: int
    rejects: int
    fills: int
    position_lots: int
    pnl: str
    void_rows: int
    expired_lots: int
    diverged_orders: int
    moved_orders: int
    resolved_victims: int
    hosts: list[HostSummary]
    simulated_s: float
    limits: list[str]
    consolidated: dict[str, ConsolidatedStats]
    wall_s: float
    messages_per_s: float
    simulated_to_real: float
    latencies: dict[str, dict[str, Percentiles]] = {}
    desks: dict[str, DeskSummary] = {}
    books: list[Instrument] = []
    trade_throughs: dict[str, dict[str, VenueThroughs]] = {}
    faults: list[FaultOutcome] = []
    stages_unreached: list[str] = []
    pairs: list[PairSummary] = []
    monitors: list[MonitorSummary] = []
    host_alerts: dict[str, int] = {}


def _never() -> bool:
    """Nobody wants the run to end."""
    return False


def run_scenario(
    name_or_path: str,
    *,
    tape: Path | None,
    seed: int | None,
    runs_dir: Path,
    progress: Progress,
    announce: Callable[[Mapping[str, object]], None],
    wall_ns: Callable[[], int],
    stopped: Callable[[], bool] = _never,
    mode: Literal["frozen", "reactive"] | None = None,
    faults: Path | None = None,
) -> RunSummary:
    """Run a scenario to its end and write its folder.

    Args:
        name_or_path: A packaged scenario's name, or a TOML file.
        tape: History to replay; without it the scenario's own flow runs.
        seed: Of every draw; without it the scenario's.
        progress: Called with messages done and expected (0 when not known).
        announce: Called with the identity before anything runs.
        wall_ns: A clock for the summary's wall time; nothing simulated reads it.
        mode: How history answers to our orders; without it as the scenario says.
        stopped: Asked between slices whether somebody wants the run to end.
        faults: A plan of faults that come to the scenario's own; part of the run's identity.

    Raises:
        InputError: The scenario, the plan or the tape is wrong; nothing is left behind.
        KeyboardInterrupt: After what there is has been written as `<id>-partial`.
    """
    text, where = scenario_text(name_or_path)
    if faults is not None:
        text = with_plan(text, where, faults)
    scenario = parse_scenario(text, where)
    history = open_tape(tape) if tape is not None else None
    if history is not None and scenario.split is not None:
        history = dealt_tape(history, scenario.split, runs_dir)
    if mode is not None:
        # A tape takes the place of the flow, which could not run frozen.
        flow = scenario.flow if history is None else None
        flows = scenario.flows if history is None else ()
        section = structs.replace(scenario.run, mode=mode)
        scenario = structs.replace(scenario, run=section, flow=flow, flows=flows)
    chosen = scenario.run.seed if seed is None else seed
    identity = Identity(
        scenario=scenario.run.name,
        code_digest=code_digest(strategies_of(scenario)),
        scenario_digest=scenario_digest(text, where),
        tape_digest=history.digest if history is not None else "",
        seed=chosen,
        mode=scenario.run.mode,
    )
    announce({"run_id": identity.run_id, **msgspec.to_builtins(identity), **fingerprint()})
    folder = RunFolder(runs_dir, identity, text)
    try:
        stages = StageTimes(wall_ns)
        assembly = Assembly(
            scenario, history, chosen, folder, journal=folder.journal, probe=stages.ended
        )
        began_ns = wall_ns()
        complete = _play(assembly, history, progress, stopped)
        wall_s = (wall_ns() - began_ns) / 1e9
        assembly.finish()
        summary = summary_of(assembly, history, identity, complete=complete, wall_s=wall_s)
        summary, path = write_summary(assembly, folder, summary, stages)
    except BaseException:
        folder.discard()
        raise
    if not complete:
        raise KeyboardInterrupt(str(path))
    return structs.replace(summary, folder=str(path))


def write_summary(
    assembly: Assembly, folder: RunFolder, summary: RunSummary, stages: StageTimes
) -> tuple[RunSummary, Path]:
    """Complete a summary from what the folder holds, and give the folder its name."""
    summary = structs.replace(
        summary,
        latencies=folder.latencies([host.name for host in assembly.scenario.hosts]),
        desks=_desks(assembly, stages),
        stages_unreached=_unreached(assembly, folder),
    )
    complete = summary.status == COMPLETE
    return summary, folder.finish(msgspec.to_builtins(summary), complete=complete)


def _play(
    assembly: Assembly, history: Tape | None, progress: Progress, stopped: Callable[[], bool]
) -> bool:
    """Let the run happen in slices of simulated time; False when it was stopped."""
    total = history.row_count if history is not None else 0
    span_ns = assembly.end_ns - assembly.start_ns
    for number in range(1, SLICES + 1):
        assembly.clock.run_until(assembly.start_ns + span_ns * number // SLICES)
        done = assembly.world.header_word(layout.H_ROWS_DONE)
        if total == 0:
            done = assembly.world.header_word(layout.H_MESSAGES)
        progress(done, total or done * SLICES // number)
        if stopped() and number < SLICES:
            LOG.warning("interrupted at %d ns", assembly.clock.now_ns)
            return False
    return True


def summary_of(
    assembly: Assembly,
    history: Tape | None,
    identity: Identity,
    *,
    complete: bool,
    wall_s: float,
) -> RunSummary:
    """Everything that is said about a run at its end."""
    world, venue = assembly.world, assembly.venue
    books = range(len(assembly.instruments))
    simulated_s = (assembly.clock.now_ns - assembly.start_ns) / 1e9
    messages = world.header_word(layout.H_MESSAGES)
    accounts = venue.accounts.values()
    digest = assembly.recorder.digest(*(str(world.state(book_id)) for book_id in books))

    def counted(word: int) -> int:
        return sum(world.book_word(book_id, word) for book_id in books)

    statistics: Mapping[str, int] = history.meta.statistics if history is not None else {}
    return RunSummary(
        run_id=identity.run_id,
        digest=digest,
        status=COMPLETE if complete else "interrupted",
        folder="",
        scenario=identity.scenario,
        mode=identity.mode,
        seed=identity.seed,
        messages=messages,
        delivered=world.header_word(layout.H_DELIVERED),
        decisions=sum(host.decisions for host in assembly.hosts),
        orders=venue.orders_received,
        rejects=venue.rejects,
        fills=sum(account.fills for account in accounts),
        position_lots=sum(account.position_lots for account in accounts),
        pnl=pnl_text(assembly, pnl_amounts(assembly)),
        void_rows=counted(layout.B_VOID),
        expired_lots=counted(layout.B_EXPIRED),
        diverged_orders=counted(layout.B_DIVERGED),
        moved_orders=counted(layout.B_MOVED),
        resolved_victims=statistics.get("victims", 0),
        hosts=[_host_summary(assembly, number) for number in range(len(assembly.hosts))],
        simulated_s=simulated_s,
        limits=limits_of(assembly),
        consolidated=assembly.consolidated.stats(),
        wall_s=wall_s,
        messages_per_s=messages / wall_s if wall_s else 0.0,
        simulated_to_real=simulated_s / wall_s if wall_s else 0.0,
        books=assembly.instruments,
        trade_throughs=assembly.venues.throughs.report(),
        faults=assembly.faults.outcomes(assembly),
        pairs=assembly.pairs.summaries(),
        monitors=assembly.monitors.summaries(),
        host_alerts=assembly.monitors.host_alerts(),
    )


def _desks(assembly: Assembly, stages: StageTimes) -> dict[str, DeskSummary]:
    """What each desk did, by the name of its host."""
    times = stages.summary()
    return {
        assembly.scenario.hosts[number].name: summarise(
            desk,
            {
                book_id: account
                for (host, book_id), account in assembly.venue.accounts.items()
                if host == number
            },
            times,
        )
        for number, desk in assembly.desks.items()
    }


def _unreached(assembly: Assembly, folder: RunFolder) -> list[str]:
    """Stages of every desk that did nothing, as `host.stage`."""
    return [
        f"{name}.{stage}"
        for number, desk in assembly.desks.items()
        for name in (assembly.scenario.hosts[number].name,)
        for stage in stages_unreached(
            watch_journal(folder.journal_path(name), as_far=True), len(desk.config.strategies)
        )
    ]


def limits_of(assembly: Assembly) -> list[str]:
    """What a reader must know of a tape that tells less than every order."""
    depths = {book.depth for book in assembly.world.books}
    return [text for depth, text in LIMITS.items() if depth in depths]


def _host_summary(assembly: Assembly, number: int) -> HostSummary:
    """One host's part of the summary."""
    section = assembly.scenario.hosts[number]
    accounts = {
        book_id: account
        for (host, book_id), account in assembly.venue.accounts.items()
        if host == number
    }
    return HostSummary(
        name=section.name,
        strategy=section.strategy or " + ".join(_strategies(section)),
        decisions=assembly.hosts[number].decisions,
        commands=assembly.hosts[number].commands,
        fills=sum(account.fills for account in accounts.values()),
        traded_lots=sum(account.turnover_lots for account in accounts.values()),
        position_lots=sum(account.position_lots for account in accounts.values()),
        fees=pnl_text(assembly, {book_id: account.fee for book_id, account in accounts.items()}),
        pnl=pnl_text(assembly, {book_id: _pnl(assembly, number, book_id) for book_id in accounts}),
    )


def _strategies(section: HostSection) -> list[str]:
    """Names of the strategies of a host's desk."""
    return [one.name for one in section.stack.strategies] if section.stack is not None else []


def pnl_amounts(assembly: Assembly) -> dict[int, int | None]:
    """Profit of all hosts in each book that was traded, in its own unit; None without a mid."""
    totals: dict[int, int | None] = {}
    for number, book_id in assembly.venue.accounts:
        part = _pnl(assembly, number, book_id)
        before = totals.get(book_id, 0)
        totals[book_id] = None if part is None or before is None else before + part
    return totals


def _pnl(assembly: Assembly, host: int, book_id: int) -> int | None:
    """Cash, plus the position at the venue's mid rounded down, less fees; None without a mid.

    A book that shows nothing, such as a dark pool's, is marked where its symbol is shown.
    """
    account = assembly.venue.accounts[host, book_id]
    mark_x2 = 0
    if account.position_lots:
        mid_x2_ticks = _mid_x2(assembly, book_id)
        if mid_x2_ticks is None:
            return None
        mark_x2 = assembly.instruments[book_id].notional(mid_x2_ticks, account.position_lots)
    return account.cash + mark_x2 // 2 - account.fee


def _mid_x2(assembly: Assembly, book_id: int) -> int | None:
    """The middle of a book's best prices in half ticks, or of the first of its twins that has both."""
    one = assembly.instruments[book_id]
    twins = [
        other
        for other, two in enumerate(assembly.instruments)
        if msgspec.structs.replace(two, venue=one.venue) == one and other != book_id
    ]
    for each in (book_id, *twins):
        bids = assembly.world.venue_depth(each, Side.BUY, 1)
        asks = assembly.world.venue_depth(each, Side.SELL, 1)
        if bids and asks:
            return bids[0][0] + asks[0][0]
    return None


def pnl_text(assembly: Assembly, amounts: Mapping[int, int | None]) -> str:
    """Amounts of one currency and scale added, as text; `not marked` where a mid is missing."""
    if any(amount is None for amount in amounts.values()):
        return "not marked: a book with an open position has no mid"
    by_scale: dict[tuple[str, int, int, int], int] = {}
    for book_id, amount in amounts.items():
        one = assembly.instruments[book_id]
        scale = (one.currency, one.price_units_per_currency, one.lot_num, one.lot_den)
        by_scale[scale] = by_scale.get(scale, 0) + (amount or 0)
    if not by_scale:
        return assembly.instruments[0].money(0)
    texts = []
    for scale, amount in by_scale.items():
        named = next(
            one
            for one in assembly.instruments
            if (one.currency, one.price_units_per_currency, one.lot_num, one.lot_den) == scale
        )
        texts.append(named.money(amount))
    return ", ".join(texts)
