"""Sessions, audit records, health."""

from typing import Any, Literal

from pydantic import BaseModel


class SessionOut(BaseModel):
    id: str
    user: str
    instance: str
    database: str
    project: str
    address: str
    application: str
    started_at: float
    statements: int


class AuditOut(BaseModel):
    records: list[dict[str, Any]]
    next: str | None


class Health(BaseModel):
    status: Literal["ok", "unavailable"]
    checks: dict[str, str] = {}
