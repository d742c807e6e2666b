"""Access for a time."""

from typing import Annotated, Self

from pydantic import BaseModel, Field

from gateway.api.models.fields import Comment, Incoming, Text
from gateway.model.footprint import Action
from gateway.store.access_requests import AccessRequest


class AccessIn(Incoming):
    """`object` is instance/database, with schema and table below it; patterns are allowed below the database."""

    object: Annotated[Text, Field(min_length=1, max_length=700)]
    actions: Annotated[list[Action], Field(min_length=1, max_length=20)]
    seconds: Annotated[int, Field(ge=1, le=366 * 86_400)]
    reason: Comment


class AccessOut(BaseModel):
    number: int
    requester: str
    project: str
    object: str
    actions: list[str]
    seconds: int
    reason: str
    state: str
    decided_by: str | None
    comment: str
    created_at: float
    decided_at: float | None

    @classmethod
    def of(cls, request: AccessRequest) -> Self:
        return cls(
            number=request.id,
            requester=request.requester,
            project=request.project,
            object=request.object,
            actions=[action.value for action in request.actions],
            seconds=request.seconds,
            reason=request.reason,
            state=request.state.value,
            decided_by=request.decided_by,
            comment=request.comment,
            created_at=request.created_at,
            decided_at=request.decided_at,
        )
