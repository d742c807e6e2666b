"""`gateway explain` from the outside, without and with a real catalog."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from gateway.cli.explain import explain
from gateway.demo.postgres_server import PostgresServer


def _lines(arguments: list[str], given: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(explain, arguments, input=given, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def test_one_line_each_also_for_what_is_no_sql() -> None:
    lines = _lines([], "SELECT a FROM t; SELEC; DO $$x$$; UPDATE s.u SET a = 1")
    assert [line["kind"] for line in lines] == ["SELECT", "SYNTAX ERROR", "DO", "UPDATE"]
    assert lines[0]["relations"] == [{"path": "-/-/public/t", "action": "select", "via": "direct"}]
    assert lines[1]["opaque"].startswith("syntax error: ")
    assert lines[2]["opaque"] == "DO runs procedural code"
    assert lines[3]["relations"][0]["path"] == "-/-/s/u"


def test_names_of_paths(tmp_path: Path) -> None:
    file = tmp_path / "x.sql"
    file.write_text("TABLE t")
    (line,) = _lines(["--instance", "pg1", "--database", "shop", str(file)], "")
    assert line["relations"][0]["path"] == "pg1/shop/public/t"


def test_text_for_people() -> None:
    result = CliRunner().invoke(explain, ["--format", "text"], input="SELECT count(*) FROM t WHERE a = 1")
    assert "select    -/-/public/t" in result.output
    assert "where     -/-/public/t.a" in result.output
    assert "calls     -/-/pg_catalog/count (harmless)" in result.output


def test_stream_answers_each_line_and_survives_bad_ones() -> None:
    requests = [
        json.dumps({"statement": "TABLE t", "search_path": ["hr"], "refresh": True}),
        "no json",
        json.dumps({"search_path": None}),
        json.dumps({"statement": "TABLE t", "search_path": "hr"}),
        json.dumps({"statement": "TABLE t", "search_path": None}),
    ]
    lines = _lines(["--stream"], "\n".join(requests) + "\n")
    assert lines[0]["relations"][0]["path"] == "-/-/hr/t"
    assert all("error" in line for line in lines[1:4])
    assert lines[4]["relations"][0]["path"] == "-/-/public/t"


def test_mysql_has_paths_of_three_segments() -> None:
    result = CliRunner().invoke(
        explain, ["--engine", "mysql", "--database", "shop"], input="SELECT a FROM t JOIN hr.s USING (a)"
    )
    assert result.exit_code == 0
    (line,) = [json.loads(text) for text in result.output.splitlines()]
    assert sorted(item["path"] for item in line["relations"]) == ["-/hr/s", "-/shop/t"]
    assert line["opaque"] is None


@pytest.fixture(scope="module")
def dsn(embedded_pg: PostgresServer) -> str:
    with psycopg.connect(embedded_pg.dsn(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS explained")
        connection.execute("CREATE DATABASE explained")
    with psycopg.connect(embedded_pg.dsn("explained"), autocommit=True) as connection:
        connection.execute("CREATE TABLE base (id int, secret text); CREATE VIEW shown AS SELECT secret AS seen FROM base")
    return embedded_pg.dsn("explained")


def test_a_real_catalog(dsn: str) -> None:
    (line,) = _lines(["--catalog", dsn], "SELECT * FROM shown")
    host, database = line["relations"][0]["path"].split("/")[:2]
    assert (host, database) == ("127.0.0.1", "explained")
    assert [(item["path"].split("/", 2)[2], item["via"]) for item in line["relations"]] == [
        ("public/shown", "direct"),
        ("public/base", "view_body"),
    ]
    assert line["outputs"][0]["name"] == "seen"
    assert line["unknown"] == []


def test_refresh_sees_what_was_created_since(dsn: str) -> None:
    (before,) = _lines(["--catalog", dsn], "SELECT * FROM later")
    assert before["unknown"] != []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE later (a int)")
    request = json.dumps({"statement": "SELECT * FROM later", "search_path": None, "refresh": True})
    (line,) = _lines(["--catalog", dsn, "--stream"], request + "\n")
    assert line["unknown"] == []
    assert [output["name"] for output in line["outputs"]] == ["a"]


def test_no_server_is_an_error_that_says_so() -> None:
    result = CliRunner().invoke(explain, ["--catalog", "postgresql://nobody@127.0.0.1:1/x"], input="SELECT 1")
    assert "cannot be read" in str(result.exception)
