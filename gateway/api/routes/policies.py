"""The policy that decides now, and why it decides as it does."""

import dataclasses

from fastapi import APIRouter

from gateway.api.callers import Authenticated, Caller, gateway_path
from gateway.api.models.policies import DecisionOut, ExplainIn, ExplainOut, PolicyOut
from gateway.api.problems import NotHere
from gateway.api.routes.issues import visible_target
from gateway.model.change import ChangeNamespace
from gateway.model.decision import Decision
from gateway.model.errors import ConfigurationError, NotFound
from gateway.model.footprint import Action
from gateway.model.identity import ClientInfo, Principal

router = APIRouter(tags=["policies"])


@router.get("/policies")
async def show_policy(caller: Authenticated) -> PolicyOut:
    """The version in force, its roles, and why a newer bundle was not taken, if one was not."""
    state = caller.services.policy()
    problem = state.problem if caller.may(Action.SELECT, gateway_path("policies")) else ""
    return PolicyOut(version=state.version, loaded_at=state.loaded_at, roles=sorted(state.roles), problem=problem)


@router.post("/policies/explain")
async def explain(body: ExplainIn, caller: Authenticated) -> ExplainOut:
    """How a statement, or an action on a path, would be decided now. For others with `select` on gateway/policies."""
    principal = await _principal(caller, body.user)
    target = await visible_target(caller, body.database)
    client = caller.client if body.address is None else ClientInfo(body.address, caller.client.application, caller.client.tls)
    services = caller.services
    if body.statement is not None:
        if services.explain is None:
            raise NotHere("this process explains no statements")
        namespace = ChangeNamespace(tuple(body.search_path))
        ruled = await services.explain(principal, target, client, body.statement, namespace)
        return ExplainOut(decisions=[_shown(item.decision, item.footprint.kind, item.footprint.opaque) for item in ruled])
    if body.path is None or body.action is None:
        raise ConfigurationError("give a `statement`, or a `path` with an `action`")
    decision = services.permits(
        principal, target.project, body.path, body.action, services.clock(), client=client, environment=target.environment
    )
    return ExplainOut(decisions=[_shown(decision)])


async def _principal(caller: Caller, user: str | None) -> Principal:
    if user is None or user == caller.name:
        return dataclasses.replace(caller.principal)
    await caller.require(Action.SELECT, gateway_path("policies"))
    principal = await caller.services.store.principal(user)
    if principal is None:
        raise NotFound(f"no user {user!r} who is not disabled")
    return principal


def _shown(decision: Decision, kind: str | None = None, opaque: str | None = None) -> DecisionOut:
    reason = decision.reason
    return DecisionOut(
        outcome=decision.outcome.value,
        code=reason.code.value,
        text=reason.text,
        rule=reason.rule,
        hint=reason.hint,
        policy_version=decision.policy_version,
        kind=kind,
        opaque=opaque,
    )
