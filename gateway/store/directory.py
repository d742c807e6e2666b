"""Who there is: users, groups, and the roles they hold.

Functions take a connection, so that a caller can make several changes in one transaction; `Store` has the reads that the
hot paths need. Every change here is one that decisions depend on: the caller bumps `control.version`.
"""

from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.errors import ConfigurationError, NotFound
from gateway.model.identity import Principal, RoleBinding
from gateway.store.names import check_name, check_plain_name
from gateway.store.passwords import is_verifier
from gateway.store.schema import group_members, groups, role_bindings, tokens, users

SubjectKind = Literal["user", "group"]


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A login. `verifier` is None where the user has tokens only; `native_verifier` is mysql_native_password's."""

    name: str
    email: str
    disabled: bool
    verifier: str | None = field(default=None, repr=False)
    native_verifier: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StoredBinding:
    """A role that a user or group holds; project "" is every project."""

    kind: SubjectKind
    subject: str
    role: str
    project: str
    expires_at: float | None


def parse_role(text: str) -> tuple[str, str]:
    """`role@project` as (role, project); `role` alone is workspace-wide: project "". Raises ConfigurationError."""
    role, at, project = text.partition("@")
    if not role or (at and not project) or "@" in project:
        raise ConfigurationError(f'role {text!r}: write "role@project", or "role" for all projects')
    return check_plain_name("role", role), check_plain_name("project", project) if project else ""


async def find_user(connection: AsyncConnection, name: str) -> StoredUser | None:
    row = (await connection.execute(select(users).where(users.c.name == name))).one_or_none()
    # MySQL compares without trailing spaces: `alice ` is nobody.
    if row is None or row.name != name:
        return None
    return StoredUser(row.name, row.email, bool(row.disabled), row.verifier, row.native_verifier)


async def list_users(connection: AsyncConnection, *, after: str = "", limit: int | None = None) -> list[StoredUser]:
    """Users in the order of their names, `after` excluded."""
    query = select(users).where(users.c.name > after).order_by(users.c.name).limit(limit)
    rows = await connection.execute(query)
    return [StoredUser(row.name, row.email, bool(row.disabled), row.verifier, row.native_verifier) for row in rows]


async def add_user(connection: AsyncConnection, name: str, *, email: str = "", disabled: bool = False) -> None:
    """Raises ConfigurationError for a bad name, Conflict (at commit of the statement) where the name is taken."""
    check_name("user", name)
    await connection.execute(insert(users).values(name=name, email=email, disabled=disabled))


async def change_user(
    connection: AsyncConnection, name: str, *, email: str | None = None, disabled: bool | None = None
) -> None:
    """Change what is given. Raises NotFound."""
    changes = {key: value for key, value in (("email", email), ("disabled", disabled)) if value is not None}
    if await find_user(connection, name) is None:
        raise NotFound(f"no user {name!r}")
    if changes:
        await connection.execute(update(users).where(users.c.name == name).values(**changes))


async def set_verifier(
    connection: AsyncConnection, name: str, verifier: str | None, native_verifier: bytes | None = None
) -> None:
    """Put a new password's verifiers in place; None takes the password away. Raises NotFound."""
    if verifier is not None and not is_verifier(verifier):
        raise ConfigurationError(f"user {name!r}: not a SCRAM-SHA-256 verifier (RFC 5803)")
    if await find_user(connection, name) is None:
        raise NotFound(f"no user {name!r}")
    values = {"verifier": verifier, "native_verifier": native_verifier}
    await connection.execute(update(users).where(users.c.name == name).values(**values))


async def remove_user(connection: AsyncConnection, name: str) -> None:
    """With the user's tokens, memberships and roles. Raises NotFound."""
    if await find_user(connection, name) is None:
        raise NotFound(f"no user {name!r}")
    await connection.execute(delete(tokens).where(tokens.c.user_name == name))
    await connection.execute(delete(group_members).where(group_members.c.user_name == name))
    await _remove_bindings(connection, "user", name)
    await connection.execute(delete(users).where(users.c.name == name))


async def list_groups(connection: AsyncConnection) -> dict[str, tuple[str, ...]]:
    """Every group with its members, both in order."""
    names = (await connection.execute(select(groups.c.name).order_by(groups.c.name))).scalars()
    found: dict[str, tuple[str, ...]] = dict.fromkeys(names, ())
    rows = await connection.execute(select(group_members).order_by(group_members.c.user_name))
    for row in rows:
        found[row.group_name] = (*found.get(row.group_name, ()), row.user_name)
    return found


async def add_group(connection: AsyncConnection, name: str) -> None:
    check_name("group", name)
    await connection.execute(insert(groups).values(name=name))


async def remove_group(connection: AsyncConnection, name: str) -> None:
    await connection.execute(delete(group_members).where(group_members.c.group_name == name))
    await _remove_bindings(connection, "group", name)
    await connection.execute(delete(groups).where(groups.c.name == name))


async def add_member(connection: AsyncConnection, group: str, user: str) -> None:
    await connection.execute(insert(group_members).values(group_name=group, user_name=user))


async def remove_member(connection: AsyncConnection, group: str, user: str) -> None:
    matches = and_(group_members.c.group_name == group, group_members.c.user_name == user)
    await connection.execute(delete(group_members).where(matches))


async def list_bindings(
    connection: AsyncConnection, kind: SubjectKind | None = None, subject: str | None = None
) -> list[StoredBinding]:
    """Bindings of everyone, of one kind, or of one subject; expired ones too."""
    query = select(role_bindings).order_by(*(role_bindings.c[key] for key in ("subject_kind", "subject", "role", "project")))
    if kind is not None:
        query = query.where(role_bindings.c.subject_kind == kind)
    if subject is not None:
        query = query.where(role_bindings.c.subject == subject)
    rows = await connection.execute(query)
    return [StoredBinding(row.subject_kind, row.subject, row.role, row.project, row.expires_at) for row in rows]


async def put_binding(connection: AsyncConnection, binding: StoredBinding) -> None:
    """Give the role, or move the end of one that is held."""
    check_plain_name("role", binding.role)
    await remove_binding(connection, binding)
    await connection.execute(
        insert(role_bindings).values(
            subject_kind=binding.kind,
            subject=binding.subject,
            role=binding.role,
            project=binding.project,
            expires_at=binding.expires_at,
        )
    )


async def remove_binding(connection: AsyncConnection, binding: StoredBinding) -> bool:
    """Whether there was one to take away."""
    table = role_bindings.c
    result = await connection.execute(
        delete(role_bindings).where(
            table.subject_kind == binding.kind,
            table.subject == binding.subject,
            table.role == binding.role,
            table.project == binding.project,
        )
    )
    return result.rowcount > 0


async def find_principal(connection: AsyncConnection, name: str, now: float) -> Principal | None:
    """The user as policy sees them: their own and their groups' roles that have not ended at `now`.

    None for an unknown or disabled user.
    """
    user = await find_user(connection, name)
    if user is None or user.disabled:
        return None
    member_of = select(group_members.c.group_name).where(group_members.c.user_name == name)
    table = role_bindings.c
    rows = await connection.execute(
        select(table.role, table.project, table.expires_at).where(
            or_(
                and_(table.subject_kind == "user", table.subject == name),
                and_(table.subject_kind == "group", table.subject.in_(member_of)),
            ),
            or_(table.expires_at.is_(None), table.expires_at > now),
        )
    )
    # A role held twice counts until the later end.
    longest: dict[tuple[str, str], float | None] = {}
    for role, project, expires_at in rows:
        key = (role, project)
        if key not in longest or (longest[key] is not None and (expires_at is None or expires_at > (longest[key] or 0))):
            longest[key] = expires_at
    bindings = tuple(RoleBinding(role, project or None, longest[role, project]) for role, project in sorted(longest))
    return Principal(user.name, bindings)


async def _remove_bindings(connection: AsyncConnection, kind: SubjectKind, subject: str) -> None:
    matches = and_(role_bindings.c.subject_kind == kind, role_bindings.c.subject == subject)
    await connection.execute(delete(role_bindings).where(matches))
