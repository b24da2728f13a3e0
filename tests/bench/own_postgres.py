"""A PostgreSQL of a benchmark's own, in a folder that goes with it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.kernel.postgres import Postgres


@contextmanager
def own_postgres() -> Iterator[tuple[Postgres, Path]]:
    """Running, with the folder that its data and whatever else is measured may lie in."""
    with tempfile.TemporaryDirectory(prefix="yuntiao-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = Postgres(folder / "db", settings={"max_connections": "200"})
        postgres.start()
        try:
            yield postgres, folder
        finally:
            postgres.stop()
