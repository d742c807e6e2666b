"""Pieces of an audit record as JSON bytes: built once a session or a verdict, so that the hot path only concatenates.

A record is one JSON object on one line. Fields that do not apply are left out. The contract names the fields; those of the
session (`session user client application instance database`) stand together, because they are one fragment.
A fragment has no braces and no comma at its ends: `"rows":3,"bytes":120`.
"""

import json
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring, encode_basestring_ascii

from gateway.audit.redact import hints_at_secret, redact, withheld
from gateway.model.decision import Decision, MaskColumns, Notice, Obligation, Outcome, RowLimit, TimeLimit


def json_string(text: str) -> bytes:
    """A JSON string literal in UTF-8; text that UTF-8 cannot hold (lone surrogates) is written with escapes."""
    try:
        return encode_basestring(text).encode()
    except UnicodeEncodeError:
        return encode_basestring_ascii(text).encode()


def fragment(fields: Mapping[str, object]) -> bytes:
    """Any fields as a fragment, None values left out, secrets in texts redacted. For events off the statement path."""
    return _members({key: _redacted(value) for key, value in fields.items() if value is not None})


def _redacted(value: object) -> object:
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {key: _redacted(item) for key, item in value.items()}
        case list() | tuple():
            return [_redacted(item) for item in value]
        case _:
            return value


def _members(present: Mapping[str, object]) -> bytes:
    try:
        return json.dumps(present, ensure_ascii=False, separators=(",", ":")).encode()[1:-1]
    except UnicodeEncodeError:
        return json.dumps(present, separators=(",", ":")).encode()[1:-1]


def session_fragment(
    session: str, *, user: str, client: str, application: str = "", instance: str = "", database: str = ""
) -> bytes:
    """Who and where: the part that all records of a session share. `client` is the peer's address."""
    named = (("session", session), ("user", user), ("client", client))
    optional = (("application", application), ("instance", instance), ("database", database))
    parts = [b'"%b":%b' % (name.encode(), json_string(value)) for name, value in named]
    parts += [b'"%b":%b' % (name.encode(), json_string(value)) for name, value in optional if value]
    return b",".join(parts)


def statement_body(
    *,
    text: str,
    fingerprint: str,
    statement_kind: str,
    relations: Iterable[tuple[str, str]],
    decision: Decision,
    issue: int | None = None,
) -> bytes:
    """What was asked and decided: the part of a `statement` record that a verdict caches.

    text           the statement as it came; secrets in it are redacted here
    relations      (path, action) pairs, contract: `relations`
    issue          number of the change issue that the statement opened or was released by
    """
    fields: dict[str, object] = {
        "text": redact(text),
        "fingerprint": fingerprint or None,
        "statement_kind": statement_kind,
        "relations": [{"path": path, "action": str(action)} for path, action in relations],
        "decision": _decision(decision, quotes=not hints_at_secret(text)),
        "obligations": [_obligation(item) for item in decision.obligations] or None,
        "issue": issue,
    }
    return _members({key: value for key, value in fields.items() if value is not None})


def _decision(decision: Decision, *, quotes: bool) -> dict[str, str]:
    """A refusal also says what the client was told: why, and what to do. `quotes`: pieces of the text may stand in it."""
    reason = decision.reason
    said = {
        "outcome": str(decision.outcome),
        "code": str(reason.code),
        "rule": reason.rule,
        "policy_version": decision.policy_version,
    }
    if decision.outcome is not Outcome.ALLOW:
        said["reason"] = redact(reason.text) if quotes else withheld(redact(reason.text))
        if reason.hint:
            said["hint"] = reason.hint
    return said


def identified(statement_id: str, body: bytes) -> bytes:
    """A cached statement body with the id of this execution in front."""
    return b'"statement_id":%b,%b' % (json_string(statement_id), body)


def end_body(  # noqa: PLR0917 (once a statement: positional arguments are the cheap ones)
    statement_id: bytes,
    rows: int,
    result_bytes: int,
    duration_ms: float,
    error: tuple[str, str] | None = None,
    issue: int | None = None,
) -> bytes:
    """What came of a statement: the body of `statement.end`.

    statement_id   ASCII bytes without quotes (the gateway makes them, nothing to escape)
    result_bytes   payload bytes of the result's rows
    duration_ms    from the statement's arrival to the end of its result
    error          (SQLSTATE or error number, message); the message is redacted here
    """
    body = b'"statement_id":"%b","rows":%d,"bytes":%d,"duration_ms":%.3f' % (statement_id, rows, result_bytes, duration_ms)
    if issue is not None:
        body += b',"issue":%d' % issue
    if error is not None:
        body += b',"error":{"code":%b,"message":%b}' % (json_string(error[0]), json_string(redact(error[1])))
    return body


def _obligation(item: Obligation) -> dict[str, object]:
    match item:
        case MaskColumns():
            columns = [f"{ref.object.schema}.{ref.object.name}.{ref.column}" for ref, _ in item.columns]
            return {"mask": columns}
        case RowLimit():
            limits = {"max_rows": item.max_rows, "max_bytes": item.max_bytes, "max_rows_per_day": item.max_rows_per_day}
            return {**{key: value for key, value in limits.items() if value is not None}, **_ruled(item.rule, item.mode)}
        case TimeLimit():
            return {"statement_timeout_ms": item.milliseconds, **_ruled(item.rule, "enforce")}
        case Notice():
            return {"notice": item.text, **_ruled(item.rule, item.mode)}


def _ruled(rule: str, mode: str) -> dict[str, object]:
    return {"rule": rule, "mode": str(mode)}
