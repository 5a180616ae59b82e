"""What stands on live feeds only reads: no method there could send an order, or sign anything, for anybody."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.tidy.source import Finding, Source

READERS: Final = (
    "bridge/feeds/", "bridge/paper/", "bridge/recording/", "bridge/venues.py",
    "console/paper", "console/record.py", "scenarios/paper",
)  # fmt: skip
WRITES: Final = frozenset(("post", "put", "patch", "delete", "request", "sign"))
ORDERS: Final = re.compile(
    r"\w*(create|edit|cancel|new)\w*[oO]rder\w*|(private|withdraw|transfer)\w*"
)
SIGNS: Final = frozenset(("hmac.new", "hmac.digest", "hmac.HMAC"))


def check(source: Source) -> Iterator[Finding]:
    """Every call that does more than read."""
    if not source.path.startswith(READERS):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            is_ours = source.dotted(node.func).startswith(("asyncio.", "socket."))
            if not is_ours and (name in WRITES or ORDERS.fullmatch(name)):
                yield source.finding(node, "read-only", f".{name}(): live feeds are only read")
        if isinstance(node, ast.Attribute) and source.dotted(node) in SIGNS:
            yield source.finding(node, "read-only", f"{source.dotted(node)}: nothing is signed")
