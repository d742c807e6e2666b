"""Whether the addresses that a gateway wants to listen on are free.

Workers share their ports (SO_REUSEPORT), and the kernel lets any later process of the same user join them: a second gateway by
mistake would be given a part of the first one's connections. So whoever starts workers asks first.
"""

import socket
from collections.abc import Iterable

from gateway.config import split_endpoint
from gateway.model.errors import ConfigurationError


def require_free(endpoints: Iterable[str], hint: str = "") -> None:
    """Raises ConfigurationError that names the first of `endpoints` ("host:port") on which nobody new can listen."""
    for endpoint in endpoints:
        host, port = split_endpoint(endpoint)
        try:
            for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
                _bind(family, address)
        except OSError as error:
            raise ConfigurationError(f"cannot listen on {endpoint}: {error.strerror or error}{hint}") from error


def _bind(family: int, address: tuple[object, ...]) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a gateway that just ended do not count
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(address)
