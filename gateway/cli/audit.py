"""`gateway audit`: read, search and export the log through the API; prove it from its files."""

import asyncio
import csv
import itertools
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from gateway.audit import AuditKeys, Query, Report
from gateway.audit.checkpoint import Anchor
from gateway.audit.verify import verify as verify_log
from gateway.cli.audit_proof import check_proof, prove
from gateway.cli.client import ApiClient, api_options
from gateway.cli.main import AnswerIsNo
from gateway.cli.output import Format, format_option, plain, print_json, print_json_line, print_rows
from gateway.config import load_settings
from gateway.store import SecretKey, Store

COLUMNS = ("time", "kind", "user", "database", "statement", "outcome", "rule", "issue", "rows", "ms", "error")
EXPORTED = (
    *("chain", "seq", "time", "kind", "session", "statement_id", "user", "client", "application", "instance", "database"),
    *("text", "fingerprint", "statement_kind", "relations", "outcome", "code", "rule", "policy_version", "obligations"),
    *("issue", "rows", "bytes", "duration_ms", "error_code", "error_message", "prev", "hash"),
)
_PAGE = 500
_SHOWN = 80  # characters of a statement in a table; --format json has all of it
_FOLLOW_SECONDS = 1.0
_AGO = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_BY_THE_API = ("user", "relation", "outcome", "kind", "issue", "session", "instance", "database", "since", "until")


class Moment(click.ParamType[float]):
    """`2026-06-01`, `2026-06-01T10:00`, with or without an offset (UTC), or `2h`, `7d` ago. As Unix seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        ago = _AGO.fullmatch(str(value))
        if ago is not None:
            return time.time() - int(ago[1]) * _UNITS[ago[2]]
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("write a date and time (2026-06-01, 2026-06-01T10:00) or how long ago (2h, 7d)", param, ctx)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def query_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which records; the command gets them as one Query."""

    @click.option("--user", help="Who.")
    @click.option("--relation", help="A path (pg1/shop/hr/salaries), a pattern with * and **, or a name (hr.salaries).")
    @click.option("--outcome", type=click.Choice(["allow", "deny", "review"]), help="What was decided.")
    @click.option("--kind", help="statement, statement.end, session.open, issue.approved …")
    @click.option("--issue", type=int, help="A change issue's number.")
    @click.option("--session", help="One session.")
    @click.option("--statement-id", help="One statement: its decision and its end.")
    @click.option("--instance", help="A database server.")
    @click.option("--database", help="A database's name.")
    @click.option("--text", help="Part of the statement, in any case.")
    @click.option("--since", type=Moment(), help="From when on: 2026-06-01, 2026-06-01T10:00 (UTC), or 2h, 7d ago.")
    @click.option("--until", type=Moment(), help="Until when, excluded.")
    @wraps(command)
    def with_query(*args: Any, **options: Any) -> None:
        query = Query(**{name: options.pop(name) for name in Query.__slots__})
        command(*args, query=query, **options)

    return with_query


@click.group()
def audit() -> None:
    """What happened: who, from where, what, decided by which rule, with which result."""


@audit.command()
@query_options
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="How many at most, newest first.")
@format_option
@api_options
def search(client: ApiClient, *, query: Query, limit: int, format_: Format) -> None:
    """Find records, newest first."""
    found = list(itertools.islice(_records(client, query, limit=limit), limit))
    if format_ == "json":
        print_json(found)
    else:
        print_rows([_row(record) for record in found], COLUMNS, "text")


@audit.command()
@query_options
@click.option("-n", "--lines", type=click.IntRange(min=0), default=20, show_default=True, help="How many to begin with.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes.")
@format_option
@api_options
def tail(client: ApiClient, *, query: Query, lines: int, follow: bool, format_: Format) -> None:
    """The latest records, oldest of them first."""
    latest = list(itertools.islice(_records(client, query, limit=max(lines, 1)), max(lines, 1)))
    for record in reversed(latest[:lines]):
        _print_line(record, format_)
    seen = {str(record["hash"]) for record in latest}
    since = _seconds(latest[0]) if latest else time.time()
    while follow:
        time.sleep(_FOLLOW_SECONDS)
        fresh = [record for record in _records(client, query, since=since) if record["hash"] not in seen]
        for record in reversed(fresh):
            _print_line(record, format_)
        if fresh:
            newest = max(map(_seconds, fresh))
            seen = {hash_ for hash_ in seen if newest == since} | {str(record["hash"]) for record in fresh}
            since = newest


@audit.command()
@query_options
@click.option(
    "--format", "format_", type=click.Choice(["jsonl", "csv", "json"]), default="jsonl", show_default=True, help="How to write."
)
@click.option(
    "-o", "--output", type=click.File("w", encoding="utf-8", lazy=False), default="-", help="Where to; standard output."
)
@api_options
def export(client: ApiClient, *, query: Query, format_: str, output: Any) -> None:
    """Write all matching records, newest first: one JSON object a line, CSV, or one JSON list."""
    records = _counted(_records(client, query))
    match format_:
        case "csv":
            writer = csv.DictWriter(output, EXPORTED, extrasaction="ignore")
            writer.writeheader()
            for record in records:
                writer.writerow(_flat(record))
        case "json":
            output.write("[")
            for number, record in enumerate(records):
                output.write((",\n" if number else "\n") + json.dumps(record, ensure_ascii=False))
            output.write("\n]\n")
        case _:
            for record in records:
                output.write(json.dumps(record, ensure_ascii=False) + "\n")


@audit.command()
@click.option("-c", "--config", type=click.Path(path_type=Path, dir_okay=False), help="gateway.toml: files, keys and anchors.")
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path, file_okay=False, exists=True), help="The log's folder alone."
)
@click.option("--public-key", help="Who must have signed: 64 hexadecimal digits, kept apart from the log.")
@click.option(
    "--proof", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="One record's proof, with --public-key alone."
)
@format_option
def verify(config: Path | None, directory: Path | None, public_key: str | None, proof: Path | None, format_: Format) -> None:
    """Prove that no record was changed, removed or reordered; otherwise name the first broken one and exit with 1.

    With -c the head's MAC and the anchors in the store are checked too. With --dir the files speak for themselves, against
    --public-key where it is given.
    """
    if proof is not None:
        trusted = _public_key(public_key)
        if trusted is None or config is not None or directory is not None:
            raise click.UsageError("--proof is checked with --public-key and nothing else")
        check_proof(proof, trusted, format_)
        return
    if (config is None) == (directory is None):
        raise click.UsageError("give either -c gateway.toml or --dir")
    if config is not None:
        settings = load_settings(config)
        key = SecretKey.load(settings.secrets.key_file)
        anchors = asyncio.run(_anchors(settings.store.url, key))
        report = verify_log(
            settings.audit.dir, keys=AuditKeys.derive(key.derive), anchors=anchors, progress=_progress("verified")
        )
    else:
        assert directory is not None
        report = verify_log(directory, public_key=_public_key(public_key), progress=_progress("verified"))
    _print_report(report, format_)


audit.add_command(prove)


async def _anchors(url: str, key: SecretKey) -> list[Anchor]:
    store = await Store.open(url, key, migrate=False)
    try:
        return [Anchor(item.chain, item.seq, item.hash, item.time, item.signature) for item in await store.anchors()]
    finally:
        await store.close()


def _public_key(text: str | None) -> bytes | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise click.UsageError("--public-key: 64 hexadecimal digits")
    return bytes.fromhex(text)


def _print_report(report: Report, format_: Format) -> None:
    if format_ == "json":
        chains = [
            {
                "chain": chain.chain,
                "records": chain.records,
                "segments": chain.segments,
                "checkpoints": chain.checkpoints,
                "unattested": chain.unattested,
                "torn_bytes": chain.torn_bytes,
                "last_hash": chain.last_hash,
            }
            for chain in report.chains
        ]
        broken = [
            {"chain": item.chain, "file": item.file, "line": item.line, "seq": item.seq, "reason": item.reason}
            for item in report.broken
        ]
        print_json({"ok": not report.broken, "records": report.records, "chains": chains, "broken": broken})
    else:
        for chain in report.chains:
            state = "BROKEN" if chain.broken else "proved"
            extra = f", {chain.unattested} not yet attested" if chain.unattested else ""
            extra += f", {chain.torn_bytes} bytes of a torn line" if chain.torn_bytes else ""
            click.echo(f"{chain.chain}: {state}, {chain.records} records, {chain.checkpoints} checkpoints{extra}")
        if not report.broken:
            click.echo(f"proved: {report.records} records in {len(report.chains)} chains")
    if report.broken:
        raise AnswerIsNo("\n".join(f"broken: {plain(str(item))}" for item in report.broken))


def _records(client: ApiClient, query: Query, since: float | None = None, limit: int = _PAGE) -> Iterator[dict[str, Any]]:
    """All pages; `limit` is how many are wanted at first. What the API does not ask for is asked here, of every record."""
    asked = {name: getattr(query, name) for name in _BY_THE_API}
    if since is not None:
        asked["since"] = max(since, query.since or 0.0)
    cursor = None
    while True:
        page = client.get("audit", **asked, cursor=cursor, limit=min(limit, _PAGE))
        for record in page["records"]:
            if (query.text is None and query.statement_id is None) or query.matches(record):
                yield record
        cursor, limit = page["next"], _PAGE
        if cursor is None:
            return


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    decision = record.get("decision") or {}
    error = record.get("error") or {}
    place = "/".join(filter(None, (record.get("instance"), record.get("database"))))
    what = " ".join(str(record.get("text") or record.get("statement_id") or record.get("change") or "").split())
    return {
        **record,
        "time": str(record.get("time", ""))[:19] + "Z",
        "database": place,
        "statement": what if len(what) <= _SHOWN else what[: _SHOWN - 1] + "…",
        "outcome": decision.get("outcome"),
        "rule": decision.get("rule"),
        "ms": record.get("duration_ms"),
        "error": f"{error.get('code')} {error.get('message')}" if error else None,
    }


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """One level: what the contract nests becomes columns; lists become JSON. A leading = + - @ could run in a spreadsheet."""
    decision, error = record.get("decision") or {}, record.get("error") or {}
    flat = {**record, **decision, "error_code": error.get("code"), "error_message": error.get("message")}
    return {name: _cell(flat.get(name)) for name in EXPORTED}


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return value


def _print_line(record: Mapping[str, Any], format_: Format) -> None:
    if format_ == "json":
        print_json_line(record)
    else:
        row = _row(record)
        click.echo("  ".join(plain(row.get(name)) for name in COLUMNS if row.get(name) not in {None, ""}))
    sys.stdout.flush()


def _seconds(record: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(str(record["time"])).timestamp()


def _counted(records: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """On a terminal, how many so far."""
    shown = sys.stderr.isatty() and not sys.stdout.isatty()
    for number, record in enumerate(records, 1):
        yield record
        if shown and number % 1000 == 0:
            click.echo(f"\r{number} records", nl=False, err=True)
    if shown:
        click.echo("\r\x1b[K", nl=False, err=True)


def _progress(verb: str) -> Callable[[int], None] | None:
    """On a terminal, how much so far."""
    if not sys.stderr.isatty():
        return None
    total = 0

    def show(more: int) -> None:
        nonlocal total
        total += more
        click.echo(f"\r{verb} {total / 1_000_000:.0f} MB", nl=False, err=True)

    return show
