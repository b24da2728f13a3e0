"""The legs of the journey: what happens on the way, one module a stretch."""
