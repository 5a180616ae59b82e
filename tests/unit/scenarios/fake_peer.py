"""A peer that replays the neutral stream in plain Python, with nothing of ours.

A copy whose name ends in `_wrong` or `_broken` answers wrongly, or not at all.
"""

import json
import sys
from pathlib import Path

import numpy as np


def main(stream_path: str, result_path: str) -> None:
    stream = np.load(stream_path)
    mood = Path(__file__).stem.removeprefix("fake_peer").strip("_")
    if mood == "broken":
        sys.exit("ValueError: this peer has no book")
    levels: list[dict[int, int]] = [{}, {}]
    orders: dict[int, tuple[int, int, int]] = {}
    tops, done = [], 0
    rows = list(
        zip(
            *(stream[name].tolist() for name in ("kind", "side", "price", "left", "order_id")),
            strict=True,
        )
    )
    for at_ns in stream["checkpoint_ns"].tolist():
        end = int(np.searchsorted(stream["ts_ns"], at_ns, side="right"))
        for kind, side, price, left, order_id in rows[done:end]:
            if kind == 6:
                continue
            if kind == 9:
                levels[side].clear()
            if kind in (8, 9):
                levels[side][price] = left
            else:
                before = orders.pop(order_id, None)
                if before:
                    levels[before[0]][before[1]] -= before[2]
                orders[order_id] = (side, price, left)
                levels[side][price] = levels[side].get(price, 0) + left
        done = end
        bid = max((price for price, lots in levels[0].items() if lots), default=0)
        ask = min((price for price, lots in levels[1].items() if lots), default=0)
        tops.append([bid, levels[0].get(bid, 0), ask, levels[1].get(ask, 0)])
    if mood == "wrong":
        tops[3][0] += 1
    result = {
        "wall_ns": 1_000_000_000,
        "cpu_ns": 500_000_000,
        "events": 2 * len(rows),
        "peak_kib": 1_000,
        "tops": tops,
        "tops_of": "venue",
        "fills": [],
        "carries": "a dictionary of levels",
        "version": "0",
    }
    Path(result_path).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
