"""Who is connected now."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from gateway.api.callers import Authenticated, Caller, gateway_path
from gateway.api.models.operation import SessionOut
from gateway.api.pages import Cursor, Limit, Page, page
from gateway.api.problems import NotHere
from gateway.api.services import LiveSession, Sessions
from gateway.model.errors import NotFound
from gateway.model.footprint import Action

router = APIRouter(tags=["sessions"])
_PATH = gateway_path("sessions")


@router.get("/sessions")
async def list_sessions(caller: Authenticated, limit: Limit = 100, cursor: Cursor = None) -> Page[SessionOut]:
    """One's own; those of a project with `select` on gateway/sessions there."""
    found = _sessions(caller).listing()
    readable = {project for project in {item.project for item in found} if caller.may(Action.SELECT, _PATH, project)}
    visible = [item for item in found if item.user == caller.name or item.project in readable]
    return page(visible, lambda item: item.id, _shown, cursor, limit)


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(session_id: Annotated[str, Path(max_length=190)], caller: Authenticated) -> Response:
    """One's own, or with `admin` on gateway/sessions in its project. The end is on record before it happens."""
    sessions = _sessions(caller)
    found = {item.id: item for item in sessions.listing()}.get(session_id)
    if found is None or found.user != caller.name:
        await caller.require(Action.ADMIN, _PATH, found.project if found else "")
    if found is None:
        raise NotFound(f"no session {session_id!r}")
    await caller.record_change("session.end", session_id, {"user": found.user})
    if not await sessions.end(session_id):
        raise NotFound(f"session {session_id!r} has just ended")
    return Response(status_code=204)


def _sessions(caller: Caller) -> Sessions:
    if caller.services.sessions is None:
        raise NotHere("this process has no database sessions")
    return caller.services.sessions


def _shown(session: LiveSession) -> SessionOut:
    return SessionOut(**{name: getattr(session, name) for name in SessionOut.model_fields})
