"""What remains of a session: the archive onto the case and its export."""
