"""Standing grants."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from gateway.api.models.fields import Comment, Incoming, Moment, Name, Text
from gateway.store import StoredGrant


class GrantIn(Incoming):
    """A permission beside the bundle. `project` "*" is every project."""

    subject: Name = Field(description="a user or a role")
    object: Annotated[Text, Field(min_length=1, max_length=700)]
    action: Annotated[Text, Field(max_length=32)]
    project: Name = "*"
    condition: Annotated[Text, Field(max_length=4000)] = ""
    effect: Literal["allow", "deny"] = "allow"
    reason: Comment = ""
    expires_at: Moment | None = None


class GrantOut(BaseModel):
    id: int
    subject: str
    project: str
    object: str
    action: str
    condition: str
    effect: str
    reason: str
    granted_by: str
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    used_at: float | None

    @classmethod
    def of(cls, grant: StoredGrant) -> Self:
        return cls(**{name: getattr(grant, name) for name in cls.model_fields})
