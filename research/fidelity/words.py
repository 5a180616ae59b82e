"""What is said of a judgement, the same on the page and on the terminal."""

from typing import Final

from research.fidelity.assumed import CAUSES
from research.fidelity.attribute import CODE
from research.fidelity.judge import Fidelity, OrderRow

CAUSE_WORDS: Final = {**CAUSES, CODE: "code, or unexplained"}
FIGURE_WORDS: Final = {
    "fill_rate_ppm": "filled lots, ppm of an order",
    "time_ms": "first fill, ms",
    "price_bp": "average price, bp",
    "fee_bp": "fees, bp of what was traded",
    "queue_ppm": "queue position, ppm of lots in front",
    "pnl_bp": "profit, bp of what was traded",
}


def verdict(found: Fidelity) -> str:
    """One sentence."""
    if not found.explained_by:
        return "nothing to explain: every order came to the same"
    first = found.attribution.causes[0]
    share = 100 * first.share / found.attribution.distance
    leads = first.first_ppm / 10_000
    return (
        f"explained by {CAUSE_WORDS[first.name]}: {share:.0f} % of the distance; "
        f"first in {leads:.0f} % of the draws"
    )


def sum_rows(found: Fidelity) -> list[dict[str, object]]:
    """Both sides in sum."""
    return [
        {
            "": name,
            "orders": one.orders,
            "filled": one.filled,
            "fills": one.fills,
            "lots": one.lots,
            "worth": f"{one.worth:,.2f}",
            "fees": f"{one.fees:,.4f}",
            "profit": f"{one.profit:,.4f}",
        }
        for name, one in (("session", found.lived), ("twin", found.twin))
    ]


def number(value: float) -> str:
    """Four digits, as they are read."""
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def later_ms(one: OrderRow) -> float | None:
    """How much later the twin filled first."""
    if one.lived_first_ns is None or one.twin_first_ns is None:
        return None
    return (one.twin_first_ns - one.lived_first_ns) / 1e6


def worst(found: Fidelity, count: int) -> list[dict[str, object]]:
    """Orders that differ, those with the most missing lots and the latest fills first."""

    def key(one: OrderRow) -> tuple[float, float, float]:
        later = later_ms(one)
        return (
            -abs(one.twin_lots - one.lived_lots) / max(one.lots, 1),
            -abs(later or 0.0),
            -abs(one.twin_profit - one.lived_profit),
        )

    def differs(one: OrderRow) -> bool:
        return (
            one.lived_lots != one.twin_lots
            or one.lived_first_ns != one.twin_first_ns
            or one.lived_last_ns != one.twin_last_ns
            or one.lived_fees != one.twin_fees
        )

    found_rows = sorted((one for one in found.orders if differs(one)), key=key)[:count]
    return [_row(one) for one in found_rows]


def _row(one: OrderRow) -> dict[str, object]:
    later = later_ms(one)
    return {
        "order": one.order_id,
        "side": one.side,
        "lots": one.lots,
        "filled": one.lived_lots,
        "in the twin": one.twin_lots,
        "price": _or_dash(one.lived_price),
        "there": _or_dash(one.twin_price),
        "later by": "–" if later is None else f"{later:,.3f} ms",
        "queue error": _or_dash(one.queue_error_lots),
        "fees more": f"{one.twin_fees - one.lived_fees:,.4f}",
        "profit more": f"{one.twin_profit - one.lived_profit:,.4f}",
    }


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:,}"
