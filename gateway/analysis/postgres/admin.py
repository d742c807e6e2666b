"""Statements for administrators: what reaches out of a schema, runs code in the server, or is about the instance."""

from typing import Final

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.context import Context
from gateway.analysis.postgres.ddl_parts import changed, inside
from gateway.analysis.postgres.outcome import Asked, Handler, Outcome
from gateway.model.footprint import DATABASE, INSTANCE, Action, Category, ObjectName


def on(name: ObjectName, kind: str, *, transactional: bool = True, category: Category = Category.ADMIN) -> Handler:
    """`admin` on the database or the instance, and whatever relations and functions the statement names besides."""

    def handler(ctx: Context, message: Message, asked: Asked) -> Outcome:
        ctx.findings.record(name, Action.ADMIN, ctx.origin)
        inside(ctx, message)
        if name == DATABASE:
            changed(ctx)
        return Outcome(kind, category, transactional=transactional)

    return handler


def create_role(ctx: Context, message: pb.CreateRoleStmt, asked: Asked) -> Outcome:
    ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    words = {pb.ROLESTMT_USER: "USER", pb.ROLESTMT_GROUP: "GROUP"}
    return Outcome(f"CREATE {words.get(message.stmt_type, 'ROLE')}", Category.ADMIN)


def grant_role(ctx: Context, message: pb.GrantRoleStmt, asked: Asked) -> Outcome:
    ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    return Outcome("GRANT ROLE" if message.is_grant else "REVOKE ROLE", Category.ADMIN)


HANDLERS: Final[dict[str, Handler]] = {
    "create_role_stmt": create_role,
    "grant_role_stmt": grant_role,
    "alter_role_stmt": on(INSTANCE, "ALTER ROLE"),
    "alter_role_set_stmt": on(INSTANCE, "ALTER ROLE"),
    "drop_role_stmt": on(INSTANCE, "DROP ROLE"),
    "drop_owned_stmt": on(INSTANCE, "DROP OWNED"),
    "reassign_owned_stmt": on(INSTANCE, "REASSIGN OWNED"),
    "createdb_stmt": on(INSTANCE, "CREATE DATABASE", transactional=False),
    "dropdb_stmt": on(INSTANCE, "DROP DATABASE", transactional=False),
    "alter_database_stmt": on(INSTANCE, "ALTER DATABASE"),
    "alter_database_set_stmt": on(INSTANCE, "ALTER DATABASE"),
    "alter_database_refresh_coll_stmt": on(INSTANCE, "ALTER DATABASE"),
    "create_table_space_stmt": on(INSTANCE, "CREATE TABLESPACE", transactional=False),
    "drop_table_space_stmt": on(INSTANCE, "DROP TABLESPACE", transactional=False),
    "alter_table_space_options_stmt": on(INSTANCE, "ALTER TABLESPACE"),
    "alter_table_move_all_stmt": on(INSTANCE, "ALTER TABLE ALL IN TABLESPACE"),
    "alter_system_stmt": on(INSTANCE, "ALTER SYSTEM", transactional=False),
    "check_point_stmt": on(INSTANCE, "CHECKPOINT"),
    "load_stmt": on(INSTANCE, "LOAD"),
    "create_subscription_stmt": on(INSTANCE, "CREATE SUBSCRIPTION", transactional=False),
    "alter_subscription_stmt": on(INSTANCE, "ALTER SUBSCRIPTION"),
    "drop_subscription_stmt": on(INSTANCE, "DROP SUBSCRIPTION", transactional=False),
    "create_extension_stmt": on(DATABASE, "CREATE EXTENSION", category=Category.DDL),
    "alter_extension_stmt": on(DATABASE, "ALTER EXTENSION", category=Category.DDL),
    "alter_extension_contents_stmt": on(DATABASE, "ALTER EXTENSION", category=Category.DDL),
    "create_fdw_stmt": on(DATABASE, "CREATE FOREIGN DATA WRAPPER"),
    "alter_fdw_stmt": on(DATABASE, "ALTER FOREIGN DATA WRAPPER"),
    "create_foreign_server_stmt": on(DATABASE, "CREATE SERVER"),
    "alter_foreign_server_stmt": on(DATABASE, "ALTER SERVER"),
    "create_user_mapping_stmt": on(DATABASE, "CREATE USER MAPPING"),
    "alter_user_mapping_stmt": on(DATABASE, "ALTER USER MAPPING"),
    "drop_user_mapping_stmt": on(DATABASE, "DROP USER MAPPING"),
    "import_foreign_schema_stmt": on(DATABASE, "IMPORT FOREIGN SCHEMA"),
    "create_event_trig_stmt": on(DATABASE, "CREATE EVENT TRIGGER"),
    "alter_event_trig_stmt": on(DATABASE, "ALTER EVENT TRIGGER"),
    "create_plang_stmt": on(DATABASE, "CREATE LANGUAGE"),
    "create_am_stmt": on(DATABASE, "CREATE ACCESS METHOD"),
    "create_cast_stmt": on(DATABASE, "CREATE CAST"),
    "create_transform_stmt": on(DATABASE, "CREATE TRANSFORM"),
    "create_publication_stmt": on(DATABASE, "CREATE PUBLICATION", category=Category.DDL),
    "alter_publication_stmt": on(DATABASE, "ALTER PUBLICATION", category=Category.DDL),
}
