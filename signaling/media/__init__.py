"""The media engine: packets are forwarded, never decoded."""
