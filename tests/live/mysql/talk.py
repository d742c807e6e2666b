"""What the tests of a MySQL conversation say again and again."""

from typing import Any

import pymysql
import pytest

from tests.support.mysql_gateway import LiveGateway


def query(text: str) -> bytes:
    return b"\x03" + text.encode()


def one(connection: pymysql.Connection, text: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()


def thread_of(connection: pymysql.Connection) -> int:
    """The connection id that the gateway told."""
    return int(connection.thread_id())  # type: ignore[no-untyped-call]


def refusal(connection: pymysql.Connection, text: str) -> tuple[int, str]:
    with pytest.raises(pymysql.err.MySQLError) as caught:
        one(connection, text)
    return caught.value.args


def outcome(connection: pymysql.Connection, text: str) -> object:
    with connection.cursor() as cursor:
        try:
            affected = cursor.execute(text)
        except pymysql.err.MySQLError as error:
            return error.args
        return affected, cursor.description, cursor.fetchall(), cursor.lastrowid, cursor.warning_count


def end_of(gateway: LiveGateway, text: str) -> dict[str, Any]:
    records = gateway.records()
    number = [record for record in records if record.get("text") == text][-1]["statement_id"]
    return next(record for record in records if record["kind"] == "statement.end" and record["statement_id"] == number)
