"""What the judge asks of other rooms. The composition root injects the real services."""

from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Protocol, Self

from gateway.catalog import CatalogSnapshot
from gateway.model.decision import Decision
from gateway.model.footprint import Action, Effect, Footprint
from gateway.model.identity import ClientInfo, Principal, Target
from gateway.model.statement import Namespace, Statement


class Policy(Protocol):
    """A compiled policy (`policy.PolicySnapshot`)."""

    @property
    def version(self) -> str: ...

    def decide(  # noqa: PLR0917 -- as policy has it
        self,
        principal: Principal,
        target: Target,
        client: ClientInfo,
        footprint: Footprint,
        now: float,
        databases: Mapping[str, Target] | None = None,
    ) -> Decision: ...

    def permits(  # noqa: PLR0917 -- as policy has it
        self,
        principal: Principal,
        project: str,
        path: str,
        action: Action,
        now: float,
        client: ClientInfo | None = None,
        environment: str = "",
    ) -> Decision: ...


class Policies(Protocol):
    """Holds the policy of the moment (`policy.PolicyService`)."""

    @property
    def current(self) -> Policy: ...


class Catalogs(Protocol):
    """Holds every target's catalog of the moment (`catalog.CatalogService`)."""

    def current(self, target: Target) -> CatalogSnapshot: ...

    async def load(self, target: Target) -> CatalogSnapshot:
        """The snapshot, read now if there is none. Raises GatewayError where it cannot be read, as the others do."""

    async def refresh(self, target: Target) -> CatalogSnapshot:
        """A snapshot that was confirmed or read after this call began."""

    async def refresh_unknown(self, target: Target, names: Collection[Hashable]) -> CatalogSnapshot:
        """A refresh because of names that the snapshot does not know; may wait, so that it cannot be asked for too often."""


class Principals(Protocol):
    """Who people are at the moment: the store's answer, held in memory and kept fresh."""

    def current(self, principal: Principal) -> Principal | None:
        """The same person with present roles; None where they are gone or disabled."""


class State(Protocol):
    """A session's state, as far as it changes what texts mean (`SessionState`, `MySqlState`)."""

    @property
    def namespace(self) -> Namespace: ...

    def fork(self) -> Self: ...

    def apply(self, effect: Effect, tag: bytes = b"") -> None: ...


Siblings = Callable[[str], Mapping[str, Target]]
"""The registered databases of an instance, by path segment, as they are at the moment."""

Analyse = Callable[[Statement, CatalogSnapshot], tuple[Footprint, ...]]
Normalise = Callable[[str], str | None]
