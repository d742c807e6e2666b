"""pg_dump, pg_restore and pgbench through the gateway, held to what they do straight at the server."""

import re
import shutil
from pathlib import Path

import pytest

from tests.support.deployment import Deployment, Done, run

# Since the fixes of August 2025 a dump is fenced with a key that is new each time.
_FENCE = re.compile(r"^\\(un)?restrict .*$", re.MULTILINE)


def tool(process: Deployment, name: str, dsn: str, *arguments: str) -> Done:
    done = run(
        [str(_tool(process, name)), *arguments, "-d", dsn]
        if name != "pgbench"
        else [str(_tool(process, name)), *arguments, dsn]
    )
    assert done.returncode == 0, done.stderr
    return done


def _tool(process: Deployment, name: str) -> Path:
    beside = process.server.bin_dir / name
    if beside.exists():
        return beside
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return Path(found)


def _unfenced(text: str) -> str:
    return _FENCE.sub("", text)


@pytest.mark.parametrize(
    "options",
    [(), ("-s",), ("-a",), ("--inserts", "-a"), ("--column-inserts", "-t", "products"), ("-n", "hr", "--clean", "--if-exists")],
)
def test_pg_dump_writes_the_same(gateway_process: Deployment, options: tuple[str, ...]) -> None:
    through = tool(gateway_process, "pg_dump", gateway_process.dsn("wide"), *options)
    straight = tool(gateway_process, "pg_dump", gateway_process.direct(), *options)
    assert _unfenced(through.stdout) == _unfenced(straight.stdout)
    assert "products" in through.stdout or "hr" in options
    assert through.stderr == straight.stderr


def test_a_custom_dump_holds_the_same_and_restores_through_the_gateway(gateway_process: Deployment, tmp_path: Path) -> None:
    scripts = []
    for name, dsn in (("through", gateway_process.dsn("wide")), ("straight", gateway_process.direct())):
        tool(gateway_process, "pg_dump", dsn, "-Fc", "-f", str(tmp_path / name))
        done = run([str(_tool(gateway_process, "pg_restore")), "-f", "-", str(tmp_path / name)])
        assert done.returncode == 0, done.stderr
        scripts.append(_unfenced(done.stdout))
    assert scripts[0] == scripts[1]
    target = gateway_process.dsn("wide", "pg1/restored")
    done = run(
        [str(_tool(gateway_process, "pg_restore")), "--no-owner", "--exit-on-error", "-d", target, str(tmp_path / "through")]
    )
    assert done.returncode == 0, done.stderr
    again = tool(gateway_process, "pg_dump", gateway_process.direct("restored"), "-a", "--inserts", "-t", "customers")
    first = tool(gateway_process, "pg_dump", gateway_process.direct(), "-a", "--inserts", "-t", "customers")
    assert _unfenced(again.stdout) == _unfenced(first.stdout)


def test_a_parallel_dump_shares_its_snapshot(gateway_process: Deployment, tmp_path: Path) -> None:
    tool(gateway_process, "pg_dump", gateway_process.dsn("wide"), "-Fd", "-j", "2", "-f", str(tmp_path / "dump"))
    done = run([str(_tool(gateway_process, "pg_restore")), "-l", str(tmp_path / "dump")])
    assert "TABLE DATA public customers" in done.stdout


def test_pgbench_in_its_three_modes(gateway_process: Deployment) -> None:
    dsn = gateway_process.dsn("wide", "pg1/scratch")
    tool(gateway_process, "pgbench", dsn, "-i", "-q", "--foreign-keys")
    for mode in ("simple", "extended", "prepared"):
        done = tool(gateway_process, "pgbench", dsn, "-n", "-M", mode, "-c", "4", "-t", "50")
        assert "actually processed: 200/200" in done.stdout
        assert "number of failed transactions: 0" in done.stdout
    balance = (
        "SELECT sum(abalance) - (SELECT sum(delta) FROM pgbench_history), (SELECT count(*) FROM pgbench_history)"
        " FROM pgbench_accounts"
    )
    done = gateway_process.psql(gateway_process.direct("scratch"), "-At", "-c", balance)
    assert done.stdout == "0|600\n"
    tool(gateway_process, "pgbench", dsn, "-i", "-I", "d")
