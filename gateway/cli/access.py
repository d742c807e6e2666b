"""`gateway access`: permissions for a time, through the HTTP API as the person who calls."""

import time
from collections.abc import Iterator
from typing import Any

import click

from gateway.cli.client import ApiClient, api_options
from gateway.cli.output import Format, format_option, local_time, plain, print_fields, print_json, print_rows
from gateway.model.durations import seconds_of

_STATES = ["open", "approved", "rejected", "cancelled", "revoked"]
_COLUMNS = ["number", "state", "requester", "object", "actions", "for", "reason"]
_UNUSED_COLUMNS = ["id", "subject", "object", "action", "given", "ends", "granted_by", "reason"]

_UNITS = {"w": 7 * 86_400, "d": 86_400, "h": 3600, "m": 60}

number_argument = click.argument("number", type=click.IntRange(min=1))


class Duration(click.ParamType[int]):
    """`4h`, `90m`, `2d`, or several of them together: `1d12h`. Seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        seconds = seconds_of(str(value))
        if seconds is None:
            self.fail(f"{value!r} is no duration; write 4h, 90m or 2d", param, ctx)
        return seconds


@click.group()
def access() -> None:
    """Permissions for a time: ask for them, decide on what others ask for."""


@access.command()
@click.option("--on", "object_", required=True, metavar="PATH", help="instance/database, /schema/table below it; * allowed.")
@click.option("--actions", required=True, help="Comma-separated: select,export")
@click.option("--for", "seconds", required=True, type=Duration(), help="4h, 90m, 2d. It begins with the approval.")
@click.option("--reason", required=True, help="Why: the approver reads it, the audit keeps it.")
@format_option
@api_options
def request(client: ApiClient, *, object_: str, actions: str, seconds: int, reason: str, format_: Format) -> None:
    """Ask for actions on an object, for a time."""
    wanted = [action.strip().lower() for action in actions.split(",") if action.strip()]
    body = {"object": object_.strip("/"), "actions": wanted, "seconds": seconds, "reason": reason}
    made = client.post("access-requests", body)
    _said(made, f"asked for as #{made['number']}; somebody else approves it: gateway access approve {made['number']}", format_)


@access.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Only these; may be given several times.")
@click.option("--requester", help="Only what this person asked for.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@format_option
@api_options
def list_requests(client: ApiClient, *, states: tuple[str, ...], requester: str | None, limit: int, format_: Format) -> None:
    """Your own requests and those you may decide, newest first."""
    found = list(_pages(client, "access-requests", limit, state=list(states) or None, requester=requester))
    if format_ == "json":
        print_json(found)
        return
    rows = [{**item, "actions": ",".join(item["actions"]), "for": _words(item["seconds"])} for item in found]
    print_rows(rows, _COLUMNS, format_)


@access.command()
@number_argument
@format_option
@api_options
def show(client: ApiClient, number: int, *, format_: Format) -> None:
    """One request with what became of it."""
    found = client.get(f"access-requests/{number}")
    if format_ == "json":
        print_json(found)
        return
    shown = {
        "number": found["number"],
        "state": found["state"],
        "requester": found["requester"],
        "object": found["object"],
        "actions": ",".join(found["actions"]),
        "for": _words(found["seconds"]),
        "reason": plain(found["reason"]),
        "asked": local_time(found["created_at"]),
        "decided by": found["decided_by"] or "",
        "decided": local_time(found["decided_at"]),
        "ends": local_time(found["decided_at"] + found["seconds"]) if found["state"] == "approved" else "",
        "comment": plain(found["comment"]),
    }
    print_fields(shown, format_)


@access.command()
@number_argument
@click.option("--comment", default="")
@format_option
@api_options
def approve(client: ApiClient, number: int, *, comment: str, format_: Format) -> None:
    """The access counts at once, in live sessions too, and ends by itself."""
    decided = client.post(f"access-requests/{number}/approve", {"comment": comment})
    _said(decided, f"approved #{number} until {local_time(decided['decided_at'] + decided['seconds'])}", format_)


@access.command()
@number_argument
@click.option("--comment", required=True, help="Why not.")
@format_option
@api_options
def reject(client: ApiClient, number: int, *, comment: str, format_: Format) -> None:
    """Say no, and why."""
    _said(client.post(f"access-requests/{number}/reject", {"comment": comment}), f"rejected #{number}", format_)


@access.command()
@number_argument
@click.option("--comment", default="")
@format_option
@api_options
def cancel(client: ApiClient, number: int, *, comment: str, format_: Format) -> None:
    """Take a request back before anybody decided on it."""
    _said(client.post(f"access-requests/{number}/cancel", {"comment": comment}), f"cancelled #{number}", format_)


@access.command()
@number_argument
@click.option("--comment", default="", help="Why; the audit keeps it.")
@format_option
@api_options
def revoke(client: ApiClient, number: int, *, comment: str, format_: Format) -> None:
    """End approved access before its time, in live sessions too: what runs on it is cancelled."""
    _said(client.post(f"access-requests/{number}/revoke", {"comment": comment}), f"revoked #{number}", format_)


@access.command()
@click.option("--older-than", "seconds", type=Duration(), default="0s", help="Only grants that have stood so long: 1d.")
@format_option
@api_options
def unused(client: ApiClient, *, seconds: int, format_: Format) -> None:
    """Grants that nobody has used yet, those that have ended included."""
    before = time.time() - seconds
    found = [
        grant
        for grant in _pages(client, "grants", 100_000)
        if grant["used_at"] is None and grant["effect"] == "allow" and grant["created_at"] <= before
    ]
    if format_ == "json":
        print_json(found)
        return
    rows = [{**item, "given": local_time(item["created_at"]), "ends": local_time(item["expires_at"])} for item in found]
    print_rows(rows, _UNUSED_COLUMNS, format_)


def _pages(client: ApiClient, path: str, limit: int, **filters: object) -> Iterator[dict[str, Any]]:
    cursor, left = None, limit
    while left > 0:
        page = client.get(path, cursor=cursor, limit=min(left, 500), **filters)
        yield from page["items"]
        left -= len(page["items"])
        cursor = page["next"]
        if cursor is None:
            return


def _words(seconds: int) -> str:
    for unit, length in _UNITS.items():
        if seconds % length == 0 and seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _said(result: dict[str, Any], text: str, format_: Format) -> None:
    if format_ == "json":
        print_json(result)
    else:
        click.echo(text)
