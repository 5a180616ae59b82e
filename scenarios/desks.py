"""Making the desk that a host runs, and finding it again from the files of a run."""

import hashlib

import msgspec

from desk.config import DeskConfig
from desk.desk_data import Probe
from desk.journal import Journal
from desk.journal.records import Header
from desk.pipeline import Desk
from market.instruments import Instrument
from market.ports import JournalWriter, Strategy
from scenarios.identity import code_digest
from scenarios.stack import StackSection
from strategies.registry import strategy_named


def make_strategies(
    stack: StackSection, config: DeskConfig, instruments: list[Instrument]
) -> list[Strategy]:
    """The strategies of a desk, fresh."""
    return [
        strategy_named(written.strategy).cls(
            written.params, books=placed.books, instruments=instruments
        )
        for written, placed in zip(stack.strategies, config.strategies, strict=True)
    ]


def make_desk(
    stack: StackSection,
    config: DeskConfig,
    instruments: list[Instrument],
    writer: JournalWriter,
    *,
    now_ns: int,
    probe: Probe | None = None,
) -> Desk:
    """A desk that has seen nothing, with a journal that begins now."""
    header = Header(
        desk=config.desk,
        config_digest=config_digest(stack, config),
        code_digest=code_digest([one.strategy for one in stack.strategies]),
    )
    journal = Journal.begin(writer, now_ns, header)
    return Desk(
        config, instruments, make_strategies(stack, config, instruments), journal, probe=probe
    )


def config_digest(stack: StackSection, config: DeskConfig) -> str:
    """Digest of all that a desk is told before it starts; BLAKE2b-128 in hex."""
    said = msgspec.json.encode([config, stack.strategies], order="sorted")
    return hashlib.blake2b(said, digest_size=16).hexdigest()
