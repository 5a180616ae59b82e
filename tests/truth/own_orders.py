"""Our side of a day of trading: what to do next, by keyed draws, and an account of every lot."""

import random
from dataclasses import dataclass

from market.codes import Liquidity, OrderType, ReportType, Side, TimeInForce
from sim.world import OutRow, World

CANCEL_SHARE = 0.6
LIFE_STEPS = (1, 60)
TIME_IN_FORCE = {"ioc": TimeInForce.IOC, "fok": TimeInForce.FOK}


@dataclass
class Account:
    """One order: what was asked for and what became of it, in lots."""

    ordered: int
    open: int
    filled: int = 0
    ended: int = 0
    cancel_step: int | None = None

    def check(self) -> None:
        """Every lot is somewhere."""
        assert self.filled + self.ended + self.open == self.ordered
        assert min(self.filled, self.ended, self.open) >= 0


class Trader:
    """Sends one order a step, and cancels and replaces some of those that rest."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.accounts: dict[int, Account] = {}
        self.open: dict[int, Account] = {}
        self.maker_lots = 0
        self.taker_lots = 0
        self.fills = 0
        self.sent: dict[str, int] = {}

    def act(self, step: int, now_ns: int) -> None:
        """One order, and what is due for older ones."""
        draw = random.Random(f"day/{step}")
        for order_id in [i for i, one in self.open.items() if one.cancel_step == step]:
            # Cancels trade nothing, so all of these are still open.
            self._count("cancel")
            self.take(self.world.cancel(0, now_ns, order_id, cause=step))
        if self.open and draw.random() < 0.1:
            self._replace(step, now_ns, draw)
        self._submit(step, now_ns, draw)

    def take(self, rows: list[OutRow]) -> None:
        """Book reports into the accounts."""
        for row in rows:
            account = self.accounts[row.id]
            if row.type == ReportType.FILLED:
                self.fills += 1
                account.filled += row.qty_lots
                account.open -= row.qty_lots
                if row.liquidity == Liquidity.MAKER:
                    self.maker_lots += row.qty_lots
                else:
                    self.taker_lots += row.qty_lots
                assert row.qty_lots > 0
            elif row.type in (ReportType.CANCELLED, ReportType.EXPIRED, ReportType.REJECTED):
                assert row.qty_lots == account.open
                account.ended += row.qty_lots
                account.open = 0
            elif row.type == ReportType.REPLACED:
                account.ordered += row.qty_lots - account.open
                account.open = row.qty_lots
            else:
                assert row.type in (ReportType.ACCEPTED, ReportType.REPLACE_REJECTED)
            assert row.leaves_lots == account.open
            account.check()
            if account.open == 0:
                self.open.pop(row.id, None)
                self.world.forget(row.id)

    def _submit(self, step: int, now_ns: int, draw: random.Random) -> None:
        side = Side(draw.randrange(2))
        sort = draw.choices(
            ("passive", "post_only", "aggressive", "ioc", "fok", "market"),
            (50, 5, 20, 15, 5, 5),
        )[0]
        self._count(sort)
        account = Account(ordered=0, open=0)
        account.ordered = account.open = draw.choice((1, 20, 100, 100, 250))
        order_id = step + 1
        self.accounts[order_id] = account
        self.open[order_id] = account
        if sort in ("passive", "post_only", "aggressive") and draw.random() < CANCEL_SHARE:
            account.cancel_step = step + draw.randint(*LIFE_STEPS)
        rows = self.world.submit(
            0,
            now_ns,
            order_id,
            side=int(side),
            order_type=int(OrderType.MARKET if sort == "market" else OrderType.LIMIT),
            tif=int(TIME_IN_FORCE.get(sort, TimeInForce.GTC)),
            post_only=sort == "post_only",
            price_ticks=self._price(side, sort, draw),
            qty_lots=account.open,
            cause=step,
        )
        self.take(rows)

    def _replace(self, step: int, now_ns: int, draw: random.Random) -> None:
        order_id = draw.choice(list(self.open))
        self._count("replace")
        rows = self.world.replace(
            0,
            now_ns,
            order_id,
            price_ticks=self._price(Side(draw.randrange(2)), "passive", draw),
            qty_lots=draw.randint(1, 2 * self.open[order_id].open),
            cause=step,
        )
        self.take(rows)

    def _price(self, side: Side, sort: str, draw: random.Random) -> int:
        """Passive: from one tick before to 300 ticks behind its own best; else through the other side's best."""
        if sort in ("passive", "post_only"):
            best = self.world.venue_depth(0, side, 1)[0][0]
            return best - side.sign * draw.choice((-1, 0, 0, 1, 5, 20, 100, 300))
        best = self.world.venue_depth(0, side.other, 1)[0][0]
        return best + side.sign * draw.choice((0, 0, 1, 5, 20))

    def _count(self, sort: str) -> None:
        self.sent[sort] = self.sent.get(sort, 0) + 1
