"""Live sessions over real sockets, with an engine that carries no media."""

from tests.halls import hall, studio, table  # noqa: F401 - fixtures
