"""Joint interviews of several departments: wanted, searched, booked whole or not at all."""
