"""Wishes that are worked over several venues: execution and router brought together (`Routing`)."""

from desk.routes.memory import VenueMemory
from desk.routes.routing import Routing, Sent

__all__ = ["Routing", "Sent", "VenueMemory"]
