"""Whatever a ladder says, it ends in steps of a sound book, or in one line that names the line."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from console.play.game import PHASES, REASONS
from console.play.ladder import play
from console.play.order import SELF_TRADES, TIFS, WORDS
from market.errors import InputError
from scenarios.venue_preset import preset_names

PRICE = st.integers(95, 105).map(str)
LOTS = st.integers(1, 60).map(str)
ID = st.integers(1, 12).map(str)
HANDLE = st.integers(0, 5).map(str)


def line(*parts: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    """Words of one line."""
    drawn = [st.just(part) if isinstance(part, str) else part for part in parts]
    return st.tuples(*drawn).map(" ".join)


SIDE = st.sampled_from(["buy", "sell"])
WORD = st.one_of(
    st.sampled_from(
        ["market", "mtl", "primary", "mid", "opposite", "hidden", "all", "post", "slide"]
    ),
    st.sampled_from(sorted(TIFS)),
    line("stop", PRICE),
    line("strike", PRICE),
    line("trail", LOTS),
    line("min", LOTS),
    line("show", LOTS),
    line("offset", st.integers(0, 3).map(str)),
    line("self", st.sampled_from(sorted(SELF_TRADES))),
)
ORDER = st.one_of(
    line(ID.map(lambda text: f"{text}:"), SIDE, LOTS, "@", PRICE),
    line(ID.map(lambda text: f"{text}:"), SIDE, LOTS, "@", PRICE, WORD),
    line(ID.map(lambda text: f"{text}:"), SIDE, LOTS, WORD),
    line(ID.map(lambda text: f"{text}:"), SIDE, LOTS, WORD, WORD),
)
COMMAND = st.one_of(
    ORDER,
    ORDER,
    line("cancel", ID),
    line("replace", ID, LOTS, "@", PRICE),
    line("replace", ID, LOTS),
    line("expire", ID, st.sampled_from(sorted(REASONS))),
    line("phase", st.sampled_from(sorted(PHASES))),
    line("reference", st.one_of(PRICE, PRICE.map(lambda text: f"{text}.5"), st.just("none"))),
    line("band", PRICE, PRICE),
    line("owner", st.integers(0, 2).map(str)),
    line("away", PRICE, PRICE),
    line("history add", HANDLE, SIDE, LOTS, "@", PRICE),
    line("history", st.sampled_from(["reduce", "execute"]), HANDLE, LOTS),
    line("history replace", HANDLE, LOTS, "@", PRICE, st.sampled_from(["", "keep"])),
    line("history delete", HANDLE),
    line("history print", SIDE, LOTS, "@", PRICE.map(lambda text: f"{text}.5")),
    line("history cross", LOTS, "@", PRICE),
    st.just("history clear"),
)
NOISE = st.lists(
    st.one_of(
        st.sampled_from([*WORDS, "@", ":", "history", "add", "venue", "band", "-1", "1e9", "∞"]),
        st.text(max_size=6),
        st.integers(-(10**20), 10**20).map(str),
    ),
    max_size=6,
).map(" ".join)


ONE_LINE = re.compile(r"x\.txt:\d+: [^\n]+")


def error_of(text: str, preset: str = "") -> str:
    """The error that a ladder ends in; empty when it does not. Each step checks the book's invariants."""
    try:
        for _ in play(text, "x.txt", preset):
            pass
    except InputError as error:
        return str(error)
    return ""


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["", *preset_names()]),
    st.sampled_from(["", "mode frozen\n"]),
    st.lists(COMMAND, max_size=25),
)
def test_lines_that_are_well_formed_leave_a_sound_book(
    preset: str, mode: str, lines: list[str]
) -> None:
    """A line that is refused is left out of what follows."""
    kept = f"{mode}close 100"
    for text in lines:
        error = error_of(f"{kept}\n{text}", preset)
        assert not error or ONE_LINE.fullmatch(error)
        kept += "" if error else f"\n{text}"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(NOISE, COMMAND), max_size=8).map("\n".join))
def test_noise_ends_in_steps_or_in_one_line(text: str) -> None:
    error = error_of(text)

    assert not error or ONE_LINE.fullmatch(error)
