from pathlib import Path

import msgspec
import pytest

from market.errors import InputError
from strategies.registry import GROUP, NAMES, strategy_named
from tests.unit.strategies.seen import INSTRUMENTS, at, facts

MODULE = """
import msgspec


class Config(msgspec.Struct, frozen=True):
    size: int = 1


class State(msgspec.Struct):
    pass


class Mine:
    Config, State = Config, State

    def __init__(self, config, *, books, instruments):
        self.state = State()

    def on_view(self, view, facts):
        return ()


class NoConfig(Mine):
    Config = dict


class NoState(Mine):
    State = None


class NoView:
    Config, State = Config, State

    def __init__(self, config, *, books, instruments):
        pass


class OddMaker(Mine):
    def __init__(self, config):
        pass


a_function = len
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path, with a module of a name that no other test imports."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / f"{tmp_path.name}.py").write_text(MODULE)
    return tmp_path


def package(folder: Path, name: str, line: str) -> None:
    """An installed package with one entry point."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{line}\n")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_ours_stands_for_a_strategy(name: str) -> None:
    named = strategy_named(name)

    assert named.name == name
    assert named.config is named.cls.Config
    assert issubclass(named.config, msgspec.Struct)


def test_a_class_of_a_users_module_is_found_and_can_be_made(folder: Path) -> None:
    named = strategy_named(f"{folder.name}:Mine")
    config = msgspec.convert({"size": 3}, named.config)
    made = named.cls(config, books=[0], instruments=INSTRUMENTS)

    assert (named.name, named.config.__name__) == (f"{folder.name}:Mine", "Config")
    assert made.on_view(at(0, 100, 101), facts()) == ()


@pytest.mark.parametrize("extra", ["", " [more]"])
def test_an_entry_point_of_an_installed_package_is_found(folder: Path, extra: str) -> None:
    package(folder, "theirs", f"breakout = {folder.name}:Mine{extra}")

    assert strategy_named("breakout").cls.__name__ == "Mine"


def test_ours_win_over_entry_points_and_two_packages_over_none(folder: Path) -> None:
    package(folder, "one", f"momentum = {folder.name}:Mine\nmine = {folder.name}:Mine")
    package(folder, "two", f"mine = {folder.name}:NoView")

    assert strategy_named("momentum").cls.__name__ == "Momentum"
    with pytest.raises(InputError, match=r"'mine': found in several packages .*allowed is one"):
        strategy_named("mine")


def test_an_unknown_name_is_answered_with_all_that_are_known(folder: Path) -> None:
    package(folder, "theirs", f"breakout = {folder.name}:Mine")
    with pytest.raises(InputError) as caught:
        strategy_named("momentun")

    assert str(caught.value) == (
        "strategy: found 'momentun', allowed is one of idle, imbalance, market_maker, "
        "mean_reversion, momentum, pairs, parents, rebalance, breakout, or your own as module:Class"
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("no_such_module_here:Mine", "module 'no_such_module_here' was not found, allowed is"),
        ("strategies.no_such:Mine", "module 'strategies.no_such' was not found, allowed is"),
        ("{}:Mime", "has no 'Mime', allowed is one of Mine, NoConfig, NoState, OddMaker"),
        ("market.units:Mine", "has no 'Mine', allowed is a class with on_view"),
        ("{}:a_function", "found a builtin_function_or_method, allowed is a class"),
        ("{}:NoView", "found no strategy, allowed is a class with a method on_view"),
        ("{}:NoConfig", "a class attribute Config that is a msgspec.Struct"),
        ("{}:NoState", "a class attribute State that is a msgspec.Struct"),
        ("{}:OddMaker", r"a constructor with \(config\), allowed is \(config, \*, books"),
        ("{}:", "allowed is module:Class"),
        (":Mine", "allowed is module:Class"),
        ("a/b:Mine", "allowed is module:Class"),
        ("a:b:c", "allowed is module:Class"),
    ],
)
def test_what_is_no_strategy_is_refused_with_what_is_allowed(
    folder: Path, path: str, text: str
) -> None:
    name = path.format(folder.name)
    with pytest.raises(InputError, match=text) as caught:
        strategy_named(name)

    assert str(caught.value).startswith(f"strategy {name!r}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("import no_such_thing_here", "needs module 'no_such_thing_here', which was not found"),
        ("1 / 0", "cannot be imported, found ZeroDivisionError: division by zero"),
        ("def f(:", "cannot be imported, found SyntaxError"),
        ("raise ValueError('a\\nb')", "cannot be imported, found ValueError: a b"),
    ],
)
def test_a_module_that_cannot_be_imported_is_refused_in_one_line(
    folder: Path, body: str, text: str
) -> None:
    name = f"broken_{folder.name}"
    (folder / f"{name}.py").write_text(body)
    with pytest.raises(InputError, match=text) as caught:
        strategy_named(f"{name}:Mine")

    assert "\n" not in str(caught.value)


def test_an_entry_point_that_leads_nowhere_says_where_it_leads(folder: Path) -> None:
    package(folder, "theirs", f"lost = {folder.name}:Gone")
    with pytest.raises(InputError, match=rf"^strategy 'lost' \({folder.name}:Gone\): .*no 'Gone'"):
        strategy_named("lost")
