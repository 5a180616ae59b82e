"""The wall clock's side of a paper session: the loop that steps a simulated world through real time."""
