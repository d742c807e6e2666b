"""The way in is tested on both event loops: the gateway runs on uvloop, and its transports differ from asyncio's."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

_BOTH_LOOPS = frozenset({"test_door", "test_login"})


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"uvloop": uvloop.new_event_loop}
    if item.path.stem in _BOTH_LOOPS:
        factories["asyncio"] = asyncio.new_event_loop
    return factories
