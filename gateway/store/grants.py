"""Grants beside the bundle: a permission for one person or role, with a reason, an author and often an end."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.errors import ConfigurationError, NotFound
from gateway.model.footprint import Action
from gateway.store.schema import grants

Effect = Literal["allow", "deny"]
_UNUSED = (grants.c.effect == "allow", grants.c.used_at.is_(None))


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """One (object, action) for one subject: a user's or role's name. Project "*" is every project; times are Unix seconds."""

    subject: str
    project: str
    object: str
    action: str
    condition: str = ""
    effect: Effect = "allow"
    reason: str = ""
    granted_by: str = ""
    created_at: float = 0.0
    expires_at: float | None = None
    revoked_at: float | None = None
    used_at: float | None = None
    reported_at: float | None = None
    request_id: int | None = None
    id: int = 0


async def add_grant(connection: AsyncConnection, grant: StoredGrant) -> int:
    """The new grant's identifier. Raises ConfigurationError for an action or effect that there is not."""
    if grant.action != "*" and grant.action not in {action.value for action in Action}:
        raise ConfigurationError(f"grant: no action {grant.action!r}; known: *, {', '.join(action.value for action in Action)}")
    if grant.effect not in ("allow", "deny"):
        raise ConfigurationError(f"grant: effect {grant.effect!r}; known: allow, deny")
    for label, value in (("subject", grant.subject), ("project", grant.project), ("object", grant.object)):
        if not value or value != value.strip() or any(ord(character) < 32 or character in ',"' for character in value):
            raise ConfigurationError(f"grant: {label} {value!r} is empty or holds a control character, comma or quote")
    if len(grant.object) > 700:
        raise ConfigurationError("grant: an object pattern has at most 700 characters")
    result = await connection.execute(
        insert(grants).values(
            subject=grant.subject,
            project=grant.project,
            object=grant.object,
            action=grant.action,
            condition=grant.condition,
            effect=grant.effect,
            reason=grant.reason,
            request_id=grant.request_id,
            granted_by=grant.granted_by,
            created_at=grant.created_at,
            expires_at=grant.expires_at,
        )
    )
    key = result.inserted_primary_key
    if key is None:
        raise ConfigurationError("grant: the store gave no identifier")
    return int(key[0])


async def revoke_grant(connection: AsyncConnection, identifier: int, now: float) -> None:
    """Raises NotFound where there is no such grant that still counts."""
    where = (grants.c.id == identifier, grants.c.revoked_at.is_(None))
    if (await connection.execute(update(grants).where(*where).values(revoked_at=now))).rowcount == 0:
        raise NotFound(f"no grant {identifier} that could be revoked")


async def revoke_grants_of(connection: AsyncConnection, request: int, now: float) -> list[int]:
    """All grants of one access request that still count, revoked; their numbers."""
    standing = (grants.c.request_id == request, grants.c.revoked_at.is_(None), grants.c.expires_at > now)
    found = [int(number) for number in (await connection.execute(select(grants.c.id).where(*standing))).scalars()]
    if found:
        await connection.execute(update(grants).where(grants.c.id.in_(found)).values(revoked_at=now))
    return found


async def mark_used(connection: AsyncConnection, identifiers: list[int], now: float) -> None:
    """Remember the first use: a grant that was never used is reported. No decision depends on it."""
    where = (grants.c.id.in_(identifiers), grants.c.used_at.is_(None))
    await connection.execute(update(grants).where(*where).values(used_at=now))


async def ended_unused(connection: AsyncConnection, before: float, *, limit: int = 200) -> list[StoredGrant]:
    """Permissions that had ended, by the clock or revoked, at `before`, that nobody used and that were not reported yet."""
    ended = or_(grants.c.revoked_at <= before, grants.c.expires_at <= before)
    rows = await connection.execute(
        select(grants).where(*_UNUSED, ended, grants.c.reported_at.is_(None)).order_by(grants.c.id).limit(limit)
    )
    return [_grant(row) for row in rows]


async def claim_report(connection: AsyncConnection, identifier: int, now: float) -> bool:
    """Whether the caller is the one to report it: one of all workers is."""
    where = (grants.c.id == identifier, *_UNUSED, grants.c.reported_at.is_(None))
    return (await connection.execute(update(grants).where(*where).values(reported_at=now))).rowcount == 1


async def count_unused(connection: AsyncConnection, now: float) -> int:
    """Permissions that count at `now` and that nobody has used yet."""
    running = (grants.c.revoked_at.is_(None), or_(grants.c.expires_at.is_(None), grants.c.expires_at > now))
    return int((await connection.execute(select(func.count()).select_from(grants).where(*_UNUSED, *running))).scalar_one())


async def reported_unused(connection: AsyncConnection, person: str, since: float, *, limit: int = 100) -> list[StoredGrant]:
    """What was reported since then of access that this person had or gave, the latest first."""
    theirs = or_(grants.c.subject == person, grants.c.granted_by == person)
    where = (*_UNUSED, grants.c.reported_at >= since, theirs)
    rows = await connection.execute(select(grants).where(*where).order_by(grants.c.reported_at.desc()).limit(limit))
    return [_grant(row) for row in rows]


async def active_grants(connection: AsyncConnection, now: float) -> list[StoredGrant]:
    """Grants that are neither revoked nor ended at `now`."""
    ended = or_(grants.c.expires_at.is_(None), grants.c.expires_at > now)
    rows = await connection.execute(select(grants).where(grants.c.revoked_at.is_(None), ended).order_by(grants.c.id))
    return [_grant(row) for row in rows]


async def list_grants(connection: AsyncConnection, *, after: int = 0, limit: int | None = None) -> list[StoredGrant]:
    """All grants there ever were, in the order they were made."""
    rows = await connection.execute(select(grants).where(grants.c.id > after).order_by(grants.c.id).limit(limit))
    return [_grant(row) for row in rows]


async def find_grant(connection: AsyncConnection, identifier: int) -> StoredGrant | None:
    row = (await connection.execute(select(grants).where(grants.c.id == identifier))).one_or_none()
    return None if row is None else _grant(row)


def _grant(row: object) -> StoredGrant:
    values = {name: getattr(row, name) for name in StoredGrant.__dataclass_fields__}
    return StoredGrant(**values)
