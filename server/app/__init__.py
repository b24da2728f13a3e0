"""The server process: the application over the services, its life cycle, its pages."""

from server.app.application import application

__all__ = ["application"]
