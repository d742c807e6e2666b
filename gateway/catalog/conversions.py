"""Users' functions that the server runs when it converts a value unasked: nothing in a statement's text names them.

Two things make it do so. An implicit or assignment cast with a function of a user's. And a value with parts (a row, an array,
a range) for which a string is given: the string is read part by part, and each domain among the parts runs its checks. A domain
by itself is not read so: in an expression it counts as the type it stands on.
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from gateway.catalog.objects import CastInfo, FunctionInfo, QName, RelationInfo, TypeInfo, TypeKind

_DEEPEST: Final = 16
_FIRST_USER_OID: Final = 16384
Functions = tuple[QName, ...]


def input_functions(
    types: Mapping[int, TypeInfo], relations: Mapping[QName, RelationInfo], functions: Mapping[QName, Collection[FunctionInfo]]
) -> Mapping[int, Functions]:
    """Type oid -> users' functions that reading a string as a value with parts may run; types without any are left out."""
    found: dict[int, Functions] = {}
    if not any(next(iter(_of_users(info.functions, functions)), None) for info in types.values()):
        return MappingProxyType(found)  # as in nearly every database: no walk over all columns
    for oid, info in types.items():
        if info.kind is TypeKind.BASE and not info.element:
            continue
        behind = dict.fromkeys(_of_users(_parts(info, types, relations, 0), functions))
        if behind and (info.kind is not TypeKind.DOMAIN or _has_parts(types.get(info.base))):
            found[oid] = tuple(behind)
    return MappingProxyType(found)


def cast_functions(casts: Iterable[CastInfo], functions: Mapping[QName, Collection[FunctionInfo]]) -> Mapping[int, Functions]:
    """Users' types: functions that turn one into another, or another into it, without being asked.

    A cast between two of the server's own types is a superuser's, made to change how the whole database converts.
    """
    found: dict[int, dict[QName, None]] = {}
    for cast in casts:
        if cast.function is not None and (cast.implicit or cast.assignment):
            for name in _of_users([cast.function], functions):
                for oid in (cast.source, cast.target):
                    if oid >= _FIRST_USER_OID:
                        found.setdefault(oid, {})[name] = None
    return MappingProxyType({oid: tuple(names) for oid, names in found.items()})


def _has_parts(info: TypeInfo | None) -> bool:
    return info is not None and (info.kind is not TypeKind.BASE or bool(info.element))


def _parts(
    info: TypeInfo, types: Mapping[int, TypeInfo], relations: Mapping[QName, RelationInfo], depth: int
) -> Iterable[QName]:
    if depth > _DEEPEST:
        return
    yield from info.functions
    inner = [info.base, info.element]
    if info.kind is TypeKind.COMPOSITE and info.relation is not None and info.relation in relations:
        inner += [column.type_id for column in relations[info.relation].columns]
    for oid in inner:
        if oid in types:
            yield from _parts(types[oid], types, relations, depth + 1)


def _of_users(names: Iterable[QName], functions: Mapping[QName, Collection[FunctionInfo]]) -> Iterable[QName]:
    """Without functions of extensions: who installed the extension answers for what its types do."""
    return (name for name in names if any(info.extension is None and not info.builtin for info in functions.get(name, ())))
