"""How rows stand in a COPY's data."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class CopyFormat:
    """The options of a COPY … TO STDOUT that decide how its rows are written (PostgreSQL manual, COPY, "File Formats").

    `delimiter`, `quote` and `escape` are one byte each; `encoding` is the option's value, "" where there is none.
    """

    kind: Literal["text", "csv", "binary", "unknown"] = "text"
    delimiter: bytes = b"\t"
    null: bytes = b"\\N"
    quote: bytes = b'"'
    escape: bytes = b'"'
    header: bool = False
    encoding: str = ""
