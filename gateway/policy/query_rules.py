"""`query_rules.toml`: how much a role may read of which objects, and what a statement must look like.

[[rules]]
name = "developers in prod"
roles = ["developer"]
objects = ["*/*/public/**"]
when = "environment == 'prod'"
max_rows = 1000
max_bytes = "10MB"
max_rows_per_day = 100_000
require_where = true
statement_timeout = "30s"
on_limit = "error"      # or "truncate"
mode = "enforce"        # "warn": passes with a notice; "shadow": only the audit says so
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gateway.model.decision import Mode
from gateway.policy.tables import Bytes, ConditionText, Milliseconds, PatternText, Section

_EFFECTS = ("max_rows", "max_bytes", "max_rows_per_day", "require_where", "statement_timeout")


class QueryRule(Section):
    """One rule. `roles` may hold `user:NAME`; `*` is everybody. Empty `projects` are all."""

    name: str = Field(min_length=1, max_length=100)
    roles: tuple[str, ...] = Field(min_length=1, strict=False)
    projects: Annotated[tuple[str, ...], Field(strict=False)] = ()
    objects: tuple[PatternText, ...] = Field(min_length=1, strict=False)
    when: ConditionText = ""
    max_rows: int | None = Field(default=None, ge=0)
    max_bytes: Bytes | None = Field(default=None, ge=0)
    max_rows_per_day: int | None = Field(default=None, ge=0)
    require_where: bool = False
    statement_timeout: Milliseconds | None = Field(default=None, ge=1)
    on_limit: Literal["error", "truncate"] = "error"
    mode: Annotated[Mode, Field(strict=False)] = Mode.ENFORCE

    @model_validator(mode="after")
    def _says_something(self) -> "QueryRule":
        if not any(getattr(self, key) not in (None, False) for key in _EFFECTS):
            raise ValueError(f"the rule limits nothing; give it one of {', '.join(_EFFECTS)}")
        return self

    @property
    def limits_rows(self) -> bool:
        return any(limit is not None for limit in (self.max_rows, self.max_bytes, self.max_rows_per_day))

    @property
    def source(self) -> str:
        return f"query_rules.toml:{self.name}"


class QueryRules(Section):
    rules: Annotated[tuple[QueryRule, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _names_once(self) -> "QueryRules":
        names = [rule.name for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two rules have the name {twice[0]!r}; names are how refusals and the audit point at a rule")
        return self
