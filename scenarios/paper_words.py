"""What people say to the desks of a paper session: entries like any other, so they are kept and happen again.

A word is refused before anything of it is kept: an entry that cannot be applied would end the session, and
every one that goes on with it.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec import UnsetType

from bridge.paper.word import WORD_BYTES_MAX, Word
from market.codes import OperatorAction
from market.errors import InputError
from market.messages import EVERY, Operator
from scenarios.operator_words import speak

if TYPE_CHECKING:
    from scenarios.build import Assembly

TEXT_MAX: Final = 200
LIMITS_PPM_MAX: Final = 1_000_000_000

_OF_A_STRATEGY: Final = frozenset((OperatorAction.PAUSE_STRATEGY, OperatorAction.RESUME_STRATEGY))


class Heard(NamedTuple):
    """A word that was said.

    Attributes:
        stamp_ns: When.
        hosts: Whom it was said to, each with what its desk is told.
    """

    stamp_ns: int
    word: Word
    hosts: tuple[tuple[int, Operator], ...]


class PaperWords:
    """Reads words, and says them.

    Args:
        assembly: The run with the hosts.

    Attributes:
        said: Every word so far, in order.
    """

    def __init__(self, assembly: "Assembly") -> None:
        self.said: list[Heard] = []
        self._assembly = assembly

    def read(self, data: bytes, stamp_ns: int) -> Heard:
        """What a word means; nothing is said yet.

        Raises:
            InputError: It is no word, or speaks to nobody.
        """
        if len(data) > WORD_BYTES_MAX:
            raise InputError(f"word: found {len(data)} bytes, allowed are {WORD_BYTES_MAX}")
        try:
            word = msgspec.json.decode(data, type=Word)
            action = OperatorAction[word.action]
        except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
            allowed = ", ".join(one.name for one in OperatorAction)
            raise InputError(
                f"word: found {data[:80]!r} ({error}), allowed are {allowed}"
            ) from None
        _check(word, action)
        heard = self._heard(word, stamp_ns)
        if not heard.hosts:
            raise InputError(self._nobody(word))
        return heard

    def say(self, heard: Heard) -> None:
        """Say a word at its time; a machine that is dead then does not hear it."""
        self.said.append(heard)
        for number, operator in heard.hosts:
            self._assembly.clock.at(heard.stamp_ns, self._reach, (number, operator))

    def say_again(self, said: Iterable[Heard]) -> None:
        """Say what was said in another run; who is not there in this one is not spoken to."""
        for stamp_ns, word, _ in said:
            self.say(self._heard(word, stamp_ns))

    def _reach(self, said: tuple[int, Operator]) -> None:
        number, operator = said
        assembly = self._assembly
        speak(assembly.hosts[number], operator, assembly.clock, assembly.recorder)

    def _heard(self, word: Word, stamp_ns: int) -> Heard:
        """Who hears a word, and what each desk is told."""
        hosts = tuple(
            (
                number,
                Operator(
                    action=OperatorAction[word.action],
                    authority=word.authority,
                    strategy=names.index(word.strategy) if word.strategy else EVERY,
                    limits_ppm=word.limits_ppm,
                ),
            )
            for name, number, names in self._desks()
            if word.host in ("", name) and word.strategy in ("", *names)
        )
        return Heard(stamp_ns, word, hosts)

    def _nobody(self, word: Word) -> str:
        """Why nobody hears a word."""
        desks = {name: names for name, _, names in self._desks()}
        if word.host and word.host not in desks:
            return f"word: found host {word.host!r}, allowed is {', '.join(desks) or 'none'}"
        there = (
            desks[word.host] if word.host else [one for names in desks.values() for one in names]
        )
        allowed = ", ".join(dict.fromkeys(there)) or "a scenario with a desk"
        return f"word: found strategy {word.strategy!r}, allowed is {allowed}"

    def _desks(self) -> Iterator[tuple[str, int, list[str]]]:
        """The hosts that have a desk: name, number, and what its strategies are named."""
        for number, host in enumerate(self._assembly.scenario.hosts):
            if host.stack is not None:
                yield host.name, number, [one.name for one in host.stack.strategies]


def _check(word: Word, action: OperatorAction) -> None:
    """Refuse what no person means.

    Raises:
        InputError: Nobody says it, or it says more or less than its action needs.
    """
    for name, text in (("authority", word.authority), ("why", word.why)):
        if len(text) > TEXT_MAX or not text.isprintable():
            raise InputError(
                f"word: found {name} {text[:40]!r}, allowed are {TEXT_MAX} characters in one line"
            )
    if not word.authority.strip():
        raise InputError("word: found no authority, allowed is the name of who says it")
    if word.strategy and action not in _OF_A_STRATEGY:
        allowed = ", ".join(one.name for one in OperatorAction if one in _OF_A_STRATEGY)
        raise InputError(f"word: found a strategy with {action.name}, allowed is it with {allowed}")
    is_limits = action is OperatorAction.SET_LIMITS
    if isinstance(word.limits_ppm, UnsetType):
        if is_limits:
            raise InputError(
                f"word: found no limits_ppm, allowed with {action.name} is 0 to {LIMITS_PPM_MAX}"
            )
    elif not is_limits or not 0 <= word.limits_ppm <= LIMITS_PPM_MAX:
        raise InputError(
            f"word: found limits_ppm {word.limits_ppm} with {action.name}, allowed is 0 to "
            f"{LIMITS_PPM_MAX} with {OperatorAction.SET_LIMITS.name}"
        )
