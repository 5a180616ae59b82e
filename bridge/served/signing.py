"""Whether a request is signed by who it says: HMAC-SHA256 over its parameters, and its age.

Model: a REST request is signed over its query string and its body, one behind the other as they were
sent, without the signature itself; a request of the websocket API over its parameters in the order of
their names. The age is judged by the wall clock, whatever the speed of the market.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final

from bridge.served.errors import (
    AHEAD_OF_TIME,
    BAD_SIGNATURE,
    OUTSIDE_WINDOW,
    WINDOW_TOO_LONG,
    ApiError,
    illegal,
    missing,
)

WINDOW_MS: Final = 5_000
WINDOW_MS_MAX: Final = 60_000
AHEAD_MS: Final = 1_000

_WITHOUT: Final = re.compile(r"(^|&)signature=[^&]*")
_WHOLE: Final = re.compile(r"[0-9]{1,20}")


def signed_text(query: str, body: str) -> str:
    """What a REST request's signature is over."""
    return _WITHOUT.sub("", query) + _WITHOUT.sub("", body)


def sorted_text(params: Mapping[str, object]) -> str:
    """What a websocket request's signature is over."""
    return "&".join(
        f"{name}={_plain(params[name])}" for name in sorted(params) if name != "signature"
    )


def _plain(value: object) -> str:
    """A JSON value as it stands in a query."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def check_signature(secret: str, text: str, signature: str) -> None:
    """Hold a signature against the text that it is over.

    Raises:
        ApiError: It is another's.
    """
    wanted = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), signature.lower().encode()):
        raise ApiError(*BAD_SIGNATURE)


def check_age(params: Mapping[str, str], now_ms: int) -> None:
    """Hold a request's own time against the wall clock.

    Raises:
        ApiError: It has none, or is too old or from the future.
    """
    stamp_ms = _whole(params, "timestamp")
    if stamp_ms is None:
        raise missing("timestamp")
    if stamp_ms > 10**14:  # in microseconds, as may be
        stamp_ms //= 1_000
    window_ms = _whole(params, "recvWindow")
    window_ms = WINDOW_MS if window_ms is None else window_ms
    if window_ms > WINDOW_MS_MAX:
        raise ApiError(*WINDOW_TOO_LONG)
    if stamp_ms >= now_ms + AHEAD_MS:
        raise ApiError(*AHEAD_OF_TIME)
    if now_ms - stamp_ms > window_ms:
        raise ApiError(*OUTSIDE_WINDOW)


def _whole(params: Mapping[str, str], name: str) -> int | None:
    """A whole number among the parameters, or None."""
    text = params.get(name, "")
    if not text:
        return None
    if not _WHOLE.fullmatch(text):
        text, point, rest = text.partition(".")  # some clients send 5000.0
        if not point or rest.strip("0") or not _WHOLE.fullmatch(text):
            raise illegal(name, "^[0-9]{1,20}$")
    return int(text)
