"""Rows of COPY: only masked columns change, whatever stands in them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.postgres_copy import PostgresCopyMasker
from gateway.masking.postgres_rows import RowMalformed
from gateway.model.copying import CopyFormat

CSV = CopyFormat("csv", b",", b"")
_TEXT = st.text(alphabet="ab,;\"\\\t\n\r'é", max_size=8)


def shout(value: bytes) -> bytes:
    return b"<" + value + b">"


def escaped(value: str) -> bytes:
    table = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    return "".join(table.get(letter, letter) for letter in value).encode()


@given(_TEXT, _TEXT, _TEXT)
def test_text_format(first: str, second: str, third: str) -> None:
    masker = PostgresCopyMasker(CopyFormat(), [None, shout, None])
    row = b"\t".join(map(escaped, (first, second, third))) + b"\n"
    expected = b"\t".join((escaped(first), escaped(f"<{second}>"), escaped(third))) + b"\n"
    assert masker.mask(row) == expected


@given(_TEXT, _TEXT, _TEXT)
def test_csv_reads_back(first: str, second: str, third: str) -> None:
    masker = PostgresCopyMasker(CSV, [None, shout, None])
    row = ",".join('"' + value.replace('"', '""') + '"' for value in (first, second, third)).encode() + b"\n"
    masked = masker.mask(row).decode()
    assert next(csv.reader(io.StringIO(masked, newline=""))) == [first, f"<{second}>", third]


def test_nulls_stay_and_can_be_made() -> None:
    assert PostgresCopyMasker(CopyFormat(), [shout, lambda _: None]).mask(b"\\N\tsecret\n") == b"\\N\t\\N\n"
    assert PostgresCopyMasker(CSV, [shout, lambda _: None]).mask(b',"secret"\n') == b",\n"


def test_the_header_passes_once() -> None:
    masker = PostgresCopyMasker(CopyFormat("csv", b",", b"", header=True), [shout])
    assert masker.mask(b"email\n") == b"email\n"
    assert masker.mask(b"a@b\n") == b'"<a@b>"\n'


@pytest.mark.parametrize("row", [b"one\n", b"a\tb\tc\n", b"a\tb", b""])
def test_what_is_no_row_of_these_columns_never_passes(row: bytes) -> None:
    with pytest.raises(RowMalformed):
        PostgresCopyMasker(CopyFormat(), [shout, None]).mask(row)


@pytest.mark.parametrize("kind", ["binary", "unknown"])
def test_other_formats_are_not_taken_apart(kind: str) -> None:
    with pytest.raises(ValueError, match="cannot be masked"):
        PostgresCopyMasker(CopyFormat(kind), [shout])  # type: ignore[arg-type]
