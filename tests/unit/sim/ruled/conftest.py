"""Every test of the rules runs on each implementation that there is."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.ruled_books import IMPLEMENTATIONS
from tests.unit.sim.ruled.game import Game


@pytest.fixture(params=IMPLEMENTATIONS)
def new(request: pytest.FixtureRequest) -> Callable[..., Game]:
    """Makes a game of one implementation; its arguments are those of `Game` and of `BookRules`."""
    book_class = IMPLEMENTATIONS[request.param]

    def make(*args: Any, **kwargs: Any) -> Game:
        return Game(book_class, *args, **kwargs)

    return make
