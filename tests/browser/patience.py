"""How long a test waits for what must come: a starved machine needs it, and passing costs nothing."""

PATIENCE = 60.0
