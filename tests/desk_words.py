"""What leaves a desk, and what its gate asks for, in the words of a test."""

from collections.abc import Iterable

from desk.gate import VetoCode
from market.codes import Side
from market.decisions import Action
from market.messages import EVERY, Cancel, Command, Query, Replace, SetTimer, Submit


def shown(commands: Iterable[Command]) -> list[str]:
    """Commands in words, with order numbers from 1."""
    return [_shown(command) for command in commands]


def _shown(command: Command) -> str:
    if isinstance(command, SetTimer):
        return f"timer {command.timer_id}"
    number = command.order_id & (1 << 40) - 1
    where = f" in {command.book_id}" if command.book_id else ""
    match command:
        case Submit():
            side = "buy" if command.side is Side.BUY else "sell"
            how = "" if command.post_only else f" {command.tif.name}"
            return f"#{number} {side} {command.qty_lots} @ {command.price_ticks}{how}{where}"
        case Replace():
            return f"#{number} move to {command.qty_lots} @ {command.price_ticks}{where}"
        case Cancel():
            return f"#{number} cancel{where}"
        case Query():
            return f"#{number} query{where}"


def shown_action(action: Action) -> str:
    """An action in words: kind, cause and scope."""
    who = "" if action.strategy == EVERY else f" s{action.strategy}"
    where = "" if action.book_id == EVERY else f" in {action.book_id}"
    return f"{action.kind.name} {VetoCode(action.code).name}{who}{where}"
