"""Rows read on a day are kept for each gateway that counted them: telling a count twice does not add to it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"
branch_labels = None
depends_on = None

_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    """MySQL commits each DDL statement by itself: a run that was cut short is taken up again."""
    connection = op.get_bind()
    tables = set(sa.inspect(connection).get_table_names())
    if "row_counts" not in tables:
        op.create_table(
            "row_counts",
            sa.Column("user_name", sa.String(length=190), nullable=False),
            sa.Column("path_digest", sa.String(length=64), nullable=False),
            sa.Column("day", sa.Integer(), nullable=False),
            sa.Column("counter", sa.String(length=32), nullable=False),
            sa.Column("path", sa.String(length=700), nullable=False),
            sa.Column("row_count", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("user_name", "path_digest", "day", "counter", name=op.f("pk_row_counts")),
            **_OPTIONS,
        )
    if "row_usage" not in tables:
        return
    new = sa.table("row_counts", *map(sa.column, ("user_name", "path_digest", "day", "counter", "path", "row_count")))
    old = sa.table("row_usage", *map(sa.column, ("user_name", "path_digest", "day", "path", "row_count")))
    counted = sa.select(old.c.user_name, old.c.path_digest, old.c.day, sa.literal(""), old.c.path, old.c.row_count)
    if not connection.execute(sa.select(sa.func.count()).select_from(new)).scalar():
        connection.execute(new.insert().from_select(list(new.c.keys()), counted))
    op.drop_table("row_usage")
