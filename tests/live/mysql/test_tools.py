"""The command lines."""

import subprocess

from tests.support.mysql_gateway import PASSWORD, LiveGateway
from tests.support.servers import MariaDbServer


def command_line(gateway: LiveGateway, program: str, *arguments: str, user: str = "alice") -> subprocess.CompletedProcess[str]:
    common = ["--no-defaults", "-h127.0.0.1", f"-P{gateway.port}", f"-u{user}", f"-p{PASSWORD}"]
    return subprocess.run([program, *common, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_the_command_line(gateway: LiveGateway) -> None:
    done = command_line(
        gateway, "mariadb", "my1/shop", "-t", "-e", "SELECT id FROM allowed ORDER BY id; SHOW STATUS LIKE 'Uptime'"
    )
    assert done.returncode == 0, done.stderr
    assert "|  3 |" in done.stdout
    done = command_line(gateway, "mariadb", "my1/shop", "-e", "SELECT * FROM secret", user="bob")
    assert "ERROR 1142 (42000) at line 1: gateway: permission denied: select on my1/shop/secret" in done.stderr


def test_completion_of_names(gateway: LiveGateway) -> None:
    """Without -A the client asks for the fields of every table."""
    done = command_line(gateway, "mariadb", "--auto-rehash", "my1/shop", "-e", "SELECT 1")
    assert (done.returncode, done.stdout) == (0, "1\n1\n")


def test_dump(gateway: LiveGateway, mariadb: MariaDbServer) -> None:
    done = command_line(gateway, "mariadb-dump", "--skip-dump-date", "--routines", "my1/shop")
    done = command_line(gateway, "mariadb-dump", "--skip-dump-date", "shop") if done.returncode else done
    assert done.returncode == 0, done.stderr
    assert "INSERT INTO `allowed` VALUES" in done.stdout
    refused = command_line(gateway, "mariadb-dump", "shop", "secret", user="bob")
    assert refused.returncode != 0
    assert "4711" not in refused.stdout
