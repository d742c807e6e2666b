"""Casbin's side: the model a bundle must have, and the enforcer that is the truth the compiled index is held to."""

import ast
from collections.abc import Iterable
from typing import Any

import casbin
from casbin.model.model import Model

from gateway.policy.conditions import parse_condition
from gateway.policy.patterns import path_matches
from gateway.policy.rules import RoleLink, Rule, action_matches, domain_matches
from gateway.policy.variables import Circumstances

SUPPORTED_MODEL = """\
[request_definition]
r = sub, dom, obj, act
[policy_definition]
p = sub, dom, obj, act, cond, eft
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub, r.dom) && domain_match(r.dom, p.dom) && path_match(r.obj, p.obj) && \
action_match(r.act, p.act) && holds(p.cond)
"""
_SECTIONS = {"r": "request_definition", "p": "policy_definition", "g": "role_definition", "e": "policy_effect", "m": "matchers"}


def check_model(text: str, name: str = "model.conf") -> list[str]:
    """What makes this model another one than the compiled index decides by; empty where they mean the same.

    Spaces, comments and the order of the matcher's terms are free; everything else would change what rules mean.
    """
    try:
        found = _definitions(_load(text))
    except Exception as error:  # casbin raises bare RuntimeError, KeyError and configparser's own
        return [f"{name}: not a Casbin model: {error}"]
    wanted = _definitions(_load(SUPPORTED_MODEL))
    problems = []
    for key in sorted(wanted.keys() | found.keys()):
        if key not in wanted:
            problems.append(f"{name}: {key}: the gateway's model has no such definition; remove it")
        elif key not in found:
            problems.append(f"{name}: {key} is missing in [{_SECTIONS[key]}]; write `{_written(key)}`")
        elif not _same(key, found[key], wanted[key]):
            problems.append(f"{name}: {key} means something else than the gateway decides by; write `{_written(key)}`")
    return problems


def _load(text: str) -> Model:
    model = Model()
    model.load_model_from_text(text)
    return model


def _definitions(model: Model) -> dict[str, str]:
    return {key: assertion.value for section in model.keys() for key, assertion in model[section].items()}  # noqa: SIM118


def _same(key: str, found: str, wanted: str) -> bool:
    if key == "m":
        try:
            return _terms(found) == _terms(wanted)
        except SyntaxError:
            return False
    return "".join(found.split()) == "".join(wanted.split())


def _terms(matcher: str) -> list[str]:
    """The matcher's conjuncts, in a form without spaces or order."""
    tree = ast.parse(matcher.replace("&&", " and ").replace("||", " or ").strip(), mode="eval").body
    terms = tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]
    return sorted(ast.dump(term) for term in terms)


def _written(key: str) -> str:
    return next(line for line in SUPPORTED_MODEL.replace("\\\n", "").splitlines() if line.startswith(f"{key} ="))


def build_enforcer(rules: Iterable[Rule], links: Iterable[RoleLink], circumstances: Circumstances) -> Any:
    """A pycasbin Enforcer over these rules. `enforce(subject, project, path, action)` decides in these circumstances.

    Grants and rules that have expired at `circumstances.now` are not loaded, as in a policy that was reloaded then.
    """
    enforcer: Any = casbin.Enforcer(_load(SUPPORTED_MODEL))
    enforcer.add_function("domain_match", domain_matches)
    enforcer.add_function("path_match", path_matches)
    enforcer.add_function("action_match", action_matches)
    enforcer.add_function("holds", lambda text: parse_condition(text).holds(circumstances))
    enforcer.add_named_domain_matching_func("g", domain_matches)
    # Straight into the model: `add_policy` scans all rules for duplicates, which is quadratic and changes no decision.
    enforcer.model["p"]["p"].policy.extend(
        [rule.subject, rule.domain, rule.pattern.text, rule.actions, rule.condition.text, rule.effect.value]
        for rule in rules
        if not rule.expired(circumstances.now)
    )
    enforcer.model["g"]["g"].policy.extend([link.member, link.role, link.domain] for link in links)
    enforcer.build_role_links()
    return enforcer
