"""A whole gateway in front of each server, and what an attacker may not have moved there."""

from collections.abc import Iterator

import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.attacks.stage import Stage
from tests.support.deployment import Deployment


@pytest.fixture(scope="session", params=["embedded_pg", "distro_pg"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    server: PostgresServer = request.getfixturevalue(request.param)
    tls = 'mode = "require"' if request.param == "distro_pg" else 'mode = "disable"'
    with Deployment(tmp_path_factory.mktemp("attacked"), server, server_tls=tls) as running:
        yield Stage(running)


@pytest.fixture(scope="module")
def _world(stage: Stage) -> tuple[object, ...]:
    return stage.world()


@pytest.fixture
def untouched(stage: Stage, _world: tuple[object, ...]) -> Iterator[None]:
    """Nothing permanent on the server is other than it was."""
    yield
    assert stage.world() == _world
