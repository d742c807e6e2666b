"""What the judge says of one message, and of whom it says it."""

from dataclasses import dataclass, field

from gateway.model.decision import Decision, Outcome
from gateway.model.footprint import Footprint
from gateway.model.identity import ClientInfo, Principal, Target
from gateway.model.own import OwnRequest, Row


@dataclass(frozen=True, slots=True)
class SessionIdentity:
    """Who asks, of which database, from where, in which session. The principal is the one of the login: the judge asks
    again for its present roles. `scope`: what verdicts hang on of all this, as one string, whose hash Python keeps."""

    principal: Principal
    target: Target
    client: ClientInfo
    session_id: str
    scope: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scope", repr((self.principal.name, self.client, self.target)))


@dataclass(frozen=True, slots=True)
class Ruling:
    """One statement of a text with its decision and its audit fragment: JSON members without the outer braces, secrets
    already taken out of the text. `text` is the statement's own, of those alone whose text decides how results look (COPY)."""

    footprint: Footprint
    decision: Decision
    audit_body: bytes
    text: str = ""


@dataclass(frozen=True, slots=True)
class OwnResult:
    """What the gateway answers itself. Rows are there only where the statement runs, not where it is parsed or bound."""

    request: OwnRequest
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds for a whole message: one refused statement refuses it all.

    outcome      DENY before REVIEW before ALLOW, over all rulings
    valid_until  Unix seconds: the clock may change the answer then
    epoch        the judge's epoch it was made in; another epoch, another verdict
    effects      some ruling changes session state
    barrier      what is sent behind this message cannot be judged before the server has answered it
    ends_only    its effects do no more than end a transaction: no barrier where the transaction changed nothing
    head, tail   of a single statement's audit fragment around its text, where any text of the same shape has this very
                 verdict; None where it has not
    own          the gateway answers it itself, with these rows
    bound        something must be done with its results: masks, limits, notices
    named        the text depends on SQL-level prepared statements or cursors: valid for that namespace alone
    """

    rulings: tuple[Ruling, ...]
    outcome: Outcome
    valid_until: float
    epoch: int
    effects: bool = False
    barrier: bool = False
    ends_only: bool = False
    head: bytes | None = None
    tail: bytes = b""
    named: bool = False
    bound: bool = False
    own: OwnResult | None = None

    @property
    def refused(self) -> Ruling | None:
        """The ruling that decides a refused message, else None."""
        if self.outcome is Outcome.ALLOW:
            return None
        return next(ruling for ruling in self.rulings if ruling.decision.outcome is self.outcome)
