"""Live sessions: wire protocol, rooms, admission, media."""
