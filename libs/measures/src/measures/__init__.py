"""What stamps mean: the pure half of the measurement."""
