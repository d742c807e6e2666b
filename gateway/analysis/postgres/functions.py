"""What PostgreSQL's own functions do, by name: harmless, reads, writes, admin. The lists are data beside this module."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from gateway.model.footprint import FunctionClass

_DATA: Final = files("gateway.analysis.postgres") / "data"
_CLASSES: Final = (FunctionClass.ADMIN, FunctionClass.WRITES, FunctionClass.READS)


class _Patterns:
    """Names, and prefixes written `name*`."""

    def __init__(self, patterns: Iterable[str]) -> None:
        listed = tuple(patterns)
        self._names = frozenset(pattern for pattern in listed if not pattern.endswith("*"))
        self._prefixes = tuple(pattern[:-1] for pattern in listed if pattern.endswith("*"))

    def matches(self, name: str) -> bool:
        return name in self._names or name.startswith(self._prefixes)


def _load() -> dict[str, Any]:
    return tomllib.loads((_DATA / "functions.toml").read_text("utf-8"))


def _classes(table: Mapping[str, Any]) -> tuple[tuple[FunctionClass, _Patterns], ...]:
    return tuple((kind, _Patterns(table[kind.value])) for kind in _CLASSES)


_TABLE: Final = _load()
_BUILTIN: Final = _classes(_TABLE)
_EXTENSION: Final = _classes(_TABLE["extension"])
_NAMING: Final[Mapping[str, str]] = {name: catalog for catalog, names in _TABLE["names"].items() for name in names}
HARMLESS: Final = frozenset((_DATA / "harmless_functions.txt").read_text("utf-8").split())


@cache
def builtin_class(name: str) -> FunctionClass:
    """The class of a function that came with the server; ADMIN where nobody has looked at it."""
    listed = _listed(name, _BUILTIN)
    if listed is not None:
        return listed
    return FunctionClass.HARMLESS if name in HARMLESS else FunctionClass.ADMIN


@cache
def extension_class(name: str) -> FunctionClass | None:
    """The class of a well-known extension's function; None for other users' functions."""
    return _listed(name, _EXTENSION)


def is_builtin(name: str) -> bool:
    """Whether some version of the server has a function of this name: asked only where no catalog was read."""
    return name in HARMLESS or _listed(name, _BUILTIN) is not None


def names_in(name: str) -> str | None:
    """The system catalog in which a builtin looks its text arguments up, or None."""
    return _NAMING.get(name)


def _listed(name: str, classes: tuple[tuple[FunctionClass, _Patterns], ...]) -> FunctionClass | None:
    return next((kind for kind, patterns in classes if patterns.matches(name)), None)
