"""Who people are at this moment: the store's answer, kept in memory for those who have live sessions."""

from collections.abc import Mapping, Sequence

from gateway.model.identity import Principal, Target
from gateway.model.paths import segment
from gateway.store import ServerAccess, Store, StoredUser


class LivePrincipals:
    """`verdict.ports.Principals`: the present roles of everyone who has logged in to this process.

    A name enters with its login and is asked for again whenever the store's version changes. Names without a session are
    dropped by `retain`, so that the set stays as small as the sessions.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Principal | None] = {}

    def current(self, principal: Principal) -> Principal | None:
        """The same person with present roles; None where they are gone or disabled."""
        return self._known.get(principal.name, principal)

    def entered(self, principal: Principal) -> None:
        """Somebody logged in, with these roles as the store just gave them."""
        self._known[principal.name] = principal

    def retain(self, names: frozenset[str]) -> None:
        """Forget everyone else."""
        for name in self._known.keys() - names:
            del self._known[name]

    async def refresh(self) -> bool:
        """Ask the store for everyone again; whether anything is different. Raises StoreUnavailable."""
        changed = False
        for name in tuple(self._known):
            principal = await self._store.principal(name)
            if principal != self._known.get(name):
                self._known[name] = principal
                changed = True
        return changed


class StoreDirectory:
    """`proxy.ports.Directory` over the store. Registered databases are kept until the store's version changes."""

    def __init__(self, store: Store, principals: LivePrincipals) -> None:
        self._store = store
        self._principals = principals
        self._targets: Sequence[Target] | None = None
        self._siblings: dict[str, dict[str, Target]] = {}

    async def user(self, name: str) -> StoredUser | None:
        return await self._store.user(name)

    async def principal(self, name: str) -> Principal | None:
        return self._entered(await self._store.principal(name))

    async def token_owner(self, token: str) -> Principal | None:
        return self._entered(await self._store.token_owner(token))

    async def targets(self) -> Sequence[Target]:
        if self._targets is None:
            self._targets = tuple(await self._store.targets())
            self._siblings = {}
            for target in self._targets:
                self._siblings.setdefault(target.instance, {})[segment(target.database)] = target
        return self._targets

    async def server(self, instance: str) -> ServerAccess:
        return await self._store.server(instance)

    async def target(self, instance: str, database: str) -> Target | None:
        """`changes.ports.Targets`."""
        for target in await self.targets():
            if (target.instance, target.database) == (instance, database):
                return target
        return None

    def siblings(self, instance: str) -> Mapping[str, Target]:
        """`verdict.ports.Siblings`: as the store last said."""
        return self._siblings.get(instance, {})

    def stale(self) -> None:
        """The store's version changed."""
        self._targets = None

    def _entered(self, principal: Principal | None) -> Principal | None:
        if principal is not None:
            self._principals.entered(principal)
        return principal
