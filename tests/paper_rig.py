"""A paper session's entries out of a small capture of a market that never was."""

from collections.abc import Callable

from bridge.feeds import FeedBook
from bridge.feeds.binance import BinanceFeed
from bridge.recording import Entry
from market.instruments import Instrument
from scenarios.paper import PaperFill, PaperWorld
from scenarios.schema import parse_scenario, scenario_text
from sim.front.house import HouseRules
from sim.recorder import EventSink
from tests.served_rig import capture_lines

MS = 1_000_000
S = 1_000 * MS
BTC = Instrument(
    symbol="BTCUSDT",
    venue="BINANCE",
    currency="USDT",
    price_units_per_currency=100,
    tick_units=1,
    lot_den=10**5,
)
SNAPSHOT = b'{"lastUpdateId"'


def entries(steps: int = 3_000, *, seed: int = 1) -> list[Entry]:
    """What a session of one feed would have kept of a capture."""
    made: list[Entry] = []
    last_ns = 0
    for line in capture_lines(steps, seed=seed):
        stamp, _, body = line.partition(" ")
        data = body.encode()
        last_ns = max(int(stamp), last_ns + 1)
        channel = "0/rest:depth:BTCUSDT" if data.startswith(SNAPSHOT) else "0/ws"
        if not made:
            made.append(Entry(last_ns - 1, "0/link:up", b""))
        made.append(Entry(last_ns, channel, data))
    return made


def text_of(change: Callable[[str], str] = str) -> str:
    """The packaged paper scenario, with quotes close enough to fill in a quiet book."""
    text, _ = scenario_text("paper_btc")
    text = text.replace("k_micros_per_tick = 20_000", "k_micros_per_tick = 2_000_000")
    text = text.replace("requote_ticks = 50", "requote_ticks = 1")
    return change(text)


def world(
    start_ns: int,
    *,
    text: str | None = None,
    seed: int = 7,
    filled: Callable[[PaperFill], None] | None = None,
    sink: EventSink | None = None,
    house: HouseRules | None = None,
) -> PaperWorld:
    return PaperWorld(
        parse_scenario(text or text_of(), "paper_btc.toml"),
        [BTC],
        [BinanceFeed([FeedBook(0, BTC)], "spot")],
        seed=seed,
        start_ns=start_ns,
        end_ns=start_ns + 3_600 * S,
        filled=filled,
        sink=sink,
        house=house,
    )


def played(
    taken: list[Entry], after: Callable[[int, PaperWorld], None] | None = None, **more: object
) -> PaperWorld:
    """A world that has taken entries, with something done after each."""
    made = world(taken[0].stamp_ns - 1, **more)  # type: ignore[arg-type]
    for number, entry in enumerate(taken):
        made.take(*entry)
        if after is not None:
            after(number, made)
    made.advance(taken[-1].stamp_ns + 1)
    return made
