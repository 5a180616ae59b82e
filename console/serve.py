"""`twin serve-feed`: a local exchange that speaks Binance spot, over a recording or a simulation."""

import asyncio
import contextlib
import gc
import os
import secrets
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from console.options import Json, Quiet, Verbose, terminal_of
from console.output import Output
from market.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bridge.served.exchange import Exchange
    from bridge.served.faults import ServedFault
    from bridge.served.server import ExchangeServer

FROM_ENVIRONMENT: Final = "TWIN_SERVE_TOKEN"
FUTURES_NAMES: Final = ("usdm", "um_")
TAPE_SUFFIX: Final = ".parquet"


def serve_feed(
    source: Annotated[
        list[str],
        typer.Argument(help="Captures of one session in order, a tape, or a scenario with a flow."),
    ],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 for any.")] = 9443,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    speed: Annotated[
        float, typer.Option("--speed", help="Seconds of the market's time in a second.")
    ] = 1.0,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            envvar=FROM_ENVIRONMENT,
            show_envvar=False,
            help=f"The API secret of every account; default: ${FROM_ENVIRONMENT}, or a new one.",
        ),
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option("--account", help="An API key; may be repeated.")
    ] = None,
    balance: Annotated[
        list[str] | None,
        typer.Option("--balance", help="ASSET=AMOUNT to begin with; may be repeated."),
    ] = None,
    source_stamps: Annotated[
        bool,
        typer.Option("--source-stamps", help="Messages bear the source's own time, to the ns."),
    ] = False,
    hold: Annotated[
        bool, typer.Option("--hold", help="Let time begin when the first stream is followed.")
    ] = False,
    until_over: Annotated[
        bool, typer.Option("--until-over", help="End when the source does.")
    ] = False,
    faults: Annotated[
        Path | None, typer.Option("--faults", help="What goes wrong: a TOML file of [[faults]].")
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option("--fault", help="In short: KIND@AT, or KIND@AT+LASTS.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every draw.")] = 7,
    tick: Annotated[
        str | None,
        typer.Option("--tick", help="Price step of a capture; default: the finest seen."),
    ] = None,
    lot: Annotated[
        str | None,
        typer.Option("--lot", help="Quantity step of a capture; default: the finest seen."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Serve a recording or a simulation as Binance spot would, orders included."""
    from bridge.served.faults import read_fault, read_plan

    _needed()
    terminal = terminal_of(as_json, quiet, verbose)
    plan = read_plan(faults) if faults is not None else ()
    plan += tuple(read_fault(one) for one in fault or ())
    secret = token or secrets.token_urlsafe(24)
    with _exchange(
        source,
        account or ["twin"],
        balance or (),
        source_stamps=source_stamps,
        seed=seed,
        steps=(tick, lot),
        terminal=terminal,
    ) as exchange:
        result = asyncio.run(
            _serve(
                exchange,
                secret,
                where=(host, port),
                speed=speed,
                plan=plan,
                hold=hold,
                until_over=until_over,
                terminal=terminal,
                shown_secret="" if token else secret,
            )
        )
    terminal.result("served", result)


def _needed() -> None:
    """Say which extra is missing, where one is."""
    try:
        import aiohttp  # noqa: F401  # only whether it is there
    except ModuleNotFoundError:
        raise InputError(
            "serve-feed: found no aiohttp, allowed is an install with it: "
            "pip install 'market-twin[live]'"
        ) from None


@contextlib.contextmanager
def _exchange(
    source: list[str],
    keys: "Sequence[str]",
    balances: "Sequence[str]",
    *,
    source_stamps: bool,
    seed: int,
    steps: tuple[str | None, str | None],
    terminal: Output,
) -> "Iterator[Exchange]":
    """The exchange over a source; what it needs on disk is gone afterwards."""
    from bridge.served.capture import CaptureFeed
    from bridge.served.exchange import Exchange, read_balances
    from scenarios.served import SimulatedMarket, served_scenario, tape_scenario
    from sim.ingest.binance import ingest_binance
    from sim.tape.read import open_tape

    with tempfile.TemporaryDirectory(prefix="twin-serve-") as folder:
        feed, tape, futures = None, None, False
        if not Path(source[0]).is_file() or source[0].endswith(".toml"):
            scenario = served_scenario(_only(source))
        elif source[0].endswith(TAPE_SUFFIX):
            tape = open_tape(Path(_only(source)))
            scenario = tape_scenario(tape)
        else:
            captures = [Path(one) for one in source]
            futures = captures[0].name.startswith(FUTURES_NAMES)
            feed = CaptureFeed(captures, futures=futures)
            out = Path(folder) / "served.tape.parquet"
            market_name = "usdm" if futures else "spot"
            with terminal.progress("read", "bytes") as tell:
                ingest_binance(
                    captures,
                    out=out,
                    market=market_name,
                    tick=steps[0],
                    lot=steps[1],
                    progress=tell,
                )
            tape = open_tape(out)
            scenario = tape_scenario(tape)
        publishes = feed is None  # a capture's own messages are sent in their place
        market = SimulatedMarket(scenario, tape, seed=seed, members=len(keys), publishes=publishes)
        accounts = dict.fromkeys(keys, read_balances(balances, market.instruments))
        yield Exchange(market, accounts, feed, source_stamps=source_stamps, futures=futures)


def _only(source: list[str]) -> str:
    if len(source) != 1:
        raise InputError(
            f"source: found {len(source)} of them, allowed is one, or several captures of a session"
        )
    return source[0]


async def _serve(
    exchange: "Exchange",
    secret: str,
    *,
    where: tuple[str, int],
    speed: float,
    plan: "tuple[ServedFault, ...]",
    hold: bool,
    until_over: bool,
    terminal: Output,
    shown_secret: str,
) -> dict[str, object]:
    """Serve until somebody says stop, or the source is over where that is to be the end."""
    from bridge.served.server import ExchangeServer, is_loopback

    server = ExchangeServer(exchange, secret, speed=speed, faults=plan, hold=hold)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await server.start(*where)
    gc.collect()
    gc.freeze()  # what was built to begin with is not looked through again while it serves
    try:
        prefix = "" if is_loopback(where[0]) else "/TOKEN"
        address = f"{where[0]}:{server.port}{prefix}"
        places = ("api/v3", "ws", "ws-api/v3")
        if exchange.futures:
            places = ("fapi/v1", "ws", "public/stream")
        terminal.note(
            f"serving {', '.join(exchange.symbols)} at {speed:g}x: http://{address}/{places[0]}, "
            f"ws://{address}/{places[1]}, ws://{address}/{places[2]}, process {os.getpid()}"
        )
        terminal.note(f"API key: {', '.join(exchange.accounts)}")
        if shown_secret:
            terminal.note(f"API secret, made for this run: {shown_secret}")
        await _until(stop, server.broken, server.over if until_over else None)
    finally:
        await server.stop()
    return _result(exchange, server)


async def _until(*events: asyncio.Event | None) -> None:
    """Wait for the first of several."""
    waiting = [asyncio.create_task(one.wait()) for one in events if one is not None]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


def _result(exchange: "Exchange", server: "ExchangeServer") -> dict[str, object]:
    """What was served."""
    market = exchange.market
    orders = [one for account in exchange.accounts.values() for one in account.orders.values()]
    return {
        "symbols": list(exchange.symbols),
        "market_s": (market.now_ns - market.start_ns) / 1e9,
        "frames": exchange.frames_made,
        "messages": server.messages_sent,
        "orders": len(orders),
        "fills": sum(len(one.fills) for one in orders),
        "overruns": market.overruns,
        "conserves": exchange.floor.conserves(),
        "faults": server.faults.bitten,
    }
