"""A bounded run of every fuzz target of MySQL's side, with Hypothesis."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.wire.mysql.packets import encode_packet
from tests.fuzz.targets_mysql import SEEDS, TARGETS

_PIECES = [
    *(seed for seeds in SEEDS.values() for seed in seeds),
    b"\0\0\0\x02\0\0\0",
    b"\xfe\0\0\x02\0",
    b"\xff\x48\x04#HY000no",
]
_BYTES = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=6)), max_size=6).map(b"".join),
    st.lists(st.binary(max_size=80).map(lambda body: encode_packet(body, 1)), max_size=4).map(b"".join),
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
