"""`cases/*.toml`: what a bundle must answer, written down beside it.

catalog = "shop.toml"               # optional: the schema the statements are resolved against, beside the case file

[target]
instance = "pg1"
database = "shop"
environment = "prod"
project = "shop"

[[cases]]
name = "developers read orders"
roles = ["developer@shop"]
sql = "SELECT * FROM orders"        # or: action = "approve" and object = "pg1/shop"
expect = "allow"                    # allow, deny or review
code = "granted"                    # optional: the reason's code
text = "select on pg1/shop/hr"      # optional: a part of the reason's text
at = 2026-06-01T10:00:00Z           # optional: the moment
client = { address = "10.0.0.7", application = "psql", tls = true }
"""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from gateway.model.decision import Outcome, ReasonCode
from gateway.model.footprint import Action
from gateway.model.identity import ClientInfo, Engine, Principal, RoleBinding, Target
from gateway.policy.tables import Section, parse_table


def parse_role(text: str) -> RoleBinding:
    """`developer@shop`, or `dba` for every project. Raises ValueError."""
    role, at, project = text.partition("@")
    if not role or (at and not project):
        raise ValueError(f"{text!r} is no role; write role@project, or role alone for every project")
    return RoleBinding(role, project if at else None)


def _role_text(value: str) -> str:
    parse_role(value)
    return value


RoleText = Annotated[str, AfterValidator(_role_text)]


class CaseTarget(Section):
    engine: Annotated[Engine, Field(strict=False)] = Engine.POSTGRES
    instance: str = "pg1"
    database: str = "shop"
    environment: str = "prod"
    project: str = "shop"

    def target(self) -> Target:
        return Target(self.engine, self.instance, self.database, self.environment, self.project)


class CaseClient(Section):
    address: str = "127.0.0.1"
    application: str = ""
    tls: bool = False

    def client(self) -> ClientInfo:
        return ClientInfo(self.address, self.application, self.tls)


class Case(Section):
    name: str = Field(min_length=1)
    user: str = "somebody"
    roles: Annotated[tuple[RoleText, ...], Field(strict=False)] = ()
    target: CaseTarget | None = None
    sql: str | None = None
    search_path: Annotated[tuple[str, ...], Field(strict=False)] = ("public",)
    action: Annotated[Action, Field(strict=False)] | None = None
    object: str | None = None
    expect: Annotated[Outcome, Field(strict=False)]
    code: Annotated[ReasonCode, Field(strict=False)] | None = None
    text: str | None = None
    at: datetime | None = None
    client: CaseClient = CaseClient()

    @model_validator(mode="after")
    def _asks_one_thing(self) -> "Case":
        by_object = self.action is not None and self.object is not None
        if by_object == (self.sql is not None) or (self.action is None) != (self.object is None):
            raise ValueError("give either `sql`, or `action` and `object`")
        if self.at is not None and self.at.tzinfo is None:
            raise ValueError("`at` needs a time zone: 2026-06-01T10:00:00Z")
        return self

    def principal(self) -> Principal:
        return Principal(self.user, tuple(map(parse_role, self.roles)))


class _CaseTables(Section):
    catalog: str | None = None
    target: CaseTarget = CaseTarget()
    cases: Annotated[tuple[Case, ...], Field(strict=False)] = ()


class CaseFile(Section):
    """One file's cases, with the file's name inside the bundle."""

    name: str
    catalog: str | None
    target: CaseTarget
    cases: tuple[Case, ...]

    def target_of(self, case: Case) -> Target:
        """The file's target, with what the case says otherwise."""
        changes = case.target.model_dump(exclude_unset=True) if case.target is not None else {}
        return self.target.model_copy(update=changes).target()


def parse_cases(text: str, name: str) -> tuple[CaseFile | None, list[str]]:
    """The file, or its mistakes as `file: key: …`."""
    tables, problems = parse_table(_CaseTables, text, name)
    if tables is None:
        return None, problems
    return CaseFile(name=name, catalog=tables.catalog, target=tables.target, cases=tables.cases), []
