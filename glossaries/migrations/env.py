"""Runs revisions on the connection it is given, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from glossaries.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
