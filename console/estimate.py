"""`twin estimate`: what orders are expected to cost, before they are sent."""

from pathlib import Path
from typing import Annotated

import typer

from console import output
from console.options import Json, Quiet, terminal_of


def estimate(
    orders: Annotated[
        Path, typer.Argument(help="A csv file with the head symbol,side,lots,horizon.")
    ],
    tape: Annotated[Path, typer.Option("--tape", help="A recorded day of their books.")],
    curves: Annotated[
        Path | None,
        typer.Option("--curves", help="A run whose desk learned cost curves; instead of the law."),
    ] = None,
    impact_ppm: Annotated[
        int, typer.Option(help="Y of the square-root law, in millionths.")
    ] = 1_000_000,
    fee_ppm: Annotated[int, typer.Option(help="Of a fill's worth; below zero for a rebate.")] = 0,
    bar: Annotated[str, typer.Option(help="Of the bars for volatility and correlation.")] = "1m",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What will orders cost: spread, impact and fees in basis points, with an interval, by a tape."""
    from market.units import parse_duration
    from research.estimate import EstimateConfig, read_orders
    from research.estimate import estimate as estimated

    terminal = terminal_of(as_json, quiet)
    config = EstimateConfig(
        impact_ppm=impact_ppm, fee_ppm=fee_ppm, bar_ns=parse_duration(bar, "bar")
    )
    wanted = read_orders(orders)
    with terminal.progress("estimate", "rows") as tick:
        found = estimated(wanted, tape, config, curves=curves, progress=tick)
    fields = output.fields_of(found)
    if as_json:
        terminal.result("", fields)
        return
    titles = {
        "liquidity": "liquidity by venue and hour of UTC",
        "orders": "orders, in basis points; above zero is a cost",
        "correlations": "correlations that count",
        "together": "all orders together",
    }
    for field, title in titles.items():
        rows = fields[field]
        if rows:
            terminal.rows(title, rows)  # type: ignore[arg-type]
            print()
    terminal.result("by", {key: fields[key] for key in ("model", "tape", "bar", "bars", "idle")})
