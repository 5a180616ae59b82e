"""Records made from a run say what its events and journals say."""

from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from desk.tca import ParentRecord, shortfall_of
from market.codes import Liquidity, ReportType
from market.errors import InputError
from market.instruments import Instrument
from market.messages import NO_PRICE
from scenarios.tca_quotes import Quotes
from scenarios.tca_records import records_of
from sim.recorder import EVENT_COLUMNS, Event, EventKind
from tests.unit.research.report_runs import SCENARIO, small_run

SHARE = Instrument(
    symbol="SYN", venue="X", currency="USD", price_units_per_currency=10_000, tick_units=101
)
OURS = 1 << 40 | 1


def folder_of(tmp_path: Path, rows: list[Event]) -> Path:
    """A run of one bare host with these events."""
    (tmp_path / "scenario.toml").write_text(SCENARIO.format(name="small", title="Small"))
    (tmp_path / "run.toml").write_text('[identity]\ntape_digest = ""\n')
    summary = {"run_id": "small", "books": [msgspec.to_builtins(SHARE)]}
    (tmp_path / "summary.json").write_bytes(msgspec.json.encode(summary))
    data = np.array(rows, dtype=np.int64)
    table = pa.table({name: data[:, place] for place, name in enumerate(EVENT_COLUMNS)})
    pq.write_table(table, tmp_path / "events.parquet")
    return tmp_path


def answer(at_ns: int, kind: ReportType, **fields: int) -> Event:
    """The venue's word about our order."""
    taker = int(Liquidity.TAKER)
    known = {"order_id": OURS, "detail": int(kind), "liquidity": taker, "venue_ns": at_ns}
    return Event(at_ns, EventKind.ANSWER, 0, **(known | fields))


def view(at_ns: int, bid: int, ask: int, venue_ns: int) -> Event:
    """What the host saw."""
    return Event(at_ns, EventKind.VIEW, 0, price_ticks=bid, qty_lots=ask, venue_ns=venue_ns)


def bought(*answers: Event) -> list[Event]:
    """A decision on 100 at 102, an order of 10 lots on its way, and what was answered."""
    order = {"order_id": OURS, "price_ticks": 105, "qty_lots": 10}
    submit = int(EventKind.SUBMIT)
    return [
        view(10, 100, 102, 8),
        Event(12, EventKind.COMPUTED, 0, venue_ns=10, detail=1),
        Event(12, EventKind.SUBMIT, 0, **order),
        Event(20, EventKind.ARRIVED, 0, detail=submit, **order),
        *answers,
        Event(60, EventKind.RECEIVED, 0, order_id=OURS),
        view(70, 104, 106, 68),
    ]


def only(folder: Path) -> ParentRecord:
    """The one parent of a run."""
    (record,) = records_of(folder).records
    return record


def test_a_price_between_ticks_is_exact_where_a_tick_is_an_odd_number_of_units(
    tmp_path: Path,
) -> None:
    filled = answer(20, ReportType.FILLED, price_ticks=102, half=1, qty_lots=10, exec_id=1, fee=7)
    record = only(folder_of(tmp_path, bought(filled)))

    ((_, fill),) = record.fills()
    assert fill.price_x2_units == 205 * 101
    assert (record.decided.at_ns, record.children[0].sent.at_ns) == (10, 12)
    assert (record.ended_ns, record.closed_ns) == (20, 60)
    assert record.end_mid_x2_units == 210 * 101
    parts = shortfall_of(record).parts
    # 102.5 for what stood at 100 to 102: one tick of spread, half a tick beyond the best price.
    assert (parts.spread_x2, parts.impact_x2, parts.fees_x2) == (2 * 1_010, 1_010, 14)
    assert parts.total_x2 == 3 * 1_010 + 14


def test_a_busted_fill_is_left_out_and_a_corrected_one_has_its_new_price(tmp_path: Path) -> None:
    record = only(
        folder_of(
            tmp_path,
            bought(
                answer(
                    20, ReportType.FILLED, price_ticks=102, qty_lots=4, leaves_lots=6, exec_id=1
                ),
                answer(20, ReportType.FILLED, price_ticks=103, qty_lots=6, exec_id=2),
                answer(40, ReportType.BUSTED, price_ticks=102, qty_lots=4, exec_id=1),
                answer(41, ReportType.CORRECTED, price_ticks=101, qty_lots=5, exec_id=2, fee=3),
            ),
        )
    )

    ((_, fill),) = record.fills()
    assert (fill.exec_id, fill.lots, fill.fee, fill.price_x2_units) == (2, 5, 3, 202 * 101)
    assert fill.seen.at_ns == 20
    assert record.wanted_lots - record.filled_lots == 5


def test_what_was_not_filled_is_valued_at_the_close_or_at_the_parents_own_end(
    tmp_path: Path,
) -> None:
    ended = answer(50, ReportType.CANCELLED, leaves_lots=0)
    folder = folder_of(tmp_path, bought(ended))

    at_close, at_end = (
        shortfall_of(records_of(folder, valued=valued).records[0]).parts.opportunity_x2
        for valued in ("close", "end")
    )
    assert at_close == 10 * (210 - 202) * 101
    assert at_end == 0


def test_a_refused_order_was_never_received_and_a_lost_one_ends_where_it_was_lost(
    tmp_path: Path,
) -> None:
    refused = only(folder_of(tmp_path, bought(answer(20, ReportType.REJECTED))))
    assert refused.children[0].received is None
    rows = bought()
    rows[3] = rows[3]._replace(time_ns=15, kind=EventKind.LOST)
    lost = only(folder_of(tmp_path, rows))

    assert lost.children[0].received is None
    assert lost.ended_ns == 15
    assert shortfall_of(lost).parts.delay_x2 == 0


def test_a_fill_of_an_order_that_no_command_sent_is_refused(tmp_path: Path) -> None:
    stray = answer(20, ReportType.FILLED, price_ticks=102, qty_lots=1, exec_id=1)
    with pytest.raises(InputError, match="found a fill and no command that sent it"):
        records_of(folder_of(tmp_path, [view(10, 100, 102, 8), stray]))


def test_a_book_that_shows_nothing_has_the_quotes_of_its_twin() -> None:
    data = np.array([view(10, 100, 102, 8), view(20, NO_PRICE, 102, 18)], dtype=np.int64)
    events = {name: data[:, place] for place, name in enumerate(EVENT_COLUMNS)}
    quotes = Quotes(events, [SHARE, msgspec.structs.replace(SHARE, venue="DARK")])

    assert quotes.seen(0, 1, 30).venue.mid_x2_units == 202 * 101
    assert quotes.ahead == 0
    assert quotes.seen(0, 0, 8, own=True).venue.mid_x2_units == 202 * 101
    assert quotes.ahead == 1
    other = [msgspec.structs.replace(SHARE, symbol="ABC")]
    with pytest.raises(InputError, match="found no two-sided view of any host"):
        Quotes({name: column[:0] for name, column in events.items()}, other).close_x2(0)


def test_fills_and_fees_of_a_run_are_the_summarys(tmp_path: Path) -> None:
    folder = small_run(tmp_path)
    told = records_of(folder)
    summary = msgspec.json.decode((folder / "summary.json").read_bytes())

    assert sum(len(one.fills()) for one in told.records) == summary["fills"] > 20
    fees = sum(fill.fee for one in told.records for _, fill in one.fills())
    assert told.books[0].money(fees) == summary["hosts"][0]["fees"]
    assert told.strategies == ["maker/quoter"]


def test_a_folder_that_is_no_run_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"found no summary\.json, allowed is a run's folder"):
        records_of(tmp_path)
