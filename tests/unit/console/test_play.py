"""A ladder played through a book: the exchanges' own examples, every word of the language, every error.

`ladders/*.txt` are played and compared with the `.out` beside them, which `twin book play X.txt > X.out`
writes anew. What the examples of exchanges must give is written down here as well.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli
from console.errors import guarded
from console.play.game import PHASES, Game, Step
from console.play.ladder import LINES_MAX, play, read_ladder
from console.play.order import TIFS, TYPES, WORDS
from console.play.venue import Venue
from market.codes import OrderType, Phase, TimeInForce
from market.errors import InputError
from scenarios.venue_preset import load_preset, preset_names

LADDERS = Path(__file__).with_name("ladders")
NAMES = sorted(path.stem for path in LADDERS.glob("*.txt"))
EXPECTED = sorted(path.stem for path in LADDERS.glob("*.out"))


def steps(text: str, preset: str = "") -> list[Step]:
    return list(play(text, "x.txt", preset))


def last(text: str, preset: str = "") -> Step:
    return steps(text, preset)[-1]


def said(step: Step) -> list[tuple[int, str, Any, int]]:
    """Reports as (order, what, price, lots)."""
    return [(row["order"], row["says"], row["price"], row["lots"]) for row in step.reports]


def taken(name: str) -> list[tuple[Any, int]]:
    """What the last order of a ladder traded, as (price, lots)."""
    step = steps((LADDERS / f"{name}.txt").read_text("utf-8"))[-1]
    return [(row["price"], row["lots"]) for row in step.reports if row["why"] == "taker"]


# Whole ladders.


@pytest.mark.parametrize("name", NAMES)
def test_a_ladder_says_what_it_said(name: str) -> None:
    done = CliRunner().invoke(cli.app, ["book", "play", str(LADDERS / f"{name}.txt")])

    assert done.exit_code == 0
    assert done.stdout == (LADDERS / f"{name}.out").read_text("utf-8")


def test_every_ladder_has_an_output_and_every_output_a_ladder() -> None:
    assert NAMES == EXPECTED
    assert len(NAMES) > 8


@pytest.mark.parametrize(
    ("name", "fills"),
    [
        ("xetra_15", [(203, 6000)]),
        ("xetra_23", [(203, 6000)]),
        ("xetra_partial", [(203, 1000)]),
        ("cme_allocation", [(9704, 10), (9704, 3), (9704, 6), (9704, 16), (9704, 25)]),
        ("xetra_iceberg", [(201, 8000), (201, 5000), (201, 2000), (201, 8000)]),
    ],
)
def test_the_exchanges_examples_give_what_they_print(name: str, fills: list[Any]) -> None:
    assert taken(name) == fills


def test_an_iceberg_shows_what_the_exchange_prints_after_each_step() -> None:
    shown = [
        [(cell["lots"], cell.get("reserve", 0)) for cell in row["asks"]]
        for step in steps((LADDERS / "xetra_iceberg.txt").read_text("utf-8"))[4:]
        if step.book
        for row in step.book["ladder"]
        if row["price"] == 201
    ]

    assert shown == [
        [(2000, 40000)],
        [(7000, 30000)],
        [(7000, 30000), (5000, 25000)],
        [(8000, 20000), (5000, 20000)],
        [(8000, 20000), (5000, 20000), (2000, 0)],
        [(2000, 10000), (5000, 15000)],
    ]


def test_json_is_one_object_with_a_step_for_each_line() -> None:
    path = LADDERS / "plain.txt"
    done = CliRunner().invoke(cli.app, ["book", "play", str(path), "--json"])

    found = json.loads(done.stdout)
    lines = path.read_text("utf-8").splitlines()
    assert found["ladder"] == str(path)
    assert [(step["line"], step["text"]) for step in found["steps"]] == [
        (number, line) for number, line in enumerate(lines, 1) if not line.startswith("#")
    ]
    assert found["steps"][3]["book"]["ladder"][0] == {
        "price": 102,
        "bids": [],
        "asks": [{"order": "h1", "lots": 40}],
    }


# The language.


def test_comments_and_empty_lines_are_not_steps() -> None:
    assert [step.line for step in steps("# a\n\n1: buy 5 @ 3 # b\n   \ncancel 1\n")] == [3, 5]


def test_a_price_may_touch_its_sign() -> None:
    assert said(last("1: buy 5 @3")) == [(1, "accepted", 3, 5)]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("1: buy 5 market", OrderType.MARKET),
        ("1: buy 5 mtl", OrderType.MARKET_TO_LIMIT),
        ("1: buy 5 stop 9", OrderType.STOP),
        ("1: buy 5 @ 10 stop 9", OrderType.STOP_LIMIT),
        ("1: buy 5 trail 2", OrderType.TRAILING_STOP),
        ("1: buy 5 primary offset 1", OrderType.PEG_PRIMARY),
        ("1: buy 5 @ 7 mid", OrderType.PEG_MIDPOINT),
        ("1: buy 5 opposite hidden", OrderType.PEG_MARKET),
        ("1: buy 5 strike 7 at_close", OrderType.STRIKE_MATCH),
        ("1: buy 5 @ 7", OrderType.LIMIT),
    ],
)
def test_every_type_of_order_can_be_written(line: str, kind: OrderType) -> None:
    game = Game("x.txt")
    game.step(1, "reference 8")
    game.step(2, "phase pre_open")
    step = game.step(3, line)

    assert [row["says"] for row in step.reports] == ["accepted"]
    assert game.venue is not None
    assert game.venue.book.state.mine[1].order_type is kind


def test_every_word_is_read() -> None:
    order = "1: buy 50 @ 100 gtc show 10-20 self cancel_both"
    assert last(order).reports[0]["says"] == "accepted"
    assert last("1: buy 50 @ 100 day min 5").book["ladder"][0]["bids"][0]["min"] == 5  # type: ignore[index]
    assert last("1: buy 50 @ 100 gtd all").book["ladder"][0]["bids"][0]["min"] == 50  # type: ignore[index]
    assert last("1: buy 50 @ 100 slide").reports[0]["says"] == "accepted"
    assert set(TYPES) | set(TIFS) <= set(WORDS)


def test_an_order_lives_until_cancelled_or_for_the_day_where_that_is_not_taken() -> None:
    for preset, tif in (("xetra_like", TimeInForce.GTC), ("nasdaq_like", TimeInForce.DAY)):
        game = Game("x.txt", preset)
        game.step(1, "1: buy 5 @ 100")
        assert game.venue is not None
        assert game.venue.book.state.mine[1].tif is tif


def test_the_venues_rule_sheet_is_asked_before_its_book() -> None:
    step = last("1: buy 150 @ 1000 stop 900", "nasdaq_like")

    assert step.reports[0]["why"].startswith(
        "UNSUPPORTED_TYPE: the venue does not take orders of this type: allowed is LIMIT, MARKET"
    )


def test_what_rests_may_not_be_cancelled_where_the_venue_says_so() -> None:
    text = "close 1000\nphase closing_call\n1: buy 100 @ 1000\ncancel 1\nreplace 1 50 @ 1000"
    found = steps(text, "ashare_like")

    assert [step.reports[0]["says"] for step in found[2:]] == [
        "accepted", "cancel rejected", "replace rejected",
    ]  # fmt: skip
    assert found[-1].reports[0]["why"].startswith("NOT_IN_PHASE: ")


def test_a_close_gives_the_reference_and_the_daily_limits() -> None:
    step = last("close 1000\n1: buy 100 @ 1100\n2: buy 100 @ 1101", "ashare_like")

    assert step.book is not None
    assert (step.book["reference"], step.book["band"]) == (1000, [900, 1100])
    assert "what is allowed ends at 1100 ticks" in step.reports[0]["why"]


def test_what_the_venue_does_by_itself_on_meeting_an_own_order_holds_unless_an_order_says() -> None:
    text = "owner 3\n1: buy 5 @ 100\n2: sell 5 @ 100"

    assert last(text, "binance_spot_like").reports[1]["says"] == "expired"
    assert last(f"{text} self allow", "binance_spot_like").reports[1]["says"] == "filled"


def test_an_interruption_shows_in_the_phase() -> None:
    text = "reference 200\nband 196 204\n1: buy 60 market\n2: buy 10 @ 202\n3: sell 10 @ 220"
    step = last(text, "xetra_like")

    assert step.book is not None
    assert step.book["phase"] == "volatility_call"
    # What the call would print lies outside the band.
    assert step.book["indicative"]["outside_band"] is True


def test_pegs_follow_the_other_venue() -> None:
    step = last("away 10 13\n1: buy 5 mid\naway 10 15\n2: sell 5 mid", "dark_mid")

    assert said(step)[1:] == [(1, "filled", 12.5, 5), (2, "filled", 12.5, 5)]
    assert last("1: buy 5 mid", "dark_mid").book["dormant"][0]["waits_for"] == "a price to follow"  # type: ignore[index]


@pytest.mark.parametrize("name", preset_names())
def test_every_type_that_a_preset_takes_is_taken(name: str) -> None:
    """A preset that takes what its own sheet or books refuse would promise too much."""
    preset, _ = load_preset(name)
    words = {
        OrderType.LIMIT: "@ 1000", OrderType.MARKET: "market", OrderType.MARKET_TO_LIMIT: "mtl",
        OrderType.STOP: "stop 1010", OrderType.STOP_LIMIT: "@ 1020 stop 1010",
        OrderType.TRAILING_STOP: "trail 5", OrderType.PEG_PRIMARY: "primary",
        OrderType.PEG_MIDPOINT: "mid", OrderType.PEG_MARKET: "opposite offset 1",
        OrderType.STRIKE_MATCH: "strike 1000 auction",
    }  # fmt: skip
    lives = preset.admission.accepted.tifs
    for kind in preset.admission.accepted.types:
        ways = [words[kind], *(f"{words[kind]} {tif.name.lower()}" for tif in lives)]
        found = []
        for way in ways[:1] if "auction" in words[kind] else ways:
            text = f"close 1000\n98: buy 100 @ 999\n99: sell 100 @ 1001\n1: buy 100 {way}"
            if name == "dark_mid":
                text = f"away 999 1001\n1: buy 100 {way}"
            found.append(last(text, name).reports[0]["says"])
        assert "accepted" in found, kind


# Errors.

WRONG = [
    ("venue nowhere", "venue: found 'nowhere', allowed is a TOML file or one of ashare_like, "),
    ("venue", "found the end of the line, allowed is a venue"),
    ("venue dark_mid extra", "found 'extra', allowed is the end of the line"),
    ("tick 0", "found '0', allowed is price units in a tick, 1 to 10000"),
    ("tick 5x", "found '5x', allowed is price units in a tick, 1 to 10000"),
    ("mode sometimes", "found 'sometimes', allowed is frozen, reactive"),
    ("close 0", "found '0', allowed is the last close in ticks, 1 to "),
    ("1: buy 200", "found neither a price nor a type, allowed is @ PRICE, or one of market, "),
    ("1: buy", "found the end of the line, allowed is a quantity in lots, 0 to "),
    ("1: hold 5 @ 3", "found 'hold', allowed is buy, sell"),
    ("1: buy 5 @ 10.5", "found '10.5', allowed is a price, a whole number of ticks"),
    ("1: buy 5 @ 99999999999999", "found '99999999999999', allowed is a price, a whole number"),
    ("1: buy 5 @", "found the end of the line, allowed is a price, a whole number of ticks"),
    ("1: buy 5 @ 3 extra", "found 'extra', allowed is one of market, mtl, stop, "),
    ("1: buy 5 market stop 9", "found 'stop' after another word of its kind, allowed is each once"),
    ("1: buy 5 @ 3 gtc day", "found 'day' after another word of its kind, allowed is each once"),
    ("1: buy 5 @ 9 market", "found a price with market, allowed is none, as the order would not"),
    ("1: buy 5 @ 3 show x", "found 'x', allowed is lots that show, such as 100 or 100-300"),
    ("1: buy 5 @ 3 show 1-2-3", "found '1-2-3', allowed is lots that show, such as 100 or 100-300"),
    ("1: buy 5 @ 3 self x", "found 'x', allowed is allow, cancel_newest, cancel_oldest, "),
    ("1: buy 5 stop", "found the end of the line, allowed is the price of the stop, a whole"),
    ("x: buy 5 @ 3", "found 'x', allowed is an order's number, 1 to 1000000000"),
    ("0: buy 5 @ 3", "found '0', allowed is an order's number, 1 to 1000000000"),
    ("sing", "found 'sing', allowed is NUMBER: and an order, or one of venue, tick, mode, "),
    ("phase lunch", "found 'lunch', allowed is pre_open, continuous, "),
    ("reference 1e5", "found '1e5', allowed is a reference, or none, ticks such as 100 or 100.5"),
    ("reference 100.25", "found '100.25', allowed is a reference, or none, ticks such as"),
    ("band 9 5", "found a band from 9 to 5, allowed is the lower price first"),
    ("band 9", "found the end of the line, allowed is the highest price, or none, a whole"),
    ("owner -1", "found '-1', allowed is an owner, 0 to 1000000"),
    ("cancel", "found the end of the line, allowed is an order's number, 1 to 1000000000"),
    ("cancel 5 6", "found '6', allowed is the end of the line"),
    ("expire 1 boredom", "found 'boredom', allowed is bad_qty, "),
    ("replace 1 x", "found 'x', allowed is a quantity in lots, 0 to "),
    ("history", "found the end of the line, allowed is add, reduce, execute, replace, delete, "),
    ("history add 1 sell 5", "found the end of the line, allowed is @ PRICE"),
    ("history add 10000 sell 5 @ 3", "found '10000', allowed is a handle, 0 to 9999"),
    ("history execute 3 5", "EXECUTE handle=3 side=BUY price=0 qty=5: the handle must have lots"),
    ("tick 3\nhistory print buy 5 @ 10.5", "found half a tick where a tick is an odd number of un"),
    ("1: buy 5 @ 3\n1: buy 5 @ 4", "found order 1 again, allowed is a number that was not used"),
    ("1: buy 5 @ 3\ntick 5", "found 'tick' after the book was used, allowed is before that"),
    ("1: buy 5 @ 3\naway 5 6", "found 'away' after the book was used, allowed is before that, or"),
    ("venue dark_mid\nvenue dark_mid", "found a second venue, allowed is one a ladder"),
    ("venue ashare_like\n1: buy 5 @ 3", "found no close, allowed is a line `close PRICE` before, "),
    ("venue xetra_like\naway 1 2\n1: buy 5 mid", "found away at venue 'xetra_like', whose pegs "),
    ("venue none.toml", "none.toml: cannot be read ("),
]


@pytest.mark.parametrize(("text", "error"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_line_says_where_what_was_found_and_what_is_allowed(text: str, error: str) -> None:
    with pytest.raises(InputError) as caught:
        steps(text)

    line = len(text.splitlines())
    assert str(caught.value).startswith(f"x.txt:{line}: {error}")
    assert "\n" not in str(caught.value)


def test_steps_before_a_wrong_line_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1: buy 5 @ 3\nnonsense\n", encoding="utf-8")

    code = guarded(lambda: cli.app(["book", "play", str(path)], prog_name="twin"))

    out, err = capsys.readouterr()
    assert code == 2
    assert "line 1:  1: buy 5 @ 3" in out
    assert err.startswith(f"twin: {path}:2: found 'nonsense', allowed is ")


def test_a_venue_on_the_command_line_leaves_none_to_the_ladder() -> None:
    with pytest.raises(InputError, match=r"^x\.txt:1: found a second venue"):
        steps("venue xetra_like", "cme_like")


def test_a_venues_file_lies_beside_the_ladder(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'format_version = 1\nname = "mine"\ntitle = "Mine"\n[admission]\nround_lots = 10\n', "utf-8"
    )
    found = [*play("venue mine.toml\n1: buy 5 @ 3", str(tmp_path / "a.txt"))]

    assert (
        found[-1].reports[0]["why"] == "BAD_LOT: the quantity 5 lots is not a multiple of 10 lots"
    )


def test_files_that_are_no_ladders_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "noise.txt").write_bytes(b"\xff\xfe")

    for name in ("none.txt", "noise.txt"):
        with pytest.raises(InputError, match=rf"{name}: cannot be read \("):
            read_ladder(tmp_path / name)
    with pytest.raises(InputError, match=f"found {LINES_MAX + 1} lines, allowed are at most"):
        steps("\n" * (LINES_MAX + 1))


def test_every_phase_can_be_set() -> None:
    for name, phase in PHASES.items():
        book = last(f"phase {name}").book
        assert book is not None
        assert book["phase"] == phase.name.lower()
    assert set(PHASES.values()) == set(Phase)


def test_a_book_whose_invariants_do_not_hold_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(venue: Venue, order_id: int) -> list[Any]:
        venue.book.state.mine[order_id].live = 0
        return []

    monkeypatch.setattr(Venue, "cancel", broken)
    with pytest.raises(AssertionError):
        steps("1: buy 5 @ 3\ncancel 1")
