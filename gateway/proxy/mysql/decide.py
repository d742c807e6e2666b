"""Deciding on one command, and everything that must be known or asked before.

One command is on its way at a time: nothing has to be waited for but the catalog, the state that only the server knows, and
the change desk. Meanwhile the client's input waits.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Final

from gateway.model.decision import Outcome
from gateway.model.errors import AuditUnavailable, GatewayError
from gateway.model.identity import Engine
from gateway.model.own import SCHEMA, OwnFault, OwnRefused, OwnRequest, Value
from gateway.model.statement import Namespace, Origin, Statement
from gateway.proxy.mysql import refuse
from gateway.proxy.mysql.questions import Row
from gateway.proxy.mysql.refuse import Refusal
from gateway.proxy.own import OwnAnswers, answered, refused_verdict
from gateway.proxy.rooms import Release
from gateway.verdict import Verdict
from gateway.verdict.aside import LONG_TEXT, judge_aside

if TYPE_CHECKING:
    from gateway.proxy.mysql.conversation import Conversation

log = logging.getLogger(__name__)

WAITING: Final = 1  # reason of the client's valve


class Answer:
    """What happens to a command: refused with `refusal`, else it passes; `release` where an approval lets it."""

    __slots__ = ("refusal", "release", "verdict")

    def __init__(self, verdict: Verdict | None, refusal: Refusal | None = None, release: Release | None = None) -> None:
        self.verdict = verdict
        self.refusal = refusal
        self.release = release


_ANOTHERS: Final = Answer(None)
_TOO_LONG: Final = OwnRefused(
    OwnFault.TOO_LARGE,
    f"gateway: while the current database is the gateway's own, a statement has at most {LONG_TEXT} characters",
    "USE a database of the server's first.",
)


class Decider:
    """`waiting`: the command at the head of the client's input waits, and so does everything behind it."""

    __slots__ = ("_answer", "_c", "_task", "waiting")

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self._answer: Answer | None = None
        self._task: asyncio.Task[None] | None = None
        self.waiting = False

    def decide(
        self,
        text: str,
        origin: Origin,
        namespace: Namespace | None = None,
        values: Sequence[Value] = (),
        *,
        runs: bool = True,
    ) -> Answer | None:
        """The answer for the command at the head, or None: ask again when resumed. `namespace`: not the present one.

        `runs`: the command runs the text, with `values` for what is asked of the gateway itself; else it only prepares it."""
        answer, self._answer = self._answer, None
        if answer is not None and self._still_good(answer):
            return answer
        if self.must_wait():
            return None
        c = self._c
        statement = Statement(Engine.MYSQL, text, namespace or c.state.namespace, origin)
        if len(text) > LONG_TEXT and c.state.inside and namespace is None:
            return Answer(refused_verdict(c.judge, text, _TOO_LONG), refuse.own(_TOO_LONG))
        if len(text) > LONG_TEXT:
            self._later(self._aside(statement))
            return None
        if c.rooms.own is not None and (c.state.inside or SCHEMA in text.lower()):
            found = self._own(c.rooms.own, statement, values, runs=runs)
            if found is not _ANOTHERS:
                return found
        try:
            verdict = c.judge.judge(c.who, statement, c.state if namespace is None else None)
        except GatewayError as error:
            return Answer(None, refuse.undecided(error))
        if answer is None and c.judge.unknown(verdict):
            self._later(self._after_refresh(statement))
            return None
        return self._settled(verdict, statement)

    def must_wait(self) -> bool:
        """Whether something has to be learned before anything can be judged; if so it is under way."""
        c = self._c
        if c.catalog_changed:
            c.catalog_changed = False
            self._later(self._refresh())
            return True
        if c.state.stale:
            self._pause()
            c.ask_state()
            return True
        return False

    def state_learned(self) -> None:
        self._resume()

    def later(self, work: "Coroutine[None, None, Answer | None]") -> None:
        """Work that the command at the head waits for."""
        self._later(work)

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        answer, self._answer = self._answer, None
        if answer is not None and answer.release is not None:
            self._c.claims.give_back(answer.release)

    def _still_good(self, answer: Answer) -> bool:
        """Whether the answer was found under the rules that still hold."""
        verdict = answer.verdict
        if verdict is None or answer.refusal is not None or verdict.own is not None or verdict.epoch == self._c.judge.epoch:
            return True
        if answer.release is not None:
            self._c.claims.give_back(answer.release)
        return False

    def _settled(self, verdict: Verdict, statement: Statement) -> Answer | None:
        match verdict.outcome:
            case Outcome.ALLOW:
                if self._c.obliged.counts.ready(verdict):
                    return Answer(verdict)
                self._later(self._after(verdict, statement))
                return None
            case Outcome.DENY:
                return Answer(verdict, refuse.denied(verdict))
            case Outcome.REVIEW:
                self._later(self._review(verdict, statement))
                return None

    # Waiting

    def _pause(self) -> None:
        self.waiting = True
        self._c.client_valve.pause(WAITING)

    def _resume(self) -> None:
        self.waiting = False
        self._c.client_valve.resume(WAITING)
        self._c.client_side.go_on()

    def _later(self, work: Coroutine[None, None, Answer | None]) -> None:
        self._pause()
        self._task = asyncio.get_running_loop().create_task(self._finish(work))

    async def _finish(self, work: Coroutine[None, None, Answer | None]) -> None:
        try:
            self._answer = await self._c.obliged.counts.looked(await work, self._c.claims)
        except AuditUnavailable:
            self._answer = Answer(None, refuse.AUDIT_UNAVAILABLE)
        except GatewayError as error:
            self._answer = Answer(None, refuse.undecided(error))
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("session %s: a decision failed", self._c.who.session_id)
            self._answer = Answer(None, refuse.INTERNAL)
        self._task = None
        if not self._c.ended:
            self._resume()

    async def _refresh(self) -> Answer | None:
        try:
            await self._c.judge.refresh(self._c.who)
        except GatewayError:
            self._c.catalog_changed = True  # the next statement tries again
            raise
        return None

    async def _after_refresh(self, statement: Statement) -> Answer | None:
        return await self._after(await self._c.judge.judge_after_refresh(self._c.who, statement, self._c.state), statement)

    async def _aside(self, statement: Statement) -> Answer | None:
        """A text so long that judging it would hold up every other session."""
        return await self._after(await judge_aside(self._c.judge, self._c.who, statement, self._c.state), statement)

    async def _after(self, verdict: Verdict, statement: Statement) -> Answer:
        if verdict.outcome is Outcome.REVIEW:
            return await self._review(verdict, statement)
        return Answer(verdict, refuse.denied(verdict) if verdict.outcome is Outcome.DENY else None)

    def _own(self, own: OwnAnswers, statement: Statement, values: Sequence[Value], *, runs: bool) -> Answer | None:
        """The answer to what the text asks the gateway; `_ANOTHERS` where it asks the server."""
        judge = self._c.judge
        try:
            request = own.recognise(self._c.who, statement)
            if request is None:
                return _ANOTHERS
            if not runs:
                return Answer(judge.answered_here(statement.text, request, ()))
            bound = request.bound(values)
            if bound.variables:
                self._ask_variables(own, statement, bound)
                return None
            self._later(self._answered(own, statement, bound))
        except OwnRefused as refused:
            return Answer(refused_verdict(judge, statement.text, refused), refuse.own(refused))
        return None

    def _ask_variables(self, own: OwnAnswers, statement: Statement, request: OwnRequest) -> None:
        """What a CALL's user variables hold is the server's to say."""
        c = self._c
        codec = c.codec or "utf-8"

        def told(row: Row) -> None:
            values = [None if value is None else value.decode(codec, "replace") for value in row]
            try:
                known = request.knowing(dict(zip(request.variables, values, strict=True)))
            except OwnRefused as refused:
                self._answer = Answer(refused_verdict(c.judge, statement.text, refused), refuse.own(refused))
                self._resume()
                return
            self._later(self._answered(own, statement, known))

        names = ("@`" + name.replace("`", "``") + "`" for name in request.variables)
        self._pause()
        c.server_side.questions.ask([f"SELECT {', '.join(names)}".encode(codec, "replace")], told)

    async def _answered(self, own: OwnAnswers, statement: Statement, request: OwnRequest) -> Answer:
        verdict, refused = await answered(own, self._c.judge, self._c.who, statement, request)
        return Answer(verdict, None if refused is None else refuse.own(refused))

    async def _review(self, verdict: Verdict, statement: Statement) -> Answer:
        """An approved statement passes once; any other goes into an issue."""
        c = self._c
        changes = c.rooms.changes
        reviewed = [ruling for ruling in verdict.rulings if ruling.decision.outcome is Outcome.REVIEW]
        if changes is None:
            return Answer(verdict, refuse.NO_ISSUES)
        path, flags = statement.namespace.search_path, statement.namespace.flags
        release = await changes.release(c.who, statement.text, path, flags, reviewed)
        if release is not None:
            return Answer(c.judge.released(c.who, verdict, statement.text, release.number), None, release)
        refs = [await changes.refused(c.who, ruling, statement.text, path, flags) for ruling in reviewed]
        named = c.judge.with_issue(verdict, refs[0].number)
        return Answer(named, refuse.needs_issue(reviewed[0], c.who.target, refs[0].number, refs[0].url))
