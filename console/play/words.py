"""The words of a line, taken one after the other.

Model: a line is words and numbers between spaces; `@` may touch what follows it, and what comes after
`#` is for people. Whoever reads a line takes its words in turn, and everything that does not fit is an
error that says in which file and line, what was found and what is allowed.

Prices are ticks; where half ticks exist (references, prints, midpoints) they are written 100.5.
"""

import re
from collections.abc import Mapping
from typing import Final, NoReturn, TypeVar

from market.columns import PRICE_TICKS_MAX
from market.errors import InputError

T = TypeVar("T")

NUMBER: Final = re.compile(r"-?[0-9]{1,15}")
PRICE: Final = re.compile(r"(-?)([0-9]{1,15})(?:\.([05]))?")
NONE: Final = "none"
"""What stands for a price that is not there."""

FOUND_MAX: Final = 40
"""Characters of a wrong word that an error repeats."""


class Words:
    """What is left of one line.

    Args:
        text: The line.
        where: Its file and number.
    """

    def __init__(self, text: str, where: str) -> None:
        self._words = text.partition("#")[0].replace("@", " @ ").split()
        self._where = where

    def __bool__(self) -> bool:
        return bool(self._words)

    def fail(self, found: str, allowed: str) -> NoReturn:
        """Refuse the line.

        Raises:
            InputError: Always.
        """
        raise InputError(f"{self._where}: found {found}, allowed is {allowed}")

    def next(self, allowed: str) -> str:
        """The next word as it is written."""
        if not self._words:
            self.fail("the end of the line", allowed)
        return self._words.pop(0)

    def peek(self) -> str:
        """The next word, which stays; empty at the end of the line."""
        return self._words[0] if self._words else ""

    def skip(self, word: str) -> bool:
        """Take the next word if it is this one."""
        if self.peek() != word:
            return False
        self._words.pop(0)
        return True

    def choice(self, allowed: Mapping[str, T]) -> T:
        """What the next word names."""
        names = ", ".join(allowed)
        word = self.next(names)
        if word not in allowed:
            self.fail(quoted(word), names)
        return allowed[word]

    def number(self, what: str, low: int, high: int) -> int:
        """A whole number."""
        allowed = f"{what}, {low} to {high}"
        word = self.next(allowed)
        if not NUMBER.fullmatch(word) or not low <= int(word) <= high:
            self.fail(quoted(word), allowed)
        return int(word)

    def price(self, what: str) -> int:
        """A price in whole ticks; one that no book can hold is for the book to refuse."""
        allowed = f"{what}, a whole number of ticks"
        word = self.next(allowed)
        if not NUMBER.fullmatch(word) or abs(int(word)) > 2 * PRICE_TICKS_MAX:
            self.fail(quoted(word), allowed)
        return int(word)

    def price_or_none(self, what: str) -> int | None:
        """A price in whole ticks, or none."""
        return None if self.skip(NONE) else self.price(f"{what}, or {NONE}")

    def price_x2(self, what: str) -> int:
        """A price in half ticks, written as ticks."""
        allowed = f"{what}, ticks such as 100 or 100.5"
        word = self.next(allowed)
        match = PRICE.fullmatch(word)
        if match is None or int(match[2]) >= PRICE_TICKS_MAX:
            self.fail(quoted(word), allowed)
        x2 = 2 * int(match[2]) + (match[3] == "5")
        return -x2 if match[1] else x2

    def at_price(self) -> int | None:
        """A limit behind `@`, if there is one."""
        return self.price("a price") if self.skip("@") else None

    def end(self) -> None:
        """Refuse what is left."""
        if self._words:
            self.fail(quoted(self._words[0]), "the end of the line")


def quoted(word: str) -> str:
    """A wrong word as an error shows it."""
    return repr(word) if len(word) <= FOUND_MAX else repr(word[:FOUND_MAX]) + "…"
