"""pgJDBC, node-postgres and pgx, held to what they see straight at the server. They come from their package registries, so this
runs where it is asked for: `make test-clients`, with Java, Node or Go on the machine."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.demo.home import SERVER_USER
from tests.support.deployment import SERVER_PASSWORD, Deployment, password_of, run

HERE = Path(__file__).parent / "clients"
JDBC = "42.7.7"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("GATEWAY_TEST_CLIENTS"), reason="downloads drivers; run `make test-clients`"),
]


def needs(*programs: str) -> None:
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def built(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def both(process: Deployment, command: Sequence[str]) -> str:
    outputs = []
    for port, user, password, database in (
        (process.port, "wide", password_of("wide"), "pg1/shop"),
        (process.server.port, SERVER_USER, SERVER_PASSWORD, "shop"),
    ):
        done = run([*command, "127.0.0.1", str(port), user, password, database], seconds=120)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        outputs.append(done.stdout.splitlines())
    assert outputs[0] == outputs[1]
    return "\n".join(outputs[0])


@pytest.fixture(scope="module")
def jdbc(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    needs("java", "mvn")
    folder = tmp_path_factory.mktemp("jdbc")
    artifact = f"-Dartifact=org.postgresql:postgresql:{JDBC}"
    built(["mvn", "-q", "-B", "dependency:copy", artifact, f"-DoutputDirectory={folder}"], folder)
    return ["java", "-cp", str(folder / f"postgresql-{JDBC}.jar"), str(HERE / "Walk.java")]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    needs("node", "npm")
    folder = tmp_path_factory.mktemp("node")
    shutil.copy(HERE / "walk.mjs", folder)
    built(["npm", "install", "--silent", "--no-audit", "--no-fund", "pg@8"], folder)
    return ["node", str(folder / "walk.mjs")]


@pytest.fixture(scope="module")
def pgx(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    needs("go")
    folder = tmp_path_factory.mktemp("go")
    shutil.copy(HERE / "walk.go", folder)
    built(["go", "mod", "init", "walk"], folder)
    built(["go", "get", "github.com/jackc/pgx/v5@v5.7.5"], folder)
    built(["go", "build", "-o", "walk", "."], folder)
    return [str(folder / "walk")]


def test_pgjdbc(gateway_process: Deployment, jdbc: list[str]) -> None:
    seen = both(gateway_process, jdbc)
    assert "customers_pkey" in seen
    assert "57014" in seen


def test_node_postgres(gateway_process: Deployment, node: list[str]) -> None:
    assert "42601" in both(gateway_process, node)


def test_pgx(gateway_process: Deployment, pgx: list[str]) -> None:
    assert "timeout true" in both(gateway_process, pgx)
