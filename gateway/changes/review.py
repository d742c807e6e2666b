"""The automatic review of a change issue: what a person should look at before they approve.

sqlglot parses each statement with the dialect of the instance's engine, and the rules look at the tree. A finding is advice:
it decides nothing about permission and stops no approval (footprints, which decide, come from the analysis room). Where
sqlglot does not understand a statement the review says so.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel
from sqlglot.tokenizer_core import TokenType

from gateway.changes import review_mysql, review_postgres, review_rules
from gateway.changes.review_rules import Level, Remark, Subject, created_table
from gateway.model.identity import Engine

MAX_STATEMENT = 20_000  # characters of one statement; sqlglot takes up to a second for them
MAX_ISSUE = 100_000  # characters of all statements of an issue
MAX_NESTING = 40  # open brackets; sqlglot looks ahead at each and its time grows steeply
LONG_LINE = 100  # characters; a statement with longer lines is also shown formatted
_REMEMBERED = 64  # issues, each in the version that was shown

_DIALECTS = {Engine.POSTGRES: "postgres", Engine.MYSQL: "mysql"}
_RULES = {
    Engine.POSTGRES: review_rules.RULES + review_postgres.RULES,
    Engine.MYSQL: review_rules.RULES + review_mysql.RULES,
}
_OPEN = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE)
_CLOSE = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END)
_LITERALS = (TokenType.STRING, TokenType.HEREDOC_STRING, TokenType.NATIONAL_STRING)
_ORDER = {Level.DANGER: 0, Level.WARNING: 1, Level.INFO: 2}

# It warns about each statement that it keeps as text, quoting it; here that is a finding.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the review says about the statement at `position` (from 1): what happens, and what to do about it."""

    position: int
    level: Level
    rule: str
    text: str
    advice: str


@dataclass(frozen=True, slots=True)
class Review:
    """An issue as the review sees it: findings, and per statement a formatted text where it helps reading."""

    findings: tuple[Finding, ...]
    formatted: tuple[str | None, ...]


class _NotUnderstood(Exception):
    """Says why, for people."""


def review(engine: Engine, texts: Sequence[str]) -> tuple[Finding, ...]:
    """The findings for an issue's statements in their order; `danger` first, then by position. Total: never raises."""
    fresh: frozenset[str] = frozenset()
    found: list[Finding] = []
    trees: list[exp.Expr] = []
    left = MAX_ISSUE
    for position, text in enumerate(texts, start=1):
        left -= len(text)
        statement, remarks = _reviewed(engine, text, fresh, within=left >= 0)
        trees += statement
        fresh |= {name for tree in statement if (name := created_table(tree)) is not None}
        found += [Finding(position, remark.level, remark.rule, remark.text, remark.advice) for remark in remarks]
    found += _partial_state(engine, trees, len(texts))
    return tuple(sorted(found, key=lambda finding: (_ORDER[finding.level], finding.position)))


@lru_cache(maxsize=_REMEMBERED)
def reviewed(engine: Engine, texts: tuple[str, ...]) -> Review:
    """`review` and `formatted` of one version of an issue. Its texts are the key: another version never meets this answer."""
    left = MAX_ISSUE
    shown: list[str | None] = []
    for text in texts:
        left -= len(text)
        long = any(len(line) > LONG_LINE for line in text.splitlines())
        shown.append(formatted(engine, text) if long and left >= 0 else None)
    return Review(review(engine, texts), tuple(shown))


def uncovering(before: Review, found: Sequence[tuple[int, str, str]]) -> Review:
    """The review with what takes masked columns out from under their entries: (position, where it is, where it goes)."""
    more = tuple(
        Finding(
            position,
            Level.DANGER,
            "leaves-mask",
            f"takes masked column {source} to {target}, where no entry of the same masker covers it",
            f"edit masking.toml first: give {target} an entry, or everybody who may read it sees its values",
        )
        for position, source, target in found
    )
    return _with(before, more)


def unread_moves(before: Review, why: str) -> Review:
    """The review where nobody could tell whether masked columns move."""
    text = f"whether masked columns move was not looked at: {why}"
    return _with(before, (Finding(1, Level.INFO, "not-understood", text, "compare the statements with masking.toml"),))


def _with(before: Review, more: Sequence[Finding]) -> Review:
    findings = sorted((*before.findings, *more), key=lambda finding: (_ORDER[finding.level], finding.position))
    return Review(tuple(findings), before.formatted)


def unregistered(statements: int) -> Review:
    """The answer for an issue whose database is registered no more: without its engine there is no dialect to read it in."""
    text = "nothing was reviewed: the database is registered no more"
    return Review((Finding(1, Level.INFO, "not-understood", text, "read the statements with care"),), (None,) * statements)


def formatted(engine: Engine, text: str) -> str | None:
    """The statement pretty-printed, for reading only: what is bound and run stays `text`. Total.

    None where sqlglot keeps the statement as text, where the printed form does not parse to an equal tree, and where it says
    nothing new.
    """
    try:
        trees = _parse(engine, text)
        if len(trees) != 1 or isinstance(trees[0], exp.Command):
            return None
        pretty = trees[0].sql(dialect=_DIALECTS[engine], pretty=True, unsupported_level=ErrorLevel.RAISE)
        return pretty if pretty != text and _parse(engine, pretty) == trees else None
    except Exception:  # as in `_reviewed`; a statement that cannot be printed is shown as it is
        return None


def _reviewed(engine: Engine, text: str, fresh: frozenset[str], *, within: bool) -> tuple[list[exp.Expr], list[Remark]]:
    """The trees and remarks of one statement."""
    if not within:
        return [], [_not_reviewed(f"this statement was not reviewed: the issue is longer than {MAX_ISSUE} characters")]
    try:
        trees = _parse(engine, text)
        words = _words(engine, text)
        remarks = [remark for tree in trees for remark in _remarks(Subject(engine, tree, words, fresh))]
    # Whatever a foreign parser does on any text, the issue must be shown: the reason becomes the finding.
    except Exception as error:
        why = str(error) if isinstance(error, _NotUnderstood) else type(error).__name__
        return [], [_not_reviewed(f"this statement was not reviewed: {why}")]
    return trees, remarks


def _remarks(subject: Subject) -> Iterator[Remark]:
    if isinstance(subject.tree, exp.Command):
        yield _not_reviewed("the review knows only the words of this statement, not its structure")
    for rule in _RULES[subject.engine]:
        yield from rule(subject)


def _not_reviewed(text: str) -> Remark:
    return Remark(Level.INFO, "not-understood", text, "read it with care")


def _parse(engine: Engine, text: str) -> list[exp.Expr]:
    """The statements of the text. Raises _NotUnderstood, and whatever sqlglot raises."""
    if len(text) > MAX_STATEMENT:
        raise _NotUnderstood(f"it is longer than {MAX_STATEMENT} characters")
    dialect = _DIALECTS[engine]
    depth = deepest = 0
    for token in sqlglot.tokenize(text, dialect=dialect):
        depth += (token.token_type in _OPEN) - (token.token_type in _CLOSE)
        deepest = max(deepest, depth)
    if deepest > MAX_NESTING:
        raise _NotUnderstood(f"it is nested more than {MAX_NESTING} deep")
    trees = [tree for tree in sqlglot.parse(text, dialect=dialect) if tree is not None]
    if not trees:
        raise _NotUnderstood("it holds no statement")
    return trees


def _words(engine: Engine, text: str) -> tuple[str, ...]:
    """The tokens in capitals, without strings. After VACUUM, RENAME and their like sqlglot makes the rest one string."""
    tokens = sqlglot.tokenize(text, dialect=_DIALECTS[engine])
    if len(tokens) == 2 and tokens[0].token_type is TokenType.COMMAND:
        tokens = [tokens[0], *sqlglot.tokenize(tokens[1].text, dialect=_DIALECTS[engine])]
    spelled = (token.text.upper() for token in tokens if token.token_type not in _LITERALS)
    return tuple(word for spelling in spelled for word in spelling.split())


def _partial_state(engine: Engine, trees: Sequence[exp.Expr], statements: int) -> Iterator[Finding]:
    """Several statements are not always all or nothing: what ran before a failure stays.

    MySQL commits before and after each DDL statement (reference manual, "Statements That Cause an Implicit Commit");
    PostgreSQL runs CONCURRENTLY outside a transaction only.
    """
    if statements < 2:
        return
    if engine is Engine.MYSQL:
        text = "MySQL commits at each statement: after a failure the statements before it stay"
    elif any(tree.args.get("concurrently") for tree in trees):
        text = "CONCURRENTLY runs outside a transaction: after a failure the statements before it stay"
    else:
        return
    advice = "order them so that stopping after any of them leaves a working schema; a rollout resumes at the failed one"
    yield Finding(1, Level.INFO, "partial-state", text, advice)
