"""A market whose best prices have queues: orders join, cancel and trade there, and now and then the price moves."""

import json
from collections.abc import Sequence
from typing import Any

from bridge.recording import Entry
from sim.streams import draw
from tests.served_rig import MID, START_MS, price_text, qty_text

STEP_MS = 10
DIFF_STEPS = 5
LEVELS = 12
LEAST = 400


class Queues:
    """The book; every change has an id."""

    def __init__(self, seed: int) -> None:
        self.seed, self.number, self.id = seed, 0, 1_000
        self.middle = MID
        self.books: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for n in range(LEVELS):
            self.books[0][MID - n] = self.lots()
            self.books[1][MID + 1 + n] = self.lots()
        self.changed: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def below(self, count: int) -> int:
        self.number += 1
        return draw(self.seed, self.number) % count

    def lots(self) -> int:
        return 1_500 + self.below(3_000)

    def best(self, side: int) -> int:
        return max(self.books[0]) if side == 0 else min(self.books[1])

    def set(self, side: int, ticks: int, lots: int) -> None:
        self.id += 1
        self.changed[side][ticks] = lots
        if lots:
            self.books[side][ticks] = lots
        else:
            self.books[side].pop(ticks, None)

    def move(self) -> None:
        """One side gives way by a tick, and the other follows."""
        side = self.below(2)
        gone = self.best(side)
        self.set(side, gone, 0)
        self.set(1 - side, gone, self.lots())
        behind = min(self.books[side]) - 1 if side == 0 else max(self.books[side]) + 1
        self.set(side, behind, self.lots())
        ahead = min(self.books[0]) if side == 1 else max(self.books[1])
        self.set(1 - side, ahead, 0)

    def levels(self, books: tuple[dict[int, int], dict[int, int]]) -> list[list[list[str]]]:
        return [[[price_text(t), qty_text(q)] for t, q in one.items()] for one in books]


def market_entries(
    steps: int, *, seed: int = 1, gaps: Sequence[tuple[int, int]] = ()
) -> list[Entry]:
    """What a session of one feed keeps of that market.

    Args:
        steps: Of ten milliseconds each.
        gaps: Steps [from, until) in which the feed is down; it ends with a snapshot.
    """
    walk = Queues(seed)
    made = [Entry(START_MS * 1_000_000, "0/link:up", b"")]
    first_id, trade_id, synced = 1_001, 500, False

    def keep(channel: str, data: bytes, step: int) -> None:
        at_ns = (START_MS + step * STEP_MS) * 1_000_000 + 3_000_000 + walk_jitter(seed, step)
        made.append(Entry(max(at_ns, made[-1].stamp_ns + 1), f"0/{channel}", data))

    for step in range(steps):
        now_ms = START_MS + step * STEP_MS
        down = any(start <= step < until for start, until in gaps)
        if any(step == start for start, _ in gaps):
            keep("link:down", b"gone", step)
            synced = False
        if any(step == until for _, until in gaps):
            keep("link:up", b"", step)

        def say(stream: str, data: dict[str, Any], step: int = step, down: bool = down) -> None:
            if not down:
                body = {"stream": f"btcusdt@{stream}", "data": data}
                keep("ws", json.dumps(body, separators=(",", ":")).encode(), step)

        side, act = walk.below(2), walk.below(10)
        best = walk.best(side)
        have = walk.books[side][best]
        if walk.below(120) == 0:
            walk.move()
        elif act < 3:
            lots = min(100 + walk.below(700), have - LEAST)
            if lots > 0:
                trade_id += 1
                say("trade", {
                    "e": "trade", "E": now_ms, "s": "BTCUSDT", "t": trade_id, "p": price_text(best),
                    "q": qty_text(lots), "T": now_ms, "m": side == 0, "M": True,
                })  # fmt: skip
                walk.set(side, best, have - lots)
        elif act < 6:
            walk.set(side, best, max(have - 200 - walk.below(900), LEAST))
        else:
            walk.set(side, best, min(have + 200 + walk.below(900), 9_000))
        if step % DIFF_STEPS == DIFF_STEPS - 1:
            bids, asks = walk.levels(walk.changed)
            say("depth@100ms", {
                "e": "depthUpdate", "E": now_ms, "s": "BTCUSDT", "U": first_id, "u": walk.id,
                "b": bids, "a": asks,
            })  # fmt: skip
            first_id, walk.changed = walk.id + 1, ({}, {})
            if not synced and not down:
                synced = True
                bids, asks = walk.levels(walk.books)
                text = json.dumps({"lastUpdateId": walk.id, "bids": bids, "asks": asks})
                keep("rest:depth:BTCUSDT", text.encode(), step)
    return made


def walk_jitter(seed: int, step: int) -> int:
    return draw(seed ^ 0x6A, step) % 2_000_000
