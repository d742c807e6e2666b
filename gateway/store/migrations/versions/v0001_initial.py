"""The first schema: identity, servers, grants, change issues, usage, cancel requests, audit anchors.

MySQL commits each DDL statement by itself; a run that was cut short is taken up again by skipping what is there.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "v0001"
down_revision = None
branch_labels = None
depends_on = None

Name = sa.String(190)
Identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LongText = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
Time = sa.Float(53).with_variant(mysql.DOUBLE(asdecimal=False), "mysql", "mariadb")
_OPTIONS: dict[str, Any] = {
    f"{dialect}_{option}": value
    for dialect in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
}


def upgrade() -> None:
    _identity_and_servers()
    _grants_and_changes()
    _bookkeeping()
    _first_control_row()


def _identity_and_servers() -> None:
    _create_table(
        "environments",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environments")),
        sa.UniqueConstraint("name", name=op.f("uq_environments_name")),
    )
    _create_table(
        "instances",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("engine", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("environment", Name, nullable=False),
        sa.Column("username", Name, nullable=False),
        sa.Column("password", sa.LargeBinary(), nullable=True),
        sa.Column("tls", LongText, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instances")),
        sa.UniqueConstraint("name", name=op.f("uq_instances_name")),
    )
    _create_table(
        "projects",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
    )
    _create_table(
        "databases",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("instance", Name, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("project", Name, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_databases")),
        sa.UniqueConstraint("instance", "name", name=op.f("uq_databases_instance_name")),
    )
    _create_table(
        "users",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("verifier", LongText, nullable=True),
        sa.Column("native_verifier", sa.LargeBinary(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    _create_table(
        "user_groups",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_groups")),
        sa.UniqueConstraint("name", name=op.f("uq_user_groups_name")),
    )
    _create_table(
        "group_members",
        sa.Column("group_name", Name, nullable=False),
        sa.Column("user_name", Name, nullable=False),
        sa.PrimaryKeyConstraint("group_name", "user_name", name=op.f("pk_group_members")),
    )
    _create_table(
        "role_bindings",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("subject_kind", sa.String(length=8), nullable=False),
        sa.Column("subject", Name, nullable=False),
        sa.Column("role", Name, nullable=False),
        sa.Column("project", Name, nullable=False),
        sa.Column("expires_at", Time, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_bindings")),
        sa.UniqueConstraint(
            "subject_kind", "subject", "role", "project", name=op.f("uq_role_bindings_subject_kind_subject_role_project")
        ),
    )
    _create_table(
        "tokens",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("user_name", Name, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=True),
        sa.Column("revoked_at", Time, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
        sa.UniqueConstraint("user_name", "name", name=op.f("uq_tokens_user_name_name")),
    )


def _grants_and_changes() -> None:
    _create_table(
        "grants",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("subject", Name, nullable=False),
        sa.Column("project", Name, nullable=False),
        sa.Column("object", sa.String(length=700), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("condition", LongText, nullable=False),
        sa.Column("effect", sa.String(length=8), nullable=False),
        sa.Column("reason", LongText, nullable=False),
        sa.Column("request_id", Identifier, nullable=True),
        sa.Column("granted_by", Name, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=True),
        sa.Column("revoked_at", Time, nullable=True),
        sa.Column("used_at", Time, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    _create_table(
        "issues",
        sa.Column("id", Identifier, autoincrement=True, nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("requester", Name, nullable=False),
        sa.Column("instance", Name, nullable=False),
        sa.Column("database_name", Name, nullable=False),
        sa.Column("project", Name, nullable=False),
        sa.Column("session", Name, nullable=False),
        sa.Column("search_path", LongText, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("looked_at", Time, nullable=True),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("updated_at", Time, nullable=False),
        sa.Column("snapshot_before", LongText, nullable=True),
        sa.Column("snapshot_after", LongText, nullable=True),
        sa.Column("snapshot_diff", LongText, nullable=True),
        sa.Column("lease_owner", Name, nullable=True),
        sa.Column("lease_until", Time, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
    )
    _create_index(
        op.f("ix_issues_requester_instance_database_name_state"),
        "issues",
        ["requester", "instance", "database_name", "state"],
        unique=False,
    )
    _create_table(
        "issue_tasks",
        sa.Column("id", Identifier, autoincrement=True, nullable=False),
        sa.Column("issue_id", Identifier, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", LongText, nullable=False),
        sa.Column("text_digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("transactional", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("marker", sa.String(length=64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", LongText, nullable=True),
        sa.Column("started_at", Time, nullable=True),
        sa.Column("finished_at", Time, nullable=True),
        sa.Column("claimed_by", Name, nullable=True),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_issue_tasks_issue_id_issues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_tasks")),
        sa.UniqueConstraint("issue_id", "position", name=op.f("uq_issue_tasks_issue_id_position")),
    )
    _create_index(op.f("ix_issue_tasks_text_digest_state"), "issue_tasks", ["text_digest", "state"], unique=False)
    _create_table(
        "issue_events",
        sa.Column("id", Identifier, autoincrement=True, nullable=False),
        sa.Column("issue_id", Identifier, nullable=False),
        sa.Column("time", Time, nullable=False),
        sa.Column("actor", Name, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("comment", LongText, nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_issue_events_issue_id_issues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_events")),
    )
    _create_index(op.f("ix_issue_events_issue_id"), "issue_events", ["issue_id"], unique=False)
    _create_table(
        "access_requests",
        sa.Column("id", Identifier, autoincrement=True, nullable=False),
        sa.Column("requester", Name, nullable=False),
        sa.Column("project", Name, nullable=False),
        sa.Column("object", sa.String(length=700), nullable=False),
        sa.Column("actions", LongText, nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("reason", LongText, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_by", Name, nullable=True),
        sa.Column("comment", LongText, nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("decided_at", Time, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_requests")),
    )


def _bookkeeping() -> None:
    _create_table(
        "audit_anchors",
        sa.Column("chain", Name, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("time", Time, nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_anchors")),
    )
    _create_table(
        "cancel_requests",
        sa.Column("id", Identifier, autoincrement=True, nullable=False),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cancel_requests")),
    )
    _create_table(
        "control",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("signals", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control")),
    )
    _create_table(
        "row_usage",
        sa.Column("user_name", Name, nullable=False),
        sa.Column("path_digest", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=700), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_name", "path_digest", "day", name=op.f("pk_row_usage")),
    )


def _first_control_row() -> None:
    connection = op.get_bind()
    control = sa.table("control", sa.column("id"), sa.column("version"), sa.column("signals"))
    if connection.execute(sa.select(control.c.id)).first() is None:
        connection.execute(control.insert().values(id=1, version=1, signals=1))


def _create_table(name: str, *items: Any) -> None:
    if not sa.inspect(op.get_bind()).has_table(name):
        op.create_table(name, *items, **_OPTIONS)


def _create_index(name: str, table: str, columns: list[str], *, unique: bool) -> None:
    existing = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}
    if name not in existing:
        op.create_index(name, table, columns, unique=unique)
