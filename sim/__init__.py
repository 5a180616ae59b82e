"""What is true: clock, tape, books, venues, wires, hosts."""
