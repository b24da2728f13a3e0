"""A process of its own that writes captured rooms to files, as they came: nothing is decoded."""
