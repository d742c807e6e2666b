from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store import SecretKey, Store
from gateway.store.issues import IssueRepository
from tests.changes.support import Desk


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/gateway.db", SecretKey.load_or_create(tmp_path / "master.key"))
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def office(store: Store) -> Desk:
    return Desk(IssueRepository(store))
