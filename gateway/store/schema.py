"""The metadata store's tables. Migrations under `migrations/` build exactly these; a test holds both equal.

Times are Unix seconds (UTC) as floats, so that the three back ends agree. Names are the keys people type; identifiers
are the store's own. Secrets are ciphertext only (`secrets.py`).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Name = String(190)
Identifier = BigInteger().with_variant(Integer, "sqlite")
LongText = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
# MySQL's FLOAT has 24 bits, too few for Unix seconds.
Time = Float(53).with_variant(mysql.DOUBLE(asdecimal=False), "mysql", "mariadb")

# One row. `version` grows with every change that decisions depend on; workers poll it to follow within a second.
control = Table(
    "control",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("signals", BigInteger, nullable=False),
)

environments = Table(
    "environments", metadata, Column("id", Identifier, primary_key=True), Column("name", Name, nullable=False, unique=True)
)

instances = Table(
    "instances",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("name", Name, nullable=False, unique=True),
    Column("engine", String(16), nullable=False),
    Column("host", String(255), nullable=False),
    Column("port", Integer, nullable=False),
    Column("environment", Name, nullable=False),
    Column("username", Name, nullable=False),
    Column("password", LargeBinary, nullable=True),  # ciphertext
    Column("tls", LongText, nullable=False),  # JSON: mode, ca, cert, key (paths)
)

projects = Table(
    "projects", metadata, Column("id", Identifier, primary_key=True), Column("name", Name, nullable=False, unique=True)
)

databases = Table(
    "databases",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("instance", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("project", Name, nullable=False),
    UniqueConstraint("instance", "name"),
)

users = Table(
    "users",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("name", Name, nullable=False, unique=True),
    Column("email", String(255), nullable=False),
    Column("verifier", LongText, nullable=True),  # RFC 5803 SCRAM-SHA-256 verifier; NULL: tokens only
    Column("native_verifier", LargeBinary, nullable=True),  # SHA1(SHA1(password)), only where mysql_native is configured
    Column("disabled", Boolean, nullable=False),
)

groups = Table(
    "user_groups", metadata, Column("id", Identifier, primary_key=True), Column("name", Name, nullable=False, unique=True)
)

group_members = Table(
    "group_members",
    metadata,
    Column("group_name", Name, primary_key=True),
    Column("user_name", Name, primary_key=True),
)

# role@project for a user or a group; project "" is workspace-wide.
role_bindings = Table(
    "role_bindings",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("subject_kind", String(8), nullable=False),  # user | group
    Column("subject", Name, nullable=False),
    Column("role", Name, nullable=False),
    Column("project", Name, nullable=False),
    Column("expires_at", Time, nullable=True),
    UniqueConstraint("subject_kind", "subject", "role", "project"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("name", Name, nullable=False),
    Column("user_name", Name, nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of a 256-bit random token
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time, nullable=True),
    Column("revoked_at", Time, nullable=True),
    UniqueConstraint("user_name", "name"),
)

# Grants beside the bundle: temporary access, one row an (object, action).
grants = Table(
    "grants",
    metadata,
    Column("id", Identifier, primary_key=True),
    Column("subject", Name, nullable=False),  # a user or role name
    Column("project", Name, nullable=False),  # Casbin domain; "*" for all
    Column("object", String(700), nullable=False),  # a path pattern
    Column("action", String(32), nullable=False),
    Column("condition", LongText, nullable=False),
    Column("effect", String(8), nullable=False),  # allow | deny
    Column("reason", LongText, nullable=False),
    Column("request_id", Identifier, nullable=True),
    Column("granted_by", Name, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("expires_at", Time, nullable=True),
    Column("revoked_at", Time, nullable=True),
    Column("used_at", Time, nullable=True),
    Column("reported_at", Time, nullable=True),  # when it was told that it ended and nobody had used it
)

issues = Table(
    "issues",
    metadata,
    Column("id", Identifier, primary_key=True, autoincrement=True),
    Column("title", String(255), nullable=False),
    Column("requester", Name, nullable=False),
    Column("instance", Name, nullable=False),
    Column("database_name", Name, nullable=False),
    Column("project", Name, nullable=False),
    Column("session", Name, nullable=False),  # "" where it came through the API
    Column("search_path", LongText, nullable=False),  # JSON: the namespace (search path, flags) the statements were written in
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),  # optimistic lock: an approval names the version it saw
    Column("looked_at", Time, nullable=True),  # once somebody else has looked, no statement is added
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Column("snapshot_before", LongText, nullable=True),
    Column("snapshot_after", LongText, nullable=True),
    Column("snapshot_diff", LongText, nullable=True),
    Column("lease_owner", Name, nullable=True),  # the process that rolls out
    Column("lease_until", Time, nullable=True),
    Index(None, "requester", "instance", "database_name", "state"),
)

# A task is one statement of an issue, with the state of its execution.
tasks = Table(
    "issue_tasks",
    metadata,
    Column("id", Identifier, primary_key=True, autoincrement=True),
    Column("issue_id", Identifier, ForeignKey("issues.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("text", LongText, nullable=False),
    Column("text_digest", String(64), nullable=False),  # keyed digest of the exact text
    Column("kind", String(64), nullable=False),
    Column("transactional", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("marker", String(64), nullable=True),  # PostgreSQL's transaction id: tells after a crash whether it committed
    Column("attempts", Integer, nullable=False),
    Column("error", LongText, nullable=True),
    Column("started_at", Time, nullable=True),
    Column("finished_at", Time, nullable=True),
    Column("claimed_by", Name, nullable=True),  # the session that consumed the release
    UniqueConstraint("issue_id", "position"),
    Index(None, "text_digest", "state"),
)

issue_events = Table(
    "issue_events",
    metadata,
    Column("id", Identifier, primary_key=True, autoincrement=True),
    Column("issue_id", Identifier, ForeignKey("issues.id"), nullable=False, index=True),
    Column("time", Time, nullable=False),
    Column("actor", Name, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("comment", LongText, nullable=False),
)

access_requests = Table(
    "access_requests",
    metadata,
    Column("id", Identifier, primary_key=True, autoincrement=True),
    Column("requester", Name, nullable=False),
    Column("project", Name, nullable=False),
    Column("object", String(700), nullable=False),
    Column("actions", LongText, nullable=False),  # JSON list
    Column("seconds", BigInteger, nullable=False),
    Column("reason", LongText, nullable=False),
    Column("state", String(16), nullable=False),  # open | approved | rejected | cancelled | revoked
    Column("decided_by", Name, nullable=True),
    Column("comment", LongText, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("decided_at", Time, nullable=True),
)

# Rows read on a UTC day by a person from a relation, as each counter says: a gateway's workers are one (app/day_table.py).
row_counts = Table(
    "row_counts",
    metadata,
    Column("user_name", Name, primary_key=True),
    Column("path_digest", String(64), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("counter", String(32), primary_key=True),
    Column("path", String(700), nullable=False),
    Column("row_count", BigInteger, nullable=False),
)

# Cancel requests that landed on a process which does not hold the session; every worker watches `control.signals`.
cancel_requests = Table(
    "cancel_requests",
    metadata,
    Column("id", Identifier, primary_key=True, autoincrement=True),
    Column("key_digest", String(64), nullable=False),
    Column("created_at", Time, nullable=False),
)

# Where each audit chain stood: an anchor outside the log's own folder.
audit_anchors = Table(
    "audit_anchors",
    metadata,
    Column("chain", Name, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("time", Time, nullable=False),
    Column("signature", String(128), nullable=False),
)

# MySQL compares text without regard to case by default: `Alice` would be `alice`. Names here are exact.
for _table in metadata.tables.values():
    for _option, _value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin")):
        _table.kwargs[f"mysql_{_option}"] = _table.kwargs[f"mariadb_{_option}"] = _value
