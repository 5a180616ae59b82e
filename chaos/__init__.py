"""What if it breaks? Drills: plans of faults, and verdicts on the venue's own ledger."""
