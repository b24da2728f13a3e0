"""Alembic's entry: the connection is given, the tables are all tables."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from server.bootstrap.schema import metadata
from server.kernel.database import Instant


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Migrations must not import the program they outlive."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
