"""`docs/reference/router-factors.md` and `order-choice.md`, from the tables that decide."""

from desk.execution.schedules.order_choice import RULES, Anchor, ChoiceRule
from desk.router import FACTORS, REST, TAKE
from desk.router.weights import ONE_PPB

FACTORS_HEAD = """\
# What venues are compared by

This page is written by `python -m tests.docs.code_reference --write` from the router's own table, and a test holds the two equal.
[Execution](../explanation/execution.md#where) tells how they become a score.

Every factor is a whole number; money is in billionths of the price (ppb), of which 100,000 are a basis point.
*Sign* is + where more of it speaks for a venue and − where it speaks against it.
A value beyond *counts from* and *counts to* counts as that bound.
*Take* and *rest* are the weights that the desk begins with, in ppb of the price per unit; a factor without one is shown and does not count.
Weights are data: a desk gives its own by name.

| code | name | unit | sign | counts from | counts to | take | rest | source | what it is |
|---|---|---|---|---|---|---|---|---|---|
"""

CHOICE_HEAD = """\
# Which order is sent

This page is written by `python -m tests.docs.code_reference --write` from the table of `desk/execution/schedules/order_choice.py`, and a test holds the two equal.
[Execution](../explanation/execution.md#which-order) tells why.

Rules are read from the top, and the first that fits decides; an empty cell fits everything.
*Size* is what is left of the parent, of an average day's volume; *time left* is of the parent's whole time.
A price is counted from the best price of one's own side (NEAR), the mid, or the best price of the other side (FAR); + is towards the other side.
After the *time-out*, a share of the time left, the situation is looked at again.

| | urgency from | size up to | spread up to | time left up to | order | price | time-out | because |
|---|---|---|---|---|---|---|---|---|
"""


def render_factors() -> str:
    """The page of the router's factors."""
    rows = [
        f"| {int(factor)} | {factor.name} | {row.unit} | {'+' if row.sign > 0 else '−'} "
        f"| {minus(row.low)} | {row.high:,} | {weight(take)} | {weight(rest)} "
        f"| {row.source} | {row.text} |\n"
        for (factor, row), take, rest in zip(FACTORS.items(), TAKE.values, REST.values, strict=True)
    ]
    return FACTORS_HEAD + "".join(rows)


def render_choice() -> str:
    """The page of the order types."""
    rows = [
        f"| {number} | {rule.urgency_min.name if rule.urgency_min else ''} "
        f"| {share(rule.size_ppm_max)} | {ticks(rule.spread_ticks_max)} "
        f"| {share(rule.left_ppm_max)} | {order(rule)} | {price(rule)} "
        f"| {share(rule.timeout_ppm) if rule.timeout_ppm else 'none'} | {rule.why} |\n"
        for number, rule in enumerate(RULES)
    ]
    return CHOICE_HEAD + "".join(rows)


def minus(number: int) -> str:
    """A number with the proper sign."""
    return f"{number:,}".replace("-", "−")


def weight(micro: int) -> str:
    """A weight in ppb per unit."""
    whole, rest = divmod(micro, ONE_PPB)
    return f"{whole:,}.{rest:06d}".rstrip("0").rstrip(".") if micro else ""


def share(ppm: int | None) -> str:
    """A share in per cent."""
    if ppm is None:
        return ""
    whole, rest = divmod(ppm, 10_000)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + " %"


def ticks(count: int | None) -> str:
    """A number of ticks."""
    return "" if count is None else f"{count} tick{'' if count == 1 else 's'}"


def order(rule: ChoiceRule) -> str:
    """Type and life of an order."""
    text = f"{rule.order_type.name} {rule.tif.name}"
    return text + " post-only" if rule.post_only else text


def price(rule: ChoiceRule) -> str:
    """Where its price is counted from."""
    if not rule.offset_ticks:
        return rule.anchor.name
    sign = "+" if rule.offset_ticks > 0 else "−"
    return f"{Anchor(rule.anchor).name} {sign} {ticks(abs(rule.offset_ticks))}"


PAGES = {"router-factors.md": render_factors, "order-choice.md": render_choice}
