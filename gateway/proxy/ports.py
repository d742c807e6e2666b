"""What the proxy needs from other rooms, as the proxy sees it. `app.py` injects the real things; tests inject small ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from gateway.model.decision import Decision
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.proxy.outcome import Refused


class ServerTls(Protocol):
    """How to encrypt towards a server. `mode` as libpq's sslmode; files in PEM form."""

    @property
    def mode(self) -> str: ...
    @property
    def ca(self) -> Path | str | None: ...
    @property
    def cert(self) -> Path | str | None: ...
    @property
    def key(self) -> Path | str | None: ...


class ServerAccess(Protocol):
    """Where a server is and who the gateway is there. Its repr never shows the password."""

    @property
    def engine(self) -> Engine: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str | None: ...
    @property
    def tls(self) -> ServerTls: ...


class UserRecord(Protocol):
    """A user as the store knows it. `verifier`: RFC 5803, SCRAM-SHA-256; None for one who logs in with tokens only.

    `native_verifier`: SHA1(SHA1(password)), where mysql_native_password is configured.
    """

    @property
    def disabled(self) -> bool: ...
    @property
    def verifier(self) -> str | None: ...
    @property
    def native_verifier(self) -> bytes | None: ...


class Directory(Protocol):
    """Users and registered databases; `gateway.store.Store` is one. Every method may raise StoreUnavailable."""

    async def user(self, name: str) -> UserRecord | None: ...

    async def principal(self, name: str) -> Principal | None:
        """The enabled user with bindings that have not expired."""

    async def token_owner(self, token: str) -> Principal | None:
        """Whose valid API token this is."""

    async def targets(self) -> Sequence[Target]:
        """Every registered database."""

    async def server(self, instance: str) -> ServerAccess:
        """Raises NotFound."""


class ConnectPolicy(Protocol):
    """Whether a principal may use a database at all (action `connect`)."""

    def may_connect(self, principal: Principal, target: Target, client: ClientInfo) -> Decision: ...


class SettingPolicy(Protocol):
    """What a client sets while it logs in is held to the same rule as the statement SET."""

    async def may_set(self, principal: Principal, target: Target, client: ClientInfo, name: str, value: str) -> Decision: ...


class LoginAudit(Protocol):
    """Records of logins. All may raise AuditUnavailable; then nobody gets in."""

    async def opened(self, session: str, principal: Principal, target: Target, client: ClientInfo) -> None:
        """Returns when the record is as durable as the settings ask."""

    async def vanished(self, session: str) -> None:
        """One side went away between `opened` and its conversation, which would have recorded the session's end."""

    async def refused(self, session: str, client: ClientInfo, refusal: Refused) -> None:
        """Also for connections that were refused before anybody was known."""


class CancelForwarder(Protocol):
    """Reaches sessions of other workers and other gateways. It is told digests; keys stay in the process that made them."""

    async def forward(self, digest: str) -> None:
        """`digest` (hex) is what `CancelRegistry.cancel_by_digest` of another worker knows the session by."""
