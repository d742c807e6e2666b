"""Tokens: 256 random bits that stand for a user. The store keeps their SHA-256 only; a token is shown once, when made.

A digest without salt or stretching is enough for a secret that nobody can guess (RFC 6750 leaves the form open), and lets the
database find the row by the digest.
"""

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.errors import ConfigurationError, NotFound
from gateway.store.directory import find_user
from gateway.store.names import check_name
from gateway.store.schema import tokens

PREFIX = "gwt_"
# What may come as a token at all; longer is refused before it is hashed.
MAXIMUM_LENGTH = 128


@dataclass(frozen=True, slots=True)
class StoredToken:
    """What may be shown of a token. Times are Unix seconds."""

    name: str
    user: str
    created_at: float
    expires_at: float | None
    revoked_at: float | None


def new_token() -> str:
    """A token that secret scanners can recognise by its prefix."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


async def create_token(
    connection: AsyncConnection, user: str, name: str, *, now: float, expires_at: float | None = None, token: str | None = None
) -> str:
    """Make a token and give it back: the only time that anybody sees it.

    `token` puts a given one in place of a random one (a workspace file names an environment variable).
    Raises NotFound for an unknown user, Conflict where the user has a token of that name.
    """
    check_name("token", name)
    if await find_user(connection, user) is None:
        raise NotFound(f"no user {user!r}")
    made = token if token is not None else new_token()
    if not 32 <= len(made) <= MAXIMUM_LENGTH or not made.isascii():
        raise ConfigurationError(f"token {name!r}: a token has 32 to {MAXIMUM_LENGTH} ASCII characters")
    values = {"name": name, "user_name": user, "digest": digest(made), "created_at": now, "expires_at": expires_at}
    await connection.execute(insert(tokens).values(**values))
    return made


async def list_tokens(connection: AsyncConnection, user: str | None = None) -> list[StoredToken]:
    """Tokens of one user or of everyone, revoked and expired ones too."""
    query = select(tokens).order_by(tokens.c.user_name, tokens.c.name)
    if user is not None:
        query = query.where(tokens.c.user_name == user)
    rows = await connection.execute(query)
    return [StoredToken(row.name, row.user_name, row.created_at, row.expires_at, row.revoked_at) for row in rows]


async def revoke_token(connection: AsyncConnection, user: str, name: str, now: float) -> None:
    """Raises NotFound where the user has no such token that still counts."""
    matches = (tokens.c.user_name == user, tokens.c.name == name, tokens.c.revoked_at.is_(None))
    result = await connection.execute(update(tokens).where(*matches).values(revoked_at=now))
    if result.rowcount == 0:
        raise NotFound(f"{user!r} has no token {name!r}")


async def find_owner(connection: AsyncConnection, token: str, now: float) -> str | None:
    """Whose token it is, if it counts at `now`."""
    if len(token) > MAXIMUM_LENGTH:
        return None
    row = (await connection.execute(select(tokens).where(tokens.c.digest == digest(token)))).one_or_none()
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return str(row.user_name)
