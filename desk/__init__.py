"""What do we do? Our whole trading stack, without I/O and without a clock."""
