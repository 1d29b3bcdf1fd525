"""Admission: which run may start."""
