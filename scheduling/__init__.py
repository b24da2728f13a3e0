"""Plans, days, slots, claims, appointments, calendar messages, the clock."""
