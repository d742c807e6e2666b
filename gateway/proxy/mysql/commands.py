"""What each command means ("Command Phase"): judged as the statement it stands for, answered here, or passed on.

A handler gets the whole command and returns False where it waits. `prepared_commands.py` has those of prepared statements.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gateway.model.decision import Decision, Outcome, Reason, ReasonCode
from gateway.model.footprint import Category, Footprint
from gateway.model.statement import Origin
from gateway.proxy.mysql import own, prepared_commands, refuse
from gateway.proxy.mysql.decide import Answer
from gateway.proxy.mysql.execution import Execution, Prepared
from gateway.proxy.mysql.kill import Kill, parse_kill
from gateway.proxy.mysql.refuse import Refusal
from gateway.verdict import Ruling, Verdict
from gateway.wire.mysql.commands import Query
from gateway.wire.mysql.constants import Command
from gateway.wire.mysql.packets import encode_packet
from gateway.wire.mysql.payload import Payload

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation

_MAX_PREPARED: Final = 16_382  # max_prepared_stmt_count's default, for one session
_NO_CURSOR: Final = 0

Handler = Callable[["Conversation", bytes, int, bytes], bool]
Own = Callable[["Conversation", Verdict, int], None]


# Texts


def _query(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    query = Query.decode(payload, c.capabilities)
    text = _readable(c, query.text, sequence)
    if text is None:
        return True
    kill = parse_kill(text)
    if kill is not None and _kills_own(c, kill, text, sequence):
        return True
    answer = c.decider.decide(text, Origin.SIMPLE)
    if answer is None:
        return False
    if answer.verdict is not None and answer.verdict.own is not None and answer.refusal is None:
        own.answer(c, answer.verdict, sequence)
        return True
    execution = _permitted(c, answer, sequence)
    if execution is None:
        return True
    if kill is not None:
        raw = _kill_at_server(c, kill, payload, query.text_start, raw)
    elif answer.release is None and c.worth_knowing(execution.verdict) and payload[1 : query.text_start] in {b"", b"\0\x01"}:
        c.known.learn(raw, query.text, execution.verdict)
    c.server_side.expect_result()
    c.run(execution, raw)
    return True


def _prepare(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    c.last_prepared = None  # until this one succeeds: MariaDB forgets the one before at once
    text = _readable(c, payload[1:], sequence)
    if text is None:
        return True
    if len(c.prepared) >= _MAX_PREPARED:
        c.refuse_unread(refuse.TOO_MANY_STATEMENTS, payload[1:], sequence)
        return True
    answer = c.decider.decide(text, Origin.EXTENDED, runs=False)
    if answer is None:
        return False
    if answer.refusal is not None or answer.verdict is None:
        c.refuse(answer, sequence)
        return True
    verdict = answer.verdict
    if verdict.own is not None:
        own.prepare(c, text, verdict, sequence)
        return True
    lasting = not verdict.named and answer.release is None and c.worth_knowing(verdict)
    prepared = Prepared(text, verdict, c.state.namespace, c.stamp if lasting else None)
    prepared.release = answer.release
    c.server_side.expect_prepared(prepared)
    c.run(None, raw)
    return True


def _readable(c: "Conversation", body: bytes, sequence: int) -> str | None:
    """The text, or None where it was refused unread."""
    if len(body) > c.rooms.limits.statement_bytes:
        c.refuse_unread(refuse.oversized(c.rooms.limits.statement_bytes), body, sequence)
        return None
    text = c.text(body)
    if isinstance(text, Refusal):
        c.refuse_unread(text, body, sequence)
        return None
    return text


def _permitted(c: "Conversation", answer: Answer, sequence: int) -> Execution | None:
    """The execution of what may run; None where it was refused."""
    if answer.refusal is not None or answer.verdict is None:
        c.refuse(answer, sequence)
        return None
    execution = c.begin(answer.verdict, answer.release)
    if execution is None:
        c.say_error(refuse.AUDIT_UNAVAILABLE, sequence)
        return None
    refusal = c.oblige(execution)
    if refusal is None:
        return execution
    c.say_error(refusal, sequence)
    return None


def _as_statement(
    c: "Conversation", text: str, sequence: int, raw: bytes, expect: Callable[[], None], *, shown: Own = own.answer
) -> bool:
    """A command that stands for a statement is judged as that; `shown`: what the gateway answers itself."""
    answer = c.decider.decide(text, Origin.SIMPLE)
    if answer is None:
        return False
    if answer.verdict is not None and answer.verdict.own is not None and answer.refusal is None:
        shown(c, answer.verdict, sequence)
        return True
    execution = _permitted(c, answer, sequence)
    if execution is not None:
        expect()
        c.run(execution, raw)
    return True


def _init_db(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    name = _readable(c, payload[1:], sequence)
    return name is None or _as_statement(c, f"USE {_quoted(name)}", sequence, raw, c.server_side.expect_result)


def _field_list(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    name = _readable(c, Payload(payload, 1).nul_bytes(), sequence)
    return name is None or _as_statement(
        c, f"SHOW COLUMNS FROM {_quoted(name)}", sequence, raw, c.server_side.expect_fields, shown=own.fields
    )


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


# KILL


def _kills_own(c: "Conversation", kill: Kill, text: str, sequence: int) -> bool:
    """Whether the session is this user's: then no other permission is needed, and the gateway does it."""
    killer, user = c.session.killer, c.who.principal.name
    number = killer.find(user, c.who.target.instance, kill.connection_id)
    tidbs = "tidb" in c.session.server_version.lower() and c.judge.administers(c.who).outcome is Outcome.ALLOW
    if number is None and not tidbs and killer.elsewhere(c.who.target.instance, kill.connection_id):
        number = kill.connection_id  # what is sent out reaches this user's sessions alone; nobody tells whether there is one
    if number is None:
        return False
    reason = Reason(ReasonCode.ALWAYS, "a session of one's own")
    execution = _own_execution(c, text, "KILL", Decision(Outcome.ALLOW, reason, c.judge.policy_version))
    if execution is None:
        c.say_error(refuse.AUDIT_UNAVAILABLE, sequence)
        return True
    if number == c.session.connection_id:
        c.progress.ended(execution)
        if kill.query_only:
            c.say_error(Refusal(1317, "70100", "Query execution was interrupted"), sequence)
        else:
            c.life.answer_and_end(refuse.KILLED, sequence)
        return True
    c.life.beside(killer.kill(user, number, query_only=kill.query_only))
    c.progress.ended(execution)
    c.say_ok(sequence)
    return True


def _own_execution(c: "Conversation", text: str, kind: str, decision: Decision) -> Execution | None:
    """Of what is decided without an analysis."""
    ruling = Ruling(Footprint(kind, Category.ADMIN), decision, c.judge.own(text, kind, decision))
    return c.begin(Verdict((ruling,), decision.outcome, decision.valid_until, c.epoch))


def _kill_at_server(c: "Conversation", kill: Kill, payload: bytes, start: int, raw: bytes) -> bytes:
    """Somebody else's session, for who may: the gateway's id becomes the server's."""
    number = c.session.killer.server_id(c.who.target.instance, kill.connection_id)
    if number is None:
        return raw
    words = b"KILL QUERY %d" if kill.query_only else b"KILL %d"
    return encode_packet(payload[:start] + words % number)


def _process_kill(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    kill = Kill(Payload(payload, 1).uint(4), query_only=False)
    text = f"KILL {kill.connection_id}"
    if _kills_own(c, kill, text, sequence):
        return True
    number = c.session.killer.server_id(c.who.target.instance, kill.connection_id)
    if number is not None:
        raw = encode_packet(payload[:1] + number.to_bytes(4, "little"))
    return _administer(c, text, sequence, raw, c.server_side.expect_simple)


# What only administrators do


def _administer(c: "Conversation", text: str, sequence: int, raw: bytes, expect: Callable[[], None]) -> bool:
    decision = c.judge.administers(c.who)
    execution = _own_execution(c, text, text.split(" ", maxsplit=1)[0], decision)
    if execution is None:
        c.say_error(refuse.AUDIT_UNAVAILABLE, sequence)
    elif decision.outcome is not Outcome.ALLOW:
        refusal = refuse.denied(execution.verdict)
        c.progress.failed(execution, refusal.error, refused=True)
        c.say_error(refusal, sequence)
    else:
        expect()
        c.run(execution, raw)
    return True


def _admin(text: str, expect: str) -> Handler:
    def handler(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
        return _administer(c, text, sequence, raw, getattr(c.server_side, expect))

    return handler


# Without a text


def _quit(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    c.client_side.finished = True
    c.life.client_quits()
    return True


def _ping(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    c.server_side.expect_simple()
    c.run(None, raw)
    return True


def _statistics(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    c.server_side.expect_text()
    c.run(None, raw)
    return True


def _reset_connection(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    c.server_side.expect_reset()
    c.run(None, raw)
    return True


def _change_user(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    c.life.change_user(payload)
    return True


def unknown(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    c.say_error(refuse.UNKNOWN_COMMAND, sequence)
    return True


def _set_option(c: "Conversation", payload: bytes, sequence: int, raw: bytes) -> bool:
    """Several statements in one text on or off: the gateway reads every text as one that may hold several."""
    c.server_side.expect_simple()
    c.run(None, raw)
    return True


TEXTS: Final = frozenset({int(Command.QUERY), int(Command.STMT_PREPARE)})

HANDLERS: Final[dict[int, Handler]] = {
    Command.QUIT: _quit,
    Command.INIT_DB: _init_db,
    Command.QUERY: _query,
    Command.FIELD_LIST: _field_list,
    Command.REFRESH: _admin("REFRESH", "expect_simple"),
    Command.SHUTDOWN: _admin("SHUTDOWN", "expect_simple"),
    Command.STATISTICS: _statistics,
    Command.PROCESS_INFO: _admin("SHOW PROCESSLIST", "expect_result"),
    Command.PROCESS_KILL: _process_kill,
    Command.DEBUG: _admin("DEBUG", "expect_simple"),
    Command.PING: _ping,
    Command.CHANGE_USER: _change_user,
    Command.BINLOG_DUMP: _admin("BINLOG DUMP", "expect_events"),
    Command.BINLOG_DUMP_GTID: _admin("BINLOG DUMP GTID", "expect_events"),
    Command.REGISTER_SLAVE: _admin("REGISTER REPLICA", "expect_simple"),
    Command.STMT_PREPARE: _prepare,
    Command.STMT_CLOSE: prepared_commands.close,
    Command.STMT_RESET: prepared_commands.reset,
    Command.SET_OPTION: _set_option,
    Command.RESET_CONNECTION: _reset_connection,
}
