"""Access that ended without having been used is reported once: when that was.

What had ended before this revision is not reported any more.
"""

import time

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "v0002"
down_revision = "v0001"
branch_labels = None
depends_on = None

Time = sa.Float(53).with_variant(mysql.DOUBLE(asdecimal=False), "mysql", "mariadb")


def upgrade() -> None:
    """MySQL commits each DDL statement by itself: a run that was cut short is taken up again."""
    connection = op.get_bind()
    known = {column["name"] for column in sa.inspect(connection).get_columns("grants")}
    if "reported_at" not in known:
        # SQLite's table is made anew: its text is then as of a new store.
        with op.batch_alter_table("grants", recreate="always" if connection.dialect.name == "sqlite" else "never") as table:
            table.add_column(sa.Column("reported_at", Time, nullable=True))
    now = time.time()
    grants = sa.table("grants", *(sa.column(name) for name in ("expires_at", "revoked_at", "reported_at")))
    ended = sa.or_(grants.c.revoked_at.is_not(None), grants.c.expires_at <= now)
    connection.execute(sa.update(grants).where(ended, grants.c.reported_at.is_(None)).values(reported_at=0.0))
