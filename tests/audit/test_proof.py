"""One record proved with the public key alone; whatever is changed in a proof, it proves nothing any more."""

import asyncio
import json
from pathlib import Path

import pytest

from gateway.audit import files
from gateway.audit.merkle import RECORDS_PER_LEAF, Tree, audit_path, root_above
from gateway.audit.proof import load_proof, proof_fault, prove
from gateway.model.errors import NotFound
from tests.audit.logs import KEYS, OTHER_KEYS, write_log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("audit")
    asyncio.run(write_log(directory, 700, segment_bytes=100_000))
    return directory


def _numbers(log: Path) -> list[int]:
    lines = [line for path in files.segments(log / "host-0") for line in path.read_bytes().splitlines() if line]
    return [json.loads(line)["seq"] for line in lines]


def test_every_record_has_its_proof(log: Path) -> None:
    numbers = _numbers(log)
    assert len(numbers) > 1_400
    for seq in {*numbers[:: len(numbers) // 40], numbers[0], numbers[-1], 256, 257, 512, 513}:
        proof = load_proof(prove(log, "host-0", seq).dump())
        assert json.loads(proof.record)["seq"] == seq
        assert not proof_fault(proof, KEYS.public_key)
        assert proof_fault(proof, OTHER_KEYS.public_key) == "the checkpoint's signature is not of this key"


def test_whatever_is_changed_in_a_proof_it_proves_nothing(log: Path) -> None:
    seq = _numbers(log)[700]
    whole = json.loads(prove(log, "host-0", seq).dump())
    other = json.loads(prove(log, "host-0", seq + 1).dump())
    changed = [
        {"record": whole["record"].replace('"seq":', '"seq": ', 1)},
        {"record": whole["record"].replace('"time":"2', '"time":"3', 1)},
        {"record": other["record"].replace(f'"seq":{seq + 1},', f'"seq":{seq},', 1)},
        {"record": ""},
        {"leaf": whole["leaf"][:-1]},
        {"leaf": []},
        {"leaf": ["0" * 64, *whole["leaf"][1:]]},
        {"checkpoint": whole["checkpoint"].replace('"root":"', '"root":"0', 1)},
        {"checkpoint": "{}"},
        {"path": [*whole["path"], "00" * 32]},
    ]
    for change in changed:
        assert proof_fault(load_proof(json.dumps(whole | change)), KEYS.public_key), change
    assert not proof_fault(load_proof(json.dumps(whole)), KEYS.public_key)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "gateway audit proof 1"}', "null"])
def test_what_is_no_proof_is_told_so(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        load_proof(text)


def test_a_record_that_nobody_signed_has_no_proof(log: Path) -> None:
    with pytest.raises(NotFound, match="no checkpoint covers"):
        prove(log, "host-0", 1_000_000)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 1_000, 256 * 7 + 1])
def test_paths_lead_to_the_trees_own_root(size: int) -> None:
    hashes = [b"%064d" % number for number in range(size)]
    tree = Tree()
    tree.add(hashes)
    for index in {0, size // 2, size - 1}:
        begin = index // RECORDS_PER_LEAF * RECORDS_PER_LEAF
        leaf, path = hashes[begin : begin + RECORDS_PER_LEAF], audit_path(hashes, index)
        assert root_above(leaf, index, size, path) == tree.root()
        assert root_above(leaf, index, size, [*path, b"x" * 32]) is None
        if path:
            assert root_above(leaf, index, size, path[1:]) is None
