"""`twin study`: questions that take many runs."""

from pathlib import Path
from typing import Annotated

import typer

from console import output
from console.options import Json, Quiet, terminal_of

study_app = typer.Typer(no_args_is_help=True, help="Questions that take many runs to answer.")


@study_app.command("routing")
def study_routing(
    tape: Annotated[
        Path,
        typer.Option("--tape", help="Of the route's books, or of the one that [split] deals."),
    ],
    scenario: Annotated[
        str, typer.Option(help="A packaged scenario's name, or a TOML file.")
    ] = "fragmented_goog",
    after: Annotated[str, typer.Option(help="Wishes are judged from this time on.")] = "13:00",
    zone: Annotated[str, typer.Option(help="Of that time.")] = "America/New_York",
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = 1,
    ablation: Annotated[
        bool, typer.Option(help="Leave families of factors out, one by one.")
    ] = True,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Is the router better than the best single venue, and than the best displayed price?"""
    from research.routing_study import routing_study

    terminal = terminal_of(as_json, quiet)
    with terminal.progress("routing", "runs") as tick:
        found = routing_study(
            scenario, tape, after=after, zone=zone, jobs=jobs, ablation=ablation, progress=tick
        )
    if as_json:
        terminal.result("", output.fields_of(found))
        return
    for title, rows in (("routing", found.venues), ("without factors", found.ablation)):
        table: list[dict[str, object]] = [
            {
                "by": row.name,
                "filled": round(row.filled, 4),
                "cost bp": round(row.cost_bp, 3),
                "fees bp": round(row.fees_bp, 3),
                "more than router": round(row.more_than_router.mean, 3),
                "from": round(row.more_than_router.low, 3),
                "to": round(row.more_than_router.high, 3),
                "router is better": row.router_is_better,
            }
            for row in rows
        ]
        if table:
            terminal.rows(title, table)
    filled: list[dict[str, object]] = [output.fields_of(row) for row in found.by_venue]
    if filled:
        terminal.rows("filled where", filled)
    terminal.result(
        "verdict",
        {
            "judged": found.judged,
            "best static": found.best_static,
            "beats best static": found.beats_best_static,
            "beats best price": found.beats_best_price,
        },
    )


@study_app.command("almgren-chriss")
def study_almgren_chriss(
    seeds: Annotated[int, typer.Option(min=2, help="Days with noise.")] = 200,
    as_json: Json = False,
) -> None:
    """Sell the paper's example through the matching engine: does it cost what the formula expects?"""
    from research.almgren_chriss import almgren_chriss

    terminal = terminal_of(as_json)
    found = almgren_chriss(seeds)
    if as_json:
        terminal.result("", output.fields_of(found))
        return
    table: list[dict[str, object]] = [
        {
            "aversion": row.aversion,
            "expected": round(row.expected, 2),
            "engine": round(row.engine, 2),
            "ratio": round(row.ratio, 6),
        }
        for row in found.priced
    ]
    terminal.rows("cost by the formula, and through the engine", table)
    terminal.result(
        f"{seeds} days with noise, aversion of a millionth",
        {
            "mean less expected": found.noisy.mean,
            "from": found.noisy.low,
            "to": found.noisy.high,
            "deviation": found.deviation,
            "expected deviation": found.expected_deviation,
        },
    )


@study_app.command("footprint")
def study_footprint(
    scenario: Annotated[
        str, typer.Option(help="A packaged scenario's name, or a TOML file.")
    ] = "footprint",
    seeds: Annotated[int, typer.Option(min=2, help="Runs of each kind.")] = 20,
    time_ppm: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Of its stretch, for a slice's time.")
    ] = 900_000,
    size_ppm: Annotated[
        int, typer.Option(min=0, max=1_000_000, help="Of its lots, for a slice's size.")
    ] = 500_000,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Does a predator that learns a pattern earn less from random slices than from the clock?"""
    from research.footprint import footprint

    terminal = terminal_of(as_json, quiet)
    with terminal.progress("footprint", "runs") as tick:
        found = footprint(
            scenario, seeds=seeds, time_ppm=time_ppm, size_ppm=size_ppm, jobs=jobs, progress=tick
        )
    if as_json:
        terminal.result("", output.fields_of(found))
        return
    for title, three in (
        ("predator earns", (found.clockwork, found.randomised, found.difference)),
        (
            "victim pays, bp",
            (found.victim_clockwork, found.victim_randomised, found.victim_difference),
        ),
    ):
        table: list[dict[str, object]] = [
            {
                title: name,
                "mean": round(one.mean, 2),
                "from": round(one.low, 2),
                "to": round(one.high, 2),
            }
            for name, one in zip(
                ("by the clock", "from drawn slices", "difference"), three, strict=True
            )
        ]
        terminal.rows(f"{title}, {found.seeds} seeds", table)
    terminal.result(
        "verdict", {"randomised is safer": found.randomised_is_safer, **found.traded_lots}
    )
