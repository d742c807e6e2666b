"""Connector/J, MariaDB's Java driver, mysql2 and go-sql-driver, held to what they see straight at the server. They come from
their package registries, so this runs where it is asked for: `make test-clients`, with Java, Node or Go on the machine."""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pymysql
import pytest

from gateway.demo.postgres_server import free_port
from gateway.demo.shop import fill_mysql
from gateway.model.identity import Engine
from gateway.proxy.tls import server_side
from tests.live.test_other_clients import HERE, built, needs
from tests.proxy.postgres.gatehouse import Access
from tests.support.deployment import run
from tests.support.mysql_gateway import PASSWORD, LiveGateway
from tests.support.servers import Certificates, MariaDbServer

CONNECTOR_J = ("com.mysql", "mysql-connector-j", "9.3.0")
MARIADB_JAVA = ("org.mariadb.jdbc", "mariadb-java-client", "3.5.3")
GO_DRIVER = "github.com/go-sql-driver/mysql@v1.9.3"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("GATEWAY_TEST_CLIENTS"), reason="downloads drivers; run `make test-clients`"),
]


@dataclass(frozen=True, slots=True)
class Ways:
    through: tuple[str, ...]
    straight: tuple[str, ...]
    ca: Path

    def both(self, command: Sequence[str], *more: str) -> str:
        outputs = []
        for way in (self.through, self.straight):
            done = run([*command, *way, "shop", *more], seconds=300)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
            outputs.append(done.stdout.splitlines())
        assert list(unified_diff(outputs[1], outputs[0], "straight", "through", lineterm="", n=0)) == []
        return "\n".join(outputs[0])


@pytest.fixture(scope="module")
def ways(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    """Gateway and server both with TLS for those who ask for it, under the same certificate."""
    needs("mariadbd")
    options = (f"--ssl-cert={certificates.server_cert}", f"--ssl-key={certificates.server_key}", f"--ssl-ca={certificates.ca}")
    with MariaDbServer(tmp_path_factory.mktemp("my"), free_port(), (*options, "--local-infile=1")) as server:
        fill_mysql(server, "not used here")
        where: dict[str, Any] = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
        with pymysql.connect(autocommit=True, **where) as admin, admin.cursor() as cursor:
            cursor.execute("CREATE TABLE shop.numbers (n INT PRIMARY KEY)")
            cursor.execute("INSERT INTO shop.numbers VALUES (1), (2)")
        access = Access(server.host, server.port, server.user, server.password, engine=Engine.MYSQL)
        tls = server_side(certificates.server_cert, certificates.server_key, required=False, alpn=None)
        with LiveGateway(access, tmp_path_factory.mktemp("gateway"), databases=("shop", "hr"), tls=tls) as live:
            through = ("localhost", str(live.port), "alice", PASSWORD)
            yield Ways(through, ("localhost", str(server.port), server.user, server.password), certificates.ca)


def jar(artifact: tuple[str, str, str], folder: Path) -> list[str]:
    needs("java", "mvn")
    built(["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={':'.join(artifact)}", f"-DoutputDirectory={folder}"], folder)
    return ["java", "-cp", str(folder / f"{artifact[1]}-{artifact[2]}.jar"), str(HERE / "MyWalk.java")]


def test_connector_j(ways: Ways, tmp_path: Path) -> None:
    usual = "allowMultiQueries=true&connectionAttributes=program:DBeaver"
    plain = f"{usual}&sslMode=DISABLED&allowPublicKeyRetrieval=true"
    seen = ways.both(
        jar(CONNECTOR_J, tmp_path),
        "mysql",
        plain,
        f"{plain}&useServerPrepStmts=true&cachePrepStmts=true&useCursorFetch=true&rewriteBatchedStatements=true",
        f"{plain}&useInformationSchema=true&cacheServerConfiguration=true&useLocalSessionState=true",
        f"{usual}&sslMode=REQUIRED&useServerPrepStmts=true",
    )
    assert "customers" in seen
    assert "42000 1064" in seen


def test_mariadb_java(ways: Ways, tmp_path: Path) -> None:
    usual = "allowMultiQueries=true&allowPublicKeyRetrieval=true"
    seen = ways.both(
        jar(MARIADB_JAVA, tmp_path),
        "mariadb",
        f"{usual}&sslMode=disable",
        f"{usual}&sslMode=disable&useServerPrepStmts=true&useBulkStmts=true",
        f"{usual}&sslMode=verify-full&serverSslCert={ways.ca}&useServerPrepStmts=true",
        f"{usual}&sslMode=trust&usePipelineAuth=true&disablePipeline=false",
    )
    assert "customers" in seen


def test_mysql2(ways: Ways, tmp_path: Path) -> None:
    needs("node", "npm")
    shutil.copy(HERE / "my_walk.mjs", tmp_path)
    built(["npm", "install", "--silent", "--no-audit", "--no-fund", "mysql2@3"], tmp_path)
    seen = ways.both(["node", str(tmp_path / "my_walk.mjs")], str(ways.ca))
    assert "ER_PARSE_ERROR" in seen
    assert 'changed [{"d":"hr"}]' in seen


def test_go_sql_driver(ways: Ways, tmp_path: Path) -> None:
    needs("go")
    shutil.copy(HERE / "my_walk.go", tmp_path)
    built(["go", "mod", "init", "walk"], tmp_path)
    built(["go", "get", GO_DRIVER], tmp_path)
    built(["go", "build", "-o", "walk", "my_walk.go"], tmp_path)
    seen = ways.both([str(tmp_path / "walk")], str(ways.ca))
    assert "timeout true" in seen
    assert "mode [ours true]" in seen
