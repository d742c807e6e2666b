"""A footprint as the line that `gateway explain` prints for it."""

from collections.abc import Iterable, Iterator
from typing import Any

from gateway.model.decision import Decision
from gateway.model.footprint import Access, ColumnRef, Footprint, ObjectKind
from gateway.model.identity import Target
from gateway.model.paths import object_path


def explained(footprint: Footprint, text: str, target: Target, decision: Decision | None = None) -> dict[str, Any]:
    """The fields of the line, ready for JSON. `text` is what was analysed; paths have four segments.

    relations   what is named and what stands beneath it (`via`: under a view, as a partition, by a rule), each once
    objects     accesses to anything but relations: schemas, functions, types, the database, the instance
    columns     every use: relation, column (`*` is all of them), clause
    outputs     the result's columns, or null where they are not known
    """
    accesses = list(_flat(footprint.accesses))
    return {
        "statement": text[footprint.start : footprint.end or len(text)].strip(),
        "kind": footprint.kind,
        "category": footprint.category.value,
        "relations": _relations(accesses, target),
        "objects": _objects(accesses, target),
        "columns": _columns(accesses, target),
        "functions": [
            {"path": object_path(target, used.name), "class": used.function_class.value} for used in footprint.functions
        ],
        "outputs": _outputs(footprint, target),
        "effects": [
            {"kind": effect.kind.value, "name": effect.name, "value": effect.value, "local": effect.local}
            for effect in footprint.effects
        ],
        "unknown": sorted(object_path(target, name) for name in footprint.unknown),
        "fingerprint": footprint.fingerprint,
        "transactional": footprint.transactional,
        "opaque": footprint.opaque,
        "decision": _decision(decision),
    }


def _flat(accesses: Iterable[Access]) -> Iterator[Access]:
    for access in accesses:
        yield access
        yield from _flat(access.beneath)


def _relations(accesses: list[Access], target: Target) -> list[dict[str, str]]:
    found: dict[tuple[str, str], str] = {}
    for access in accesses:
        if access.object.kind is ObjectKind.RELATION:
            found.setdefault((object_path(target, access.object), access.action.value), access.origin.value)
    return [{"path": path, "action": action, "via": origin} for (path, action), origin in found.items()]


def _objects(accesses: list[Access], target: Target) -> list[dict[str, str]]:
    found = {
        (access.object.kind.value, object_path(target, access.object), access.action.value): None
        for access in accesses
        if access.object.kind is not ObjectKind.RELATION
    }
    return [{"kind": kind, "path": path, "action": action} for kind, path, action in found]


def _columns(accesses: list[Access], target: Target) -> list[dict[str, str]]:
    found = {
        (object_path(target, access.object), use.column, use.clause.value) for access in accesses for use in access.columns
    }
    return [{"path": path, "column": column, "clause": clause} for path, column, clause in sorted(found)]


def _outputs(footprint: Footprint, target: Target) -> list[dict[str, Any]] | None:
    if footprint.outputs is None:
        return None
    return [
        {"name": output.name, "sources": sorted(_source(target, ref) for ref in output.sources), "exact": output.exact}
        for output in footprint.outputs
    ]


def _source(target: Target, ref: ColumnRef) -> str:
    return f"{object_path(target, ref.object)}.{ref.column}"


def _decision(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    reason = decision.reason
    return {
        "outcome": decision.outcome.value,
        "code": reason.code.value,
        "text": reason.text,
        "rule": reason.rule,
        "hint": reason.hint,
        "policy_version": decision.policy_version,
    }
