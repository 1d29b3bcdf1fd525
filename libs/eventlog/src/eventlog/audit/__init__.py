"""What the log proves: one fold each, and a verdict that says where it fails."""
