"""What everything stands on: configuration, clock, errors, database, tasks, sealing, ports."""
