"""A person's word on its way into a session that runs, and how its desks stand a moment later."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from market.errors import InputError
from scenarios.paper import WORD

if TYPE_CHECKING:
    from bridge.paper.loop import PaperLoop
    from scenarios.paper import PaperWorld

LOOK_AFTER_NS: Final = 250_000_000
"""A word is decided on and its cancels are at the venue by then, unless round trips are very long."""

LOOK_AFTER_S: Final = 1.0
"""By source stamps there is no time to wait in."""

LOOK_EVERY_S: Final = 0.01


async def taken(world: "PaperWorld", paper: "PaperLoop", data: bytes) -> dict[str, Any]:
    """Take a word, and say how the desks stand that it was said to.

    Raises:
        InputError: It is no word, or the session is over.
    """
    if paper.is_over:
        raise InputError("word: found a session that is over, allowed is one that runs")
    # Read before it is kept: an entry that cannot be applied ends the session.
    heard = world.words.read(data, world.now_ns)
    paper.take(WORD, data)
    stamp_ns = paper.last_ns
    loop = asyncio.get_running_loop()
    until_s = loop.time() + LOOK_AFTER_S
    while world.now_ns < stamp_ns + LOOK_AFTER_NS and loop.time() < until_s and not paper.is_over:
        await asyncio.sleep(LOOK_EVERY_S)
    return {
        "action": heard.word.action,
        "stamp_ns": stamp_ns,
        "looked_after_ms": (world.now_ns - stamp_ns) // 1_000_000,
        "desks": [_standing(world, number) for number, _ in heard.hosts],
    }


def _standing(world: "PaperWorld", number: int) -> dict[str, Any]:
    """How one desk stands now."""
    assembly = world.assembly
    host, desk = assembly.hosts[number], assembly.desks[number]
    member = assembly.member_of(number)
    open_orders = sum(
        1 for one in assembly.venue.orders.values() if one.open_lots and one.session is member
    )
    return {
        "host": assembly.host_names[number],
        "is_down": host.is_down,
        "mode": desk.gate.data.mode.name,
        "limits_ppm": desk.gate.limits_ppm,
        "open_orders": open_orders,
        "in_doubt": len(desk.orders.unknown(-1)),
    }
