"""Small runs whose reports are looked at."""

from pathlib import Path

from scenarios.run import RunSummary, run_scenario
from scenarios.schema import load_scenario
from tests.unit.scenarios.test_routes import run_of, world

SCENARIO = """
format_version = 1
[run]
name = "{name}"
title = "{title}"
start = "2012-06-21T13:30:00Z"
duration = "90s"
mode = "reactive"
seed = 7
[[books]]
symbol = "SYN"
venue = "X"
currency = "USD"
price_units_per_currency = 10000
tick_units = 100
[flow]
limit_mean = "20ms"
market_mean = "120ms"
life_mean = "10s"
band_ticks = 20
qty_mean_lots = 100
seed_orders = 400
anchor_ticks = 58000
[[hosts]]
name = "maker"
desk = 1
strategy = "quoter"
params = {{qty_lots = 100, inventory_lots_max = 1000}}
compute = {{model = "constant", latency = "20us"}}
feed = {{model = "lognormal", median = "80us", sigma = 0.4}}
orders = {{model = "constant", latency = "60us"}}
reports = {{model = "constant", latency = "50us"}}
[fees]
maker_units_ppm = -20
taker_units_ppm = 30
"""


def small_run(folder: Path, *, seed: int = 7, name: str = "small", title: str = "Small") -> Path:
    """Run ninety seconds; the run's folder."""
    path = folder / f"{name}.toml"
    path.write_text(SCENARIO.format(name=name, title=title), encoding="utf-8")
    summary: RunSummary = run_scenario(
        str(path),
        tape=None,
        seed=seed,
        runs_dir=folder / "runs",
        progress=lambda _done, _total: None,
        announce=lambda _fields: None,
        wall_ns=lambda: 0,
    )
    return Path(summary.folder)


def routed_run(folder: Path) -> Path:
    """A desk whose wishes are worked over two venues, twelve minutes long; the run's folder."""
    return run_of(world(folder), folder / "runs")[0]


def learned_run(folder: Path) -> Path:
    """A desk that learns what its orders cost, past two boundaries; the run's folder."""
    text = load_scenario("impact_doubles")[1].replace('duration = "2h"', 'duration = "25m"')
    path = folder / "short.toml"
    path.write_text(text, encoding="utf-8")
    return run_of(path, folder / "runs")[0]
