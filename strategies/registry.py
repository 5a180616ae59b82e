"""Strategies by name: those that come with the project, and users' own.

A name is one of three things:

    momentum                one of ours, in NAMES
    my.package:MyStrategy   a class in a module that Python can import
    mine                    an entry point of the group `market_twin.strategies` of an installed package

Ours win over entry points of the same name, and of two packages that offer one name neither is
believed. A strategy is a class with the methods of `market.ports.Strategy`, with class attributes
`Config` and `State` that are `msgspec.Struct`s, and made by `(config, *, books, instruments)`.

Limits: to name a class is to run its module. Names come from who runs the program, never from data.
"""

import inspect
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, NamedTuple, Protocol, cast

import msgspec

from market.errors import InputError
from market.instruments import Instrument
from market.ports import Strategy

GROUP: Final = "market_twin.strategies"

NAMES: Final = {
    "idle": "strategies.idle:Idle",
    "imbalance": "strategies.imbalance:Imbalance",
    "market_maker": "strategies.market_maker:MarketMaker",
    "mean_reversion": "strategies.mean_reversion:MeanReversion",
    "momentum": "strategies.momentum:Momentum",
    "pairs": "strategies.pairs:Pairs",
    "parents": "strategies.parents:Parents",
    "rebalance": "strategies.rebalance:Rebalance",
}
"""Strategies that come with the project, and where they are."""


class StrategyClass(Protocol):
    """A class that makes strategies."""

    def __call__(
        self, config: msgspec.Struct, *, books: Sequence[int], instruments: Sequence[Instrument]
    ) -> Strategy:
        """A fresh strategy.

        Args:
            config: Of the class attribute `Config`.
            books: Numbers of the books that it follows.
            instruments: Of every book of the desk, by number.
        """
        ...


class Named(NamedTuple):
    """A strategy that a name stands for.

    Attributes:
        name: As it was asked for.
        cls: The class.
        config: The type of its parameters.
    """

    name: str
    cls: StrategyClass
    config: type[msgspec.Struct]


def strategy_named(name: str) -> Named:
    """The strategy that a name stands for.

    Raises:
        InputError: Nothing goes by that name, it cannot be imported, or it is no strategy.
    """
    path = NAMES.get(name) or (name if ":" in name else _entry_point(name))
    where = f"strategy {name!r}" if path == name or name in NAMES else f"strategy {name!r} ({path})"
    module_name, _, attribute = path.partition(":")
    found = _attribute(module_name, attribute, where)
    return _checked(name, found, where)


def _entry_point(name: str) -> str:
    """Where an installed package says that a strategy is."""
    paths = sorted({point.value for point in entry_points(group=GROUP, name=name)})
    if len(paths) > 1:
        raise InputError(
            f"strategy {name!r}: found in several packages ({', '.join(paths)}), "
            "allowed is one; name it as module:Class"
        )
    if not paths:
        others = sorted({point.name for point in entry_points(group=GROUP)} - NAMES.keys())
        raise InputError(
            f"strategy: found {name!r}, allowed is one of {', '.join([*NAMES, *others])}, "
            "or your own as module:Class"
        )
    # An entry point may name extras after its path, as in `module:Class [extra]`.
    return paths[0].partition("[")[0].strip()


def source_of(name: str) -> Path:
    """The file that a strategy's class is written in.

    Raises:
        InputError: As `strategy_named`, or the class is of no file.
    """
    found = inspect.getsourcefile(cast("type", strategy_named(name).cls))
    if found is None:
        raise InputError(f"strategy {name!r}: found no source file, allowed is a class in one")
    return Path(found).resolve()


def _attribute(module_name: str, attribute: str, where: str) -> object:
    """What a module calls by a name; both must be there."""
    parts = module_name.split(".")
    if not all(part.isidentifier() for part in (*parts, attribute)):
        raise InputError(f"{where}: found no module and class in it, allowed is module:Class")
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        parents = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
        if error.name in parents:
            raise InputError(
                f"{where}: module {error.name!r} was not found, allowed is one that Python can "
                "import (installed, or in a folder of PYTHONPATH)"
            ) from error
        raise InputError(
            f"{where}: module {module_name!r} needs module {error.name!r}, which was not found"
        ) from error
    except Exception as error:  # what a user's module raises is the user's to mend
        text = " ".join(str(error).split())
        raise InputError(
            f"{where}: module {module_name!r} cannot be imported, "
            f"found {type(error).__name__}: {text}, allowed is none"
        ) from error
    if not hasattr(module, attribute):
        classes = sorted(
            key
            for key, value in vars(module).items()
            if inspect.isclass(value) and hasattr(value, "on_view")
        )
        allowed = f"one of {', '.join(classes)}" if classes else "a class with on_view"
        raise InputError(
            f"{where}: module {module_name!r} has no {attribute!r}, allowed is {allowed}"
        )
    return cast("object", getattr(module, attribute))


def _checked(name: str, found: object, where: str) -> Named:
    """A class that can be used as a strategy."""
    if not inspect.isclass(found):
        raise InputError(f"{where}: found a {type(found).__name__}, allowed is a class")
    missing = None if callable(getattr(found, "on_view", None)) else "a method on_view(view, facts)"
    for attribute in ("Config", "State"):
        kind = getattr(found, attribute, None)
        if not inspect.isclass(kind) or not issubclass(kind, msgspec.Struct):
            missing = missing or f"a class attribute {attribute} that is a msgspec.Struct"
    if missing is not None:
        raise InputError(f"{where}: found no strategy, allowed is a class with {missing}")
    try:
        inspect.signature(found).bind(None, books=(), instruments=())
    except TypeError as error:
        raise InputError(
            f"{where}: found a constructor with {inspect.signature(found)}, "
            "allowed is (config, *, books, instruments)"
        ) from error
    config = cast("type[msgspec.Struct]", getattr(found, "Config"))  # noqa: B009  # not in its type
    return Named(name, cast("StrategyClass", found), config)
