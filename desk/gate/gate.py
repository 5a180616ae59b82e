"""May this become risk? Asked before sizing, and watched while orders work.

Model: a signal is held against the state of the desk, of the book and of the market, and then
against the limits of exposure; the first that fails decides. What hinders everything is a veto.
What hinders new risk leaves room to reduce: lots that bring both the strategy's own position and
the book's nearer to zero. Otherwise there is room up to the tightest limit of exposure, with
everything in flight counted at its worst. A signal is vetoed when no side that it may want has
room, unless its own orders have used the room up: those may stay. Taking off the hedge of another
book's position is held to the limits of net exposure; only a `Flat` may pass them.

| mode | what reduces | anything else | orders in flight |
|---|---|---|---|
| normal | passes | passes within its room | work |
| paused: a book, a strategy, or a strategy in a book | passes | veto | pulled until it resumes |
| safe mode | passes | veto | ended |
| killed | veto | veto | cancelled |
| without a journal | veto | veto | cancelled, whatever the mode |

A book that is halted, closed, stale, without a price or without an order link hinders everything in
every mode: nothing can be priced or sent there. `Flat` never asks for more than the strategy's own
position; with nothing left to do it passes wherever the book can be traded.

Invariants:
1. No sequence of reports brings an exposure past its limit, at marks that stand still, by orders
   within the rooms of permits (`desk.gate.rooms`).
2. Safe mode and killed never end by themselves, and not without the name of who ended them.
3. What is not configured is zero, and vetoed.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, UnsetType

from desk.gate.breakers import PriceWindow, RateWindow, add_count
from desk.gate.codes import VetoCode
from desk.gate.config import GateConfig, scaled
from desk.gate.episodes import (
    NO_JOURNAL_KEY,
    Episode,
    GateData,
    GateMode,
    action_of,
    begin,
    end,
    episode_key,
    journal,
    resume,
)
from desk.gate.exposure import Sums
from desk.gate.monitor import Monitor
from desk.gate.obstacles import Obstacles
from desk.gate.rooms import ROOMS, Room, figures, reducing_rooms, rooms_of, tightest
from desk.gate.tables import Tables
from market.codes import JournalTrouble, OperatorAction
from market.decisions import PPM, Action, ActionKind, Flat, Permit, Quotes, Signal, Target, Veto
from market.messages import EVERY, Operator

if TYPE_CHECKING:
    from desk.state import State

Memo = tuple[int, int, int, Room]
"""A room as it was computed last, behind what it was made from: version, volume and bar."""

NO_ROOM: Final = (0, 0)


class Gate:
    """Gives permits and vetoes, and watches.

    Args:
        config: What is allowed.
        instruments: Name of each book.
        groups: Name of each book's group.
        strategies: Name of each strategy.
        data: What an earlier gate remembered.
    """

    def __init__(
        self,
        config: GateConfig,
        *,
        instruments: Sequence[str],
        groups: Sequence[str],
        strategies: Sequence[str],
        data: GateData | None = None,
    ) -> None:
        self._written = config, instruments, groups, strategies
        self.data = data or GateData(
            prices=[PriceWindow() for _ in instruments],
            orders=RateWindow(),
        )
        self._allow()

    def _allow(self) -> None:
        """Work with the limits in force."""
        config, instruments, groups, strategies = self._written
        allowed = config if self.limits_ppm == PPM else scaled(config, self.limits_ppm)
        self._tables = Tables(allowed, instruments, groups, strategies)
        self._sums = Sums(self._tables)
        self._monitor = Monitor(self._tables, self._sums, self.data)
        self._memos: dict[int, Memo] = {}
        self._obstacles = Obstacles(self._tables, self.data)
        self._scale_ppm = self._tables.scale_ppm

    @property
    def limits_ppm(self) -> int:
        """What limits are, in millionths of what was configured."""
        ppm = self.data.limits_ppm
        return PPM if isinstance(ppm, UnsetType) else ppm

    # --- before sizing --------------------------------------------------------------------------

    def decide(self, signal: Signal, strategy: int, state: "State", now_ns: int) -> Permit | Veto:
        """Whether a strategy's signal may become risk, and how much of it."""
        book_id = signal.book_id
        seen, key = state.data, strategy << 16 | book_id
        scale_ppm = self._scale_ppm[strategy][state.regime(book_id)]
        veto = None
        if not scale_ppm or not self._obstacles.is_clear(strategy, book_id, state, now_ns):
            veto = self._obstacles.blocked(book_id, state, now_ns)
            if veto is not None:
                return veto
            veto = self._obstacles.hindered(strategy, book_id, state, scale_ppm)
        own = seen.positions.get(key, 0)
        own_high = own + seen.buy_risk.get(key, 0)
        own_low = own - seen.sell_risk.get(key, 0)
        rooms = self._rooms(key, own_high, own_low, state) if veto is None else None
        buy, sell = rooms or NO_ROOM
        if -own_high > buy or own_low > sell:  # what reduces may be more than the room
            buy, sell = self._widened(signal, key, own_high, own_low, (buy, sell), state)
        if buy < 0:
            buy = 0
        if sell < 0:
            sell = 0
        if type(signal) is Target:
            strength_ppm = signal.strength_ppm
            wants_buy, wants_sell = strength_ppm > 0 or own < 0, strength_ppm < 0 or own > 0
        elif type(signal) is Flat:
            buy, sell = min(buy, max(-own_high, 0)), min(sell, max(own_low, 0))
            wants_buy, wants_sell = own_high < 0, own_low > 0
        else:
            assert type(signal) is Quotes
            wants_buy, wants_sell = signal.bid_lots > 0, signal.ask_lots > 0
        if (
            (wants_buy and buy)
            or (wants_sell and sell)
            or not (wants_buy or wants_sell)
            or _may_stay(state, book_id, own, own_high, own_low, rooms)
        ):
            self.data.permits = permit_id = self.data.permits + 1
            return Permit(
                permit_id=permit_id,
                buy_room_lots=buy,
                sell_room_lots=sell,
                scale_ppm=scale_ppm if veto is None else PPM,
            )
        if veto is not None:
            return veto
        code = self._tightest_code(key, own_high, own_low, state, buying=wants_buy)
        found, allowed = figures(code, state, self._tables, self._sums, strategy, book_id)
        return Veto(code=code, found=found, allowed=allowed)

    def _widened(
        self, signal: Signal, key: int, own_high: int, own_low: int, room: Room, state: "State"
    ) -> Room:
        """A room, or on each side what reduces if that is more.

        It reduces the strategy's own position and the book's, whichever has less left of it.
        """
        book_id = key & 0xFFFF
        high, low = state.worst_long(book_id), state.worst_short(book_id)
        buy, sell = max(-max(own_high, high), 0), max(min(own_low, low), 0)
        if (buy or sell) and self._tables.is_plural and not isinstance(signal, Flat):
            self._sums.refresh(state)
            buy, sell = reducing_rooms(state, self._tables, self._sums, book_id, buy=buy, sell=sell)
        return max(buy, room[0]), max(sell, room[1])

    def _rooms(self, key: int, own_high: int, own_low: int, state: "State") -> Room:
        """The tightest rooms of a strategy in a book; the last ones while nothing has changed."""
        seen, sums = state.data, self._sums
        version, volume, bar_ns = seen.version, seen.volume_lots[key & 0xFFFF], seen.next_bar_ns
        memo = self._memos.get(key)
        if memo is not None and memo[0] == version and memo[1] == volume and memo[2] == bar_ns:
            return memo[3]
        sums.refresh(state)
        room = tightest(state, self._tables, sums, key, own_high, own_low)
        self._memos[key] = version, volume, bar_ns, room
        return room

    def _tightest_code(
        self, key: int, own_high: int, own_low: int, state: "State", *, buying: bool
    ) -> VetoCode:
        """Which limit left the least room on a side."""
        self._sums.refresh(state)
        rooms = rooms_of(state, self._tables, self._sums, key, own_high, own_low)
        side = rooms[0] if buying else rooms[1]
        return ROOMS[side.index(min(side))]

    # --- while orders work ----------------------------------------------------------------------

    def watch(self, state: "State", now_ns: int) -> list[Action]:
        """What must befall orders in flight after this event; each cause says so once."""
        data = self.data
        causes = self._monitor.causes(state, now_ns)
        if not causes and not data.episodes:
            return []
        actions = begin(data, causes, now_ns)
        for action in actions:
            self._heighten(action.kind, now_ns)
        if data.mode is GateMode.NORMAL:
            return actions + end(data, now_ns, self._tables.portfolio.cool_off_ns)
        end(data, now_ns, self._tables.portfolio.cool_off_ns)
        # In safe mode nothing resumes, and of a desk that is killed nothing works any more.
        is_killed = data.mode is GateMode.KILLED
        return [one for one in actions if not is_killed or one.kind is ActionKind.KILL]

    def count_commands(self, count: int, now_ns: int) -> None:
        """So many orders and replacements left now; cancels and timers are none."""
        if count:
            add_count(self.data.orders, now_ns // self._tables.rate_part_ns, count)

    # --- a person's word ------------------------------------------------------------------------

    def operator(self, word: Operator, now_ns: int) -> list[Action]:
        """Obey a person at once; who brings risk back must have a name."""
        match word.action:
            case OperatorAction.KILL:
                self._heighten(ActionKind.KILL, now_ns)
                return [Action(kind=ActionKind.KILL, code=VetoCode.KILLED, found=2)]
            case OperatorAction.SAFE_MODE:
                self._heighten(ActionKind.SAFE, now_ns)
                return [Action(kind=ActionKind.SAFE, code=VetoCode.SAFE_MODE, found=1)]
            case OperatorAction.PAUSE_STRATEGY:
                return self._pause(word.strategy, now_ns)
            case OperatorAction.SET_LIMITS:
                self._set_limits(word)
                return []
            case OperatorAction.RESUME_STRATEGY | OperatorAction.REARM:
                if not word.authority.strip():
                    self.data.refused += 1
                    return []
                if word.action is OperatorAction.REARM:
                    return self._rearm(now_ns)
                return self._resume(word.strategy)
            case _:
                return []

    def _set_limits(self, word: Operator) -> None:
        """Make every limit a multiple of what was configured; wider only for somebody with a name."""
        data, ppm = self.data, word.limits_ppm
        named = bool(word.authority.strip())
        if isinstance(ppm, UnsetType) or ppm < 0 or (ppm > self.limits_ppm and not named):
            data.refused += 1
            return
        data.limits_ppm = UNSET if ppm == PPM else ppm
        data.looked = -1  # what was within its limit may not be so any more
        self._allow()

    def journal(self, trouble: JournalTrouble, now_ns: int) -> list[Action]:
        """How the journal stands: without one nothing new leaves, and what works is taken out."""
        actions = journal(self.data, trouble, now_ns)
        for action in actions:
            self._heighten(action.kind, now_ns)
        return actions

    def _heighten(self, kind: ActionKind, now_ns: int) -> None:
        """Go to the mode that an action stands for, never down from a higher one."""
        mode = GateMode.NORMAL
        if kind is ActionKind.SAFE:
            mode = GateMode.SAFE
        elif kind is ActionKind.KILL:
            mode = GateMode.KILLED
        if mode > self.data.mode:
            self.data.mode, self.data.mode_ns = mode, now_ns

    def _pause(self, strategy: int, now_ns: int) -> list[Action]:
        """Pause a strategy until a person resumes it."""
        code = VetoCode.STRATEGY_PAUSED
        episode = Episode(
            kind=ActionKind.PAUSE,
            code=int(code),
            strategy=strategy,
            book_id=EVERY,
            found=1,
            allowed=0,
            seen_ns=now_ns,
            held=True,
        )
        self.data.episodes[episode_key(code, strategy, EVERY)] = episode
        return [action_of(episode)]

    def _resume(self, strategy: int) -> list[Action]:
        """End a person's pause of a strategy, or with EVERY all of them."""
        episodes = self.data.episodes
        over = [
            key
            for key, one in episodes.items()
            if one.held and strategy in (EVERY, one.strategy) and key != NO_JOURNAL_KEY
        ]
        ended = [episodes.pop(key) for key in over]
        if self.data.mode is not GateMode.NORMAL:
            return []
        return [action for one in ended for action in resume(self.data, one)]

    def _rearm(self, now_ns: int) -> list[Action]:
        """Leave safe mode or a kill; what pauses a part of the desk goes on doing so.

        A cause that is still there is found again by the next look, and leads back at once. No word
        brings a lost journal back: without one the desk stays in safe mode at least.
        """
        data = self.data
        if data.mode is GateMode.NORMAL:
            return []
        trouble = data.episodes.get(NO_JOURNAL_KEY)
        if trouble is not None and trouble.kind is ActionKind.SAFE:
            data.mode, data.mode_ns = GateMode.SAFE, now_ns
            return []
        data.mode, data.mode_ns = GateMode.NORMAL, now_ns
        stops = (ActionKind.SAFE, ActionKind.KILL)
        data.episodes = {key: one for key, one in data.episodes.items() if one.kind not in stops}
        data.orders = RateWindow()
        pauses = [one for one in data.episodes.values() if one.kind is ActionKind.PAUSE]
        return [
            Action(kind=ActionKind.RESUME, code=VetoCode.SAFE_MODE),
            *[action_of(one) for one in pauses],
        ]


def _may_stay(
    state: "State", book_id: int, own: int, own_high: int, own_low: int, rooms: Room | None
) -> bool:
    """Whether orders that work are within what is allowed, though they have used the room up.

    Args:
        own: Position of the strategy, `own_high` and `own_low` its ends.
        rooms: None where only reductions are allowed; one at work is then enough.
    """
    high, low = state.worst_long(book_id), state.worst_short(book_id)
    buys, sells = own_high > own, own_low < own
    less_by_buys, less_by_sells = own_high <= 0 and high <= 0, own_low >= 0 and low >= 0
    if rooms is None:
        return (buys and less_by_buys) or (sells and less_by_sells)
    return (
        (buys or sells)
        and (not buys or rooms[0] >= 0 or less_by_buys)
        and (not sells or rooms[1] >= 0 or less_by_sells)
    )
