"""What every process needs and no domain wants: settings, clock, ids, logs, health, lifecycle."""
