"""How each kind of provider is asked, and what its answers mean: one dialect, one module."""
