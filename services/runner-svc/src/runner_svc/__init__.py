"""Calls providers and measures them."""
