"""Mediations: the other side is asked, a time is found, both are invited."""
