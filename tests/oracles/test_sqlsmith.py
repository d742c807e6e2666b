"""Statements nobody would write: sqlsmith's, of a fixed seed, under both oracles."""

import shutil
import subprocess
from collections.abc import Callable

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.oracles.conftest import analyser
from tests.oracles.lineage_oracle import LineageOracle
from tests.oracles.lock_oracle import LockOracle
from tests.oracles.server import Session

_SEED = 20
_STATEMENTS = 500
_TIMEOUT_MS = 400


def _generated(dsn: str) -> list[tuple[str, str, str]]:
    """`--dry-run` prints the statements, each ended by `;` at a line's end, and runs none."""
    program = shutil.which("sqlsmith")
    if program is None:
        pytest.skip("sqlsmith is not installed (Debian has it as a package)")
    words = {key: str(value) for key, value in conninfo_to_dict(dsn).items() if value is not None}
    command = [
        program,
        f"--target={make_conninfo('', **words)}",
        f"--seed={_SEED}",
        "--dry-run",
        f"--max-queries={_STATEMENTS}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    texts = [text.strip() for text in done.stdout.split(";\n") if text.strip()]
    assert len(texts) >= _STATEMENTS * 0.9, done.stderr[-500:]
    return [(f"sqlsmith:{number}", text, text) for number, text in enumerate(texts)]


def test_sqlsmiths_statements(generator_dsn: str, count: Callable[[object], None]) -> None:
    statements = _generated(generator_dsn)
    analyse = analyser(generator_dsn)
    session = Session(generator_dsn, _TIMEOUT_MS)
    with psycopg.connect(generator_dsn, autocommit=True) as watcher:
        locks = LockOracle(session, watcher, analyse).judge_all(statements)
    count(locks)
    lineage = LineageOracle(session, analyse).judge_all(statements)
    count(lineage)
    session.close()
    assert [str(hole) for hole in locks.holes] == []
    assert locks.statements - locks.refused >= 150  # sqlsmith's polymorphic calls are often refused
    assert lineage.missing == []
    assert lineage.false_exact == []
