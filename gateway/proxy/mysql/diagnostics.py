"""What SHOW WARNINGS says beside the server's own rows: the gateway's warnings, and no word that may quote masked values; of a
statement whose outputs are computed from masked columns, no row and no count either.

The server keeps its list until the next statement that uses a table; the gateway does the same with its own. A list that a
statement with masked columns has made is not shown in the server's words until such a statement replaces it.
"""

from dataclasses import dataclass
from typing import Final

from gateway.masking import FieldType, MySqlBinaryMasker, MySqlMasker, MySqlTextMasker
from gateway.model.footprint import Action
from gateway.proxy.mysql.scrub import WITHHELD
from gateway.verdict import Ruling, Verdict
from gateway.wire.mysql.payload import lenenc_bytes

_SHOWN: Final = frozenset({"SHOW WARNINGS", "SHOW ERRORS"})
_COUNTED: Final = frozenset({"GET DIAGNOSTICS"})
_COUNTS: Final = frozenset({"@@warning_count", "@@error_count"})
_COLUMNS: Final = 3  # Level, Code, Message
_TYPES: Final = (FieldType.VAR_STRING, FieldType.LONG, FieldType.VAR_STRING)
_MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Warned:
    """One row of the gateway's own. `code`: the server's number for what is likest."""

    code: int
    text: str

    def row(self, *, binary: bool) -> bytes:
        level, text = lenenc_bytes(b"Warning"), lenenc_bytes(self.text.encode("utf-8", "replace"))
        if binary:
            return b"\0\0" + level + self.code.to_bytes(4, "little") + text
        return level + lenenc_bytes(str(self.code).encode()) + text


class Diagnostics:
    """One session's. `own`: the gateway's warnings about the last statement; `tainted`: the server's may quote masked
    values; `hidden`: even how many there are may tell of them, where outputs were computed from them."""

    __slots__ = ("hidden", "own", "tainted")

    def __init__(self) -> None:
        self.own: list[Warned] = []
        self.tainted = self.hidden = False

    @property
    def attentive(self) -> bool:
        """Whether the next statement must be looked at."""
        return self.tainted or bool(self.own)

    def warn(self, code: int, text: str) -> None:
        if len(self.own) < _MOST:
            self.own.append(Warned(code, text))

    def begins(self, verdict: Verdict, *, hides: bool) -> None:
        """A statement begins, which may replace the list."""
        kinds = {ruling.footprint.kind for ruling in verdict.rulings}
        if not kinds & (_SHOWN | _COUNTED):
            self.own.clear()
        if hides:
            self.tainted = True
            self.hidden = any(ruling.footprint.outputs != () for ruling in verdict.rulings)
        elif self.tainted and _replaces(verdict.rulings[0]):
            self.tainted = self.hidden = False

    @staticmethod
    def shows(ruling: Ruling) -> bool:
        return ruling.footprint.kind in _SHOWN

    def copies(self, verdict: Verdict) -> bool:
        """Whether a statement would copy the server's words into variables while they may quote masked values, or count what
        may tell of them."""
        if self.hidden and any(_counts(ruling) for ruling in verdict.rulings):
            return True
        return self.tainted and any(ruling.footprint.kind in _COUNTED for ruling in verdict.rulings)

    def rows(self, ruling: Ruling, *, binary: bool) -> list[bytes]:
        """Payloads of the gateway's own rows."""
        return [item.row(binary=binary) for item in self.own] if ruling.footprint.kind == "SHOW WARNINGS" else []

    def masker(self, *, binary: bool) -> MySqlMasker | None:
        """For the server's rows."""
        if not self.tainted:
            return None
        cells = (None, None, lambda _: WITHHELD)
        return MySqlBinaryMasker(cells, _TYPES) if binary else MySqlTextMasker(cells)


def _counts(ruling: Ruling) -> bool:
    """Whether the statement tells how many warnings there are."""
    return ruling.footprint.kind == "SHOW COUNT" or any(used.name.name in _COUNTS for used in ruling.footprint.functions)


def _replaces(ruling: Ruling) -> bool:
    """Whether the server makes a new list for it: a statement that uses a table."""
    return ruling.footprint.opaque is None and any(
        access.action in {Action.SELECT, Action.INSERT, Action.UPDATE, Action.DELETE} for access in ruling.footprint.accesses
    )
