"""nautilus_trader's lap of the desk's cycle: a quote makes an order, the order is filled or cancelled.

The strategy wants to be long in an instrument with every other quote and flat with the ones between, as
ours does: a limit order at the far price that is immediate or cancelled, or a post-only one at the near
price that is cancelled with the next quote. The clock runs over `engine.run()`: data engine, strategy,
risk engine with a notional limit for each instrument and a rate that is never reached, execution
engine, portfolio, and a simulated exchange that matches. Nothing is journaled, no file is written, and
logs are off; ours journals every event and is answered by a stub that matches nothing. What was filled
is looked at after the clock was stopped.
"""
# tidy: unimported a peer's own interpreter runs it

import json
import sys
import time
from pathlib import Path
from typing import Any

from nautilus_trader import __version__
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, BookType, OmsType, OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("STUB")
WARM_UP_QUOTES = 1_000
RATE = "1000000/00:00:01"
NOTIONAL_MAX = 1_000_000_000


def equity(book_id: int) -> Any:
    """One instrument, whose prices and quantities are whole numbers."""
    return Equity(
        instrument_id=InstrumentId(Symbol(f"B{book_id}"), VENUE),
        raw_symbol=Symbol(f"B{book_id}"),
        currency=USD,
        price_precision=0,
        price_increment=Price.from_int(1),
        lot_size=Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
    )


class InAndOut(Strategy):
    """Long with one quote, flat with the next."""

    def __init__(self, instruments: list[Any], lots: int, *, passive: bool) -> None:
        super().__init__()
        self.instruments = [one.id for one in instruments]
        self.lots = Quantity.from_int(lots)
        self.passive = passive
        self.long = dict.fromkeys(self.instruments, False)
        self.resting: dict[Any, Any] = {}

    def on_start(self) -> None:
        """Ask for the quotes of every instrument."""
        for one in self.instruments:
            self.subscribe_quote_ticks(one)

    def on_quote_tick(self, tick: Any) -> None:
        """The other one of its two wishes."""
        name = tick.instrument_id
        is_long = self.long[name] = not self.long[name]
        if self.passive and not is_long:
            self.cancel_order(self.resting.pop(name))
            return
        order = self.order_factory.limit(
            name,
            OrderSide.BUY if is_long else OrderSide.SELL,
            self.lots,
            tick.bid_price if self.passive or not is_long else tick.ask_price,
            time_in_force=TimeInForce.GTC if self.passive else TimeInForce.IOC,
            post_only=self.passive,
        )
        if self.passive:
            self.resting[name] = order
        self.submit_order(order)


def run(cycle: dict[str, Any], quotes: list[list[int]]) -> dict[str, Any]:
    """A new engine through some of the quotes."""
    instruments = [equity(book_id) for book_id in range(cycle["books"])]
    lots = Quantity.from_int(cycle["lots"])
    data = [
        QuoteTick(
            instruments[book_id].id, Price.from_int(bid), Price.from_int(ask), lots, lots, at, at
        )
        for at, book_id, bid, ask in quotes
    ]
    risk = RiskEngineConfig(
        max_order_submit_rate=RATE,
        max_order_modify_rate=RATE,
        max_notional_per_order={str(one.id): NOTIONAL_MAX for one in instruments},
    )
    config = BacktestEngineConfig(
        logging=LoggingConfig(bypass_logging=True), run_analysis=False, risk_engine=risk
    )
    engine = BacktestEngine(config=config)
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(1_000_000_000, USD)],
        book_type=BookType.L1_MBP,
    )
    for one in instruments:
        engine.add_instrument(one)
    engine.add_data(data, sort=False)
    engine.add_strategy(InAndOut(instruments, cycle["lots"], passive=cycle["passive"]))
    began_ns = time.perf_counter_ns()  # tidy: a stop-watch
    began_cpu_ns = time.process_time_ns()
    engine.run()
    cpu_ns = time.process_time_ns() - began_cpu_ns
    wall_ns = time.perf_counter_ns() - began_ns  # tidy: a stop-watch
    orders = engine.cache.orders()
    result = {
        "wall_ns": wall_ns,
        "cpu_ns": cpu_ns,
        "orders": len(orders),
        "filled": sum(int(order.filled_qty) == cycle["lots"] for order in orders),
        "cancelled": sum(order.status_string() == "CANCELED" for order in orders),
        "cash": sum(cash_of(order) for order in orders),
        "version": __version__,
    }
    engine.dispose()
    return result


def cash_of(order: Any) -> int:
    """What an order's fills brought in, or cost."""
    if not order.filled_qty:
        return 0
    worth = round(float(order.avg_px)) * int(order.filled_qty)
    return -worth if order.side == OrderSide.BUY else worth


def main(cycle_path: str, result_path: str) -> None:
    """Drive the cycle and write the result."""
    cycle = json.loads(Path(cycle_path).read_text(encoding="utf-8"))
    run(cycle, cycle["quotes"][:WARM_UP_QUOTES])
    result = run(cycle, cycle["quotes"])
    Path(result_path).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
