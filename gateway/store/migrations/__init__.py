"""The store's schema, step by step. Run at start under a lock: several processes may start at once.

Each module under `versions/` is one Alembic revision. A revision that was released never changes; a new one follows it.
"""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from gateway.model.errors import ConfigurationError
from gateway.store.schema import metadata

VERSION_TABLE = "schema_version"


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest revision. Raises ConfigurationError for a store made by a newer gateway."""
    script = _script()
    current = current_revision(connection)
    _require_known(script, current)
    if current == script.get_current_head():
        return

    def steps(revision: object, _context: object) -> object:
        return script._upgrade_revs("head", revision)  # type: ignore[arg-type]

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(
            connection=connection, target_metadata=metadata, version_table=VERSION_TABLE, transactional_ddl=False
        )
        environment.run_migrations()


def require_current(connection: Connection) -> None:
    """Raises ConfigurationError unless the schema is the newest."""
    script = _script()
    current = current_revision(connection)
    _require_known(script, current)
    if current != script.get_current_head():
        raise ConfigurationError("the store's schema is older than this gateway; start `gateway serve` or `gateway apply` once")


def current_revision(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))


def _require_known(script: ScriptDirectory, current: str | None) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise ConfigurationError(f"the store was made by a newer gateway (schema {current}); use that version or a newer one")
