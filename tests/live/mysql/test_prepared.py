"""Prepared statements, large things, files of the client."""

from pathlib import Path

import pymysql
import pytest

from gateway.config import Limits
from tests.live.mysql.talk import end_of, one, query, refusal
from tests.live.mysql_raw import RawClient
from tests.proxy.postgres.gatehouse import Access
from tests.support.mysql_gateway import PASSWORD, LiveGateway
from tests.support.servers import MariaDbServer


def prepare(client: RawClient, text: str) -> int:
    answer = client.command(b"\x16" + text.encode())
    assert answer[0] == 0, answer
    columns, parameters = int.from_bytes(answer[5:7], "little"), int.from_bytes(answer[7:9], "little")
    for count in (parameters, columns):
        for _ in range(count + bool(count)):
            client.packet()
    return int.from_bytes(answer[1:5], "little")


def execute(number: int, parameters: bytes = b"", flags: int = 0) -> bytes:
    return b"\x17" + number.to_bytes(4, "little") + bytes((flags,)) + b"\1\0\0\0" + parameters


def test_prepared_statements(client: RawClient) -> None:
    number = prepare(client, "SELECT note FROM allowed WHERE id = ?")
    assert client.rows(execute(number, b"\0\x01\x03\0\x01\0\0\0")) == [b"\0\0\x03one"]
    assert client.rows(execute(number, b"\0\x00\x02\0\0\0")) == [b"\0\0\x03two"]  # types as before
    assert client.rows(execute(number, b"\0\x01\xfd\0\x011")) == [b"\0\0\x03one"]  # bound anew, as a string
    assert client.command(b"\x1a" + number.to_bytes(4, "little"))[0] == 0
    client.socket.sendall(b"\x05\0\0\0\x19" + number.to_bytes(4, "little"))
    assert client.error(execute(number)).code == 1243


def test_a_prepared_statement_is_decided_again(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path) as live, RawClient(live.port) as raw:
        assert raw.login("bob", PASSWORD, "my1/shop")[0] == 0
        assert raw.error(b"\x16SELECT * FROM secret").code == 1142
        number = prepare(raw, "SELECT note FROM allowed WHERE id = 1")
        assert raw.rows(execute(number)) == [b"\0\0\x03one"]
        assert raw.rows(execute(number)) == [b"\0\0\x03one"]
        live.set_policy("p, user:bob, *, */*, connect, , allow\n")
        assert raw.error(execute(number)).code == 1142
        live.set_policy("p, user:bob, *, **, *, , allow\n")
        assert raw.rows(execute(number)) == [b"\0\0\x03one"]


def test_a_prepared_statement_keeps_its_database(client: RawClient) -> None:
    number = prepare(client, "SELECT count(*) FROM allowed")
    assert client.command(b"\x02other")[0] == 0
    assert len(client.rows(execute(number))) == 1


def test_sql_mode_of_a_prepared_statement_cannot_change(client: RawClient) -> None:
    number = prepare(client, 'SELECT "note" FROM allowed')
    client.command(query("SET sql_mode = 'ANSI_QUOTES'"))
    assert client.error(execute(number)).code == 1615


def test_long_data_and_cursors(client: RawClient) -> None:
    number = prepare(client, "SELECT length(?)")
    client.socket.sendall(b"\x0a\0\0\0\x18" + number.to_bytes(4, "little") + b"\0\0abc")
    client.socket.sendall(b"\x0a\0\0\0\x18" + number.to_bytes(4, "little") + b"\0\0def")
    assert client.rows(execute(number, b"\0\x01\xfc\0"))[0][2:3] == b"\x06"
    number = prepare(client, "SELECT id FROM allowed ORDER BY id")
    first = client.command(execute(number, flags=1))
    for _ in range(first[0] + 1):
        last = client.packet()
    assert last[0] == 0xFE
    rows, sequence = [], client.command(b"\x1c" + number.to_bytes(4, "little") + (2).to_bytes(4, "little"))
    rows.append(sequence)
    while (packet := client.packet())[0] != 0xFE:
        rows.append(packet)
    assert len(rows) == 2
    assert client.error(b"\x1c\xff\xff\0\0\1\0\0\0").code == 1243


@pytest.mark.parametrize("size", [0xFFFFFF - 40, 0xFFFFFF + 10])
def test_sixteen_megabytes_both_ways(access: Access, tmp_path: Path, size: int) -> None:
    limits = Limits(statement_bytes=40 * 1024 * 1024)
    with LiveGateway(access, tmp_path, limits=limits) as live, live.connect() as connection:
        assert one(connection, "SELECT length(repeat('x', 3))") == ((3,),)
        assert len(one(connection, f"SELECT repeat('x', {15 * 1024 * 1024})")[0][0]) == 15 * 1024 * 1024
        number, _ = refusal(connection, f"SELECT '{'y' * size}' FROM nothing_of_that_name")
        assert number in {1146, 1153, 2013, 1142}


def test_a_statement_over_the_limit_is_refused_and_the_session_lives(access: Access, tmp_path: Path) -> None:
    with LiveGateway(access, tmp_path, limits=Limits(statement_bytes=100_000)) as live, live.connect() as connection:
        number, text = refusal(connection, f"SELECT '{'x' * 300_000}'")
        assert (number, text) == (1153, "gateway: statement is larger than 100000 bytes")
        assert one(connection, "SELECT 1") == ((1,),)


def test_a_large_result_passes(gateway: LiveGateway) -> None:
    text = "SELECT seq, repeat('x', 100) FROM seq_1_to_200000"
    with gateway.connect() as connection, connection.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute(text)
        assert sum(1 for _ in cursor) == 200_000
    record = end_of(gateway, text)
    assert record["rows"] == 200_000
    assert record["bytes"] > 20_000_000


def test_local_infile_is_a_permitted_write(gateway: LiveGateway, tmp_path: Path, mariadb: MariaDbServer) -> None:
    file = tmp_path / "rows.tsv"
    file.write_text("".join(f"{number}\tloaded\n" for number in range(1000, 31_000)))
    text = f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE allowed"
    with gateway.connect(local_infile=True) as connection:
        one(connection, text)
        assert one(connection, "SELECT count(*) FROM allowed WHERE note = 'loaded'") == ((30_000,),)
        connection.rollback()
    with gateway.connect("bob", local_infile=True) as connection:
        number, _ = refusal(connection, text.replace("allowed", "secret"))
        assert number == 1142
        assert one(connection, "SELECT 1") == ((1,),)
