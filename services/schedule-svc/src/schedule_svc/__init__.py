"""Schedules and the clock."""
