"""The one road for what comes in without a session: scripts handed to the API, `policy explain`, settings of a login."""

from collections.abc import Sequence

from gateway.catalog import CatalogService
from gateway.model.change import ChangeNamespace
from gateway.model.decision import Decision
from gateway.model.identity import ClientInfo, Principal, Target
from gateway.model.statement import Namespace, Origin, Statement
from gateway.verdict import Judge, Ruling, SessionIdentity
from gateway.verdict.aside import judge_aside


class Road:
    """Judges texts as a session of this person in this namespace would have them judged."""

    def __init__(self, judge: Judge, catalogs: CatalogService) -> None:
        self._judge = judge
        self._catalogs = catalogs

    async def rulings(
        self, principal: Principal, target: Target, client: ClientInfo, text: str, namespace: ChangeNamespace
    ) -> Sequence[Ruling]:
        """`changes.ports.Rules` and `api.services.Explain`. Raises CatalogUnreadable."""
        await self._catalogs.load(target)
        who = SessionIdentity(principal, target, client, "")
        statement = Statement(
            target.engine, text, Namespace(search_path=namespace.search_path, flags=namespace.flags), Origin.API
        )
        return (await judge_aside(self._judge, who, statement)).rulings

    async def may_set(self, principal: Principal, target: Target, client: ClientInfo, name: str, value: str) -> Decision:
        """`proxy.ports.SettingPolicy`: a startup parameter is what `SET name = 'value'` would be."""
        await self._catalogs.load(target)
        who = SessionIdentity(principal, target, client, "")
        quoted = ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
        literal = "'" + value.replace("'", "''") + "'"
        text = f"SET {quoted} = {literal}" if name.lower() != "search_path" else f"SET search_path = {_path(value)}"
        verdict = self._judge.judge(who, Statement(target.engine, text, Namespace(), Origin.API))
        refused = verdict.refused
        return (refused or verdict.rulings[0]).decision


def _path(value: str) -> str:
    """search_path's own syntax is a list; what does not look like one is one quoted name."""
    parts = [part.strip() for part in value.split(",")]
    simple = all(part.strip('"').replace("_", "").replace("$", "").isalnum() for part in parts)
    return value if simple and value.strip() else "'" + value.replace("'", "''") + "'"
