"""A bounded run of every fuzz target: with atheris where it is installed, and always with Hypothesis."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets_postgres import SEEDS, TARGETS
from tests.wire.postgres.vectors import BACKEND, FRONTEND, PASSWORDS, STARTUP

_WIRES = [wire for _, wire in [*FRONTEND, *PASSWORDS, *BACKEND, *STARTUP]]
_BYTES = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(st.sampled_from(_WIRES), st.binary(max_size=6)), max_size=6).map(b"".join),
)


@pytest.mark.parametrize("name", sorted(TARGETS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=_BYTES)
@example(data=b"")
def test_with_hypothesis(name: str, data: bytes) -> None:
    TARGETS[name](data)


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_the_seeds_reach_the_target(name: str) -> None:
    for seed in SEEDS[name]:
        TARGETS[name](seed)


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed")
@pytest.mark.parametrize("name", sorted(TARGETS))
def test_with_atheris(name: str, tmp_path: Path) -> None:
    for number, seed in enumerate([*SEEDS.get(name, []), *_WIRES]):
        (tmp_path / str(number)).write_bytes(seed)
    command = [sys.executable, "-m", "tests.fuzz", name, str(tmp_path), "-runs=2000", "-max_len=600", "-seed=1"]
    done = subprocess.run([*command, f"-artifact_prefix={tmp_path}/"], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
