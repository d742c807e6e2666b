"""Command packets: where the text stands, whatever comes before it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.errors import ProtocolViolation
from gateway.wire.mysql.commands import Query, StatementExecute, StatementFetch, encode_query, statement_id
from gateway.wire.mysql.constants import Capability
from gateway.wire.mysql.payload import lenenc_bytes


@given(st.binary(max_size=100), st.booleans())
def test_query_reads_as_written(text: bytes, attributes: bool) -> None:
    flags = Capability.QUERY_ATTRIBUTES if attributes else Capability(0)
    query = Query.decode(encode_query(text, flags), flags)
    assert query.text == text


def test_attributes_before_the_text_are_stepped_over() -> None:
    # one string attribute, one null, one bigint
    body = b"\x03\x03\x01" + b"\x02" + b"\x01"
    body += b"\xfe\x00" + lenenc_bytes(b"trace") + b"\x06\x00" + lenenc_bytes(b"n") + b"\x08\x00" + lenenc_bytes(b"i")
    body += lenenc_bytes(b"SELECT fake") + (5).to_bytes(8, "little") + b"SELECT 1"
    query = Query.decode(body, Capability.QUERY_ATTRIBUTES)
    assert query.text == b"SELECT 1"
    assert body[query.text_start :] == b"SELECT 1"


def test_more_attributes_than_bytes_is_a_violation() -> None:
    with pytest.raises(ProtocolViolation):
        Query.decode(b"\x03\xfc\xff\xff\x01\x00", Capability.QUERY_ATTRIBUTES)


def test_statement_commands() -> None:
    assert StatementExecute.decode(b"\x17\x05\0\0\0\x01\x01\0\0\0rest") == StatementExecute(5, 1, 1)
    assert StatementFetch.decode(b"\x1c\x05\0\0\0\x64\0\0\0") == StatementFetch(5, 100)
    assert statement_id(b"\x19\x07\0\0\0") == 7
    with pytest.raises(ProtocolViolation):
        statement_id(b"\x19\x07")
