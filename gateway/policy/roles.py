"""Who holds which roles: the bundle's `g` lines together with the bindings a principal brings from the store."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.model.identity import Principal, RoleBinding
from gateway.policy.rules import ANY, MAX_ROLE_DEPTH, RoleLink, user_subject


@dataclass(frozen=True, slots=True)
class Membership:
    """The subjects whose rules apply, with the way each was reached; `until` is when a binding on the way ends."""

    subjects: tuple[str, ...]
    via: tuple[tuple[str, str], ...]
    roles: frozenset[str]
    until: float | None = None


class RoleGraph:
    """The `g` lines, indexed by member. Reachability is Casbin's: links of the domain and of `*`, a bounded depth."""

    def __init__(self, links: Iterable[RoleLink]) -> None:
        self._roles_of: dict[tuple[str, str], list[RoleLink]] = defaultdict(list)
        for link in links:
            self._roles_of[link.member, link.domain].append(link)

    def membership(self, user: str, bindings: Iterable[RoleBinding], domain: str, now: float) -> Membership:
        """Subjects for this user in this project at this moment, the user first, nearest roles before further ones."""
        start = user_subject(user)
        held = [item for item in bindings if _applies(item, domain, now)]
        reached: dict[str, str] = {start: ""}
        frontier = [start]
        for depth in range(MAX_ROLE_DEPTH):
            following: list[str] = []
            for member in frontier:
                steps = [(link.role, link.source) for link in self._links(member, domain)]
                if depth == 0:
                    steps = [(item.role, _binding_text(item)) for item in held] + steps
                for role, source in steps:
                    if role not in reached:
                        reached[role] = source
                        following.append(role)
            frontier = following
        ends = [item.expires_at for item in held if item.expires_at is not None]
        via = tuple(reached.items())[1:]
        return Membership(tuple(reached), via, frozenset(role for role, _ in via), min(ends, default=None))

    def _links(self, member: str, domain: str) -> list[RoleLink]:
        own = self._roles_of.get((member, domain), [])
        return own if domain == ANY else own + self._roles_of.get((member, ANY), [])


def binding_links(principal: Principal, now: float) -> list[RoleLink]:
    """The principal's bindings as `g` lines: what an Enforcer would be given."""
    return [
        RoleLink(user_subject(principal.name), item.role, item.project or ANY, _binding_text(item))
        for item in principal.bindings
        if item.expires_at is None or now < item.expires_at
    ]


def _applies(binding: RoleBinding, domain: str, now: float) -> bool:
    return binding.project in (None, domain) and (binding.expires_at is None or now < binding.expires_at)


def _binding_text(binding: RoleBinding) -> str:
    return f"binding {binding.role}@{binding.project}" if binding.project is not None else f"binding {binding.role}"
