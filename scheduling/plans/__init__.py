"""Leaders' days: plans and the issued arrangement, days made of them, moved, handed over."""
