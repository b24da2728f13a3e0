"""The demo district: its seed, its entrances, its mail catcher."""

from server.demo.run import run

__all__ = ["run"]
