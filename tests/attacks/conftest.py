"""A whole gateway in front of each server, and what an attacker may not have moved there."""

from collections.abc import Iterator

import pytest

from gateway.demo.postgres_server import PostgresServer
from tests.attacks.stage import Stage
from tests.support.deployment import Deployment


@pytest.fixture(scope="session")
def stage(embedded_pg: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The newest server: what is analysed is the same on all of them."""
    with Deployment(tmp_path_factory.mktemp("attacked"), embedded_pg) as running:
        stage = Stage(running)
        yield stage
        stage.close()


@pytest.fixture(scope="session")
def old_stage(distro_pg: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The oldest server, which does not tell its search_path; reached over TLS."""
    with Deployment(tmp_path_factory.mktemp("attacked_old"), distro_pg, server_tls='mode = "require"') as running:
        stage = Stage(running)
        yield stage
        stage.close()


@pytest.fixture(scope="session", params=["stage", "old_stage"])
def each_stage(request: pytest.FixtureRequest) -> Stage:
    """What depends on what a server tells of itself is played on both."""
    stage: Stage = request.getfixturevalue(request.param)
    return stage


@pytest.fixture(scope="module")
def _world(stage: Stage) -> tuple[object, ...]:
    return stage.world()


@pytest.fixture
def untouched(stage: Stage, _world: tuple[object, ...]) -> Iterator[None]:
    """Nothing permanent on the server is other than it was."""
    yield
    assert stage.world() == _world


@pytest.fixture(scope="module")
def _each_world(each_stage: Stage) -> tuple[object, ...]:
    return each_stage.world()


@pytest.fixture
def each_untouched(each_stage: Stage, _each_world: tuple[object, ...]) -> Iterator[None]:
    yield
    assert each_stage.world() == _each_world
