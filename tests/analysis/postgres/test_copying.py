"""COPY's options, in both of its syntaxes."""

import pytest

from gateway.analysis.postgres.copying import copy_format
from gateway.model.copying import CopyFormat


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COPY t TO STDOUT", CopyFormat()),
        ("COPY t TO STDOUT (FORMAT csv)", CopyFormat("csv", b",", b"")),
        ("COPY t TO STDOUT WITH CSV HEADER", CopyFormat("csv", b",", b"", header=True)),
        ("COPY t TO STDOUT (FORMAT csv, HEADER false, QUOTE '~', NULL 'nil')", CopyFormat("csv", b",", b"nil", b"~", b"~")),
        ("COPY t TO STDOUT (FORMAT csv, ESCAPE '\\')", CopyFormat("csv", b",", b"", b'"', b"\\")),
        ("COPY t TO STDOUT DELIMITER '|' NULL '-'", CopyFormat("text", b"|", b"-")),
        ("COPY t TO STDOUT BINARY", CopyFormat("binary")),
        ("COPY (SELECT 1) TO STDOUT (FORMAT binary)", CopyFormat("binary")),
        ("COPY t TO STDOUT (FORMAT avro)", CopyFormat("unknown")),
        ("COPY t TO STDOUT (ENCODING 'SJIS')", CopyFormat(encoding="SJIS")),
        ("SELECT 1", None),
        ("COPY t TO STDOUT; SELECT 1", None),
        ("COPY t TO", None),
    ],
)
def test_copy_format(text: str, expected: CopyFormat | None) -> None:
    assert copy_format(text) == expected
