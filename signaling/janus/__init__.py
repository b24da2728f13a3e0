"""A second media engine: Janus instances, driven over their WebSocket API."""
