"""`gateway audit`: reading through the API, proving from the files."""

import asyncio
import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import httpx
import pytest

from gateway.audit import AuditKeys, AuditLog, Query, end_body, files, identified
from gateway.audit.search import search_page
from gateway.cli import client as api_client
from gateway.cli import run
from gateway.cli.audit import Moment
from gateway.cli.client import ApiClient
from gateway.model.event import EventKind
from gateway.store import SecretKey, Store
from gateway.store.anchors import Anchor
from tests.audit.logs import ALLOWED, DENIED, KEYS, SALARIES, append_statements, body, session


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log behind an API that answers as the real one does."""
    directory = tmp_path / "audit"

    async def write() -> None:
        audit = await AuditLog.open(directory, "host-0", KEYS)
        append_statements(audit, 3, user="alice")
        who = session("s-eve", "eve")
        hostile = "SELECT '\x1b[2J=1+1' FROM hr.salaries"
        audit.append(EventKind.STATEMENT, who, identified("s-eve-0", body(hostile, SALARIES, DENIED)))
        audit.append(EventKind.STATEMENT, who, identified("s-eve-1", body("=cmd()", SALARIES, ALLOWED)))
        audit.append(EventKind.STATEMENT_END, who, end_body(b"s-eve-1", 7, 70, 1.5, ("57014", "cancelled")))
        await audit.close()

    asyncio.run(write())

    def answer(request: httpx.Request) -> httpx.Response:
        given: dict[str, Any] = dict(request.url.params)
        cursor, limit = given.pop("cursor", None), int(given.pop("limit"))
        given |= {name: float(given[name]) for name in ("since", "until") if name in given}
        page = search_page(directory, Query(**given), cursor, min(limit, 2))
        return httpx.Response(200, json={"records": page.records, "next": page.next})

    def connected(url: str | None, config: Path | None) -> ApiClient:
        return ApiClient("http://gateway", None, httpx.MockTransport(answer))

    monkeypatch.setattr(api_client, "connect", connected)
    return directory


def test_search_shows_who_what_decided_and_how_much(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "search", "--relation", "salaries"]) == 0
    heading, newest, refused = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["TIME", "KIND", "USER"]
    assert "eve" in newest
    assert "57014 cancelled" in newest
    assert " 7 " in newest
    assert "deny" in refused
    assert "\x1b" not in refused


def test_search_as_json_and_what_the_api_does_not_filter(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "search", "--text", "CMD", "--format", "json"]) == 0
    assert [record["statement_id"] for record in json.loads(capsys.readouterr().out)] == ["s-eve-1"]
    assert run(["audit", "search", "--statement-id", "s-alice-1", "--format", "json"]) == 0
    assert [record["kind"] for record in json.loads(capsys.readouterr().out)] == ["statement.end", "statement"]
    assert run(["audit", "search", "--user", "alice", "--limit", "4", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 4
    assert run(["audit", "search", "--user", "nobody"]) == 0
    assert capsys.readouterr().out == "nothing\n"


def test_tail_ends_with_the_newest(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "tail", "-n", "3", "--format", "json"]) == 0
    assert [json.loads(line)["seq"] for line in capsys.readouterr().out.splitlines()] == [7, 8, 9]
    assert run(["audit", "tail", "-n", "1"]) == 0
    assert "statement.end" in capsys.readouterr().out


def test_tail_follows_what_comes(log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = 0

    def pause(seconds: float) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            raise KeyboardInterrupt

        async def more() -> None:
            audit = await AuditLog.open(log, "host-0", KEYS)
            append_statements(audit, 1, user=f"round{rounds}")
            await audit.close()

        asyncio.run(more())

    monkeypatch.setattr("gateway.cli.audit.time.sleep", pause)
    assert run(["audit", "tail", "-f", "-n", "1", "--format", "json"]) == 130
    assert [json.loads(line)["seq"] for line in capsys.readouterr().out.splitlines()] == [9, 10, 11, 12, 13]


def test_export_as_lines_list_and_csv_without_formulas(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "export"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(9, 0, -1))
    assert run(["audit", "export", "--format", "json", "-o", str(tmp_path / "out.json")]) == 0
    assert len(json.loads((tmp_path / "out.json").read_text())) == 9
    assert run(["audit", "export", "--format", "csv", "--user", "eve"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["text"] for row in rows][1] == "'=cmd()"
    assert rows[1]["outcome"] == "allow"
    assert rows[1]["rows"] == "7"
    assert rows[0]["error_code"] == "57014"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A gateway.toml with its key, store and a log of three statements."""
    (tmp_path / "policies").mkdir()
    path = tmp_path / "gateway.toml"
    path.write_text(
        '[store]\nurl = "sqlite:///gateway.db"\n[audit]\ndir = "log"\n[policy]\ndir = "policies"\n[secrets]\nkey_file = "key"\n'
    )

    async def begin() -> None:
        key = SecretKey.load_or_create(tmp_path / "key")
        store = await Store.open(f"sqlite:///{tmp_path / 'gateway.db'}", key)
        anchors: list[Anchor] = []
        audit = await AuditLog.open(
            tmp_path / "log",
            "host-0",
            AuditKeys.derive(key.derive),
            on_anchor=lambda item: anchors.append(Anchor(item.chain, item.seq, item.hash, item.time, item.signature)),
        )
        append_statements(audit, 3)
        await audit.close()
        await asyncio.sleep(0)
        await store.put_anchor(anchors[-1])
        await store.close()

    asyncio.run(begin())
    return path


def test_verify_proves_a_log_and_names_the_first_broken_record(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify", "-c", str(config)]) == 0
    assert "proved: 6 records in 1 chains" in capsys.readouterr().out
    segment = files.segments(config.parent / "log" / "host-0")[0]
    content = segment.read_bytes()
    segment.write_bytes(content.replace(b"SELECT 1 FROM", b"SELECT 9 FROM"))
    assert run(["audit", "verify", "-c", str(config)]) == 1
    captured = capsys.readouterr()
    assert "host-0: BROKEN" in captured.out
    assert f"broken: host-0/{segment.name}, line 3, record 3: the record was changed" in captured.err
    assert run(["audit", "verify", "-c", str(config), "--format", "json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["broken"][0]["seq"], answer["broken"][0]["line"]) == (False, 3, 3)


def test_verify_asks_the_store_for_what_the_files_cannot_tell(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (config.parent / "log" / "host-0").iterdir():
        path.unlink()
    (config.parent / "log" / "host-0").rmdir()
    assert run(["audit", "verify", "-c", str(config)]) == 1
    assert "host-0: the whole chain is missing" in capsys.readouterr().err


def test_verify_from_the_files_alone(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "verify", "--dir", str(log)]) == 0
    assert run(["audit", "verify", "--dir", str(log), "--public-key", KEYS.public_key.hex()]) == 0
    assert run(["audit", "verify", "--dir", str(log), "--public-key", "00" * 32]) == 1
    assert run(["audit", "verify", "--dir", str(log), "--public-key", "xyz"]) == 2
    assert run(["audit", "verify"]) == 2
    capsys.readouterr()


def test_one_record_is_proved_with_the_public_key_alone(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proof, key = tmp_path / "proof.json", KEYS.public_key.hex()
    assert run(["audit", "prove", "3", "--dir", str(log), "-o", str(proof)]) == 0
    assert run(["audit", "verify", "--proof", str(proof), "--public-key", key]) == 0
    assert 'proved: {"seq":3,' in capsys.readouterr().out
    assert run(["audit", "verify", "--proof", str(proof), "--public-key", "00" * 32]) == 1
    assert "signature is not of this key" in capsys.readouterr().err
    proof.write_text(proof.read_text("utf-8").replace("SELECT 1 FROM", "SELECT 9 FROM"), "utf-8")
    assert run(["audit", "verify", "--proof", str(proof), "--public-key", key, "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["reason"] == "the record was changed: its hash does not fit its content"
    assert run(["audit", "verify", "--proof", str(proof)]) == 2
    assert run(["audit", "prove", "3"]) == 2
    assert run(["audit", "prove", "3", "--dir", str(log), "--chain", "nobody"]) == 2
    assert run(["audit", "prove", "99", "--dir", str(log)]) in (1, 3)
    proof.write_text("[]", "utf-8")
    assert run(["audit", "verify", "--proof", str(proof), "--public-key", key]) == 1
    capsys.readouterr()


def test_times_are_dates_or_ago() -> None:
    moment = Moment()
    assert moment.convert("2026-06-01", None, None) == datetime(2026, 6, 1, tzinfo=UTC).timestamp()
    assert moment.convert("2026-06-01T10:00+02:00", None, None) == datetime(2026, 6, 1, 8, tzinfo=UTC).timestamp()
    assert abs(moment.convert("2h", None, None) - (datetime.now(UTC).timestamp() - 7200)) < 5
    with pytest.raises(click.BadParameter):
        moment.convert("yesterday", None, None)
