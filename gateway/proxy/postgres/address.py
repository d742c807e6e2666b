"""Which registered database a client means (contract, "Addressing")."""

from gateway.model.decision import Outcome
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.proxy.outcome import RefusalCode, Refused
from gateway.proxy.ports import ConnectPolicy, Directory


async def resolve_database(
    asked: str, principal: Principal, client: ClientInfo, directory: Directory, policy: ConnectPolicy
) -> Target | Refused:
    """`pg1/shop`, or `shop` where exactly one database of that name may be used by this principal.

    A database that is missing and one that is forbidden give the same answer, word for word.
    """
    targets = [target for target in await directory.targets() if target.engine is Engine.POSTGRES]
    named = [target for target in targets if target.address == asked] or [
        target for target in targets if target.database == asked
    ]
    permitted = []
    reason = "no such database is registered"
    for target in named:
        decision = policy.may_connect(principal, target, client)
        if decision.outcome is Outcome.ALLOW:
            permitted.append(target)
        else:
            reason = f"{target.address}: {decision.reason.text}"
    if len(permitted) == 1:
        return permitted[0]
    if permitted:
        addresses = " or ".join(sorted(target.address for target in permitted))
        return Refused(
            code=RefusalCode.NO_SUCH_DATABASE,
            message=f'gateway: database "{asked}" is registered on several instances',
            hint=f"Connect to {addresses}.",
            reason="ambiguous database name",
        )
    return Refused(
        code=RefusalCode.PERMISSION_DENIED,
        message=f"gateway: permission denied: connect on {asked}",
        hint="There is no such database, or you may not connect to it. Write it as instance/database, or ask for access.",
        reason=reason,
    )
