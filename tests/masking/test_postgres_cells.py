"""Cells in both formats, held against a real server: what is masked is still a value of its type."""

from decimal import Decimal

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.postgres_server import PostgresServer
from gateway.masking.postgres_cells import ARRAY_ELEMENTS, decode_numeric, encode_numeric, postgres_cell
from gateway.model.masker import (
    ConstantMask,
    DigitsMask,
    EmailMask,
    HashMask,
    Masker,
    NullMask,
    PartialMask,
    RoundMask,
    TruncateMask,
)

KEY = b"k" * 32
MASKERS: list[Masker] = [
    NullMask(),
    ConstantMask("7"),
    PartialMask(1, 1),
    EmailMask(),
    DigitsMask(2),
    HashMask(),
    RoundMask(100),
    TruncateMask("month"),
]
VALUES = {
    "text": "ada.abel@example.com",
    "varchar": 'Zoë\'s "quoted", {braced} \\ slashed',
    "bpchar": "4000123412341234",
    "name": "somebody",
    "int2": "-1234",
    "int4": "38977",
    "int8": "9007199254740993",
    "float4": "1234.5",
    "float8": "-98765.4321",
    "numeric": "38977.25",
    "date": "2024-05-17",
    "timestamp": "2024-05-17 13:14:15.5",
    "timestamptz": "1999-05-17 13:14:15.123+02",
    "uuid": "b14dd515-84c5-0cbc-f8c7-b23c2f381a3a",
    "bytea": "\\xdeadbeef",
    "jsonb": '{"a": 1}',
    "inet": "10.0.0.1",
    "bool": "true",
    "interval": "3 days",
}


async def test_masked_values_are_values_of_their_type(embedded_pg: PostgresServer) -> None:
    connection = await asyncpg.connect(embedded_pg.dsn())
    shown = 0
    try:
        for type_name, literal in VALUES.items():
            oid = await connection.fetchval("SELECT $1::text::regtype::oid::int", type_name)
            send = (
                "bpcharsend"
                if type_name == "bpchar"
                else await connection.fetchval("SELECT typsend::text FROM pg_type WHERE oid = $1", oid)
            )
            text, binary = await connection.fetchrow(
                f"SELECT ($1::text)::{type_name}::text, {send}(($1::text)::{type_name})", literal
            )
            for spec in MASKERS:
                as_text = postgres_cell(spec, KEY, oid, binary=False)(text.encode())
                as_binary = postgres_cell(spec, KEY, oid, binary=True)(binary)
                assert (as_text is None) == (as_binary is None), (type_name, spec)
                if as_text is None or as_binary is None:
                    continue
                # The server reads the masked text as the type, and its binary form is the one we made.
                sent = await connection.fetchval(f"SELECT {send}(($1::text)::{type_name})", as_text.decode())
                if type_name != "timestamptz":  # truncated in the session's zone as text, in UTC as binary
                    assert sent == as_binary, (type_name, spec)
                shown += 1
    finally:
        await connection.close()
    assert shown >= 40


@pytest.mark.parametrize("array", ["text", "int4", "numeric", "date"])
async def test_arrays_element_by_element(embedded_pg: PostgresServer, array: str) -> None:
    connection = await asyncpg.connect(embedded_pg.dsn())
    oid = {"text": 1009, "int4": 1007, "numeric": 1231, "date": 1182}[array]
    specs: dict[str, Masker] = {
        "text": PartialMask(1, 1),
        "int4": RoundMask(10),
        "numeric": RoundMask(10),
        "date": TruncateMask(),
    }
    spec = specs[array]
    literal = {
        "text": '{"a b,c",NULL,"NULL","q\\"uote",plain}',
        "int4": "[2:3][1:2]={{11,22},{33,NULL}}",
        "numeric": "{12.5,-99.25}",
        "date": "{2024-05-17,NULL}",
    }[array]
    try:
        text, binary = await connection.fetchrow(
            f"SELECT x::text, array_send(x) FROM (SELECT ($1::text)::{array}[] AS x)", literal
        )
        masked_text = postgres_cell(spec, KEY, oid, binary=False)(text.encode())
        masked_binary = postgres_cell(spec, KEY, oid, binary=True)(binary)
        assert masked_text is not None
        sent = await connection.fetchval(f"SELECT array_send(($1::text)::{array}[])", masked_text.decode())
        assert sent == masked_binary
    finally:
        await connection.close()


def test_array_types_are_the_servers() -> None:
    assert ARRAY_ELEMENTS[1009] == 25


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20))
def test_numeric_reads_as_written(number: Decimal) -> None:
    encoded = encode_numeric(number)
    assert encoded is not None
    assert decode_numeric(encoded) == number


@given(st.binary(max_size=60), st.sampled_from([21, 20, 700, 1700, 1082, 1114, 2950, 1009, 1007, 1231, 99999]), st.booleans())
def test_malformed_cells_are_hidden_not_raised(value: bytes, oid: int, binary: bool) -> None:
    for spec in MASKERS:
        masked = postgres_cell(spec, KEY, oid, binary)(value)
        assert masked is None or isinstance(masked, bytes)


@pytest.mark.parametrize(
    ("oid", "text", "as_text", "as_binary"),
    [
        (16, "true", b"t", b"\x01"),
        (114, "hidden", b'"hidden"', b'"hidden"'),
        (3802, "{}", b"{}", b"\x01{}"),
        (2950, "00000000-0000-0000-0000-000000000001", b"00000000-0000-0000-0000-000000000001", bytes(15) + b"\x01"),
        (1082, "2000-01-03", b"2000-01-03", b"\x00\x00\x00\x02"),
        (1083, "00:00:01.5", b"00:00:01.5", (1_500_000).to_bytes(8)),
        (1114, "2000-01-01 00:00:01", b"2000-01-01 00:00:01", (1_000_000).to_bytes(8)),
        (1184, "2000-01-01", b"2000-01-01 00:00:00+00", bytes(8)),
        (1083, "24:00:01", None, None),
        (16, "perhaps", None, None),
        (1082, "soon", None, None),
        (2950, "none", None, None),
    ],
)
def test_constants_of_other_types(oid: int, text: str, as_text: bytes | None, as_binary: bytes | None) -> None:
    assert postgres_cell(ConstantMask(text), b"key", oid, False)(b"anything") == as_text
    assert postgres_cell(ConstantMask(text), b"key", oid, True)(b"anything") == as_binary


def test_a_hash_of_json_is_a_json_string_in_both_formats() -> None:
    text = postgres_cell(HashMask(16), b"key", 3802, False)(b'{"a": 1}')
    assert text is not None
    assert postgres_cell(HashMask(16), b"key", 3802, True)(b'\x01{"a": 1}') == b"\x01" + text
    assert (len(text), text[:1], text[-1:]) == (18, b'"', b'"')
