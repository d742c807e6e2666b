"""The model of a session's names against the server's own: wherever the two could part, the server must not run another text.

Each attack first prepares `SELECT * FROM salaries` while that is a temporary table of alice's own, then brings it about that
the server still has it, and that the name means hr.salaries there, while the gateway might think of something harmless.
"""

import pytest

from tests.attacks.stage import FLUSH, SYNC, RawSession, Stage, bind, close, errors, execute, frame, parse, query, rows

BAD = b"SELECT * FROM salaries"
GOOD = b"SELECT 1"
LIKE_HR = b"CREATE TEMP TABLE salaries (employee_id int, valid_from date, amount numeric(10, 2), currency char(3))"
FAILING = (parse(b"fails", b"SELECT 1/0"), bind(b"", b"fails"), execute(b""))

pytestmark = pytest.mark.usefixtures("each_untouched")


def _shadowed(stage: Stage) -> RawSession:
    session = RawSession(stage.gateway.dsn("alice"))
    session.run(LIKE_HR)
    return session


def _unshadow(session: RawSession) -> None:
    session.run(b"DROP TABLE pg_temp.salaries")
    session.run(b"SET search_path = hr")


def test_a_name_in_another_encoding_is_not_used(each_stage: Stage) -> None:
    with _shadowed(each_stage) as session:
        session.run(b"SET client_encoding = 'LATIN1'")
        session.ask(parse(b"\xe9", GOOD), SYNC)
        session.ask(query(b"DEALLOCATE \xe9"))
        session.ask(query(b"PREPARE \xe9 AS " + BAD))
        _unshadow(session)
        answers = session.ask(bind(b"", b"\xe9"), execute(b""), SYNC)
        assert errors(answers)
        assert not rows(answers)


def test_an_unnamed_statement_that_the_server_skipped_is_not_used(each_stage: Stage) -> None:
    with _shadowed(each_stage) as session:
        session.ask(parse(b"", BAD), SYNC)
        _unshadow(session)
        assert errors(session.ask(*FAILING, parse(b"", GOOD), SYNC)) == ["22012 division by zero"]
        answers = session.ask(bind(b"", b""), execute(b""), SYNC)
        assert errors(answers) == ["26000 unnamed prepared statement does not exist"]


@pytest.mark.parametrize(
    "skipped", [(parse(b"n", GOOD), close(b"S", b"n")), (close(b"S", b"n"), parse(b"n", GOOD)), (parse(b"n", GOOD),)]
)
def test_names_that_the_server_skipped_are_taken_back(each_stage: Stage, skipped: tuple[bytes, ...]) -> None:
    with _shadowed(each_stage) as session:
        session.ask(parse(b"n", BAD), SYNC)
        _unshadow(session)
        session.ask(*FAILING, *skipped, SYNC)
        answers = session.ask(bind(b"", b"n"), execute(b""), SYNC)
        assert errors(answers) == ["42501 gateway: permission denied: select on pg1/shop/hr/salaries"]


def test_a_name_taken_twice_keeps_its_first_text(each_stage: Stage) -> None:
    with _shadowed(each_stage) as session:
        session.ask(parse(b"n", BAD), SYNC)
        _unshadow(session)
        assert errors(session.ask(parse(b"n", GOOD), SYNC)) == ['42P05 prepared statement "n" already exists']
        assert errors(session.ask(bind(b"", b"n"), execute(b""), SYNC))[0].startswith("42501")


def test_a_suspended_portal_may_have_moved_the_search_path(each_stage: Stage) -> None:
    with RawSession(each_stage.gateway.dsn("alice")) as session:
        setting = (parse(b"", b"SELECT set_config('search_path', 'hr', false)"), bind(b"", b""), execute(b"", 1))
        answers = session.ask(*setting, parse(b"y", BAD), bind(b"", b"y"), execute(b""), SYNC)
        assert errors(answers) == ["42501 gateway: permission denied: select on pg1/shop/hr/salaries"]


def test_the_record_of_an_open_portal_names_what_it_reads(each_stage: Stage) -> None:
    with RawSession(each_stage.gateway.dsn("alice")) as session:
        session.ask(query(b"BEGIN"))
        session.ask(parse(b"", b"SELECT name AS of_a_portal FROM customers"), bind(b"p", b""), execute(b"p", 1), SYNC)
        session.run(b"SET search_path = analytics")
        assert len(rows(session.ask(execute(b"p", 1), SYNC))) == 1
        assert errors(session.ask(query(b"DECLARE c CURSOR FOR SELECT 1 AS of_a_cursor"))) == []
        session.run(b"SET search_path = public")
        assert errors(session.ask(query(b"FETCH 1 FROM c")))[0].startswith("42501 gateway: statement not understood")
    found = [record for record in each_stage.records_of("of_a_portal") if "relations" in record]
    assert len(found) == 2
    assert {relation["path"] for record in found for relation in record["relations"]} == {"pg1/shop/public/customers"}


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(
            (parse(b"", GOOD), bind(b"", b""), parse(b"", b"TABLE hr.salaries"), execute(b""), SYNC), id="refused Parse"
        ),
        pytest.param((parse(b"", b"SELECT 1; TABLE hr.salaries"), bind(b"", b""), execute(b""), SYNC), id="two in one Parse"),
        pytest.param((frame(b"Q", b"SELECT 1\0; TABLE hr.salaries\0"),), id="NUL in a Query"),
        pytest.param((frame(b"Q", b"TABLE hr.salaries"),), id="no NUL"),
        pytest.param((frame(b"P", b"\0SELECT 1\0\0\0TABLE hr.salaries\0"), SYNC), id="more behind a Parse"),
        pytest.param((query(b"TABLE hr.salaries \xff"),), id="invalid UTF-8"),
        pytest.param((frame(b"F", b"\0\0\x06\x3e" + b"\0\0" * 3), SYNC), id="FunctionCall"),
        pytest.param((parse(b"", b"TABLE hr.salaries"), bind(b"", b""), execute(b""), FLUSH, SYNC), id="Flush"),
        pytest.param((b"Q\x7f\xff\xff\xffx",), id="a length of 2 GB"),
        pytest.param((b"Q\0\0\0\x03x",), id="a length of 3"),
    ],
)
def test_frames(each_stage: Stage, frames: tuple[bytes, ...]) -> None:
    with RawSession(each_stage.gateway.dsn("alice")) as session:
        answers = session.ask(*frames)
        assert errors(answers)
        assert not rows(answers)


def test_portals_and_statements_are_bounded(each_stage: Stage) -> None:
    with RawSession(each_stage.gateway.dsn("alice")) as session:
        session.ask(query(b"BEGIN"))
        session.ask(parse(b"", GOOD), SYNC)
        many = [bind(b"p%d" % number, b"") for number in range(20_001)]
        assert errors(session.ask(*many, SYNC)) == ["53200 gateway: too many open portals in this session"]
