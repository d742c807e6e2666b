"""Every message of a session under one name: `frontend` and `backend` hold them by direction."""

from gateway.wire.postgres import backend, frontend
from gateway.wire.postgres.backend import decode_backend
from gateway.wire.postgres.frontend import decode_frontend, frame_limit
from gateway.wire.postgres.message import BackendMessage, FrontendMessage
from gateway.wire.postgres.report import ErrorResponse, NoticeResponse, sqlstate

__all__ = [
    "BackendMessage",
    "ErrorResponse",
    "FrontendMessage",
    "NoticeResponse",
    "backend",
    "decode_backend",
    "decode_frontend",
    "frame_limit",
    "frontend",
    "sqlstate",
]
