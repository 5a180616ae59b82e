"""The process that is killed: a desk on a journal's file, its commands on one pipe, its messages on another.

Says a frame for every group of commands that may leave, and a last one when nothing more is there to be
taken in. The desk knows no clock: times come with the messages.
"""

import sys
import time
from pathlib import Path
from typing import BinaryIO

import msgspec

from desk.config import DeskConfig, StrategyConfig
from desk.execution import ExecutionConfig
from desk.gate.config import StrategyGate
from desk.journal import Header, Journal
from desk.pipeline import Desk, DeskData, EventLog
from desk.sizing import SizingConfig
from market.decisions import PPM, Facts, Signal, Target
from market.messages import Command, Inbound, View
from market.units import DURATION_NS
from scenarios.desk_cycle import desk_config, instruments_of
from scenarios.group_commit import GroupCommit
from scenarios.recover import open_desk, reconnect

BOOKS = 4
GROUP = 3
LOTS = 40
COMMIT_S = 0.003
RETRY_NS = 200_000
HEADER = Header(desk=1, config_digest="sigkill", code_digest="")
REGIMES = ("unknown", "calm", "normal", "volatile", "extreme")


class Said(msgspec.Struct):
    """Commands of one commit, by which writer of the journal, and whether nothing more is coming."""

    epoch: int
    commands: list[Command]
    idle: bool


ENCODER = msgspec.msgpack.Encoder()
BURST = msgspec.msgpack.Decoder(list[tuple[int, Inbound]])
SAID = msgspec.msgpack.Decoder(Said)


class SlowDisk:
    """A journal whose commits take at least so long that a kill can come while one waits."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def commit(self) -> None:
        self._journal.commit()
        time.sleep(COMMIT_S)


class Seen(msgspec.Struct):
    """How many views a strategy has seen."""

    views: int = 0


class Moody:
    """Wants to be long, flat or short, by the number of views that it has seen."""

    def __init__(self) -> None:
        self.state: object = Seen()

    def on_view(self, view: View, _facts: Facts) -> list[Signal]:
        assert isinstance(self.state, Seen)
        self.state.views += 1
        mood = self.state.views * 2_654_435_761 >> 8
        return [Target(book_id=view.book_id, strength_ppm=(mood % 5 - 2) * PPM // 2)]


def config() -> DeskConfig:
    """A strategy that takes in two books, and one that rests in two others."""
    plain = desk_config(BOOKS, "immediate")
    worth = plain.gate.portfolio.gross_micros
    strategy_gate = StrategyGate(value_micros=worth, regimes=dict.fromkeys(REGIMES, PPM))
    sizing = SizingConfig(lots_max=LOTS)
    taker = StrategyConfig(
        name="taker",
        books=(0, 1),
        sizing=sizing,
        execution=ExecutionConfig(child_lots_max=LOTS // 2, style="immediate", retry_ns=RETRY_NS),
    )
    rester = StrategyConfig(
        name="rester",
        books=(2, 3),
        sizing=sizing,
        execution=ExecutionConfig(child_lots_max=LOTS, style="passive", retry_ns=RETRY_NS),
    )
    return msgspec.structs.replace(
        plain,
        strategies=(taker, rester),
        gate=msgspec.structs.replace(
            plain.gate, strategies={"taker": strategy_gate, "rester": strategy_gate}
        ),
        heartbeat_ns=5 * DURATION_NS["ms"],
        ack_timeout_ns=10 * DURATION_NS["ms"],
        snapshot_every=64,
    )


def make(journal: EventLog, data: DeskData | None) -> Desk:
    """The desk, fresh or as it was."""
    return Desk(config(), instruments_of(BOOKS), [Moody(), Moody()], journal, data)


def read_frame(pipe: BinaryIO) -> bytes | None:
    """The next whole frame; None when the other end is gone, even in the middle of one."""
    head = pipe.read(4)
    size = int.from_bytes(head, "little")
    body = pipe.read(size) if len(head) == 4 else b""
    return body if len(head) == 4 and len(body) == size else None


def write_frame(pipe: BinaryIO, body: bytes) -> None:
    pipe.write(len(body).to_bytes(4, "little") + body)
    pipe.flush()


def main(path: str, now_ns: str) -> None:
    opened = open_desk(Path(path), make, HEADER, int(now_ns))
    desk = GroupCommit(opened.desk, SlowDisk(opened.journal), GROUP)

    def say(*, idle: bool) -> None:
        said = Said(opened.journal.epoch, list(desk.release()), idle)
        write_frame(sys.stdout.buffer, ENCODER.encode(said))

    if opened.recovered:
        reconnect(desk, int(now_ns))
    else:
        desk.start(int(now_ns))
    say(idle=True)
    while (burst := read_frame(sys.stdin.buffer)) is not None:
        for at_ns, message in BURST.decode(burst):
            if desk.take(message, at_ns):
                say(idle=False)
        say(idle=True)
    opened.journal.commit()
    opened.writer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
