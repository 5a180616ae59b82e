"""Any order of a run can be followed back to what the market and the desk were when it was sent."""

from pathlib import Path

import pytest

from desk.journal import Reader, RecordType, event_in
from market.errors import InputError
from market.messages import Submit
from scenarios.reconstruct import reconstruct
from scenarios.run import run_scenario


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five minutes of the calm scenario, written to a folder."""
    from scenarios.schema import load_scenario

    folder = tmp_path_factory.mktemp("runs")
    _, text, _ = load_scenario("calm")
    path = folder / "calm.toml"
    path.write_text(text.replace('duration = "1h"', 'duration = "15m"'), encoding="utf-8")
    summary = run_scenario(
        str(path),
        tape=None,
        seed=None,
        runs_dir=folder,
        progress=lambda *_: None,
        announce=lambda _: None,
        wall_ns=lambda: 0,
    )
    return Path(summary.folder)


def sent(run: Path) -> list[tuple[int, int, int]]:
    """Order id, time and record of every order in the journal."""
    found = []
    for record in Reader((run / "desk.journal").read_bytes()):
        if record.type is RecordType.EVENT:
            for caused in event_in(record).commands:
                if isinstance(caused.command, Submit):
                    found.append((caused.command.order_id, record.now_ns, record.seq))
    return found


def test_every_order_is_found_with_its_moment(run: Path) -> None:
    """First, last and some between: time, record, belief and the desk's own figures."""
    orders = sent(run)
    assert len(orders) >= 5
    for order_id, now_ns, seq in (orders[0], orders[len(orders) // 2], orders[-1]):
        moment = reconstruct(run, order_id, None)
        assert (moment.order_id, moment.now_ns, moment.seq) == (order_id, now_ns, seq)
        assert moment.strategy in ("maker", "reverter")
        assert any(one.get("order_id") == order_id for one in moment.commands)
        assert moment.belief["permit"]["permit_id"] > 0
        assert moment.desk["events"] > 0
        # Nothing that the desk knew was younger than the moment.
        assert moment.view["age_ns"] > 0
        assert moment.view["local_ns"] <= now_ns
        assert all(one["order_id"] < order_id for one in moment.open_orders)


def test_an_order_that_was_never_sent_is_refused(run: Path) -> None:
    """Another number of this desk, and another desk's."""
    newest = sent(run)[-1][0]
    with pytest.raises(InputError, match="found no order"):
        reconstruct(run, newest + 1, None)
    with pytest.raises(InputError, match="allowed is one of desk"):
        reconstruct(run, 7 << 40 | 1, None)
    with pytest.raises(InputError, match=r"no run\.toml"):
        reconstruct(run.parent, newest, None)


def test_a_changed_configuration_is_refused(run: Path) -> None:
    """The journal says of which configuration it is."""
    order_id = sent(run)[0][0]
    path = run / "scenario.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("lots_max = 100", "lots_max = 99"), encoding="utf-8")
    with pytest.raises(InputError, match="found configuration"):
        reconstruct(run, order_id, None)
    path.write_text(text, encoding="utf-8")


def test_a_damaged_journal_is_refused(run: Path) -> None:
    """One flipped bit before the order, and nothing is said on its word."""
    order_id = sent(run)[-1][0]
    path = run / "desk.journal"
    data = path.read_bytes()
    broken = bytearray(data)
    broken[len(data) // 3] ^= 4
    path.write_bytes(broken)
    with pytest.raises(InputError, match="record"):
        reconstruct(run, order_id, None)
    path.write_bytes(data)
