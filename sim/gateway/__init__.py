"""Order-entry sessions with sequence numbers: the host's end, the venue's end, and what goes between."""
