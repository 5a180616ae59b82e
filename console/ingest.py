"""The verbs of `twin ingest`: each turns what one vendor writes into a tape."""

from pathlib import Path
from typing import Annotated

import typer

from console import output
from console.options import Json, MaxBad, Quiet, Verbose, group, terminal_of

ingest_app = group("Turn recorded market data into a tape.")


@ingest_app.command("lobster")
def ingest_lobster_file(
    message: Annotated[Path, typer.Argument(help="LOBSTER zip, or message csv or csv.gz.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The tape to write.")],
    orderbook: Annotated[
        Path | None, typer.Option("--orderbook", help="Orderbook csv or csv.gz of a message file.")
    ] = None,
    seed_only: Annotated[
        bool, typer.Option("--seed-only", help="Use the orderbook's first row only.")
    ] = False,
    max_bad: MaxBad = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn a LOBSTER day, any level, into a tape."""
    from sim.ingest.lobster import ingest_lobster

    terminal = terminal_of(as_json, quiet, verbose)
    with terminal.progress("ingest", "bytes") as tick:
        meta = ingest_lobster(
            message,
            orderbook=orderbook,
            seed_only=seed_only,
            out=out,
            max_bad=max_bad,
            progress=tick,
            warn=terminal.note,
        )
    terminal.result(f"{message.name} → {out}", output.fields_of(meta))


@ingest_app.command("binance")
def ingest_binance_captures(
    captures: Annotated[
        list[Path],
        typer.Argument(
            help="Raw captures of one session in order, or recordings of `twin record`."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The tape to write.")],
    market: Annotated[
        str | None, typer.Option("--market", help="spot, usdm or coinm; default: by file name.")
    ] = None,
    tick: Annotated[
        str | None, typer.Option("--tick", help="Price step; default: the finest seen.")
    ] = None,
    lot: Annotated[
        str | None, typer.Option("--lot", help="Quantity step; default: the finest seen.")
    ] = None,
    max_bad: Annotated[
        int, typer.Option("--max-bad", min=0, help="Lines that may be refused before it stops.")
    ] = 0,
    symbol: Annotated[
        str | None, typer.Option("--symbol", help="Of a recording of several: which.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn raw Binance captures of one instrument into a tape of levels and trades."""
    from scenarios.recordings import captures_of
    from sim.ingest.binance import ingest_binance

    terminal = terminal_of(as_json, quiet, verbose)
    with (
        captures_of(captures, near=out.parent, symbol=symbol) as files,
        terminal.progress("ingest", "bytes") as tell,
    ):
        meta = ingest_binance(
            files,
            out=out,
            market=market,
            tick=tick,
            lot=lot,
            max_bad=max_bad,
            progress=tell,
            warn=terminal.note,
        )
    terminal.result(f"{captures[0].name} → {out}", output.fields_of(meta))


@ingest_app.command("feed")
def ingest_recorded_feed(
    recording: Annotated[Path, typer.Argument(help="A folder that `twin record` wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The tape to write.")],
    tick: Annotated[
        list[str] | None,
        typer.Option("--tick", help="Price step, or SYMBOL=STEP; default: what Binance says."),
    ] = None,
    lot: Annotated[
        list[str] | None, typer.Option("--lot", help="Quantity step, or SYMBOL=STEP.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn a recording of any venue into a tape of all its books, stamped as we had them."""
    from scenarios.recorded_tape import tape_of_recording

    terminal = terminal_of(as_json, quiet, verbose)
    with terminal.progress("ingest", "entries") as tell:
        meta = tape_of_recording(
            recording, out=out, ticks=_steps(tick), lots=_steps(lot), progress=tell
        )
    terminal.result(f"{recording.name} → {out}", output.fields_of(meta))


def _steps(texts: list[str] | None) -> dict[str, str]:
    """Steps by symbol, the one for all under no symbol."""
    return {name: step for name, _, step in (one.rpartition("=") for one in texts or ())}


@ingest_app.command("taq")
def ingest_taq_files(
    quotes: Annotated[Path, typer.Argument(help="Consolidated quotes: zip, csv or csv.gz.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The tape to write.")],
    trades: Annotated[
        Path | None, typer.Option("--trades", help="The same day's trades: zip, csv or csv.gz.")
    ] = None,
    max_bad: MaxBad = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn a day of consolidated quotes and trades into a tape of best prices and prints."""
    from sim.ingest.taq import ingest_taq

    terminal = terminal_of(as_json, quiet, verbose)
    with terminal.progress("ingest", "bytes") as tick:
        meta = ingest_taq(
            quotes, trades=trades, out=out, max_bad=max_bad, progress=tick, warn=terminal.note
        )
    terminal.result(f"{quotes.name} → {out}", output.fields_of(meta))


@ingest_app.command("itch")
def ingest_itch_file(
    file: Annotated[Path, typer.Argument(help="ITCH 5.0 messages, plain or gzip.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The tape to write.")],
    date: Annotated[
        str | None, typer.Option("--date", help="YYYY-MM-DD; by default the file's name says it.")
    ] = None,
    symbol: Annotated[
        list[str] | None, typer.Option("--symbol", help="Take this stock only; may be repeated.")
    ] = None,
    max_bad: MaxBad = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn a NASDAQ ITCH 5.0 file into a tape, one book a stock."""
    from sim.ingest.itch import ingest_itch

    terminal = terminal_of(as_json, quiet, verbose)
    with terminal.progress("ingest", "bytes") as tick:
        meta = ingest_itch(
            file,
            out=out,
            date=date,
            symbols=symbol or (),
            max_bad=max_bad,
            progress=tick,
            warn=terminal.note,
        )
    terminal.result(f"{file.name} → {out}", output.fields_of(meta))


@ingest_app.command("databento")
def ingest_databento_file(
    file: Annotated[Path, typer.Argument(help="DBN stream, .dbn or .dbn.zst.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The tape to write.")],
    tick: Annotated[
        str | None, typer.Option("--tick", help="Such as 0.25; by default the prices tell.")
    ] = None,
    currency: Annotated[str, typer.Option("--currency", help="What prices are in.")] = "USD",
    max_bad: MaxBad = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn Databento orders, levels or trades (DBN) into a tape, one book an instrument."""
    from sim.ingest.databento import ingest_databento

    terminal = terminal_of(as_json, quiet, verbose)
    with terminal.progress("ingest", "bytes") as show:
        meta = ingest_databento(
            file,
            out=out,
            tick=tick,
            currency=currency,
            max_bad=max_bad,
            progress=show,
            warn=terminal.note,
        )
    terminal.result(f"{file.name} → {out}", output.fields_of(meta))


@ingest_app.command("bitstamp")
def ingest_bitstamp_orders(
    orders: Annotated[Path, typer.Argument(help="Order events: csv, csv.gz or csv.bz2.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The tape to write.")],
    symbol: Annotated[str, typer.Option("--symbol", help="Name of the instrument.")] = "BTCUSD",
    opening: Annotated[
        bool,
        typer.Option(help="Open the orders from before the file that its rows later name."),
    ] = True,
    max_bad: MaxBad = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn recorded Bitstamp order events into a tape."""
    from sim.ingest.bitstamp import ingest_bitstamp

    terminal = terminal_of(as_json, quiet, verbose)
    with terminal.progress("ingest", "bytes") as tick:
        meta = ingest_bitstamp(
            orders,
            out=out,
            symbol=symbol,
            opening=opening,
            max_bad=max_bad,
            progress=tick,
            warn=terminal.note,
        )
    terminal.result(f"{orders.name} → {out}", output.fields_of(meta))


MapFile = Annotated[Path, typer.Option("--map", help="Which column is what (TOML).")]


@ingest_app.command("csv")
def ingest_csv_file(
    file: Annotated[Path, typer.Argument(help="Your file: csv, csv.gz or csv.bz2.")],
    map_file: MapFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="The tape to write.")],
    max_bad: MaxBad = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn a csv with columns of your own into a tape."""
    from sim.ingest.mapped import ingest_mapped

    terminal = terminal_of(as_json, quiet, verbose)
    with terminal.progress("ingest", "bytes") as tick:
        meta = ingest_mapped(
            file,
            map_file=map_file,
            out=out,
            form="csv",
            max_bad=max_bad,
            progress=tick,
            warn=terminal.note,
        )
    terminal.result(f"{file.name} → {out}", output.fields_of(meta))


@ingest_app.command("parquet")
def ingest_parquet_file(
    file: Annotated[Path, typer.Argument(help="Your Parquet file.")],
    map_file: MapFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="The tape to write.")],
    max_bad: MaxBad = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Turn a Parquet file with columns of your own into a tape."""
    from sim.ingest.mapped import ingest_mapped

    terminal = terminal_of(as_json, quiet, verbose)
    with terminal.progress("ingest", "rows") as tick:
        meta = ingest_mapped(
            file,
            map_file=map_file,
            out=out,
            form="parquet",
            max_bad=max_bad,
            progress=tick,
            warn=terminal.note,
        )
    terminal.result(f"{file.name} → {out}", output.fields_of(meta))
