"""Many books in a few lines: what a scenario writes once and means for each book.

    [[books]]  symbol = "S", count = 200      S001 to S200, alike but for their names
    [[flows]]  book = "*"                     a flow for every book, each with draws of its own
    [….gate.instruments."*"]                  a table for every symbol that has none of its own
    [….limits.instruments."*"]                the same
    [….ceilings.instruments."*"]              the same

It is done to the table as it was read, before anything is checked, so that errors and digests are those of
what is meant.
"""

from typing import Any, Final

from market.errors import InputError

COUNT_MAX: Final = 10_000
EVERY: Final = "*"


def expanded(table: dict[str, Any], where: str) -> dict[str, Any]:
    """A scenario's table with every template written out.

    Raises:
        InputError: A count is none.
    """
    books = table.get("books")
    if not isinstance(books, list):
        return table
    written: list[object] = []
    for number, book in enumerate(books):
        if not isinstance(book, dict) or "count" not in book:
            written.append(book)
            continue
        count = book["count"]
        if type(count) is not int or not 1 <= count <= COUNT_MAX:
            raise InputError(
                f"{where}: books[{number}].count: found {count!r}, allowed is 1 to {COUNT_MAX}"
            )
        alike = {key: value for key, value in book.items() if key != "count"}
        digits = max(len(str(count)), 3)
        written += [
            {**alike, "symbol": f"{book.get('symbol', '')}{one:0{digits}d}"}
            for one in range(1, count + 1)
        ]
    symbols = [str(one.get("symbol")) for one in written if isinstance(one, dict)]
    found = {**table, "books": written}
    if isinstance(table.get("flows"), list):
        found["flows"] = _flows(table["flows"], written)
    if isinstance(table.get("hosts"), list):
        found["hosts"] = [_host(host, symbols) for host in table["hosts"]]
    return found


def _flows(flows: list[object], books: list[object]) -> list[object]:
    """Flows, those for every book written out."""
    names = [f"{one.get('symbol')}@{one.get('venue')}" for one in books if isinstance(one, dict)]
    written: list[object] = []
    for flow in flows:
        if isinstance(flow, dict) and flow.get("book") == EVERY:
            written += [{**flow, "book": name} for name in names]
        else:
            written.append(flow)
    return written


def _host(host: Any, symbols: list[str]) -> Any:
    """A host whose stack has a table for every symbol."""
    if not isinstance(host, dict) or not isinstance(host.get("stack"), dict):
        return host
    stack = dict(host["stack"])
    for stage in ("gate", "limits", "ceilings"):
        told = stack.get(stage)
        if not isinstance(told, dict) or not isinstance(told.get("instruments"), dict):
            continue
        tables = dict(told["instruments"])
        if EVERY in tables:
            usual = tables.pop(EVERY)
            tables = {symbol: tables.pop(symbol, usual) for symbol in symbols} | tables
            stack[stage] = {**told, "instruments": tables}
    return {**host, "stack": stack}
