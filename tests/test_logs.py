"""One JSON object a line, without secrets."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.logs import JsonFormatter, start_logging


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    captured = io.StringIO()
    start_logging("info", stream=captured, fields={"worker": 2})
    yield captured
    root.handlers[:], root.level = before
    logging.captureWarnings(False)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_with_its_extra_fields(stream: io.StringIO) -> None:
    logging.getLogger("gateway.x").info("listening\non %s", "6432", extra={"port": 6432, "who": {"user": "a"}})
    line = lines(stream)[0]
    assert line["message"] == "listening\non 6432"
    assert (line["level"], line["logger"], line["worker"], line["port"], line["who"]) == (
        "info",
        "gateway.x",
        2,
        6432,
        {"user": "a"},
    )
    assert line["time"].endswith("Z")


def test_secrets_never_reach_the_log(stream: io.StringIO) -> None:
    log = logging.getLogger("gateway")
    log.warning("cannot reach postgresql://gateway:hunter2@db/shop")
    log.warning("ALTER ROLE a PASSWORD 'hunter2'", extra={"password": "hunter2", "headers": {"Authorization": "hunter2"}})
    try:
        int("dsn password=hunter2")
    except ValueError:
        log.exception("failed")
    assert "hunter2" not in stream.getvalue()
    assert len(lines(stream)) == 3
    assert "ValueError" in lines(stream)[2]["exception"]


def test_levels_sizes_and_odd_characters(stream: io.StringIO) -> None:
    log = logging.getLogger("gateway")
    log.debug("not shown")
    log.info("x" * 100_000)
    logging.getLogger("httpx").info("not shown")
    found = lines(stream)
    assert len(found) == 1
    assert len(found[0]["message"]) < 10_000
    odd = JsonFormatter().format(logging.makeLogRecord({"msg": "lone \udcff surrogate"}))
    assert json.loads(odd)["message"] == "lone \\udcff surrogate"
