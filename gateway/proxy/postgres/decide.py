"""Deciding on one message, and everything that must be known or asked before.

What a text means may hang on messages that are still on their way: a SET search_path, a temporary table, a user's function.
Then nothing is judged until the server has answered those (a Flush is sent so that it does), and where only the server knows
the outcome it is asked. Meanwhile the client's input waits; the server's answers go on.
"""

import asyncio
import logging
import re
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gateway.model.decision import Outcome
from gateway.model.errors import AuditUnavailable, GatewayError
from gateway.model.footprint import EffectKind
from gateway.model.identity import Engine
from gateway.model.own import OwnRefused, OwnRequest, Value
from gateway.model.statement import Origin, Statement
from gateway.proxy.own import OwnAnswers, answered, refused_verdict
from gateway.proxy.postgres import refuse
from gateway.proxy.postgres.ledger import PROBED
from gateway.proxy.postgres.own_values import own_refusal
from gateway.proxy.postgres.probe import FLUSH, question
from gateway.proxy.postgres.refuse import Refusal
from gateway.proxy.rooms import Release
from gateway.verdict import Ruling, Verdict
from gateway.verdict.aside import LONG_TEXT, judge_aside

if TYPE_CHECKING:
    from gateway.proxy.postgres.conversation import Conversation

log = logging.getLogger(__name__)

WAITING: Final = 1  # reason of the client's valve


class Answer:
    """What happens to a message: refused with `refusal`, else it passes; `release` where an approval lets it."""

    __slots__ = ("refusal", "release", "verdict")

    def __init__(self, verdict: Verdict | None, refusal: Refusal | None = None, release: Release | None = None) -> None:
        self.verdict = verdict
        self.refusal = refusal
        self.release = release


_OWN: Final = re.compile(r"gateway\"?\s*\.", re.IGNORECASE)  # what every text on the schema `gateway` has
_ANOTHERS: Final = Answer(None)


class Decider:
    """`waiting`: the message at the head of the client's input waits, and so does everything behind it. `outgoing`: what the
    server is to be sent behind everything before that message."""

    __slots__ = ("_answer", "_c", "_held", "_probing", "_since", "_task", "outgoing", "waiting")

    def __init__(self, conversation: "Conversation") -> None:
        self._c = conversation
        self._answer: Answer | None = None
        self._task: asyncio.Task[None] | None = None
        self._probing = False
        self._since = 0.0  # when the message at the head began to wait
        self._held = 0  # how many cancel requests are on their way to the server
        self.waiting = False
        self.outgoing = b""

    def decide(
        self,
        text: str,
        origin: Origin,
        path: tuple[str, ...] | None = None,
        values: Sequence[Value] = (),
        *,
        runs: bool = True,
        parameters: tuple[int, ...] = (),
    ) -> Answer | None:
        """The answer for the message at the head, or None: ask again when `resume` was called. `runs`: the message runs the
        text, it does not only name it, with `values` for what is asked of the gateway itself. `path` is the search path that
        settled the names of an open portal, where it is not the present one; `parameters` are users' types declared."""
        answer, self._answer = self._answer, None
        if answer is not None and self._still_good(answer):
            return answer
        if self._must_wait():
            return None
        c = self._c
        statement = self._statement(text, origin, path, parameters)
        if len(text) > LONG_TEXT:
            self._later(self._aside(statement))
            return None
        if c.rooms.own is not None and _OWN.search(text) is not None:
            found = self._own(c.rooms.own, statement, values, runs=runs)
            if found is not _ANOTHERS:
                return found
        try:
            verdict = c.judge.judge(c.who, statement, c.state)
        except GatewayError as error:
            return _undecided(error)
        if answer is None and c.judge.unknown(verdict):
            self._later(self._after_refresh(text, origin, path, parameters))
            return None
        return self._settled(verdict, text)

    def settle(self) -> bool:
        """False while something on its way may still change what names mean; then the message waits."""
        return not self._must_wait()

    def server_answered(self) -> None:
        """What was waited for may be there."""
        if self.waiting and self._task is None and not (self._probing or self._held or self._c.ledger.barriers):
            self._resume()

    def hold(self) -> None:
        """Nothing goes to the server until `let_go`."""
        self._held += 1
        self._pause()

    def let_go(self) -> None:
        self._held -= 1
        if not self._c.ended:
            self.server_answered()

    def probe_ended(self) -> None:
        self._probing = False
        self.server_answered()

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.forget()

    def forget(self) -> None:
        """The message that the answer was found for is skipped: the next one has nothing to do with it."""
        answer, self._answer = self._answer, None
        if answer is not None and answer.release is not None:
            self._c.claims.give_back(answer.release)

    def _still_good(self, answer: Answer) -> bool:
        """Whether the answer was found under the rules that still hold."""
        if (
            answer.verdict is None
            or answer.refusal is not None
            or answer.verdict.own is not None
            or answer.verdict.epoch == self._c.judge.epoch
        ):
            return True
        if answer.release is not None:
            self._c.claims.give_back(answer.release)
        return False

    def _must_wait(self) -> bool:
        c = self._c
        if c.ledger.barriers:
            if c.client_side.open_pipeline:
                self.outgoing = FLUSH
            self._pause()
            return True
        if c.catalog_changed:
            c.catalog_changed = False
            self._later(self._refresh())
            return True
        if c.state.stale and not c.state.failed and not c.ledger.skipping:
            self._probe()
            return True
        return False

    def _statement(self, text: str, origin: Origin, path: tuple[str, ...] | None, parameters: tuple[int, ...]) -> Statement:
        c = self._c
        namespace = c.state.namespace
        if parameters:
            namespace = replace(namespace, parameters=parameters)
        if path is not None and path != namespace.search_path:
            namespace = replace(namespace, search_path=path)
        if c.judge.names_things(text):
            namespace = c.names.visible(namespace)
        return Statement(Engine.POSTGRES, text, namespace, origin)

    def _settled(self, verdict: Verdict, text: str) -> Answer | None:
        match verdict.outcome:
            case Outcome.ALLOW:
                if self._c.obliged.counts.ready(verdict):
                    return Answer(verdict)
                self._later(self._after(verdict, text))
                return None
            case Outcome.DENY:
                return Answer(verdict, refuse.denied(verdict))
            case Outcome.REVIEW:
                self._later(self._review(verdict, text))
                return None

    def _probe(self) -> None:
        c = self._c
        sync = not c.client_side.open_pipeline
        c.ledger.entries.append(PROBED)
        c.server_side.questions.expect(sync=sync)
        self.outgoing = question(sync=sync, rename=c.rename)
        c.rename = None
        self._probing = True
        self._pause()

    # Waiting

    def _pause(self) -> None:
        if not self.waiting:
            self._since = time.perf_counter()
        self.waiting = True
        self._c.client_valve.pause(WAITING)

    def _resume(self) -> None:
        if self._held:
            return
        self.waiting = False
        waits = self._c.rooms.waits
        if waits is not None:
            waits(time.perf_counter() - self._since)
        self._c.client_valve.resume(WAITING)
        self._c.client_side.resume()

    def _later(self, work: Coroutine[None, None, Answer | None]) -> None:
        self._pause()
        self._task = asyncio.get_running_loop().create_task(self._finish(work))

    async def _finish(self, work: Coroutine[None, None, Answer | None]) -> None:
        try:
            self._answer = await self._c.obliged.counts.looked(await work, self._c.claims)
        except AuditUnavailable:
            self._answer = Answer(None, refuse.AUDIT_UNAVAILABLE)
        except GatewayError as error:
            self._answer = _undecided(error)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("session %s: a decision failed", self._c.who.session_id)
            self._answer = Answer(None, Refusal(refuse.CANNOT_DECIDE, "gateway: internal error, statement refused"))
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

    async def _after_refresh(
        self, text: str, origin: Origin, path: tuple[str, ...] | None, parameters: tuple[int, ...]
    ) -> Answer | None:
        c = self._c
        verdict = await c.judge.judge_after_refresh(c.who, self._statement(text, origin, path, parameters), c.state)
        return await self._after(verdict, text)

    async def _aside(self, statement: Statement) -> Answer | None:
        """A text so long that judging it would hold up every other session."""
        return await self._after(await judge_aside(self._c.judge, self._c.who, statement, self._c.state), statement.text)

    async def _after(self, verdict: Verdict, text: str) -> Answer:
        if verdict.outcome is Outcome.REVIEW:
            return await self._review(verdict, text)
        if verdict.outcome is Outcome.DENY:
            return Answer(verdict, refuse.denied(verdict))
        return Answer(verdict)

    def _own(self, own: OwnAnswers, statement: Statement, values: Sequence[Value], *, runs: bool) -> Answer | None:
        """The answer to what the text asks the gateway; `_ANOTHERS` where it asks the server."""
        text = statement.text
        try:
            request = own.recognise(self._c.who, statement)
            if request is None:
                return _ANOTHERS
            if not runs:
                return Answer(self._c.judge.answered_here(text, request, ()))
            self._later(self._answered(own, statement, request.bound(values)))
        except OwnRefused as refused:
            return Answer(refused_verdict(self._c.judge, text, refused), own_refusal(refused))
        return None

    async def _answered(self, own: OwnAnswers, statement: Statement, request: OwnRequest) -> Answer:
        verdict, refused = await answered(own, self._c.judge, self._c.who, statement, request)
        return Answer(verdict, None if refused is None else own_refusal(refused))

    async def _review(self, verdict: Verdict, text: str) -> Answer:
        """An approved statement passes once; any other goes into an issue."""
        c = self._c
        changes = c.rooms.changes
        reviewed = [ruling for ruling in verdict.rulings if ruling.decision.outcome is Outcome.REVIEW]
        if changes is None:
            return Answer(verdict, Refusal(refuse.INSUFFICIENT_PRIVILEGE, "gateway: change issues are not available"))
        namespace = c.state.namespace
        hidden = _hidden(verdict, reviewed, namespace.temporary)
        if hidden:
            return Answer(verdict, refuse.hidden(hidden))
        await c.claims.told()  # an approval that this session's rollback gave back a moment ago counts again
        path, flags = namespace.search_path, namespace.flags
        release = await changes.release(c.who, text, path, flags, reviewed)
        if release is not None:
            return Answer(c.judge.released(c.who, verdict, text, release.number), None, release)
        refs = [await changes.refused(c.who, ruling, text, path, flags) for ruling in reviewed]
        named = c.judge.with_issue(verdict, refs[0].number)
        return Answer(named, refuse.needs_issue(reviewed[0], c.who.target, refs[0].number, refs[0].url))


def _hidden(verdict: Verdict, reviewed: Sequence[Ruling], temporary: frozenset[str]) -> str:
    """A relation of the statements under review that the session's own temporary one of its name stands before: an approval
    would be used up on that one. "" for none."""
    effects = (effect for ruling in verdict.rulings for effect in ruling.footprint.effects)
    made = {effect.name for effect in effects if effect.kind is EffectKind.TEMP_CREATE}
    named = {access.object.name for ruling in reviewed for access in ruling.footprint.accesses}
    return min(named & (temporary | made) - {""}, default="")


def _undecided(error: GatewayError) -> Answer:
    return Answer(None, Refusal(refuse.CANNOT_DECIDE, f"gateway: statement cannot be decided: {error}"))
