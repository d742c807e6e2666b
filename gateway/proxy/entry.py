"""What both protocols' ways in share, from the accepted socket to the running session: how they end early, and cancelling."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

from gateway.model.errors import AuditUnavailable, NotFound, StoreUnavailable
from gateway.model.identity import ClientInfo, Target
from gateway.proxy.outcome import RefusalCode, Refused
from gateway.proxy.ports import Directory, LoginAudit, ServerAccess
from gateway.proxy.sessions import TooManySessions

log = logging.getLogger(__name__)


class EntryEnded(Exception):
    """The way in ends here: the client is refused."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason)
        self.refused = refused


ENDS: Final = (EntryEnded, TooManySessions, StoreUnavailable, AuditUnavailable)
"""What ends a way in; `refusal_of` says how."""


def end(refused: Refused) -> NoReturn:
    raise EntryEnded(refused)


def refusal_of(error: Exception, *, too_many: str) -> Refused:
    """The refusal for one of `ENDS`. `too_many`: the server's own words for a user with too many sessions."""
    match error:
        case EntryEnded():
            return error.refused
        case TooManySessions():
            return Refused(RefusalCode.TOO_MANY_CONNECTIONS, too_many, "connection limit of the user")
        case StoreUnavailable():
            message = "gateway: logins cannot be checked now"
            return Refused(RefusalCode.SHUTTING_DOWN, message, f"store unavailable: {error}")
        case AuditUnavailable():
            message = "gateway: audit log unavailable, connection refused"
            return Refused(RefusalCode.AUDIT_UNAVAILABLE, message, str(error))
        case _:
            raise error


def unreachable(reason: str) -> Refused:
    """For a server that is not there; the reason is the record's alone."""
    return Refused(RefusalCode.CANNOT_CONNECT, "gateway: the server cannot be reached", reason)


async def server_access(directory: Directory, target: Target) -> ServerAccess:
    """How the target's server is reached. Raises EntryEnded where nothing is known of it any more."""
    try:
        return await directory.server(target.instance)
    except NotFound as error:
        end(unreachable(str(error)))


class Login(Protocol):
    """What a client has said of itself so far."""

    @property
    def user(self) -> str: ...

    @property
    def database(self) -> str: ...

    @property
    def application_name(self) -> str: ...


async def record_refusal(audit: LoginAudit, session_id: str, login: Login | None, client: ClientInfo, refused: Refused) -> None:
    """A log that takes no records any more keeps nobody from being refused."""
    recorded = Refused(
        code=refused.code,
        message=refused.message,
        reason=readable(refused.reason),
        user=readable(login.user) if login is not None else "",
        database=readable(login.database) if login is not None else "",
    )
    try:
        await audit.refused(session_id, client, recorded)
    except AuditUnavailable as error:
        log.error("a refused login of %r could not be recorded: %s", recorded.user, error)  # noqa: TRY400


def readable(sent: str) -> str:
    """For records: bytes that are no UTF-8, which came through as surrogates, written as escapes."""
    return sent.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@dataclass(slots=True)
class Canceller:
    """Stops the statement that runs at a server; requests that come while one is under way add nothing."""

    work: Callable[[], Awaitable[None]]
    busy: bool = False

    async def cancel(self) -> None:
        if self.busy:
            return
        self.busy = True
        try:
            await self.work()
        finally:
            self.busy = False
