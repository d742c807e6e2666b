"""The main job, end to end, as people do it: psql and the `gateway` command, nothing else."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.live.test_shipped_policy import COMMANDS as BACKSLASH_COMMANDS
from tests.support.deployment import Deployment, eventually

_ISSUE = re.compile(
    r"^ERROR:  gateway: (?P<kind>[A-Z ]+) on pg1/shop needs an approved change issue: #(?P<number>\d+)$", re.MULTILINE
)


def ask(process: Deployment, user: str, text: str) -> str:
    """One statement's output, errors first."""
    done = process.psql(process.dsn(user), "-At", "-v", "VERBOSITY=verbose", "-c", text)
    return done.stderr.replace("42501: ", "", 1) + done.stdout if "42501" in done.stderr else done.stderr + done.stdout


def issue_of(process: Deployment, user: str, text: str) -> int:
    said = ask(process, user, text)
    found = _ISSUE.search(said)
    assert found is not None, said
    assert f"HINT:  {process.url}/api/v1/issues/{found['number']}" in said
    return int(found["number"])


def columns(process: Deployment, table: str) -> str:
    query = (
        f"SELECT string_agg(attname, ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0"
    )
    return process.psql(process.direct(), "-At", "-c", query).stdout.strip()


def test_the_whole_walk(gateway_embedded: Deployment) -> None:
    gate = gateway_embedded
    assert ask(gate, "alice", "SELECT count(*) FROM customers") == "1000\n"
    refused = ask(gate, "alice", "SELECT * FROM hr.salaries")
    assert "gateway: permission denied: select on pg1/shop/hr/salaries" in refused
    assert re.search(r"DETAIL:  rule policy.csv:\d+; policy version \w+", refused)
    assert "HINT:  " in refused

    add, index = "ALTER TABLE customers ADD COLUMN birthday date", "CREATE INDEX customers_city ON customers (city)"
    asked = gate.psql(gate.dsn("alice"), script=f"{add};\n{add};\n{index};\n")
    numbers = {int(found["number"]) for found in _ISSUE.finditer(asked.stderr)}
    assert len(numbers) == 1, asked.stderr
    number = numbers.pop()
    assert issue_of(gate, "alice", add) == number
    assert "birthday" not in columns(gate, "customers")

    assert gate.gateway("issue", "approve", str(number), user="alice").returncode == 1
    listed = gate.json("dora", "issue", "list")
    assert number in {item["number"] for item in listed}
    shown = gate.json("dora", "issue", "show", str(number))
    assert [task["text"].rstrip(";") for task in shown["tasks"]] == [add, index], shown
    approved = gate.gateway("issue", "approve", str(number), user="dora")
    assert approved.returncode == 0, approved.stderr
    rolled = gate.gateway("issue", "rollout", str(number), user="dora")
    assert rolled.returncode == 0, rolled.stderr
    assert f"#{number} is done" in rolled.stdout
    assert columns(gate, "customers").endswith("birthday")
    assert "birthday" in gate.gateway("issue", "show", str(number), "--schema", user="dora").stdout
    assert ask(gate, "alice", "SELECT count(birthday) FROM customers") == "0\n"

    found = {record["kind"] for record in gate.json("audrey", "audit", "search", "--issue", str(number))}
    assert {"issue.opened", "issue.approved"} <= found, found
    refusals = gate.json("audrey", "audit", "search", "--relation", "hr.salaries", "--outcome", "deny")
    assert refusals[0]["user"] == "alice"
    assert refusals[0]["decision"]["rule"].startswith("policy.csv:")
    proved = gate.verify()
    assert proved.returncode == 0, proved.stderr


def test_the_requester_sends_the_approved_statement_again(gateway_embedded: Deployment) -> None:
    gate = gateway_embedded
    text = "ALTER TABLE categories ADD COLUMN note text"
    number = issue_of(gate, "alice", text)
    assert gate.gateway("issue", "approve", str(number), user="dora").returncode == 0
    assert issue_of(gate, "olaf", text) != number  # another person's approval is of no use
    other = issue_of(gate, "alice", "ALTER TABLE categories ADD COLUMN other text")
    assert other != number
    # What its transaction took back has not run: the approval counts again, in the same session at once.
    absent = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'categories'::regclass AND attname = 'note'"
    script = f"BEGIN;\n{text};\nROLLBACK;\n{absent};\nBEGIN;\n{text};\nCOMMIT;\n"
    passed_once = gate.psql(gate.dsn("alice"), "-At", script=script)
    assert passed_once.stderr == ""
    assert passed_once.stdout.splitlines() == ["BEGIN", "ALTER TABLE", "ROLLBACK", "0", "BEGIN", "ALTER TABLE", "COMMIT"]
    assert "note" in columns(gate, "categories")
    eventually("the issue is done", 5, lambda: gate.json("dora", "issue", "show", str(number))["state"] == "done")
    assert issue_of(gate, "alice", text) not in {number, other}
    passed = gate.json("audrey", "audit", "search", "--text", "ADD COLUMN note", "--outcome", "allow", "--kind", "statement")
    assert [record["issue"] for record in passed if record["user"] == "alice"] == [number, number]


def test_a_rejected_issue(gateway_embedded: Deployment) -> None:
    gate = gateway_embedded
    text = "DROP TABLE payments"
    number = issue_of(gate, "alice", text)
    assert gate.gateway("issue", "reject", str(number), user="dora").returncode == 2  # a reason is needed
    rejected = gate.gateway("issue", "reject", str(number), "-m", "we need it", user="dora")
    assert rejected.returncode == 0, rejected.stderr
    assert gate.gateway("issue", "rollout", str(number), user="dora").returncode == 1
    assert issue_of(gate, "alice", text) != number
    assert "we need it" in gate.gateway("issue", "show", str(number), user="alice").stdout


def test_who_may_not(gateway_embedded: Deployment) -> None:
    gate = gateway_embedded
    assert "permission denied" in ask(gate, "alice", "UPDATE customers SET name = 'x'")
    assert "permission denied" in ask(gate, "alice", "COPY customers TO STDOUT")
    assert "permission denied" in ask(gate, "ann", "SELECT * FROM customers")
    assert ask(gate, "ann", "SELECT count(*) > 0 FROM analytics.daily_revenue") == "t\n"
    assert ask(gate, "dora", "SELECT count(*) > 0 FROM hr.salaries") == "t\n"
    assert ask(gate, "dora", "CREATE TABLE of_dora (a int); DROP TABLE of_dora") == "CREATE TABLE\nDROP TABLE\n"
    nobody = gate.psql(gate.dsn("audrey"), "-c", "SELECT 1")
    assert nobody.returncode == 2
    assert gate.gateway("audit", "search", user="alice").returncode == 1


def test_missing_and_forbidden_are_the_same_to_who_may_not_look(gateway_embedded: Deployment) -> None:
    gate = gateway_embedded
    forbidden = ask(gate, "alice", "SELECT * FROM hr.employees")
    missing = ask(gate, "alice", "SELECT * FROM hr.nonesuch")
    assert "permission denied: select on pg1/shop/hr/employees" in forbidden
    assert missing.replace("nonesuch", "employees") == forbidden


def test_a_mistyped_statement_points_at_its_place(gateway_embedded: Deployment) -> None:
    done = gateway_embedded.psql(gateway_embedded.dsn("alice"), "-c", "SELECT name\nFORM customers WHERE 'ä' = 1")
    assert (
        done.stderr == "ERROR:  syntax error at or near \"customers\"\nLINE 2: FORM customers WHERE 'ä' = 1\n             ^\n"
    )
    straight = gateway_embedded.psql(gateway_embedded.direct(), "-c", "SELECT name\nFORM customers WHERE 'ä' = 1")
    assert done == straight
    record = gateway_embedded.json("audrey", "audit", "search", "--text", "FORM customers", "--kind", "statement")[0]
    assert record["decision"]["outcome"] == "deny"


def test_a_developer_explores_with_psql(gateway_embedded: Deployment) -> None:
    script = "\n".join(BACKSLASH_COMMANDS)
    done = gateway_embedded.psql(gateway_embedded.dsn("alice"), script=script)
    assert "ERROR" not in done.stderr
    assert 'Table "public.orders"' in done.stdout or 'Partitioned table "public.orders"' in done.stdout


def test_a_log_that_was_touched_is_found(gateway_embedded: Deployment, tmp_path: Path) -> None:
    """On a copy, so that the running gateway's own log stays whole."""
    gate = gateway_embedded
    ask(gate, "alice", "SELECT 'to be forged' FROM customers LIMIT 1")
    copy = tmp_path / "copy"
    shutil.copytree(gate.home, copy, ignore=shutil.ignore_patterns("*.sock"))
    verify = ("audit", "verify", "-c", str(copy / "gateway.toml"))
    proved = gate.gateway(*verify)
    assert proved.returncode == 0, proved.stderr
    segment = next(path for path in sorted((copy / "audit").rglob("*.jsonl")) if b"to be forged" in path.read_bytes())
    whole = segment.read_bytes().rstrip(b"\n") + b"\n"
    lines = whole.splitlines(keepends=True)
    forged = next(index for index, line in enumerate(lines) if b"to be forged" in line)
    segment.write_bytes(whole.replace(b"to be forged", b"to be Forged"))
    found = gate.gateway(*verify)
    assert found.returncode == 1
    assert f"record {json.loads(lines[forged])['seq']}:" in found.stderr, found.stderr
    for cut in (lines[:-1], lines[:forged] + lines[forged + 1 :], [*lines[:-2], lines[-1], lines[-2]]):
        segment.write_bytes(b"".join(cut))
        assert gate.gateway(*verify).returncode == 1
    segment.write_bytes(whole)
    assert gate.gateway(*verify).returncode == 0


@pytest.mark.parametrize("user", ["alice", "ann", "olaf"])
def test_start_up_queries_of_tools(gateway_embedded: Deployment, user: str) -> None:
    """What psql's tab completion, DBeaver, DataGrip and drivers ask first."""
    queries = (Path(__file__).parent / "startup_queries.sql").read_text()
    done = gateway_embedded.psql(gateway_embedded.dsn(user), "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", script=queries)
    assert done.stderr == ""


def test_metrics_count(gateway_embedded: Deployment) -> None:
    import httpx

    def total(name: str) -> float:
        text = httpx.get(f"{gateway_embedded.url}/metrics", trust_env=False).text
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        assert found is not None, name
        return float(found[1])

    names = [f'gateway_statements_total{{outcome="{outcome}",worker="0"}}' for outcome in ("allow", "deny", "review", "error")]
    names += ['gateway_logins_total{result="accepted",worker="0"}', 'gateway_logins_total{result="refused",worker="0"}']
    before = [total(name) for name in names]
    for text in ("SELECT 1", "SELECT * FROM hr.salaries", "DROP TABLE orders", "SELECT 1/0"):
        ask(gateway_embedded, "alice", text)
    gateway_embedded.psql(gateway_embedded.dsn("alice").replace("alice", "nobody"), "-c", "SELECT 1")
    after = [total(name) for name in names]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1, 1, 4, 1]
