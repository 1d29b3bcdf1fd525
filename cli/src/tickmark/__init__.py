"""The tickmark command."""
