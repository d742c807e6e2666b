"""Session settings: which a session may change for itself, and what the change means for what follows."""

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from postgast import pg_query_pb2 as pb

from gateway.analysis.postgres.context import Context, constant_text
from gateway.model.footprint import INSTANCE, Action, Effect, EffectKind

_TABLE: Final = tomllib.loads((files("gateway.analysis.postgres") / "data" / "settings.toml").read_text("utf-8"))
_HARMLESS: Final = frozenset(name.lower() for name in (*_TABLE["harmless"].split(), *_TABLE["harmless_exactly"]))
_HARMLESS_PREFIXES: Final = tuple(_TABLE["harmless_prefixes"])
_REFUSED_PREFIXES: Final = tuple(_TABLE["refused_prefixes"])
_SECRET: Final = frozenset(_TABLE["secret"].split())

# Settings under which the same text means something else: their new value must be known.
_MEANING: Final = frozenset({"search_path", "standard_conforming_strings", "client_encoding"})


def needs_admin(name: str) -> bool:
    """Whether changing this setting is for administrators: role, session_authorization, session_replication_role, …"""
    name = name.lower()
    if "." in name:
        return name.startswith(_REFUSED_PREFIXES)
    return name not in _HARMLESS and not name.startswith(_HARMLESS_PREFIXES)


def secret(name: str) -> bool:
    """Whether only superusers may read it."""
    return name.lower() in _SECRET


def setting_effect(ctx: Context, name: str, value: str | None, *, local: bool) -> None:
    """Writes a change of a setting down; `value` None is one that the text does not say, "" is DEFAULT."""
    ctx.findings.literals_matter = True
    name = name.lower()
    if needs_admin(name):
        ctx.findings.record(INSTANCE, Action.ADMIN, ctx.origin)
    if value is None and name in _MEANING:
        ctx.not_understood(f"set_config: the new value of {name} is not a constant")
    ctx.findings.effects.append(Effect(EffectKind.SET, name, value or "", local))


def list_value(arguments: Sequence[pb.Node]) -> str | None:
    """The value of `SET name = a, b`, as the server would print the list; None where it is not made of constants.

    The parts of a list are quoted where a name needs it (flatten_set_variable_args), so that it reads back as the same list.
    """
    words = [constant_text(argument) for argument in arguments]
    if any(word is None for word in words):
        return None
    return ", ".join(_quoted(word or "") if len(words) > 1 else (word or "") for word in words)


def path_value(arguments: Sequence[pb.Node]) -> str | None:
    """As `list_value`; every word of a search path is one schema's name."""
    words = [constant_text(argument) for argument in arguments]
    if any(word is None for word in words):
        return None
    return ", ".join(_quoted(word or "") for word in words)


def _quoted(word: str) -> str:
    plain = word != "" and word.isascii() and (word[0].isalpha() or word[0] == "_")
    if plain and word == word.lower() and word.replace("_", "").isalnum():
        return word
    return '"' + word.replace('"', '""') + '"'
