"""The outermost layer: a body's size is bounded before it is read, and no answer is kept by a cache."""

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.problems import problem

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Guard:
    """413 for a body beyond `body_bytes`, announced or not; at most that much is ever held."""

    def __init__(self, app: ASGIApp, body_bytes: int) -> None:
        self._app = app
        self._body_bytes = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if _announced(scope) > self._body_bytes:
            await self._too_large()(scope, receive, send_guarded)
            return
        read = 0

        async def receive_counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._body_bytes:
                raise HTTPException(413, self._words())
            return message

        await self._app(scope, receive_counted, send_guarded)

    def _too_large(self) -> ASGIApp:
        return problem(413, self._words())

    def _words(self) -> str:
        return f"a request's body has at most {self._body_bytes} bytes"


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            # The server has checked that it is a number; an absurd one is simply too large.
            return int(value) if value.isdigit() else 0
    return 0
