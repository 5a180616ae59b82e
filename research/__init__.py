"""What did we learn? Models fitted offline on tapes, handed to the desk as plain data.

`bars` turns a tape into relative changes by bar, `regimes` fits a model of a market's regimes on
them, and `regime_report` says what that model makes of a tape. Nothing here runs inside a simulation.
"""
