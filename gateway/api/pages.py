"""Lists in pages: `?limit=` and `?cursor=`, answered with `items` and `next`. A cursor is the last key of the page before."""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from gateway.model.errors import ConfigurationError

Item = TypeVar("Item")
Shown = TypeVar("Shown", bound=BaseModel)

Limit = Annotated[int, Query(ge=1, le=500, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=1000, description="`next` of the page before")]


class Page(BaseModel, Generic[Shown]):
    """`next` is null on the last page."""

    items: list[Shown]
    next: str | None = None


def encode_cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str:
    """The key, or "" for the first page. Raises ConfigurationError for what was never a cursor."""
    if cursor is None:
        return ""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise ConfigurationError("cursor: not one that this API gave out; leave it away for the first page") from None


def number_cursor(cursor: str | None) -> int | None:
    """The same for lists by number."""
    key = decode_cursor(cursor)
    if key and not (key.isdecimal() and key.isascii() and len(key) <= 18):
        raise ConfigurationError("cursor: not one that this list gave out; leave it away for the first page")
    return int(key) if key else None


def page(
    items: Iterable[Item], key: Callable[[Item], str], show: Callable[[Item], Shown], cursor: str | None, limit: int
) -> Page[Shown]:
    """One page of a list that is in memory whole, in the order of `key`."""
    after = decode_cursor(cursor)
    rest = sorted((item for item in items if key(item) > after), key=key)
    shown = rest[:limit]
    following = encode_cursor(key(shown[-1])) if len(rest) > limit else None
    return Page(items=[show(item) for item in shown], next=following)
