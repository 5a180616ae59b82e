"""A list of parents with too little cash: every one is finished, and the purse is never empty."""

import json
from pathlib import Path

import pytest

from bridge.stores import map_file
from desk.journal import Reader, RecordType, event_in
from market.codes import ReportType, Side
from market.errors import InputError
from market.messages import Cancel, Report, Submit
from scenarios.run import run_scenario
from scenarios.schema import load_scenario, parse_scenario
from scenarios.tca_records import records_of

CASH = 20_000

MICROS_A_TICK = 10_000
"""A tick is a cent, a lot one share."""


def small(books: int, cash: int) -> str:
    """The packaged scenario with fewer books, and with cash in units of currency."""
    text = load_scenario("rebalance_200")[1]
    text = text.replace("count = 200", f"count = {books}")
    return text.replace("cash_micros = 400_000_000_000", f"cash_micros = {cash * 1_000_000}")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rebalance")
    path = folder / "small.toml"
    path.write_text(small(8, CASH))
    return run_of(str(path), folder)


def run_of(name: str, folder: Path) -> Path:
    """Folder of a run."""
    summary = run_scenario(
        name,
        tape=None,
        seed=None,
        runs_dir=folder,
        progress=lambda _done, _total: None,
        announce=lambda _identity: None,
        wall_ns=lambda: 0,
    )
    return Path(summary.folder)


def test_every_parent_is_finished_within_its_window(run: Path) -> None:
    check_parents(run, 8)


def check_parents(run: Path, count: int) -> None:
    """All of the list is done, and within its ten minutes."""
    records = records_of(run, valued="end").records

    assert len(records) == count
    assert [one.filled_lots for one in records] == [one.wanted_lots for one in records]
    assert {one.side for one in records} == set(Side)
    began_ns = min(one.decided.at_ns for one in records)
    assert max(one.ended_ns for one in records) <= began_ns + 600_000_000_000


def test_cash_is_never_below_zero_whatever_is_on_its_way(run: Path) -> None:
    assert 0 <= lowest_cash(run, CASH) < CASH * 1_000_000 // 4


def lowest_cash(run: Path, cash_begun: int) -> int:
    """Counted again from the journal: what came in, less what went out, less buys at their limits."""
    cash = cash_begun * 1_000_000
    open_buys: dict[int, int] = {}
    orders: dict[int, Submit] = {}
    lowest = cash
    for record in Reader(map_file(run / "desk.journal")):
        if record.type is not RecordType.EVENT:
            continue
        event = event_in(record)
        message = event.message
        if isinstance(message, Report) and message.order_id in orders:
            order = orders[message.order_id]
            if message.type is ReportType.FILLED:
                cash -= order.side.sign * message.price_ticks * message.qty_lots * MICROS_A_TICK
                if order.side is Side.BUY:
                    open_buys[order.order_id] -= message.qty_lots
            elif message.type in (ReportType.EXPIRED, ReportType.CANCELLED, ReportType.REJECTED):
                open_buys.pop(order.order_id, None)
        for caused in event.commands:
            command = caused.command
            if isinstance(command, Submit):
                orders[command.order_id] = command
                if command.side is Side.BUY:
                    open_buys[command.order_id] = command.qty_lots
            assert not isinstance(command, Cancel) or command.order_id in orders
        worst = sum(
            orders[order_id].price_ticks * lots * MICROS_A_TICK
            for order_id, lots in open_buys.items()
        )
        lowest = min(lowest, cash - worst)
    return lowest


def test_buys_had_to_wait(run: Path) -> None:
    assert waits(run) > 0


def waits(run: Path) -> int:
    """How often a buy was refused for want of cash."""
    summary = json.loads((run / "summary.json").read_text())
    return int(summary["desks"]["desk"]["refusals"]["cash"])


def test_a_template_becomes_as_many_books_flows_and_tables() -> None:
    scenario = parse_scenario(small(12, 1), "small.toml")

    assert [book.symbol for book in scenario.books] == [f"S{n:03d}" for n in range(1, 13)]
    assert len(scenario.flows) == 12
    stack = scenario.hosts[0].stack
    assert stack is not None
    assert set(stack.gate.instruments) == {book.symbol for book in scenario.books}
    assert set(stack.limits.instruments) == {book.symbol for book in scenario.books}


@pytest.mark.parametrize("count", ["0", "10_001", '"x"', "true"])
def test_a_wrong_count_is_one_line(count: str) -> None:
    with pytest.raises(InputError, match=r"books\[0\].count: found .*, allowed is 1 to 10000"):
        parse_scenario(small(8, 1).replace("count = 8", f"count = {count}"), "small.toml")
