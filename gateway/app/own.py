"""Answers to what clients ask the gateway itself: their grants, masks, limits, issues and denials; access; explanations."""

import asyncio
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.app.road import Road
from gateway.app.usage import DailyUsage
from gateway.audit import Query
from gateway.audit.search import search_page
from gateway.catalog import CatalogService, RelationInfo
from gateway.changes import Authority, ChangeDesk
from gateway.changes.access import REQUESTABLE, AccessDesk
from gateway.model.change import ChangeNamespace, IssueState
from gateway.model.decision import MaskColumns, Obligation, RowLimit, TimeLimit
from gateway.model.durations import seconds_of
from gateway.model.errors import Conflict, Forbidden, NotFound
from gateway.model.footprint import Action, relation
from gateway.model.identity import Engine, Principal, Target
from gateway.model.own import RELATIONS, OwnFault, OwnRefused, OwnRequest, Row
from gateway.model.paths import segment
from gateway.model.statement import Namespace, Statement
from gateway.own import mysql, postgres
from gateway.own.run import run
from gateway.policy import PolicyService
from gateway.policy.own import masked_columns, query_limits, rules_of
from gateway.store import Store
from gateway.store.grants import reported_unused
from gateway.verdict import SessionIdentity
from gateway.verdict.ports import Principals

_DENIALS = 50
_ISSUES = 200
_UNUSED_SECONDS = 30 * 24 * 3600  # so long is access that ended unused among the issues
_THREADS = 2  # a worker's queries that run at the same time: however heavy they are, the others' sessions go on


class OwnAnswers:
    """`proxy.own.OwnAnswers`."""

    def __init__(
        self,
        *,
        store: Store,
        usage: DailyUsage,
        policies: PolicyService,
        principals: Principals,
        catalogs: CatalogService,
        road: Road,
        desk: ChangeDesk,
        access: AccessDesk,
        authority: Authority,
        audit_dir: Path,
    ) -> None:
        self._store = store
        self._usage = usage
        self._policies = policies
        self._principals = principals
        self._catalogs = catalogs
        self._road = road
        self._desk = desk
        self._access = access
        self._authority = authority
        self._audit_dir = audit_dir
        self._threads = ThreadPoolExecutor(_THREADS, "own")

    def recognise(self, who: SessionIdentity, statement: Statement) -> OwnRequest | None:
        if statement.engine is Engine.MYSQL:
            return mysql.own_request(statement, self._catalogs.current(who.target))
        return postgres.own_request(statement.text)

    async def answer(self, who: SessionIdentity, request: OwnRequest, namespace: Namespace) -> list[Row]:
        """Raises OwnRefused, GatewayError."""
        principal = self._principals.current(who.principal)
        if principal is None:
            raise OwnRefused(OwnFault.NOT_PERMITTED, "gateway: this login does not exist any more or is disabled")
        if request.call:
            if request.name == "explain":
                return await self._explain(who, principal, request.texts[0], namespace)
            return await self._request(who, principal, request.texts, namespace)
        if request.query is None:
            return list(request.told)
        rows = {name: await self._rows(who, principal, name) for name in request.query.relations if name in RELATIONS}
        return await asyncio.get_running_loop().run_in_executor(self._threads, run, request, rows)

    async def _rows(self, who: SessionIdentity, principal: Principal, name: str) -> list[Row]:
        """All that the person may see of one relation."""
        match name:
            case "grants":
                return self._grants(who, principal)
            case "masks":
                return self._masks(who, principal)
            case "limits":
                return await self._limits(who, principal)
            case "issues":
                return await self._issues(who, principal)
            case "columns":
                return [(name, column, kind) for name, columns in RELATIONS.items() for column, kind in columns]
            case _:
                return await self._denials(who)

    def _grants(self, who: SessionIdentity, principal: Principal) -> list[Row]:
        return [
            (rule.pattern.text, rule.actions, rule.effect.value, _moment(rule.expires_at), rule.condition.text or None,
             rule.subject, rule.source)
            for rule in rules_of(self._policies.current, principal, who.target, time.time())
        ]  # fmt: skip

    def _masks(self, who: SessionIdentity, principal: Principal) -> list[Row]:
        catalog, found = self._catalogs.current(who.target), []
        for name, info in sorted(catalog.relations.items()):
            entries = self._policies.current.masked(
                principal, who.target, who.client, relation(name.schema, name.name), time.time()
            )
            for column, masker in masked_columns(entries, [column.name for column in info.columns]):
                found.append((name.schema, name.name, column, masker))
        return list(found)

    async def _limits(self, who: SessionIdentity, principal: Principal) -> list[Row]:
        today = await self._usage.by_path(principal.name)
        rows: list[Row] = []
        for rule, read in query_limits(self._policies.current, principal, who.target, who.client, time.time(), today):
            for path, count in read or [(", ".join(rule.objects), 0)]:
                daily = rule.max_rows_per_day
                left = None if daily is None else max(daily - count, 0)
                rows.append(
                    (rule.name, path, rule.max_rows, rule.max_bytes, daily, count if daily is not None else None, left,
                     rule.statement_timeout, rule.require_where, rule.on_limit, rule.mode.value)
                )  # fmt: skip
        return rows

    async def _issues(self, who: SessionIdentity, principal: Principal) -> list[Row]:
        rows: list[Row] = []
        for issue in await self._desk.listing(principal, limit=_ISSUES):
            mine = issue.requester == principal.name
            waits = not mine and issue.state is IssueState.OPEN and self._may_approve(who, principal, issue.requester)
            rows.append(
                (
                    issue.number,
                    issue.state.value,
                    issue.title,
                    issue.requester,
                    issue.address,
                    mine,
                    waits,
                    _moment(issue.created_at),
                    "change",
                )
            )
        return rows + await self._requests(principal) + await self._unused(principal)

    async def _requests(self, principal: Principal) -> list[Row]:
        """Access that was asked for and is not decided, by oneself or by those whom one may answer."""
        return [
            (request.id, request.state.value,
             f"{', '.join(sorted(action.value for action in request.actions))} on {request.object}: {request.reason}",
             request.requester, _database(request.object), request.requester == principal.name, decides,
             _moment(request.created_at), "access")
            for request, decides in await self._access.waiting(principal)
        ]  # fmt: skip

    async def _unused(self, principal: Principal) -> list[Row]:
        """Access of one's own, or that one gave, which ended lately and was never used."""
        async with self._store.read() as connection:
            found = await reported_unused(connection, principal.name, time.time() - _UNUSED_SECONDS)
        return [
            (grant.request_id or grant.id, "unused", f"{grant.action} on {grant.object} ended and was never used",
             grant.subject, _database(grant.object), grant.subject == principal.name, False,
             _moment(grant.reported_at), "access")
            for grant in found
        ]  # fmt: skip

    def _may_approve(self, who: SessionIdentity, principal: Principal, requester: str) -> bool:
        try:
            self._authority.require_approval(principal, who.target, requester)
        except Forbidden:
            return False
        return True

    async def _denials(self, who: SessionIdentity) -> list[Row]:
        found: list[Row] = []
        for outcome in ("deny", "review"):
            query = Query(user=who.principal.name, outcome=outcome, kind="statement")
            page = await asyncio.to_thread(search_page, self._audit_dir, query, None, _DENIALS)
            found += [_denial(record) for record in page.records]
        return sorted(found, key=lambda row: str(row[0]), reverse=True)[:_DENIALS]

    async def _explain(self, who: SessionIdentity, principal: Principal, text: str, namespace: Namespace) -> list[Row]:
        where = ChangeNamespace(search_path=namespace.search_path, flags=namespace.flags)
        rulings = await self._road.rulings(principal, who.target, who.client, text, where)
        rows: list[Row] = []
        for ruling in rulings:
            reason, footprint = ruling.decision.reason, ruling.footprint
            rows.append(
                (text[footprint.start : footprint.end or len(text)], footprint.kind, ruling.decision.outcome.value,
                 reason.code.value,
                 reason.text, reason.rule or None, reason.hint or None, _obligations(ruling.decision.obligations) or None)
            )  # fmt: skip
        return rows

    async def _request(
        self, who: SessionIdentity, principal: Principal, arguments: tuple[str, ...], namespace: Namespace
    ) -> list[Row]:
        actions, name, duration, reason = arguments
        try:
            wanted = [Action(item.strip().lower()) for item in actions.split(",") if item.strip()]
        except ValueError:
            known = ", ".join(sorted(item.value for item in REQUESTABLE))
            raise OwnRefused(OwnFault.WRONG_VALUE, f"gateway: no such action in {actions!r}", f"There are: {known}.") from None
        given = "/" in name and not set(name) & {'"', "`"}  # a path; in quotes the slash is part of a name
        path = name.strip() if given else self._path(who.target, name.strip(), namespace)
        try:
            made = await self._access.request(principal, path, wanted, _seconds(duration), reason)
        except (Conflict, NotFound) as error:
            raise OwnRefused(OwnFault.WRONG_VALUE, f"gateway: {error}") from None
        hint = f"somebody else decides: gateway access approve {made.id}"
        return [(made.id, made.state.value, made.object, ",".join(item.value for item in made.actions), made.seconds, hint)]

    def _path(self, target: Target, name: str, namespace: Namespace) -> str:
        """The path of what the client calls by this name: `schema.table` or `table`; on MySQL `database.table`."""
        parts = [part.strip('`"') for part in name.split(".")]
        if target.engine is Engine.MYSQL:
            database = parts.pop(0) if len(parts) > 1 else target.database
            return "/".join([segment(target.instance), segment(database), *map(_pattern, parts)])
        found = self._catalogs.current(target).resolve(parts[0], namespace.search_path) if len(parts) == 1 else None
        if isinstance(found, RelationInfo):
            parts = [found.name.schema, found.name.name]
        return "/".join([segment(target.instance), segment(target.database), *map(_pattern, parts)])


def _pattern(name: str) -> str:
    """A segment of a path; asterisks stay what they are there."""
    return "*".join(segment(part) if part else "" for part in name.split("*"))


def _denial(record: dict[str, Any]) -> Row:
    decision = record.get("decision") or {}
    relations = [f"{item['action']} {item['path']}" for item in record.get("relations") or ()]
    hint = decision.get("hint") or None
    if record.get("issue"):
        hint = f"change issue #{record['issue']}: {hint}" if hint else f"change issue #{record['issue']}"
    return (
        datetime.fromisoformat(record["time"]), record.get("text"), decision.get("outcome"), decision.get("code"),
        ", ".join(relations), decision.get("rule") or None, decision.get("reason"), hint,
    )  # fmt: skip


def _obligations(items: Iterable[Obligation]) -> str:
    words: list[str] = []
    for item in items:
        match item:
            case MaskColumns():
                words += [f"{column.object.name}.{column.column} masked: {masker}" for column, masker in item.columns]
            case RowLimit():
                words.append(f"rows limited by {item.rule}")
            case TimeLimit():
                words.append(f"{item.milliseconds} ms by {item.rule}")
            case _:
                words.append(item.text)
    return "; ".join(words)


def _database(path: str) -> str:
    return "/".join(path.split("/")[:2])


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _seconds(duration: str) -> int:
    seconds = seconds_of(duration)
    if seconds is None:
        raise OwnRefused(OwnFault.WRONG_VALUE, f"gateway: {duration[:64]!r} is no duration; write 4h, 90m or 2d")
    return seconds
