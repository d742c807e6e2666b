"""Logins and tokens. `NewToken` is the only answer of the API with a secret in it, and shows it once."""

from typing import Annotated, Self

from pydantic import BaseModel, Field

from gateway.api.models.fields import Incoming, Name, Password
from gateway.store import StoredToken


class LoginRequest(Incoming):
    user: Name
    password: Password


class NewToken(BaseModel):
    """The only time the token itself is shown."""

    token: str = Field(description="shown once; keep it")
    name: str
    user: str
    expires_at: float | None


class TokenRequest(Incoming):
    name: Name
    user: Name | None = Field(default=None, description="whose; oneself where it is left away")
    expires_in: Annotated[float, Field(gt=0, le=366 * 86_400, allow_inf_nan=False)] | None = Field(
        default=None, description="seconds; a token without an end needs `admin` on gateway/tokens"
    )


class TokenOut(BaseModel):
    name: str
    user: str
    created_at: float
    expires_at: float | None
    revoked_at: float | None

    @classmethod
    def of(cls, token: StoredToken) -> Self:
        return cls(
            name=token.name,
            user=token.user,
            created_at=token.created_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
        )
