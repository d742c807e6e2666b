"""Ports that are taken are named before anything is started, also where they would be shared."""

import socket

import pytest

from gateway.endpoints import require_free
from gateway.model.errors import ConfigurationError


@pytest.mark.parametrize("shared", [False, True])
def test_a_taken_port_is_named(shared: bool) -> None:
    with socket.socket() as taken:
        if shared:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        endpoint = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigurationError, match=f"cannot listen on {endpoint}: Address already in use; use another"):
            require_free([endpoint], "; use another")
    require_free([endpoint])


def test_an_address_of_another_machine() -> None:
    with pytest.raises(ConfigurationError, match=r"cannot listen on 192\.0\.2\.1:5432"):
        require_free(["192.0.2.1:5432"])
