"""What the gate remembers: its mode, and one episode for every cause that is or was just found.

Model: an episode begins when a cause is found and gives one action. It ends when the cause has
been away for the cool-off; what it paused then resumes, unless something else pauses the same. A
person's pause has no cause that could go away: it ends by a person's word.

Invariants: one cause in one scope has at most one episode; nothing resumes while an episode
pauses it.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from desk.gate.breakers import PriceWindow, RateWindow
from desk.gate.codes import VETOES, VetoCode
from market.codes import JournalTrouble
from market.decisions import Action, ActionKind
from market.messages import EVERY


class GateMode(IntEnum):
    """How much the desk may do at all; only a named person brings it down."""

    NORMAL = 0
    SAFE = 1
    KILLED = 2


class Episode(msgspec.Struct):
    """One cause in one scope.

    Attributes:
        found: The figure as it was when the episode began.
        seen_ns: When the cause was last there.
        held: Whether only a person ends it.
    """

    kind: ActionKind
    code: int
    strategy: int
    book_id: int
    found: int
    allowed: int
    seen_ns: int
    held: bool = False


class GateData(msgspec.Struct):
    """All that the gate remembers.

    Attributes:
        mode_ns: Since when the mode is what it is.
        permits: The newest permit's number.
        refused: Words of persons without a name, which were not obeyed.
        episodes: By code and scope.
        prices: Of each book.
        orders: Sent lately.
        looked: The state's version that was looked at last.
        bar_ns: End of the bar whose volatilities and correlations were looked at last.
        limits_ppm: What limits were set to, in millionths of what was configured; left out where they are that.
    """

    prices: list[PriceWindow]
    orders: RateWindow
    mode: GateMode = GateMode.NORMAL
    mode_ns: int = 0
    permits: int = 0
    refused: int = 0
    episodes: dict[int, Episode] = {}
    bar_ns: int = 0
    looked: int = 0
    limits_ppm: int | UnsetType = UNSET


class Cause(NamedTuple):
    """Something found at work that must not be."""

    code: VetoCode
    strategy: int
    book_id: int
    found: int
    allowed: int
    kind: ActionKind


_SCOPE: Final = 1 << 20
"""More than there are books or strategies; their numbers stand side by side in an episode's key."""


def episode_key(code: int, strategy: int, book_id: int) -> int:
    """One number for a code and its scope."""
    return (code * _SCOPE + strategy + 1) * _SCOPE + book_id + 1


NO_JOURNAL_KEY: Final = episode_key(VetoCode.NO_JOURNAL, EVERY, EVERY)
"""Of the one episode of trouble with the journal."""

PASSING: Final = frozenset((JournalTrouble.FULL, JournalTrouble.STALLED))
"""Trouble after which the same process may go on."""


def journal(data: GateData, trouble: JournalTrouble, now_ns: int) -> list[Action]:
    """How the journal stands: trouble that may pass pauses everything, any other is safe mode."""
    old = data.episodes.get(NO_JOURNAL_KEY)
    if trouble is JournalTrouble.NONE:
        if old is None:
            return []
        del data.episodes[NO_JOURNAL_KEY]
        # In safe mode nothing resumes.
        return resume(data, old) if data.mode is GateMode.NORMAL else []
    if old is not None and old.found == trouble:
        return []
    episode = Episode(
        kind=ActionKind.PAUSE if trouble in PASSING else ActionKind.SAFE,
        code=int(VetoCode.NO_JOURNAL),
        strategy=EVERY,
        book_id=EVERY,
        found=int(trouble),
        allowed=0,
        seen_ns=now_ns,
        held=True,
    )
    data.episodes[NO_JOURNAL_KEY] = episode
    return [action_of(episode)]


def begin(data: GateData, causes: Sequence[Cause], now_ns: int) -> list[Action]:
    """Take in what was found; one action for each cause that was not there before."""
    actions = []
    for cause in causes:
        key = episode_key(cause.code, cause.strategy, cause.book_id)
        episode = data.episodes.get(key)
        if episode is not None and episode.kind is cause.kind:
            episode.seen_ns = now_ns
            continue
        data.episodes[key] = Episode(
            kind=cause.kind,
            code=int(cause.code),
            strategy=cause.strategy,
            book_id=cause.book_id,
            found=cause.found,
            allowed=cause.allowed,
            seen_ns=now_ns,
        )
        actions.append(action_of(data.episodes[key]))
    return actions


def end(data: GateData, now_ns: int, cool_off_ns: int) -> list[Action]:
    """Close the episodes whose cause has been away long enough, and resume what they paused."""
    over = [
        key
        for key, episode in data.episodes.items()
        if not episode.held
        and episode.seen_ns < now_ns
        and (not VETOES[VetoCode(episode.code)].cools or now_ns - episode.seen_ns >= cool_off_ns)
    ]
    ended = [data.episodes.pop(key) for key in over]
    actions: list[Action] = []
    for episode in ended:
        if episode.kind is ActionKind.PAUSE:
            actions += resume(data, episode)
    return actions


def resume(data: GateData, ended: Episode) -> list[Action]:
    """What follows the end of a pause: its scope resumes, but for what others still pause."""
    left = [
        one
        for one in data.episodes.values()
        if one.kind is ActionKind.PAUSE and _meet(one, ended.strategy, ended.book_id)
    ]
    if any(
        one.strategy in (EVERY, ended.strategy) and one.book_id in (EVERY, ended.book_id)
        for one in left
    ):
        return []
    back = Action(
        kind=ActionKind.RESUME,
        strategy=ended.strategy,
        book_id=ended.book_id,
        code=ended.code,
        allowed=ended.allowed,
    )
    return [back, *[action_of(one) for one in left]]


def pause_of(data: GateData, strategy: int, book_id: int) -> Episode | None:
    """An episode that pauses one strategy in one book; the oldest, if there are more."""
    for episode in data.episodes.values():
        if episode.kind is ActionKind.PAUSE and _meet(episode, strategy, book_id):
            return episode
    return None


def action_of(episode: Episode) -> Action:
    """What an episode asks for."""
    return Action(
        kind=episode.kind,
        strategy=episode.strategy,
        book_id=episode.book_id,
        code=episode.code,
        found=episode.found,
        allowed=episode.allowed,
    )


def _meet(episode: Episode, strategy: int, book_id: int) -> bool:
    """Whether two scopes have anything in common."""
    return (EVERY in (episode.strategy, strategy) or episode.strategy == strategy) and (
        EVERY in (episode.book_id, book_id) or episode.book_id == book_id
    )
