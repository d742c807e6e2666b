"""Session state that changes what statements mean."""

import pymysql
import pytest

from gateway.wire.mysql.constants import Capability
from gateway.wire.mysql.results import Ok
from tests.live.mysql.talk import one, query, refusal
from tests.live.mysql_raw import USUAL, RawClient
from tests.support.mysql_gateway import PASSWORD, LiveGateway


def test_sql_mode_is_followed(gateway: LiveGateway) -> None:
    with gateway.connect("bob") as connection:
        assert one(connection, 'SELECT "note" FROM allowed WHERE id = 1') == (("note",),)
        one(connection, "SET sql_mode = 'ANSI_QUOTES'")
        assert one(connection, 'SELECT "note" FROM "allowed" WHERE id = 1') == (("one",),)
        assert refusal(connection, 'SELECT 1 FROM "secret"')[0] == 1142


def test_what_a_procedure_sets_is_followed(gateway: LiveGateway) -> None:
    with gateway.connect() as connection:
        one(connection, "CALL ansi()")
        assert one(connection, 'SELECT "x"' if _mode(connection) == "" else "SELECT 'x'") == (("x",),)


def _mode(connection: pymysql.Connection) -> str:
    return str(one(connection, "SELECT @@sql_mode")[0][0])


@pytest.mark.parametrize(
    "text",
    [
        "SET NAMES gbk",
        "SET character_set_client = sjis",
        "SET CHARACTER SET big5",
    ],
)
def test_state_that_cannot_be_followed_is_refused(gateway: LiveGateway, text: str) -> None:
    with gateway.connect() as connection:
        number, _ = refusal(connection, text)
        assert number == 1142
        assert one(connection, "SELECT 1") == ((1,),)


def test_a_procedure_cannot_blind_the_gateway(gateway: LiveGateway) -> None:
    with gateway.connect() as connection:
        one(connection, "CALL blind()")
        one(connection, "CALL ansi()")
        one(connection, "SET sql_mode = 'ANSI_QUOTES'")
        assert one(connection, 'SELECT "note" FROM allowed WHERE id = 1') == (("one",),)
    with gateway.connect("carol") as connection:
        one(connection, "CALL blind()")
        one(connection, "SET sql_mode = 'ANSI_QUOTES'")
        assert refusal(connection, 'SELECT 1 FROM "secret"')[0] == 1142


@pytest.mark.parametrize(
    "text",
    [
        "SET session_track_system_variables = ''",
        "SET SESSION session_track_schema = OFF",
        "SET session_track_system_variables = CONCAT(@@global.session_track_system_variables, ',tx_isolation')",
        "SET session_track_system_variables = 'session_track_system_variables'",
        "SET @@session.session_track_system_variables = '*'",
    ],
)
@pytest.mark.parametrize(
    "more", ["", "; SET sql_mode = 'ANSI_QUOTES'; USE shop", "; SET sql_mode = 'ANSI_QUOTES'; SELECT 1 FROM nonesuch"]
)
def test_nobody_blinds_the_gateway(gateway: LiveGateway, text: str, more: str) -> None:
    with gateway.connect("bob", client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS) as connection:
        try:
            with connection.cursor() as cursor:
                cursor.execute(text + more)
                while cursor.nextset():
                    continue
        except pymysql.err.MySQLError as error:
            assert error.args[0] in {1142, 1146}, error  # noqa: PT017 -- the last of three fails
        one(connection, "SET sql_mode = 'ANSI_QUOTES'")
        assert one(connection, 'SELECT "note" FROM allowed WHERE id = 1') == (("one",),)
        assert refusal(connection, 'SELECT 1 FROM "secret"')[0] == 1142


def test_a_client_is_told_what_it_asked_for(gateway: LiveGateway) -> None:
    with RawClient(gateway.port, USUAL | Capability.SESSION_TRACK) as raw:
        assert raw.login("bob", PASSWORD, "my1/shop")[0] == 0
        raw.command(query("SET session_track_system_variables = 'tx_isolation'"))
        told = Ok.decode(raw.command(query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")), raw.capabilities)
        assert (0, b"tx_isolation", b"READ-COMMITTED") in told.state_changes()


def test_tracking_is_for_those_who_asked(gateway: LiveGateway) -> None:
    with RawClient(gateway.port) as plain, RawClient(gateway.port, USUAL | Capability.SESSION_TRACK) as tracking:
        for raw in (plain, tracking):
            assert raw.login("alice", PASSWORD, "my1/shop")[0] == 0
        answer = plain.command(query("USE other"))
        assert Ok.decode(answer, plain.capabilities) == Ok(status=2)
        told = Ok.decode(tracking.command(query("USE other")), tracking.capabilities)
        assert (1, b"", b"other") in told.state_changes()
