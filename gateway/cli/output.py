"""Tables for people, JSON for programs. Everything that came from elsewhere is made harmless for a terminal first."""

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import click

Format = Literal["text", "json"]

format_option = click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print."
)

_SHORTEST_COLUMN = 12


def print_json(value: object) -> None:
    """One JSON document, on one line where the output is no terminal."""
    indent = 2 if sys.stdout.isatty() else None
    click.echo(json.dumps(value, ensure_ascii=False, indent=indent, default=str))


def print_json_line(value: Mapping[str, object]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def print_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], format_: Format) -> None:
    """A table of these columns, or all fields of each row as a JSON list. An empty text table prints `nothing`."""
    found = list(rows)
    if format_ == "json":
        print_json([dict(row) for row in found])
    elif not found:
        click.echo("nothing")
    else:
        for line in table([[plain(row.get(column)) for column in columns] for row in found], columns):
            click.echo(line)


def print_fields(fields: Mapping[str, Any], format_: Format) -> None:
    """One object: `name  value` lines, or JSON."""
    if format_ == "json":
        print_json(dict(fields))
        return
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        first, *more = plain(value, keep_lines=True).split("\n")
        click.echo(f"{name:<{width}}  {first}")
        for line in more:
            click.echo(" " * (width + 2) + line)


def table(cells: Sequence[Sequence[str]], columns: Sequence[str], width: int | None = None) -> Iterable[str]:
    """Aligned lines under a heading; on a terminal the widest columns are shortened until a row fits its width."""
    limit = width if width is not None else (shutil.get_terminal_size().columns if sys.stdout.isatty() else None)
    widths = [max(len(column), *(len(row[index]) for row in cells)) for index, column in enumerate(columns)]
    if limit is not None:
        widths = _fit(widths, limit - 2 * (len(widths) - 1))
    for row in [[column.upper().replace("_", " ") for column in columns], *cells]:
        yield "  ".join(_cut(cell, size).ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip()


def plain(value: object, *, keep_lines: bool = False) -> str:
    """A value as text without control characters: an audit log holds what attackers typed."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if not keep_lines:
        text = " ".join(text.split())
    return "".join(
        char if char.isprintable() or (keep_lines and char == "\n") else char.encode("unicode_escape").decode() for char in text
    )


def local_time(seconds: float | None) -> str:
    """Unix seconds as RFC 3339 in UTC, to the second."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fit(widths: list[int], limit: int) -> list[int]:
    fitted = list(widths)
    while sum(fitted) > limit and max(fitted) > _SHORTEST_COLUMN:
        widest = fitted.index(max(fitted))
        fitted[widest] -= 1
    return fitted


def _cut(cell: str, size: int) -> str:
    return cell if len(cell) <= size else cell[: size - 1] + "…"
