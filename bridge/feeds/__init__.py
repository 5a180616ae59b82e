"""Feeds: a venue's raw messages to normalised updates, without I/O, and the I/O that feeds them."""

from bridge.feeds.base import (
    DOWN,
    FAILED,
    FRAME,
    NOTHING,
    QUIET,
    REST,
    UP,
    Feed,
    FeedBook,
    Fetch,
    Reopen,
    Send,
    Step,
    Want,
    drive,
)

__all__ = [
    "DOWN",
    "FAILED",
    "FRAME",
    "NOTHING",
    "QUIET",
    "REST",
    "UP",
    "Feed",
    "FeedBook",
    "Fetch",
    "Reopen",
    "Send",
    "Step",
    "Want",
    "drive",
]
