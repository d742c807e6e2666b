"""Session state that no policy can permit, because statements behind it could no longer be read as the server reads them."""

import re
from typing import Final

from gateway.model.decision import Decision, MaskColumns, Mode, Outcome, Reason, ReasonCode, RowLimit, TimeLimit
from gateway.model.footprint import Effect, EffectKind, Footprint

# client_encoding -> Python's codec. Only encodings whose multi-byte characters hold no ASCII bytes: in the others (SJIS, BIG5,
# GBK, UHC, GB18030, JOHAB) a quote or backslash may be the half of a letter. SQL_ASCII converts nothing.
CODECS: Final = {
    "UTF8": "utf-8",
    "UNICODE": "utf-8",
    "SQLASCII": "utf-8",
    **{
        f"LATIN{number}": f"iso8859-{part}"
        for number, part in zip(range(1, 11), (1, 2, 3, 4, 9, 10, 13, 14, 15, 16), strict=True)
    },
    **{f"ISO8859{part}": f"iso8859-{part}" for part in (1, 5, 6, 7, 8, 9)},
    **{f"WIN{page}": f"cp{page}" for page in (866, 874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258)},
    "KOI8R": "koi8-r",
    "KOI8": "koi8-r",
    "KOI8U": "koi8-u",
}


# Schemas that the catalog does not follow: what an unqualified name means in them, nobody here could say.
_HIDDEN_SCHEMA: Final = re.compile(r"\bpg_(?:toast|temp_|toast_temp_)", re.IGNORECASE)


def codec_of(encoding: str) -> str | None:
    """Python's codec for a client_encoding, or None where its text cannot be read safely."""
    return CODECS.get("".join(letter for letter in encoding.upper() if letter.isalnum()))


def forbidden_state(footprint: Footprint) -> Reason | None:
    """Why this statement's change of session state is refused, whoever asks; None where it is not."""
    for effect in footprint.effects:
        text = _forbidden(effect) if effect.kind is EffectKind.SET else None
        if text is not None:
            return Reason(ReasonCode.SESSION_STATE, text, hint="The gateway could not tell any more what statements mean.")
    return None


def _forbidden(effect: Effect) -> str | None:
    name, value = effect.name.lower(), effect.value.strip("'\" ").lower()
    if name == "standard_conforming_strings" and value not in {"", "on", "true", "yes", "1", "default"}:
        return "standard_conforming_strings must stay on"
    if name == "session_replication_role" and value not in {"", "origin", "default"}:
        return "session_replication_role must stay origin"
    if name == "search_path" and _HIDDEN_SCHEMA.search(value) is not None:
        return "search_path cannot hold pg_toast or a session's own temporary schema; use pg_temp"
    if name in {"client_encoding", "names"} and value not in {"", "default"} and codec_of(value) is None:
        return f"client_encoding {value!r} is not supported; use UTF8"
    return None


def unmet_obligation(decision: Decision, *, masks: bool, limits: bool) -> Reason | None:
    """An obligation that nobody here can carry out turns a permission into a refusal."""
    if decision.outcome is not Outcome.ALLOW:
        return None
    for obligation in decision.obligations:
        match obligation:
            case MaskColumns() if not masks:
                column, _ = obligation.columns[0]
                return Reason(
                    ReasonCode.MASKED_COLUMN, f"column {column.object.name}.{column.column} is masked and cannot be shown here"
                )
            case RowLimit() if not limits and obligation.mode is Mode.ENFORCE:
                return Reason(ReasonCode.LIMIT_REACHED, "a row limit applies that cannot be enforced here", obligation.rule)
            case TimeLimit() if not limits:
                return Reason(ReasonCode.LIMIT_REACHED, "a time limit applies that cannot be enforced here", obligation.rule)
            case _:
                continue
    return None
