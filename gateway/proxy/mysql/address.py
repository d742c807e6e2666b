"""Which registered database a client means (contract, "Addressing")."""

from dataclasses import dataclass

from gateway.model.decision import Outcome
from gateway.model.identity import ClientInfo, Engine, Principal, Target
from gateway.proxy.outcome import RefusalCode, Refused
from gateway.proxy.ports import ConnectPolicy, Directory


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session begins. `database` is the current one, "" before USE; `target` is what it is judged as until then."""

    target: Target
    database: str


async def split_user(written: str, directory: Directory) -> tuple[str, str]:
    """(user, instance) of `alice@my1`; ("alice@example.org", "") where what follows the last @ is no MySQL instance."""
    user, at, instance = written.rpartition("@")
    if at and user and any(target.instance == instance for target in await _mysql_targets(directory)):
        return user, instance
    return written, ""


async def resolve_place(  # noqa: PLR0917 -- each of them is needed
    asked: str, instance: str, principal: Principal, client: ClientInfo, directory: Directory, policy: ConnectPolicy
) -> Place | Refused:
    """`my1/shop`; `shop` on the instance of `alice@my1` or on the only one that has it; or no database at all.

    A database that is missing and one that is forbidden give the same answer, word for word.
    """
    targets = [target for target in await _mysql_targets(directory) if instance in {"", target.instance}]
    named = targets if not asked else [target for target in targets if target.address == asked]
    named = named or [target for target in targets if target.database == asked]
    permitted = []
    reason = "no such database is registered"
    for target in sorted(named, key=lambda target: target.address):
        decision = policy.may_connect(principal, target, client)
        if decision.outcome is Outcome.ALLOW:
            permitted.append(target)
        else:
            reason = f"{target.address}: {decision.reason.text}"
    if len({target.instance for target in permitted}) == 1:
        return Place(permitted[0], permitted[0].database if asked else "")
    if permitted:
        return _ambiguous(asked, permitted)
    return Refused(
        code=RefusalCode.PERMISSION_DENIED,
        message=f"gateway: permission denied: connect on {asked or instance or 'any database'}",
        hint="There is no such database, or you may not connect to it. Write it as instance/database, or ask for access.",
        reason=reason,
    )


def _ambiguous(asked: str, permitted: list[Target]) -> Refused:
    instances = sorted({target.instance for target in permitted})
    if asked:
        addresses = " or ".join(sorted(target.address for target in permitted))
        return Refused(
            code=RefusalCode.NO_SUCH_DATABASE,
            message=f"gateway: database '{asked}' is registered on several instances",
            hint=f"Connect to {addresses}.",
            reason="ambiguous database name",
        )
    return Refused(
        code=RefusalCode.NO_SUCH_DATABASE,
        message="gateway: several instances are registered",
        hint=f"Name one of {', '.join(instances)}: as instance/database, or as user@instance.",
        reason="no instance named",
    )


async def _mysql_targets(directory: Directory) -> list[Target]:
    return [target for target in await directory.targets() if target.engine is Engine.MYSQL]
