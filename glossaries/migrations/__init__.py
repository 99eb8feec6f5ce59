"""Alembic's environment and revisions, run by `glossaries.migrate` at every start."""
