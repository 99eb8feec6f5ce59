"""The first tables: glossaries, their entries, counters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "glossaries",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("source_language", sa.String(64), nullable=False),
        sa.Column("target_language", sa.String(64), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("updated_ms", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("name", name="uq_glossaries_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "entries",
        sa.Column("id", _ID, primary_key=True),
        sa.Column(
            "glossary_id",
            _ID,
            sa.ForeignKey("glossaries.id", name="fk_entries_glossary_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("target", sa.String(500), nullable=False),
        sa.Column("note", sa.String(2000), nullable=False),
        sa.Column("domain", sa.String(100), nullable=False),
        sa.Column("spoken", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.UniqueConstraint("key", name="uq_entries_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_entries_glossary_id_id", "entries", ["glossary_id", "id"])
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(counters, [{"name": "deleted_version", "value": 0}])
