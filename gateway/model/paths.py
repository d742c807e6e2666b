"""Object paths as policies write them: `instance/database/schema/table` for PostgreSQL, `instance/database/table` for MySQL.

A name that holds a separator or wildcard is percent-encoded in its segment, so that no identifier can reach into another
segment or match as a pattern (`"a/b"` becomes `a%2Fb`).
"""

from gateway.model.footprint import ObjectKind, ObjectName
from gateway.model.identity import Engine, Target

# A separator, a wildcard, and what would end a field of policy.csv or be taken off its ends.
_ESCAPED = '%/*,"' + " \t\n\v\f\r"
ESCAPES = {character: f"%{ord(character):02X}" for character in _ESCAPED}
_TABLE = str.maketrans(ESCAPES)


def segment(name: str) -> str:
    """One identifier as one path segment."""
    return name.translate(_TABLE)


def object_path(target: Target, name: ObjectName) -> str:
    """The path that policy rules are matched against."""
    match name.kind:
        case ObjectKind.INSTANCE:
            return segment(target.instance)
        case ObjectKind.DATABASE:
            return f"{segment(target.instance)}/{segment(name.schema or target.database)}"
        case ObjectKind.SCHEMA:
            parts: tuple[str, ...] = (target.instance, target.database, name.schema)
        case _ if target.engine is Engine.MYSQL:
            parts = (target.instance, name.schema, name.name)
        case _:
            parts = (target.instance, target.database, name.schema, name.name)
    return "/".join(map(segment, parts))
