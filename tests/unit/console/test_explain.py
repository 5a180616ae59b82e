"""A venue in plain words: every field of a preset is told, by the clock of a date where one is given."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

import cli
from console import venue_words
from market.errors import InputError
from scenarios.venue_preset import VenuePreset, load_preset, preset_names
from scenarios.venue_sections import AdmissionSection
from tests.unit.console.preset_walk import BASES, WHOLE, others, schema


def explain(preset: VenuePreset, on: str = "") -> dict[str, dict[str, Any]]:
    return venue_words.explain(preset, on)


def test_every_field_of_a_preset_is_told() -> None:
    told = {
        where for base in BASES for where, other in others(base) if explain(other) != explain(base)
    }
    fields = set(schema(VenuePreset))

    assert len(fields) > 100
    assert told <= fields
    # These cannot be changed alone: a version has one value, and the others need a second field.
    assert fields - told == {
        ("format_version",),
        ("throttles", "shape"),
        ("schedule", "special_days", "closed"),
    }
    found = explain(BASES[0])
    assert found["venue"]["format_version"] == "1"
    assert found["message_limits"]["limits"][0]["counted"] == "as a bucket fills"
    assert explain(BASES[1])["message_limits"]["limits"][0]["counted"] == "in every such stretch"
    assert found["day"]["days_that_differ"] == [
        "2024-12-23: opens at 10:00, closes at 14:00",
        "2024-12-24: no session",
    ]


def test_a_field_that_is_not_told_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.venue_words.sections.sizes", lambda preset: {})
    changed = [where for where, other in others(BASES[0]) if explain(other) != explain(BASES[0])]

    assert ("admission", "round_lots") not in changed
    assert ("admission", "no_cancel") in changed


def test_the_walk_knows_every_field_of_a_section() -> None:
    names = {path[1] for path in schema(VenuePreset) if path[0] == "admission"}

    assert names == {field.name for field in msgspec.structs.fields(AdmissionSection)}


# What it looks like.


def texts(value: object) -> Iterator[str]:
    """Every text of an explanation."""
    if isinstance(value, str):
        yield value
    else:
        assert isinstance(value, (dict, list)), value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


@pytest.mark.parametrize("name", preset_names())
def test_a_packaged_preset_is_told_in_texts_with_every_section(name: str) -> None:
    found = explain(load_preset(name)[0])

    assert list(found) == [
        "venue", "day", "books_and_matching", "auctions", "orders_taken", "sizes_and_prices", "fees",
        "short_sales_and_settlement", "funding_and_borrow", "message_limits", "disconnects",
        "quotes_and_their_protection", "circuit_breakers", "not_simulated", "sources",
    ]  # fmt: skip
    assert [text for text in texts(found) if text != text.strip() or "\n" in text] == []


def test_json_and_table_say_the_same() -> None:
    command = ["venue", "explain", "nyse_like", "--day", "2024-07-03"]
    as_json = CliRunner().invoke(cli.app, [*command, "--json"])
    table = CliRunner().invoke(cli.app, command)

    assert json.loads(as_json.stdout) == explain(load_preset("nyse_like")[0], "2024-07-03")
    said = " ".join(table.stdout.split())
    missing = [
        text for text in texts(json.loads(as_json.stdout)) if " ".join(text.split()) not in said
    ]
    assert missing == []


def test_the_list_has_every_packaged_preset() -> None:
    done = CliRunner().invoke(cli.app, ["venue", "list", "--json"])

    rows = json.loads(done.stdout)["rows"]
    assert [row["preset"] for row in rows] == preset_names()
    assert all(row["title"] for row in rows)


def test_a_file_of_ones_own_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(WHOLE, encoding="utf-8")

    done = CliRunner().invoke(cli.app, ["venue", "explain", str(path), "--json"])

    assert json.loads(done.stdout)["venue"]["name"] == "mine"


def test_figures_are_written_for_a_reader() -> None:
    found = explain(BASES[0])

    assert found["fees"]["each_fill_within"] == (
        "at least 0.000000003, at most 0.000000008, at most 0.001 bp of the worth"
    )
    assert found["fees"]["rates"][:2] == [
        {
            "fill": "resting, displayed",
            "from_turnover": "0",
            "costs": "0.01 bp of the worth and a rebate of 0.000000005 a lot and 0.000000003 a fill",
        },
        {
            "fill": "resting, displayed",
            "from_turnover": "5 lots and 7 of currency",
            "costs": "nothing",
        },
    ]
    assert found["sizes_and_prices"]["collar"] == (
        "2 %, never less than 10 ticks from the last price, towards the other side only"
    )
    assert found["disconnects"]["not_covered"] == [
        "orders until cancelled",
        "orders until a time",
        "orders of the owner's other sessions",
        "orders that may not be cancelled at that moment",
    ]


# By the clock of a date.


def phases(name: str, date: str) -> list[tuple[str, str]]:
    found = explain(load_preset(name)[0], date)["day"]["phases"]
    return [(row["from"], row["phase"]) for row in found]


def test_a_half_day_closes_early() -> None:
    day = explain(load_preset("nyse_like")[0], "2024-07-03")["day"]

    assert day["session"] == "09:30:00 to 13:00:00; most days around it close at 16:00:00"
    assert phases("nyse_like", "2024-07-03") == [
        ("06:30:00", "opening call"),
        ("09:30:00", "continuous"),
        ("13:00:00", "closing call"),
        ("13:00:00", "closed"),
    ]
    assert day["phases"][2]["what_it_means"] == "an auction at once, of what rests for it"


def test_a_random_end_is_a_stretch_and_winter_differs_from_summer_by_the_clock_of_no_one() -> None:
    for date in ("2024-01-15", "2024-07-15"):
        assert phases("xetra_like", date)[-2:] == [
            ("17:35:00 to 17:35:30, by a draw", "trade at last"),
            ("17:45:00", "closed"),
        ]


def test_a_break_is_told() -> None:
    day = explain(load_preset("ashare_like")[0], "2024-10-08")["day"]

    assert day["session"].endswith("with a break from 11:30:00 to 13:00:00")


def test_a_date_without_a_session_names_the_next_one() -> None:
    day = explain(load_preset("nasdaq_like")[0], "2024-12-25")["day"]

    assert day["day"] == "2024-12-25: no session; the next is 2024-12-26"
    assert "phases" not in day


def test_a_venue_that_never_closes_is_open_all_day() -> None:
    day = explain(load_preset("binance_spot_like")[0], "2024-12-25")["day"]

    assert (day["session"], day["phases"][0]["from"]) == ("all day", "00:00:00")


@pytest.mark.parametrize(
    ("date", "rule", "market"),
    [
        ("2010-01-04", "no rule yet", "Dow Jones down 10 %"),
        ("2012-06-21", "a pause of 5 min after a move of 10 % within 5 min", "Dow Jones down 10 %"),
        ("2013-04-08", "limit-up limit-down bands, 9:45 to 15:30: 5 %", "S&P 500 down 7 or 13 %"),
        ("2024-07-03", "limit-up limit-down bands, 9:30 to 16:00: 5 %", "S&P 500 down 7 or 13 %"),
    ],
)
def test_breakers_are_those_of_the_day(date: str, rule: str, market: str) -> None:
    found = explain(load_preset("nasdaq_like")[0], date)["circuit_breakers"]

    assert str(found["single_stocks"]).startswith(rule)
    assert found["whole_market"][0].startswith(market)


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("2024-02-30", "--day: found '2024-02-30', allowed is a date such as 2024-07-03"),
        ("20240703", "--day: found '20240703', allowed is a date such as 2024-07-03"),
        ("2001-09-10", "schedule 'xnys': found 2001-09-10, allowed is from 2012-01-03 on"),
    ],
)
def test_a_day_that_is_none_or_too_early_is_one_line(date: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        explain(load_preset("nyse_like")[0], date)

    assert str(caught.value).startswith(said)
