"""What the gateway's greeting says: version and capabilities of the real servers, so that clients behave as they would there.

A greeting is sent before anybody knows which server is meant. With one instance it is that server's; with several, the version
is the first one's by name and a capability is offered where all of them have it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model.errors import GatewayError
from gateway.model.identity import Engine, Target
from gateway.proxy.mysql.backend import greet
from gateway.proxy.ports import ServerAccess
from gateway.wire.mysql.constants import UTF8MB4_GENERAL_CI, Capability

log = logging.getLogger(__name__)

# What the gateway itself sees to, whatever the server can.
_OWN: Final = (
    Capability.LONG_PASSWORD  # whose absence would announce MariaDB's extended capabilities
    | Capability.PROTOCOL_41
    | Capability.CONNECT_WITH_DB
    | Capability.SECURE_CONNECTION
    | Capability.PLUGIN_AUTH
    | Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA
    | Capability.CONNECT_ATTRS
)
# What passes through from the server.
_PASSED: Final = (
    Capability.FOUND_ROWS
    | Capability.LONG_FLAG
    | Capability.ODBC
    | Capability.LOCAL_FILES
    | Capability.IGNORE_SPACE
    | Capability.INTERACTIVE
    | Capability.IGNORE_SIGPIPE
    | Capability.TRANSACTIONS
    | Capability.RESERVED
    | Capability.MULTI_STATEMENTS
    | Capability.MULTI_RESULTS
    | Capability.PS_MULTI_RESULTS
    | Capability.SESSION_TRACK
    | Capability.DEPRECATE_EOF
    | Capability.QUERY_ATTRIBUTES
)
_LEAST: Final = _PASSED & ~(Capability.SESSION_TRACK | Capability.QUERY_ATTRIBUTES | Capability.DEPRECATE_EOF)
_RETRY_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Face:
    """`capabilities` without SSL, which is added where the gateway has a certificate."""

    version: bytes = b"5.7.99-gateway"
    capabilities: Capability = _OWN | _LEAST
    collation: int = UTF8MB4_GENERAL_CI


class Faces:
    """The face of the moment. `seconds` is the time one server has to greet."""

    def __init__(
        self,
        targets: Callable[[], Awaitable[Sequence[Target]]],
        server: Callable[[str], Awaitable[ServerAccess]],
        seconds: float = 5.0,
    ) -> None:
        self._targets = targets
        self._server = server
        self._seconds = seconds
        self._asked: tuple[str, ...] = ()
        self._whole = False
        self.current = Face()

    async def refresh(self) -> None:
        """Ask the registered servers. Those that do not answer are left out; while any is, `keep` asks again."""
        instances = await self._instances()
        answers = await asyncio.gather(*(self._greeting(instance) for instance in instances))
        found = [answer for answer in answers if answer is not None]
        self._asked = instances
        self._whole = len(found) == len(instances)
        if found:
            capabilities = _PASSED
            for face in found:
                capabilities &= face.capabilities
            self.current = Face(found[0].version, _OWN | capabilities, found[0].collation)

    async def keep(self) -> None:
        """Ask again until every server has answered, and whenever instances come or go."""
        while True:
            await asyncio.sleep(_RETRY_SECONDS)
            try:
                if not self._whole or await self._instances() != self._asked:
                    await self.refresh()
            except GatewayError as error:
                log.warning("the servers to greet like are not known: %s", error)

    async def _instances(self) -> tuple[str, ...]:
        return tuple(sorted({target.instance for target in await self._targets() if target.engine is Engine.MYSQL}))

    async def _greeting(self, instance: str) -> Face | None:
        try:
            access = await self._server(instance)
            greeting = await greet(access, self._seconds)
        except GatewayError as error:
            log.warning("instance %s does not greet: %s", instance, error)
            return None
        return Face(greeting.server_version, greeting.capabilities, greeting.collation)
