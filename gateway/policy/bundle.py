"""The policy bundle: a folder read whole at one moment, checked, and named by its content."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from gateway.model.errors import ConfigurationError
from gateway.policy.casbin_model import check_model
from gateway.policy.case_files import CaseFile, parse_cases
from gateway.policy.masking_rules import MaskingRules
from gateway.policy.query_rules import QueryRules
from gateway.policy.rules import RoleLink, Rule, parse_policy, role_names
from gateway.policy.tables import parse_table

MODEL, POLICY, QUERIES, MASKING, CASES = "model.conf", "policy.csv", "query_rules.toml", "masking.toml", "cases"
_REQUIRED = (MODEL, POLICY)
_MAX_BYTES = 64 * 1024 * 1024
# `version` stands in every decision and audit record: long enough not to collide, short enough to read aloud.
_VERSION_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Bundle:
    """A checked bundle. `version` is a hash of what decides: model, rules, query rules and masking, not the cases."""

    directory: Path
    version: str
    rules: tuple[Rule, ...]
    links: tuple[RoleLink, ...]
    queries: QueryRules = field(default_factory=QueryRules)
    masking: MaskingRules = field(default_factory=MaskingRules)
    cases: tuple[CaseFile, ...] = ()

    @property
    def roles(self) -> frozenset[str]:
        return role_names(self.rules, self.links)


def load_bundle(directory: Path) -> Bundle:
    """Read and check the folder. Raises ConfigurationError: every mistake as `file:line: …` or `file: key: …`, one a line."""
    files = read_bundle(directory)
    problems = check_model(files[MODEL])
    policy = parse_policy(files[POLICY], POLICY)
    problems += policy.problems
    queries, mistakes = parse_table(QueryRules, files.get(QUERIES, ""), QUERIES)
    problems += mistakes
    masking, mistakes = parse_table(MaskingRules, files.get(MASKING, ""), MASKING)
    problems += mistakes
    cases: list[CaseFile] = []
    for name in sorted(name for name in files if name.startswith(f"{CASES}/")):
        found, mistakes = parse_cases(files[name], name)
        problems += mistakes
        if found is not None:
            cases.append(found)
    if problems or queries is None or masking is None:
        raise ConfigurationError("\n".join(f"{directory}/{problem}" for problem in problems))
    return Bundle(directory, content_version(files), policy.rules, policy.links, queries, masking, tuple(cases))


def read_bundle(directory: Path) -> dict[str, str]:
    """The bundle's files as text, by name inside the folder. Raises ConfigurationError where one is missing or unreadable."""
    if not directory.is_dir():
        raise ConfigurationError(f"{directory}: no such folder; a policy bundle holds {MODEL} and {POLICY}")
    files = {}
    for name in (
        *_REQUIRED,
        QUERIES,
        MASKING,
        *(f"{CASES}/{path.name}" for path in sorted((directory / CASES).glob("*.toml"))),
    ):
        path = directory / name
        try:
            if name not in _REQUIRED and not path.exists():
                continue
            if path.stat().st_size > _MAX_BYTES:
                raise ConfigurationError(f"{path}: larger than {_MAX_BYTES} bytes")
            files[name] = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ConfigurationError(f"{path}: missing; a policy bundle holds {MODEL} and {POLICY}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    return files


def content_version(files: dict[str, str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        if not name.startswith(f"{CASES}/"):
            text = files[name].encode()
            digest.update(f"{name}:{len(text)}:".encode() + text)
    return digest.hexdigest()[:_VERSION_LENGTH]
