"""What every strategy must keep to, and the checks that hold it to that.

    ST-010 determined   the same views give the same signals, from every fresh instance
    ST-020 restorable   a strategy made anew with the state of any moment goes on as the old one
    ST-030 no foresight what is said of the beginning of the views is what is said when there is no
                        more than the beginning, and what was said is not changed afterwards
    ST-040 bounded rate so many signals a view, so many a second of local time
    ST-050 in bounds    every signal is a known one, about an allowed book, within its ranges
    ST-060 not silent   it says something; if it does not, the other checks have shown nothing

`check_strategy` gives the first breach of each rule, `assert_conforms` raises on any. Both are for
tests of users' own strategies as much as for ours.

Limits: what a strategy raises goes through to the caller. One process cannot show what differs
between processes (an order that a hash chose), nor find a future that a strategy reads from
elsewhere: one that is built from data must be made from the views that the check hands over, with
`check_foresight`. Restoring and cutting at every point take time that grows with the square of the
number of views; a few hundred are enough to meet every kind.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from market.codes import Urgency
from market.columns import PRICE_TICKS_MAX, QTY_LOTS_MAX
from market.decisions import PPM, Flat, Quotes, Signal, Target
from market.ports import Strategy
from strategies.generated_views import Seen, generated_views

__all__ = [
    "Allowed",
    "Finding",
    "Rule",
    "Seen",
    "assert_conforms",
    "check_foresight",
    "check_strategy",
    "generated_views",
]

SECOND_NS: Final = 1_000_000_000

Said = list[tuple[Signal, ...]]
"""The signals of each view."""


class Rule(StrEnum):
    """A rule's number."""

    DETERMINED = "ST-010"
    RESTORABLE = "ST-020"
    NO_FORESIGHT = "ST-030"
    BOUNDED_RATE = "ST-040"
    IN_BOUNDS = "ST-050"
    NOT_SILENT = "ST-060"


class Finding(NamedTuple):
    """The first breach of a rule.

    Attributes:
        place: Index of the view at which it shows.
        text: What was found, and what is allowed.
    """

    rule: Rule
    place: int
    text: str

    def __str__(self) -> str:
        return f"{self.rule.value} at view {self.place}: {self.text}"


class Allowed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a strategy may say.

    Attributes:
        books: Numbers of the books that it may name.
        signals_per_view_max: Signals in answer to one view.
        signals_per_second_max: Signals in any second of local time.
        silent: Whether it may say nothing at all.
    """

    books: tuple[int, ...] = (0,)
    signals_per_view_max: int = 2
    signals_per_second_max: int = 200
    silent: bool = False


def assert_conforms(
    make: Callable[[], Strategy], seen: Sequence[Seen], allowed: Allowed | None = None
) -> None:
    """Check every rule.

    Raises:
        AssertionError: A rule is broken; says each with its first breach.
    """
    findings = check_strategy(make, seen, allowed)
    if findings:
        raise AssertionError("\n".join(str(finding) for finding in findings))


def check_strategy(
    make: Callable[[], Strategy], seen: Sequence[Seen], allowed: Allowed | None = None
) -> list[Finding]:
    """The first breach of each rule, in the order of the rules; empty when all are kept.

    Args:
        make: Makes a fresh strategy at every call.
        seen: What it is shown, oldest first.
        allowed: What it may say; unless told, anything within the bounds about book 0.
    """
    allowed = allowed or Allowed()
    said = run(make(), seen)
    found = [
        _check_determined(make, seen, said),
        _check_restorable(make, seen, said),
        check_foresight(lambda _: make(), seen),
        _check_rate(seen, said, allowed),
        _check_bounds(said, allowed),
    ]
    if not allowed.silent and not any(said):
        text = f"found no signal on {len(seen)} views, allowed is one or more"
        found.append(Finding(Rule.NOT_SILENT, max(len(seen) - 1, 0), text))
    return [finding for finding in found if finding is not None]


def check_foresight(
    make: Callable[[Sequence[Seen]], Strategy], seen: Sequence[Seen]
) -> Finding | None:
    """Whether later views change what is said about earlier ones.

    Args:
        make: Makes a fresh strategy; one that is built from data must be built from what it is
            given here, which is what it will be shown and no more.
        seen: What it is shown, oldest first; cut after every view.
    """
    strategy = make(seen)
    answers = [strategy.on_view(view, facts) for view, facts in seen]
    said = run(make(seen), seen)
    for place, (answer, signals) in enumerate(zip(answers, said, strict=True)):
        if tuple(answer) != signals:
            text = f"found {signals!r} changed to {answer!r} afterwards, allowed is no change"
            return Finding(Rule.NO_FORESIGHT, place, text)
    for count in range(1, len(seen)):
        shown = seen[:count]
        finding = _difference(
            Rule.NO_FORESIGHT, said[:count], run(make(shown), shown), f"only {count} views exist"
        )
        if finding is not None:
            return finding
    return None


def run(strategy: Strategy, seen: Sequence[Seen]) -> Said:
    """What a strategy says to each view, taken down at once."""
    return [tuple(strategy.on_view(view, facts)) for view, facts in seen]


def _check_determined(
    make: Callable[[], Strategy], seen: Sequence[Seen], said: Said
) -> Finding | None:
    """A fresh instance says the same, while another one is at work beside it too."""
    first, second = make(), make()
    again: Said = []
    for view, facts in seen:
        again.append(tuple(first.on_view(view, facts)))
        second.on_view(view, facts)
    return _difference(Rule.DETERMINED, said, again, "run by another fresh instance")


def _check_restorable(
    make: Callable[[], Strategy], seen: Sequence[Seen], said: Said
) -> Finding | None:
    """From the state before each view on, a restored instance says the same to the end."""
    strategy = make()
    raws = []
    for place, (view, facts) in enumerate(seen):
        raw, problem = _snapshot(strategy)
        if problem is not None:
            return Finding(Rule.RESTORABLE, place, problem)
        raws.append(raw)
        strategy.on_view(view, facts)
    end, problem = _snapshot(strategy)
    if problem is not None:
        return Finding(Rule.RESTORABLE, len(seen) - 1, problem)
    for place, raw in enumerate(raws):
        restored = make()
        restored.state = msgspec.msgpack.decode(raw, type=type(restored.state))
        again = said[:place] + run(restored, seen[place:])
        finding = _difference(Rule.RESTORABLE, said, again, f"restored before view {place}")
        if finding is not None:
            return finding
        if _snapshot(restored)[0] != end:
            text = f"restored before view {place}, found another state at the end, allowed is equal"
            return Finding(Rule.RESTORABLE, place, text)
    return None


def _snapshot(strategy: Strategy) -> tuple[bytes, str | None]:
    """A strategy's state as bytes, or what stands against them."""
    state = strategy.state
    if not isinstance(state, msgspec.Struct):
        return b"", f"found a state of {type(state).__name__}, allowed is a msgspec.Struct"
    try:
        raw = msgspec.msgpack.encode(state)
        same = msgspec.msgpack.encode(msgspec.msgpack.decode(raw, type=type(state))) == raw
    except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as error:
        return b"", f"found a state that cannot be stored ({error}), allowed is plain data"
    if not same:
        return b"", "found a state that reads back as another, allowed is plain data"
    return raw, None


def _check_rate(seen: Sequence[Seen], said: Said, allowed: Allowed) -> Finding | None:
    """Signals a view, and in the second that ends with it."""
    oldest, count = 0, 0
    for place, signals in enumerate(said):
        if len(signals) > allowed.signals_per_view_max:
            text = f"found {len(signals)} signals, allowed is {allowed.signals_per_view_max} a view"
            return Finding(Rule.BOUNDED_RATE, place, text)
        count += len(signals)
        while seen[place].view.local_ns - seen[oldest].view.local_ns >= SECOND_NS:
            count -= len(said[oldest])
            oldest += 1
        if count > allowed.signals_per_second_max:
            text = f"found {count} signals in a second, allowed is {allowed.signals_per_second_max}"
            return Finding(Rule.BOUNDED_RATE, place, text)
    return None


def _check_bounds(said: Said, allowed: Allowed) -> Finding | None:
    """Every signal is one that a desk can take."""
    for place, signals in enumerate(said):
        for signal in signals:
            problem = _problem(signal, allowed)
            if problem is not None:
                return Finding(Rule.IN_BOUNDS, place, problem)
    return None


def _problem(signal: object, allowed: Allowed) -> str | None:
    """What is wrong with a signal."""
    if not isinstance(signal, Target | Quotes | Flat):
        return f"found a {type(signal).__name__}, allowed is Target, Quotes or Flat"
    if type(signal.book_id) is not int or signal.book_id not in allowed.books:
        return f"book_id: found {signal.book_id!r}, allowed is one of {list(allowed.books)}"
    urgency: object = getattr(signal, "urgency", Urgency.NORMAL)
    if not isinstance(urgency, Urgency):
        return f"urgency: found {urgency!r}, allowed is an Urgency"
    for name, low, high in _RANGES[type(signal)]:
        value = getattr(signal, name)
        if type(value) is not int or not low <= value <= high:
            return f"{name}: found {value!r}, allowed is a whole number from {low} to {high}"
    if not isinstance(signal, Quotes) or not signal.bid_lots or not signal.ask_lots:
        return None
    if signal.bid_ticks >= signal.ask_ticks:
        return f"bid_ticks: found {signal.bid_ticks}, allowed is below ask_ticks {signal.ask_ticks}"
    return None


def _difference(rule: Rule, said: Said, again: Said, when: str) -> Finding | None:
    """The first view at which two runs differ."""
    for place, (one, other) in enumerate(zip(said, again, strict=True)):
        if one != other:
            return Finding(rule, place, f"{when}, found {other!r}, allowed is {one!r} as before")
    return None


_RANGES: Final[dict[type[Signal], tuple[tuple[str, int, int], ...]]] = {
    Target: (
        ("strength_ppm", -PPM, PPM),
        ("confidence_ppm", 0, PPM),
        ("horizon_ns", 0, (1 << 63) - 1),
    ),
    Quotes: (
        ("bid_ticks", -PRICE_TICKS_MAX, PRICE_TICKS_MAX),
        ("bid_lots", 0, QTY_LOTS_MAX),
        ("ask_ticks", -PRICE_TICKS_MAX, PRICE_TICKS_MAX),
        ("ask_lots", 0, QTY_LOTS_MAX),
        ("confidence_ppm", 0, PPM),
    ),
    Flat: (),
}
