"""The policy, and why it decides as it does."""

from typing import Annotated

from pydantic import BaseModel, Field

from gateway.api.models.fields import Incoming, Name, Text
from gateway.model.footprint import Action


class PolicyOut(BaseModel):
    version: str
    loaded_at: float
    roles: list[str]
    problem: str


class ExplainIn(Incoming):
    """Either a `statement`, or a `path` with an `action`."""

    database: Annotated[Text, Field(max_length=400, description="instance/database")]
    user: Name | None = None
    statement: Annotated[Text, Field(min_length=1)] | None = None
    search_path: Annotated[list[Name], Field(max_length=100)] = Field(default_factory=lambda: ["public"])
    path: Annotated[Text, Field(max_length=1000)] | None = None
    action: Action | None = None
    address: Annotated[Text, Field(max_length=64)] | None = Field(default=None, description="as if asked from there")


class DecisionOut(BaseModel):
    outcome: str
    code: str
    text: str
    rule: str
    hint: str
    policy_version: str
    kind: str | None = None
    opaque: str | None = None


class ExplainOut(BaseModel):
    decisions: list[DecisionOut]
