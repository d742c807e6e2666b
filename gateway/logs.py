"""The gateway's own log, for operators: one JSON object a line on standard error, secrets redacted. Not the audit log.

Modules use `logging.getLogger(__name__)`; what is given as `extra={...}` becomes fields of the line.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

from gateway.audit import redact

_SECRET_NAME = re.compile(r"passw|secret|token|authorization|api_?key|verifier|cookie", re.IGNORECASE)
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_LONGEST = 8_000  # characters of one value: a log line is no place for a statement of megabytes


class JsonFormatter(logging.Formatter):
    """`{"time", "level", "logger", "message", …extra, "exception"}` on one line."""

    def __init__(self, fields: Mapping[str, object] | None = None) -> None:
        super().__init__()
        self._fields = dict(fields or {})

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _clean(record.getMessage()),
            **self._fields,
        }
        for name, value in record.__dict__.items():
            if name not in _OWN and name not in line:
                line[name] = _field(name, value)
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = _clean("".join(traceback.format_exception(*record.exc_info)))
        return json.dumps(line, ensure_ascii=False, default=lambda value: _clean(str(value)))


def start_logging(level: str = "info", *, stream: TextIO | None = None, fields: Mapping[str, object] | None = None) -> None:
    """Send everything that is logged in this process to `stream` (standard error). `fields` stand in every line.

    level    debug | info | warning | error
    """
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonFormatter(fields))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in ("httpx", "aiosqlite", "asyncio"):  # at `info` and `debug` they log every request and statement
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def _field(name: str, value: object) -> object:
    if _SECRET_NAME.search(name):
        return "***"
    match value:
        case str():
            return _clean(value)
        case Mapping():
            return {str(key): _field(str(key), item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_field(name, item) for item in value]
        case None | bool() | int() | float():
            return value
        case _:
            return _clean(str(value))


def _clean(text: str) -> str:
    """No secrets, no lone surrogates, no more than fits a log line."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… ({len(text)} characters)"
    return redact(text).encode("utf-8", "backslashreplace").decode()
