"""Runs revisions on the connection that `migrate` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from vending.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can undo schema changes too, as long as the driver does not commit behind our back.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
