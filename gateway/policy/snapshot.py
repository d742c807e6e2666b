"""A policy at one moment, compiled: immutable to its users, with memories of its own that only save time."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gateway.model.decision import Decision, Outcome, Reason, ReasonCode
from gateway.model.footprint import Action, Footprint, ObjectName
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.model.masker import Masker
from gateway.policy import refusals
from gateway.policy.asking import Asker, View
from gateway.policy.bundle import Bundle
from gateway.policy.columns import ColumnCheck, MaskIndex
from gateway.policy.databases import DatabaseAsker
from gateway.policy.decide import Assessment
from gateway.policy.grants import Grant, grant_rules
from gateway.policy.index import RuleIndex
from gateway.policy.patterns import OWN_SEGMENT
from gateway.policy.roles import Membership, RoleGraph
from gateway.policy.rules import Rule
from gateway.policy.variables import Circumstances

_KEPT_MEMBERSHIPS = 4_096
_KEPT_VIEWS = 512


@dataclass(frozen=True, slots=True)
class CompiledBundle:
    """What follows from the bundle alone; grants come and go without compiling it again."""

    bundle: Bundle
    index: RuleIndex
    graph: RoleGraph
    masks: MaskIndex
    subjects: frozenset[str]


def compile_bundle(bundle: Bundle) -> CompiledBundle:
    subjects = frozenset(rule.subject for rule in bundle.rules)
    return CompiledBundle(bundle, RuleIndex(bundle.rules), RoleGraph(bundle.links), MaskIndex(bundle.masking), subjects)


def compile_policy(bundle: Bundle, grants: Iterable[Grant] = ()) -> "PolicySnapshot":
    """The snapshot that decides by this bundle and these grants."""
    return PolicySnapshot(compile_bundle(bundle), grant_rules(grants, bundle.roles))


class PolicySnapshot:
    """Decides. `version` names the bundle's content; grants are named in the reasons they decide."""

    def __init__(self, compiled: CompiledBundle, granted: tuple[Rule, ...] = ()) -> None:
        self._compiled = compiled
        self.granted = granted
        self._indexes = (compiled.index, RuleIndex(granted)) if granted else (compiled.index,)
        self._subjects = compiled.subjects | {rule.subject for rule in granted}
        self._memberships: dict[tuple[object, ...], tuple[Membership, View]] = {}
        self._views: dict[tuple[tuple[str, ...], str], View] = {}

    @property
    def version(self) -> str:
        return self._compiled.bundle.version

    @property
    def bundle(self) -> Bundle:
        return self._compiled.bundle

    def with_grants(self, grants: Iterable[Grant]) -> "PolicySnapshot":
        """The same bundle, not compiled again, with other grants."""
        return PolicySnapshot(self._compiled, grant_rules(grants, self.bundle.roles))

    def decide(  # noqa: PLR0917 - called by position too, as its callers' protocols have it
        self,
        principal: Principal,
        target: Target,
        client: ClientInfo,
        footprint: Footprint,
        now: float,
        databases: Mapping[str, Target] | None = None,
    ) -> Decision:
        """The decision on one statement; `now` in Unix seconds. Total: whatever the footprint says, there is an answer.

        `databases`: the instance's registered ones by path segment, for MySQL, whose statements can name several.
        """
        if target.instance == OWN_SEGMENT:
            text = f"permission denied: the instance name {OWN_SEGMENT!r} is reserved for the gateway's own objects"
            return Decision(Outcome.DENY, Reason(ReasonCode.NO_RULE, text, hint="rename the instance"), self.version)
        return self.assess(principal, target, client, footprint, now, databases=databases).decide(self.version)

    def assess(
        self,
        principal: Principal,
        target: Target,
        client: ClientInfo,
        footprint: Footprint,
        now: float,
        *,
        listener: Callable[[Asker], Asker] | None = None,
        databases: Mapping[str, Target] | None = None,
    ) -> Assessment:
        """The footprint before somebody who can be asked; `listener` may stand between to hear the questions."""
        asker = self.asker(principal, target_circumstances(principal, target, client, now))
        if target.engine is Engine.MYSQL:

            def ask_of(other: Target) -> Asker:
                return self.asker(principal, target_circumstances(principal, other, client, now))

            asker = DatabaseAsker(asker, target, databases or {}, ask_of)
        if listener is not None:
            asker = listener(asker)
        return Assessment(asker, target, self._compiled.masks, self.bundle.queries, footprint)

    def permits(  # noqa: PLR0917 - called by position too, as its callers' protocols have it
        self,
        principal: Principal,
        project: str,
        path: str,
        action: Action,
        now: float,
        client: ClientInfo | None = None,
        environment: str = "",
    ) -> Decision:
        """One action on one object path: `connect` at login, `approve` on an issue's database, `select` on `gateway/audit` …

        `project` is the object's, "" for what belongs to none: only workspace-wide roles count there.
        """
        asker = self.asker(principal, path_circumstances(principal, project, path, now, client=client, environment=environment))
        answer = asker.passes(action, path)
        if answer.allowed and answer.allow is not None:
            reason = Reason(ReasonCode.GRANTED, "granted", answer.allow.source, action=action, path=path)
            return Decision(Outcome.ALLOW, reason, self.version, valid_until=asker.until)
        refused = refusals.not_permitted(action, path, answer, project)
        return Decision(Outcome.DENY, refused, self.version, valid_until=asker.until)

    def masked(
        self, principal: Principal, target: Target, client: ClientInfo, name: ObjectName, now: float
    ) -> tuple[tuple[str, str], ...]:
        """(column, masker) of every entry for columns of this relation that counts for this person; patterns stay patterns."""
        if not self._compiled.masks:
            return ()
        asker = self.asker(principal, target_circumstances(principal, target, client, now))
        return ColumnCheck(self._compiled.masks, asker, target).entries(name)

    def uncovered(self, target: Target, footprint: Footprint) -> tuple[tuple[str, str], ...]:
        """What a statement takes out from under its masks, whoever makes it (`MaskIndex.uncovered`)."""
        return self._compiled.masks.uncovered(target, footprint)

    def masker(self, text: str) -> Masker:
        """The masker that `MaskColumns` names by this text. Raises KeyError where this policy has none of that name."""
        return self._compiled.masks.maskers[text]

    def asker(self, principal: Principal, facts: Circumstances) -> Asker:
        """Somebody to ask in these circumstances; their roles are filled in here."""
        membership, view = self._membership(principal, facts.project, facts.now)
        return Asker(view, membership, facts.with_roles(membership.roles))

    def _membership(self, principal: Principal, project: str, now: float) -> tuple[Membership, View]:
        # Bindings that have ended are no part of the key: the answer then holds whatever the clock does next.
        held = tuple(item for item in principal.bindings if item.expires_at is None or now < item.expires_at)
        key = (principal.name, held, project)
        known = self._memberships.get(key)
        if known is None:
            membership = self._compiled.graph.membership(principal.name, held, project, now)
            subjects = tuple(item for item in membership.subjects if item in self._subjects)
            if len(self._memberships) >= _KEPT_MEMBERSHIPS:
                self._memberships.clear()
            known = self._memberships[key] = membership, self._view(subjects, project)
        return known

    def _view(self, subjects: tuple[str, ...], project: str) -> View:
        """People with the same roles share a view."""
        view = self._views.get((subjects, project))
        if view is None:
            if len(self._views) >= _KEPT_VIEWS:
                self._views.clear()
            view = self._views[subjects, project] = View(self._indexes, subjects, project)
        return view


def target_circumstances(principal: Principal, target: Target, client: ClientInfo, now: float) -> Circumstances:
    return Circumstances(
        now=now,
        user=principal.name,
        project=target.project,
        environment=target.environment,
        instance=target.instance,
        database=target.database,
        engine=target.engine.value,
        client=client,
    )


def path_circumstances(
    principal: Principal, project: str, path: str, now: float, *, client: ClientInfo | None, environment: str
) -> Circumstances:
    """`instance` and `database` are read off the path of a data object; the gateway's own objects have none."""
    parts = [] if path.startswith(f"{OWN_SEGMENT}/") else path.split("/")
    return Circumstances(
        now=now,
        user=principal.name,
        project=project,
        environment=environment,
        instance=parts[0] if parts else "",
        database=parts[1] if len(parts) > 1 else "",
        client=client,
    )
