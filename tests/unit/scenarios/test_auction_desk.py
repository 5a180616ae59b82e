"""Desks that take part in a venue's auctions: at the close, at noon, and where there is none."""

import json
from importlib import resources
from pathlib import Path

import pytest

from bridge.stores import map_file
from desk.journal import Reader, RecordType, event_in
from market.codes import Phase, ReportType, TimeInForce
from market.errors import InputError
from market.messages import Report, Submit, View
from scenarios.run import RunSummary, run_scenario

SCENARIO = """
format_version = 1

[run]
name = "into_the_auction"
title = "A parent of which a part goes into an auction"
start = "2012-06-21T17:24:00+02:00"
duration = "12m"
seed = 7
mode = "reactive"

[[books]]
symbol = "SYN"
venue = "XE"
currency = "EUR"
price_units_per_currency = 10_000
tick_units = 100

[[venues]]
name = "XE"
preset = "xetra_like"
closes = { SYN = 2_500 }

[[flows]]
book = "SYN@XE"
limit_mean = "80ms"
market_mean = "150ms"
life_mean = "30s"
band_ticks = 30
decay = 0.52
qty_mean_lots = 100
seed_orders = 800
anchor_ticks = 2_500

[[hosts]]
name = "desk"
desk = 1
stale = "60s"
compute = { model = "constant", latency = "40us" }
feed = { model = "constant", latency = "25us" }
orders = { model = "constant", latency = "30us" }
reports = { model = "constant", latency = "30us" }

[hosts.stack]
heartbeat = "1s"
ack_timeout = "2s"
state = { capital = 1_000_000 }

[[hosts.stack.strategies]]
name = "list"
strategy = "rebalance"
sizing = { lots_max = 1_000 }
execution = { algo = "auction", child_lots_max = 1_000, schedule = { over = "3m", slices = 6, daily_volume_lots = 1_000_000, auction = { share_ppm = 400_000, rest = "twap", at = "close" } } }
params = { start_after = "10s", urgency = "urgent" }

[hosts.stack.gate.instruments.SYN]
position_lots = 5_000
value_micros = 700_000_000_000
volume_ppm = 1_000_000
daily_volume_lots = 1_000_000
spread_ppm = 20_000
stale = "60s"
price_move_ppm = 500_000
volatility_jump_ppm = 100_000_000

[hosts.stack.gate]
groups.all = { gross_micros = 700_000_000_000, net_micros = 700_000_000_000 }

[hosts.stack.gate.strategies]
list = { value_micros = 700_000_000_000, regimes = { unknown = 1_000_000, calm = 1_000_000, normal = 1_000_000, volatile = 1_000_000, extreme = 1_000_000 } }

[hosts.stack.gate.portfolio]
gross_micros = 700_000_000_000
net_micros = 700_000_000_000
single_name_ppm = 1_000_000
correlation_ppm = 1_000_000
day_drawdown_micros = 100_000_000_000
peak_drawdown_micros = 100_000_000_000
orders_max = 2_000
orders_window = "10s"
disconnect = "5s"

[hosts.stack.limits]
messages_max = 500
cancel_reserve = 100
fills_max = 500

[hosts.stack.limits.instruments.SYN]
order_lots = 1_000
order_notional_micros = 200_000_000_000
position_lots = 6_000
collar_ppm = 100_000
"""


def run(folder: Path, text: str) -> RunSummary:
    path = folder / "scenario.toml"
    path.write_text(text)
    return run_scenario(
        str(path),
        tape=None,
        seed=None,
        runs_dir=folder / "runs",
        progress=lambda _done, _total: None,
        announce=lambda _identity: None,
        wall_ns=lambda: 0,
    )


def traded(summary: RunSummary) -> tuple[list[Submit], dict[Phase, int], int]:
    """Orders for auctions, lots that they and others traded by the phase that was seen last, and the sum."""
    auctions: list[Submit] = []
    lots: dict[Phase, int] = {}
    mine: dict[int, TimeInForce] = {}
    phase = Phase.PRE_OPEN
    total = 0
    for record in Reader(map_file(Path(summary.folder) / "desk.journal")):
        if record.type is not RecordType.EVENT:
            continue
        event = event_in(record)
        if isinstance(event.message, View):
            phase = event.message.phase
        if isinstance(event.message, Report) and event.message.type is ReportType.FILLED:
            total += event.message.qty_lots
            if mine[event.message.order_id] in (TimeInForce.AT_CLOSE, TimeInForce.AUCTION):
                lots[phase] = lots.get(phase, 0) + event.message.qty_lots
        for one in event.commands:
            if isinstance(one.command, Submit):
                mine[one.command.order_id] = one.command.tif
                if one.command.tif in (TimeInForce.AT_CLOSE, TimeInForce.AUCTION):
                    auctions.append(one.command)
    return auctions, lots, total


def test_the_close_takes_its_share_and_the_parent_is_whole(tmp_path: Path) -> None:
    summary = run(tmp_path, SCENARIO)
    (order,), lots, total = traded(summary)

    wanted = -json.loads((Path(summary.folder) / "summary.json").read_text())["position_lots"]
    assert total == wanted >= 500
    assert order.qty_lots == wanted * 400_000 // 1_000_000
    assert order.tif is TimeInForce.AT_CLOSE
    # Nothing of it traded before the call, and all of it in the call's auction.
    assert set(lots) <= {Phase.CLOSING_CALL, Phase.CLOSED}
    assert sum(lots.values()) == order.qty_lots


def test_the_call_at_noon_is_the_next_one_and_trading_goes_on_behind_it(tmp_path: Path) -> None:
    text = SCENARIO.replace("T17:24:00", "T12:58:00").replace('at = "close"', 'at = "next"')
    summary = run(tmp_path, text)
    (order,), lots, total = traded(summary)

    assert order.tif is TimeInForce.AUCTION
    assert set(lots) <= {Phase.INTRADAY_CALL, Phase.CONTINUOUS}
    assert 0 < sum(lots.values()) <= order.qty_lots
    assert (
        total == -json.loads((Path(summary.folder) / "summary.json").read_text())["position_lots"]
    )
    assert total * 400_000 // 1_000_000 == order.qty_lots


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            '[[venues]]\nname = "XE"\npreset = "xetra_like"\ncloses = { SYN = 2_500 }\n',
            "",
            "found algo 'auction' in SYN@XE, a book without rules, which has no auction",
        ),
        ('"xetra_like"', '"binance_spot_like"', "and binance_spot_like takes no at_close orders"),
        ('at = "close"', 'at = "open"', "at: found 'open', allowed is close, next"),
        ("share_ppm = 400_000", "share_ppm = 0", "share_ppm is 0, allowed is 1 to 1000000"),
    ],
)
def test_a_book_without_such_an_auction_is_one_line(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in SCENARIO
    with pytest.raises(InputError) as found:
        run(tmp_path, SCENARIO.replace(old, new))
    assert words in str(found.value)


@pytest.mark.parametrize(("at", "call"), [("close", "closing call"), ("next", "call")])
def test_a_venue_whose_day_has_no_call_is_one_line(tmp_path: Path, at: str, call: str) -> None:
    preset = (resources.files("scenarios") / "venues" / "xetra_like.toml").read_text()
    own = tmp_path / "own.toml"
    own.write_text(preset.replace('schedule = "xetr"', 'schedule = "always_open"'))
    text = SCENARIO.replace('"xetra_like"', f'"{own}"').replace('at = "close"', f'at = "{at}"')

    with pytest.raises(InputError, match=f"and the day of xetra_like has no {call}; allowed is"):
        run(tmp_path, text)
