"""The service follows its folder: good bundles at once, bad ones never, and says which."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.model.decision import Outcome
from gateway.model.errors import ConfigurationError
from gateway.model.event import EventKind
from gateway.policy.service import PolicyEvent, PolicyService
from tests.policy.worlds import CONNECT, StoredGrant, access, decide, query, write_bundle

READS = CONNECT + "p, developer, *, */*/public/*, select, , allow\n"
ORDERS = query(access("orders"))


@pytest.fixture
def events() -> list[PolicyEvent]:
    return []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "policies", READS)


@pytest.fixture
def service(folder: Path, events: list[PolicyEvent]) -> PolicyService:
    return PolicyService(folder, on_event=events.append, poll_seconds=0.01)


@contextlib.asynccontextmanager
async def watching(service: PolicyService) -> AsyncIterator[None]:
    task = asyncio.create_task(service.watch())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def test_starting_without_a_bundle_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such folder"):
        PolicyService(tmp_path / "nowhere")


def test_loading_is_told(service: PolicyService, events: list[PolicyEvent], folder: Path) -> None:
    assert [(event.kind, event.version) for event in events] == [(EventKind.POLICY_LOADED, service.version)]
    assert events[0].detail == f"2 rules from {folder}"
    assert time.time() - service.loaded_at < 60


async def test_a_new_bundle_decides_soon(service: PolicyService, folder: Path, events: list[PolicyEvent]) -> None:
    before = service.current
    async with watching(service):
        write_bundle(folder, CONNECT)
        await until(lambda: service.current is not before)
    assert decide(service.current, ORDERS).outcome is Outcome.DENY
    assert decide(before, ORDERS).outcome is Outcome.ALLOW
    assert events[-1].detail.endswith(f"in place of {before.version}")


async def test_a_bundle_moved_into_place_is_seen(service: PolicyService, folder: Path) -> None:
    fresh = write_bundle(folder.parent / "fresh", CONNECT)
    version = service.version
    async with watching(service):
        folder.rename(folder.parent / "old")
        fresh.rename(folder)
        await until(lambda: service.version != version)


async def test_a_bad_bundle_changes_nothing_and_is_told_once(
    service: PolicyService, folder: Path, events: list[PolicyEvent], caplog: pytest.LogCaptureFixture
) -> None:
    before = service.current
    async with watching(service):
        (folder / "policy.csv").write_text("p, developer, *, **, fly, , allow\n")
        await until(lambda: bool(service.problem))
        os.utime(folder / "policy.csv", (1, 1))
        await asyncio.sleep(0.1)
        assert service.current is before
        assert [event.kind for event in events] == [EventKind.POLICY_LOADED, EventKind.POLICY_REJECTED]
        assert events[1].version == before.version
        assert "unknown action 'fly'" in events[1].detail
        assert "stays in force" in caplog.text
        write_bundle(folder, READS)
        await until(lambda: not service.problem)
    assert [event.kind for event in events][2:] == [EventKind.POLICY_LOADED]
    assert service.current is before


async def test_a_folder_that_vanishes_keeps_the_policy(service: PolicyService, folder: Path) -> None:
    before = service.current
    async with watching(service):
        folder.rename(folder.parent / "away")
        await until(lambda: "no such folder" in service.problem)
    assert service.current is before


def test_reload_looks_at_once(service: PolicyService, folder: Path) -> None:
    assert not service.reload()
    write_bundle(folder, CONNECT)
    assert service.reload()
    assert decide(service.current, ORDERS).outcome is Outcome.DENY


def test_grants_stay_when_the_bundle_changes(service: PolicyService, folder: Path) -> None:
    employees = query(access("hr.employees"))
    before = service.current
    service.set_grants([StoredGrant()])
    assert service.current is not before
    assert decide(service.current, employees).outcome is Outcome.ALLOW
    write_bundle(folder, CONNECT)
    assert service.reload()
    assert decide(service.current, employees).reason.rule == "grant #7"
    service.set_grants([])
    assert decide(service.current, employees).outcome is Outcome.DENY
