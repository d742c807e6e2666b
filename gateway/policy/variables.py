"""What conditions can ask about: the circumstances of a decision, and the variables that read them."""

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import Enum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.model.identity import ClientInfo

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Around one decision. `now` in Unix seconds; `roles` are all that the principal holds in the project."""

    now: float
    user: str = ""
    project: str = ""
    environment: str = ""
    instance: str = ""
    database: str = ""
    engine: str = ""
    client: ClientInfo | None = None
    roles: frozenset[str] = frozenset()

    def with_roles(self, roles: frozenset[str]) -> "Circumstances":
        # `dataclasses.replace` takes several times as long, on every decision.
        return Circumstances(
            *(self.now, self.user, self.project, self.environment, self.instance, self.database, self.engine, self.client),
            roles,
        )


class Kind(Enum):
    """A variable's kind of value. The second member says whether < and > mean something."""

    TEXT = ("text", False)
    NUMBER = ("number", True)
    FLAG = ("flag", False)
    ADDRESS = ("address", False)
    WEEKDAY = ("weekday", True)
    TIME = ("time", True)
    DATE = ("date", True)
    MOMENT = ("moment", True)
    NAMES = ("names", False)

    @property
    def ordered(self) -> bool:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    kind: Kind
    value: Callable[[Circumstances], Any]


@lru_cache(maxsize=4_096)
def _address(text: str) -> Address | None:
    """None for Unix sockets and the like: in no network. An IPv4 peer of a dual-stack listener counts as IPv4."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _moment(facts: Circumstances, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(facts.now, zone)


def _clock(zone: tzinfo, prefix: str = "") -> dict[str, Variable]:
    readers: dict[str, tuple[Kind, Callable[[datetime], Any]]] = {
        "hour": (Kind.NUMBER, lambda moment: moment.hour),
        "minute": (Kind.NUMBER, lambda moment: moment.minute),
        "weekday": (Kind.WEEKDAY, lambda moment: moment.weekday()),
        "time": (Kind.TIME, lambda moment: moment.hour * 60 + moment.minute),
        "date": (Kind.DATE, lambda moment: moment.date()),
    }

    def reader(read: Callable[[datetime], Any]) -> Callable[[Circumstances], Any]:
        return lambda facts: read(_moment(facts, zone))

    return {name: Variable(prefix + name, kind, reader(read)) for name, (kind, read) in readers.items()}


VARIABLES: dict[str, Variable] = {
    variable.name: variable
    for variable in (
        Variable("environment", Kind.TEXT, lambda facts: facts.environment),
        Variable("user", Kind.TEXT, lambda facts: facts.user),
        Variable("project", Kind.TEXT, lambda facts: facts.project),
        Variable("instance", Kind.TEXT, lambda facts: facts.instance),
        Variable("database", Kind.TEXT, lambda facts: facts.database),
        Variable("engine", Kind.TEXT, lambda facts: facts.engine),
        Variable("roles", Kind.NAMES, lambda facts: facts.roles),
        Variable("client.application", Kind.TEXT, lambda facts: facts.client.application if facts.client else ""),
        Variable("client.tls", Kind.FLAG, lambda facts: facts.client is not None and facts.client.tls),
        Variable("client.address", Kind.ADDRESS, lambda facts: _address(facts.client.address) if facts.client else None),
        Variable("now", Kind.MOMENT, lambda facts: facts.now),
        *_clock(UTC).values(),
    )
}
_CLOCK_NAMES = frozenset(_clock(UTC))
CLOCK = _CLOCK_NAMES | {"now", "zone"}


@lru_cache(maxsize=256)
def zone_variable(zone: str, name: str) -> Variable | None:
    """`zone('Europe/Berlin').hour`. Raises ValueError where there is no such zone."""
    if name not in _CLOCK_NAMES:
        return None
    try:
        found = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone {zone!r} on this machine; names are like 'Europe/Berlin'") from None
    variable = _clock(found)[name]
    return Variable("zone", variable.kind, variable.value)


def literal(variable: Variable, value: object) -> Any:
    """A constant as the value that the variable is compared with. Raises ValueError that names the right form."""
    match variable.kind:
        case Kind.NUMBER if isinstance(value, int) and not isinstance(value, bool):
            return value
        case Kind.FLAG if isinstance(value, bool):
            return value
        case Kind.TEXT if isinstance(value, str):
            return value
        case Kind.WEEKDAY if isinstance(value, str) and value in WEEKDAYS:
            return WEEKDAYS.index(value)
        case Kind.TIME if isinstance(value, str) and (found := _CLOCK_TIME.fullmatch(value)):
            return int(found[1]) * 60 + int(found[2])
        case Kind.ADDRESS if isinstance(value, str) and (address := _address(value)) is not None:
            return address
        case Kind.DATE if isinstance(value, str):
            return _date(value)
        case Kind.MOMENT if isinstance(value, str):
            return _timestamp(value)
    raise ValueError(f"{variable.name} is compared with {_FORMS[variable.kind]}, not {value!r}")


_FORMS = {
    Kind.TEXT: "a text in quotes",
    Kind.NUMBER: "a whole number",
    Kind.FLAG: "True or False",
    Kind.ADDRESS: "an address like '10.1.2.3', or with `in` a network like '10.0.0.0/8'",
    Kind.WEEKDAY: "one of 'mon' 'tue' 'wed' 'thu' 'fri' 'sat' 'sun'",
    Kind.TIME: "a time like '08:00'",
    Kind.DATE: "a date like '2026-12-31'",
    Kind.MOMENT: "a moment like '2026-12-31T18:00Z'",
    Kind.NAMES: "a name: 'dba' in roles",
}


def _date(value: str) -> date:
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise ValueError(f"{value!r} is no date like '2026-12-31'") from None


def _timestamp(value: str) -> float:
    """Whole minutes only: answers that depend on the clock are kept until the minute ends."""
    try:
        return datetime.strptime(value, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise ValueError(f"{value!r} is no moment like '2026-12-31T18:00Z' (UTC, whole minutes)") from None


def network_list(values: Iterable[object]) -> tuple[Network, ...]:
    """Raises ValueError that names the right form."""
    networks = []
    for value in values:
        try:
            networks.append(ipaddress.ip_network(str(value)))
        except ValueError as error:
            raise ValueError(f"{value!r} is no network like '10.0.0.0/8': {error}") from None
    return tuple(networks)
