"""Which users' functions conversions run unasked."""

from collections.abc import Iterable

from gateway.catalog import (
    CastInfo,
    ColumnInfo,
    FunctionInfo,
    FunctionKind,
    QName,
    RelationInfo,
    RelationKind,
    TypeInfo,
    TypeKind,
    Volatility,
)
from gateway.catalog.conversions import cast_functions, input_functions

CHECK, CAST, EXTENSION = QName("public", "is_mail"), QName("public", "to_int"), QName("public", "geometry_in")
MAIL, MAILS, PERSON, PLAIN, MAIL_RANGE, PERSON_DOMAIN, GEOMETRY, GEOMETRIES = range(20000, 20008)
PEOPLE = QName("public", "people")


def _function(name: QName, extension: str | None = None) -> FunctionInfo:
    return FunctionInfo(30000, name, FunctionKind.FUNCTION, False, "sql", False, Volatility.STABLE, extension=extension)


def _type(oid: int, kind: TypeKind, functions: Iterable[QName] = (), **more: object) -> TypeInfo:
    return TypeInfo(oid, QName("public", f"t{oid}"), kind, False, functions=tuple(functions), **more)  # type: ignore[arg-type]


FUNCTIONS = {CHECK: [_function(CHECK)], CAST: [_function(CAST)], EXTENSION: [_function(EXTENSION, "postgis")]}
TYPES = {
    info.oid: info
    for info in (
        _type(MAIL, TypeKind.DOMAIN, [CHECK], base=25),
        _type(MAILS, TypeKind.BASE, element=MAIL),
        _type(PERSON, TypeKind.COMPOSITE, relation=PEOPLE),
        _type(PLAIN, TypeKind.BASE),
        _type(MAIL_RANGE, TypeKind.RANGE, base=MAIL),
        _type(PERSON_DOMAIN, TypeKind.DOMAIN, base=PERSON),
        _type(GEOMETRY, TypeKind.BASE, [EXTENSION]),
        _type(GEOMETRIES, TypeKind.BASE, [EXTENSION], element=GEOMETRY),
    )
}
RELATIONS = {
    PEOPLE: RelationInfo(1, PEOPLE, RelationKind.TABLE, (ColumnInfo(1, "id", 23, "integer"), ColumnInfo(2, "mail", MAIL, "t")))
}


def test_what_has_parts_runs_the_checks_of_its_parts() -> None:
    found = input_functions(TYPES, RELATIONS, FUNCTIONS)
    assert dict(found) == dict.fromkeys((MAILS, PERSON, MAIL_RANGE, PERSON_DOMAIN), (CHECK,))


def test_without_users_functions_there_is_nothing() -> None:
    types = {oid: info for oid, info in TYPES.items() if oid in (PLAIN, GEOMETRY, GEOMETRIES)}
    assert not input_functions(types, RELATIONS, FUNCTIONS)


def test_casts_count_for_users_types_and_only_where_they_come_unasked() -> None:
    unasked = CastInfo(PERSON, 23, CAST, True, True)
    assert dict(cast_functions([unasked], FUNCTIONS)) == {PERSON: (CAST,)}
    assert dict(cast_functions([CastInfo(25, PERSON, CAST, False, True)], FUNCTIONS)) == {PERSON: (CAST,)}
    for harmless in (
        CastInfo(PERSON, 23, CAST, False, False),
        CastInfo(PERSON, 25, None, True, True),
        CastInfo(GEOMETRY, 25, EXTENSION, True, True),
    ):
        assert not cast_functions([harmless], FUNCTIONS)
