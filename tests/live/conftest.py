"""Whole gateways as processes, one for each kind of server for the whole run."""

from collections.abc import Iterator

import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.support.deployment import Deployment


@pytest.fixture(scope="session", params=["embedded_pg", "distro_pg"])
def gateway_process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """`gateway serve` in front of each server, with the shipped bundle and the user `wide` who may do everything."""
    server: PostgresServer = request.getfixturevalue(request.param)
    tls = 'mode = "require"' if request.param == "distro_pg" else 'mode = "disable"'
    home = tmp_path_factory.mktemp("gateway")
    with Deployment(home, server, databases=("scratch", "restored"), server_tls=tls) as running:
        yield running


@pytest.fixture(scope="session")
def gateway_embedded(embedded_pg: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Another one in front of the embedded server, for what needs to look at one server only and changes policy or people."""
    with Deployment(tmp_path_factory.mktemp("lone"), embedded_pg) as running:
        yield running
