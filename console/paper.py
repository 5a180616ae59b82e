"""`twin paper`: a desk on live feeds, with paper fills, everything kept so that it can be run again."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import msgspec
import typer

from console.options import Json, Quiet, Verbose, terminal_of
from market.errors import InputError
from market.units import parse_duration

if TYPE_CHECKING:
    from bridge.paper.listing import Described
    from bridge.paper.loop import PaperLoop
    from console.output import Output
    from console.paper_run import PaperRun
    from scenarios.paper_session import SessionPlan, SessionStart
    from scenarios.paper_words import Heard

SESSIONS: Final = "paper"
"""Folder of paper sessions, among the runs."""

METRICS_ENV: Final = "TWIN_METRICS_TOKEN"
"""Where whoever scrapes may have put the token; else one is made and shown."""

Replay = Annotated[
    bool, typer.Option("--replay", help="Run a session again from its folder, offline.")
]
FaultPlan = Annotated[
    Path | None, typer.Option("--faults", help="A plan of faults that come to the scenario's own.")
]


class Wanted(NamedTuple):
    """What a new session is asked to be."""

    scenario: str
    venue: str = "binance"
    symbols: tuple[str, ...] = ()
    duration: str = ""
    faults: Path | None = None
    seed: int | None = None
    depth_speed: str = ""
    source_stamps: bool = False
    start_ns: int = 0
    out: Path | None = None


def paper(
    scenario: Annotated[
        str, typer.Argument(help="A packaged scenario, a TOML file, or a session's folder.")
    ],
    venue: Annotated[
        str, typer.Option("--venue", help="Whose feed: binance, binance-usdm, coinbase or kraken.")
    ] = "binance",
    symbol: Annotated[
        list[str] | None,
        typer.Option("--symbol", help="As the venue writes it; by default the hosts' books."),
    ] = None,
    ws_url: Annotated[str, typer.Option("--ws-url", help="Where the feed is, if not there.")] = "",
    rest_url: Annotated[str, typer.Option("--rest-url", help="Where REST is.")] = "",
    duration: Annotated[
        str, typer.Option("--for", help="How long, such as 90s; by default as the scenario says.")
    ] = "",
    faults: FaultPlan = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of every draw.")] = None,
    depth_speed: Annotated[
        str, typer.Option("--depth-speed", help="How often changes come, such as 100ms.")
    ] = "",
    source_stamps: Annotated[
        bool, typer.Option("--source-stamps", help="Live by the times that a served feed says.")
    ] = False,
    start_ns: Annotated[
        int, typer.Option("--start-ns", min=0, help="With source stamps: the first instant.")
    ] = 0,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The session's folder.")] = None,
    dashboard: Annotated[
        bool, typer.Option("--dashboard", help="Show the session on the terminal while it runs.")
    ] = False,
    metrics_port: Annotated[
        int,
        typer.Option(
            "--metrics-port", min=0, max=65_535, help="Serve /metrics there, on loopback."
        ),
    ] = 0,
    again: Replay = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Trade live feeds on paper; given a session's folder, go on with it, or run it again."""
    from console.config import load

    terminal = terminal_of(as_json, quiet, verbose)
    runs_dir = load({}).runs_dir
    folder = Path(scenario)
    is_session = (folder / "session.json").is_file()
    if again:
        _replay(folder, runs_dir, terminal)
        return
    wanted = Wanted(
        scenario=scenario,
        venue=venue,
        symbols=tuple(symbol or ()),
        duration=duration,
        faults=faults,
        seed=seed,
        depth_speed=depth_speed,
        source_stamps=source_stamps,
        start_ns=start_ns,
        out=out,
    )
    if is_session:
        _check_same(wanted)
    else:
        folder = _begin(wanted, runs_dir, rest_url, terminal)
    _live(folder, (ws_url, rest_url), terminal, dashboard=dashboard, metrics_port=metrics_port)


def _check_same(wanted: Wanted) -> None:
    """A session that goes on is what it was begun as.

    Raises:
        InputError: It is asked to be something else.
    """
    plain = Wanted(wanted.scenario)
    options = {"symbols": "--symbol", "duration": "--for"}
    given = ", ".join(
        options.get(name, "--" + name.replace("_", "-"))
        for name, one, other in zip(Wanted._fields, wanted, plain, strict=True)
        if one != other
    )
    if given:
        raise InputError(
            f"{wanted.scenario}: found {given} with a session's folder, allowed is none of them: "
            "it goes on as it began"
        )


def _check_times(wanted: Wanted) -> None:
    """By the source's own time there is a first instant, and by ours it is now.

    Raises:
        InputError: It is not so, or the session would be over at once.
    """
    if wanted.start_ns and not wanted.source_stamps:
        raise InputError(
            f"--start-ns: found {wanted.start_ns} without --source-stamps, allowed is with it"
        )
    if wanted.source_stamps and not wanted.start_ns:
        raise InputError(
            "--source-stamps: found no --start-ns, allowed is the source's first instant"
        )
    if wanted.duration and not parse_duration(wanted.duration, "--for"):
        raise InputError(f"--for: found {wanted.duration!r}, allowed is above 0")


def _begin(wanted: Wanted, runs_dir: Path, rest_url: str, terminal: "Output") -> Path:
    """Ask the venue, and make the session's folder."""
    from bridge.paper.listing import PLACES, describe
    from scenarios.paper import check_paper
    from scenarios.paper_rehearsal import rehearse
    from scenarios.paper_session import begin_session, plan_session

    _check_times(wanted)
    if wanted.venue not in PLACES:
        raise InputError(f"venue: found {wanted.venue!r}, allowed is {', '.join(PLACES)}")
    plan = plan_session(wanted.scenario, wanted.faults)
    check_paper(plan.scenario)
    symbols = wanted.symbols or tuple(
        dict.fromkeys(book for host in plan.scenario.hosts for book in host.books)
    )
    if not symbols:
        raise InputError(
            "symbol: found none, allowed is --symbol, or [[hosts]] books of the scenario"
        )
    url = rest_url or PLACES[wanted.venue].hosts.rest_url
    found = asyncio.run(describe(wanted.venue, url, symbols))
    # What does not fit is refused here, before there is a folder of it; and a first time takes a minute.
    rehearse(_start(wanted, plan, found), plan)
    start = _start(wanted, plan, found)
    stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%dT%H%M%S")
    folder = wanted.out or runs_dir / SESSIONS / f"{plan.scenario.run.name}-{stamp}"
    begin_session(folder, plan, start)
    terminal.note(f"session {folder}")
    return folder


def _start(
    wanted: Wanted,
    plan: "SessionPlan",
    found: "Described",
) -> "SessionStart":
    """What the session begins with.

    By the source's own times the venue is the simulation that is served: measured wires and the filters of
    a real venue would be the only things that are not the source's.
    """
    from bridge.paper.listing import Terms
    from scenarios.paper_session import FeedSpec, SessionStart, code_of

    begin_ns = wanted.start_ns or time.time_ns()
    span_ns = plan.scenario.run.duration_ns
    if wanted.duration:
        span_ns = parse_duration(wanted.duration, "--for")
    books = tuple(range(len(found.listed)))
    return SessionStart(
        name=plan.scenario.run.name,
        scenario_digest=plan.digest,
        code_digest=code_of(plan),
        seed=plan.scenario.run.seed if wanted.seed is None else wanted.seed,
        instruments=tuple(one.instrument for one in found.listed),
        terms=tuple(Terms() if wanted.source_stamps else one.terms for one in found.listed),
        order_limits=() if wanted.source_stamps else found.limits,
        feeds=(FeedSpec(venue=wanted.venue, books=books, depth_speed=wanted.depth_speed),),
        start_ns=begin_ns,
        end_ns=begin_ns + span_ns,
        round_trips_ns=() if wanted.source_stamps else found.round_trips_ns,
        source_stamps=wanted.source_stamps,
    )


def _live(
    folder: Path,
    urls: tuple[str, str],
    terminal: "Output",
    *,
    dashboard: bool,
    metrics_port: int,
) -> None:
    """Run a session in this process."""
    from bridge.paper.listing import PLACES
    from console.paper_run import PaperRun

    session = PaperRun(folder, terminal)
    place = PLACES[session.start.feeds[0].venue]

    async def watched(run: "PaperRun", loop: "PaperLoop") -> None:
        await _watched(run, loop, terminal, dashboard=dashboard, metrics_port=metrics_port)

    with session.fills:
        asyncio.run(
            session.live(urls[0] or place.hosts.ws_url, urls[1] or place.hosts.rest_url, watched)
        )
    if failed := session.trouble or session.unseen:
        raise failed
    terminal.result("paper", _told(session))


async def _watched(
    session: "PaperRun",
    loop: "PaperLoop",
    terminal: "Output",
    *,
    dashboard: bool,
    metrics_port: int,
) -> None:
    """Show the session, and let it be scraped, until it is over."""
    import os
    import secrets

    from bridge.paper.metrics import MetricsServer
    from console.paper_board import board
    from console.paper_run import tell_troubles
    from console.paper_view import figures_of

    server = None
    if metrics_port:
        given = os.environ.get(METRICS_ENV, "")
        token = given or secrets.token_urlsafe(24)
        server = MetricsServer(lambda: figures_of(session, loop), token)
        await server.start(metrics_port)
        shown = "" if given else f", bearer token {token}"
        terminal.note(f"metrics: http://127.0.0.1:{server.port}/metrics{shown}")
    try:
        if dashboard:
            await board(session, loop)
        else:
            await tell_troubles(session, terminal)
    finally:
        if server is not None:
            await server.stop()


def _told(session: "PaperRun") -> dict[str, object]:
    """What is said of a session at its end."""
    from console.paper_view import glance

    figures, link, world = session.figures, session.link, session.world
    seen = glance(session)
    return {
        "session": str(session.folder),
        "digest": session.end.digest,
        "entries": session.end.entries,
        "recovered_entries": session.recovered,
        "fills": session.end.fills,
        "decisions": sum(host.decisions for host in world.assembly.hosts),
        "orders": world.assembly.venue.orders_received,
        "words": len(world.words.said),
        "position_lots": {one.name: one.position_lots for one in seen.books if one.position_lots},
        "pnl": seen.pnl,
        "best_quotes_checked": world.watch.checked,
        "best_quotes_wrong": world.watch.wrong,
        "connections": link.connect_count,
        "frames_waiting_max": link.waiting_max,
        "taking_p50_ns": figures.taking.percentile_ns(500),
        "taking_p99_ns": figures.taking.percentile_ns(990),
        "late_p50_ns": figures.late.percentile_ns(500),
        "late_p99_ns": figures.late.percentile_ns(990),
        "sync_p99_ns": figures.syncs.percentile_ns(990),
        **{f"rows_{name}": count for name, count in world.rows.counts.items()},
    }


def _word(heard: "Heard") -> dict[str, object]:
    """A word with all its fields, so that those of several make one table."""
    word = {name: getattr(heard.word, name) for name in heard.word.__struct_fields__}
    limits_ppm = None if word["limits_ppm"] is msgspec.UNSET else word["limits_ppm"]
    return {"stamp_ns": heard.stamp_ns, **word, "limits_ppm": limits_ppm}


def _replay(folder: Path, runs_dir: Path, terminal: "Output") -> None:
    """Run a session again, and say whether it came to the same."""
    from scenarios.paper_replay import replay_session

    with terminal.progress("replay", "entries") as tick:
        found = replay_session(
            folder, runs_dir, wall_ns=time.perf_counter_ns, progress=lambda done: tick(done, 0)
        )
    terminal.result(
        "replay",
        {
            "session": str(folder),
            "run": found.summary.folder,
            "digest": found.summary.digest,
            "same": not found.differs,
            "differs": found.differs,
            "was_killed": found.end is None,
            "fills": found.summary.fills,
            "words": [_word(one) for one in found.said],
            "faults": [msgspec.to_builtins(one) for one in found.summary.faults],
            "pnl": found.summary.pnl,
            "wall_s": found.summary.wall_s,
            "simulated_to_real": found.summary.simulated_to_real,
        },
    )
    if found.differs:
        raise typer.Exit(1)
