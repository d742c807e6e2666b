"""Users, groups and their roles."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from gateway.api.models.fields import Incoming, Moment, Name, Password, Text
from gateway.model.identity import Principal
from gateway.store import StoredBinding, StoredUser


class UserIn(Incoming):
    name: Name
    email: Annotated[Text, Field(max_length=255)] = ""
    password: Password | None = None
    disabled: bool = False


class UserChange(Incoming):
    email: Annotated[Text, Field(max_length=255)] | None = None
    disabled: bool | None = None


class PasswordIn(Incoming):
    password: Password
    current: Password | None = Field(default=None, description="needed for one's own")


class UserOut(BaseModel):
    name: str
    email: str
    disabled: bool
    has_password: bool

    @classmethod
    def of(cls, user: StoredUser) -> Self:
        return cls(name=user.name, email=user.email, disabled=user.disabled, has_password=user.verifier is not None)


class RoleHeld(BaseModel):
    role: str
    project: str | None
    expires_at: float | None


class Me(BaseModel):
    name: str
    kind: str
    roles: list[RoleHeld]

    @classmethod
    def of(cls, principal: Principal) -> Self:
        held = [RoleHeld(role=item.role, project=item.project, expires_at=item.expires_at) for item in principal.bindings]
        return cls(name=principal.name, kind=principal.kind.value, roles=held)


class GroupIn(Incoming):
    members: Annotated[list[Name], Field(max_length=10_000)] = Field(default_factory=list)


class GroupOut(BaseModel):
    name: str
    members: list[str]


class Binding(Incoming):
    """A role that a user or group holds; project "" is every project."""

    kind: Literal["user", "group"] = "user"
    subject: Name
    role: Name
    project: Annotated[Text, Field(max_length=190)] = ""
    expires_at: Moment | None = None

    @classmethod
    def of(cls, binding: StoredBinding) -> Self:
        return cls(
            kind=binding.kind,
            subject=binding.subject,
            role=binding.role,
            project=binding.project,
            expires_at=binding.expires_at,
        )

    def stored(self) -> StoredBinding:
        return StoredBinding(self.kind, self.subject, self.role, self.project, self.expires_at)
