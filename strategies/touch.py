"""The view to go by, for participants that follow staleness themselves; and the touch (market.touch)."""

import msgspec

from market.codes import Trigger
from market.messages import View
from market.touch import Touch, touch_of

__all__ = ["Touch", "newest", "touch_of"]


def newest(old: View | None, new: View) -> View:
    """The view to go by from now on: the new one, stale as long as nothing has arrived.

    A host tells of staleness once; a view that it shows later, because a timer is due, is no fresher
    for that.
    """
    if old is None or not old.fired & Trigger.STALE or new.seq != old.seq:
        return new
    return msgspec.structs.replace(new, fired=new.fired | Trigger.STALE)
