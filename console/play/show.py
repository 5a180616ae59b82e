"""A step as tables of text: what was reported, then the ladder as a trader writes one.

An order of ours is `#3 100`, and as much of it as it has: `#3 100+400` shows 100 of 500, `(#5 50)` is
dark, `(#5 50 min 20)` wants 20 at once, `#6 10 of 7` is owner 7's, `#8 50 at_close` says what it is.
Somebody else's is `h1 100`, and `h1 60/100` where the tape says more than what is left.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from console.play.game import Step

Fields = dict[str, object]

NOTHING: Final = "–"


def title_of(step: Step) -> str:
    """The line as a heading."""
    return f"line {step.line}:  {step.text}"


def fields_of(step: Step) -> Fields:
    """A step as fields of a table, lists of records among them."""
    fields: Fields = {}
    if step.reports:
        fields["reports"] = [report_texts(row) for row in step.reports]
    if step.book is None:
        return fields
    book = step.book
    fields["phase"] = book["phase"].replace("_", " ")
    fields["reference"] = price_text(book["reference"])
    if "band" in book:
        fields["band"] = " to ".join(price_text(price) for price in book["band"])
    if "indicative" in book:
        fields["indicative"] = indicative_text(book["indicative"])
    fields["ladder"] = [level_texts(row) for row in book["ladder"]] or "empty"
    if book["dormant"]:
        fields["dormant"] = [
            {key: NOTHING if value is None else str(value) for key, value in row.items()}
            for row in book["dormant"]
        ]
    return fields


def report_texts(row: Mapping[str, Any]) -> dict[str, str]:
    """A report as texts."""
    return {key: price_text(row[key]) if key == "price" else str(row[key]) for key in row}


def price_text(price: float | None) -> str:
    """A price in ticks."""
    return NOTHING if price is None else str(price)


def indicative_text(row: Mapping[str, Any]) -> str:
    """What a call would print."""
    if row["price"] is None:
        return f"no price; best bid {price_text(row['bid'])}, best ask {price_text(row['ask'])}"
    text = f"{row['price']}: {row['lots']} lots"
    if row["surplus"]:
        text += f", {row['surplus']} left to {row['surplus_side']}"
    text += f", decided by {row['decided_by'].replace('_', ' ')}"
    return f"{text}; outside the band" if row.get("outside_band") else text


def level_texts(row: Mapping[str, Any]) -> dict[str, str]:
    """A price of the ladder, or the market queue."""
    return {
        "bids": "  ".join(map(order_text, row["bids"])),
        "price": str(row["price"]),
        "asks": "  ".join(map(order_text, row["asks"])),
    }


def order_text(order: Mapping[str, Any]) -> str:
    """One order of the ladder."""
    name = order["order"]
    text = f"{name if isinstance(name, str) else f'#{name}'} {order['lots']}"
    if "tape" in order:
        text += f"/{order['tape']}"
    if "reserve" in order:
        text += f"+{order['reserve']}"
    if "min" in order:
        text += f" min {order['min']}"
    if "kind" in order:
        text += f" {order['kind']}"
    if "owner" in order:
        text += f" of {order['owner']}"
    return f"({text})" if order.get("dark") else text


def plain(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Steps as JSON has them."""
    return [step._asdict() for step in steps]
