"""A primary and its hot stand-by: who may speak, what is copied, and how the one takes over.

    lease        who is in charge, by each one's own clock
    replication  durable records on their way to the other site, and what has been confirmed
    primary      the host that speaks while its lease holds
    standby      the host that copies, and takes over when the other has been silent

The venue's edge has the last word (`sim.gateway`): it takes commands of the highest epoch alone.
"""
