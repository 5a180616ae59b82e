"""SimPy with nothing on it: the yardstick that the replay's speed is measured against.

Model: one process that waits one unit of time, again and again, in a plain `simpy.Environment`. No
discrete-event simulation that makes an event of every message can be faster than this on the same
machine, so the ratio to it says what keeping messages out of the event loop is worth.
"""

from collections.abc import Generator
from typing import Any

import simpy


def run_timeouts(count: int) -> int:
    """Let one process wait `count` times.

    Returns:
        Waits that were over.
    """
    env = simpy.Environment()
    over = 0

    def wait() -> Generator[Any, Any, None]:
        nonlocal over
        while True:
            yield env.timeout(1)
            over += 1

    env.process(wait())
    env.run(until=count + 1)
    return over
