"""How a login ends: `Authenticated | Refused`, never a bool (habit 8). The same for every engine."""

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.identity import ClientInfo, Principal


class RefusalCode(StrEnum):
    """SQLSTATEs of login errors as PostgreSQL uses them; MySQL's listener has its own number for each."""

    INVALID_PASSWORD = "28P01"
    INVALID_AUTHORIZATION = "28000"
    NO_SUCH_DATABASE = "3D000"
    TOO_MANY_CONNECTIONS = "53300"
    PROTOCOL_VIOLATION = "08P01"
    CANNOT_CONNECT = "08006"
    SERVER_REJECTED = "08004"
    FEATURE_NOT_SUPPORTED = "0A000"
    PERMISSION_DENIED = "42501"
    INVALID_PARAMETER = "22023"
    LOGIN_TIMEOUT = "57P05"
    SHUTTING_DOWN = "57P03"
    AUDIT_UNAVAILABLE = "58030"
    INTERNAL = "XX000"


@dataclass(frozen=True, slots=True)
class Refused:
    """`message`, `detail` and `hint` are for the client; `reason` is the true cause, for the auditor. Neither holds a secret.

    `user` and `database` are as the client sent them, "" where it did not come that far.
    """

    code: str
    message: str
    reason: str
    detail: str = ""
    hint: str = ""
    user: str = ""
    database: str = ""


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A client that proved who it is, and what it asked for. Not yet allowed to use any database.

    database  as the client wrote it: `pg1/shop` or `shop`
    settings  run-time parameters asked for at login, in order, application_name not among them
    """

    principal: Principal
    client: ClientInfo
    database: str
    settings: tuple[tuple[str, str], ...] = ()
    application_name: str = ""
    protocol: int = 0
    method: str = field(default="scram-sha-256")
