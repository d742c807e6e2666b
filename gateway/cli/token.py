"""`gateway token`: API tokens, through the HTTP API as the person who calls."""

import re
from typing import Any
from urllib.parse import quote

import click

from gateway.cli.client import ApiClient, api_options
from gateway.cli.output import Format, format_option, local_time, print_fields, print_json, print_rows

_DURATION = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


class Duration(click.ParamType[float]):
    """`90s`, `30m`, `4h`, `7d`, `2w` as seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = _DURATION.fullmatch(str(value))
        if match is None or int(match[1]) == 0:
            self.fail("write a number with s, m, h, d or w: 4h, 30d", param, ctx)
        return float(int(match[1]) * _UNITS[match[2]])


@click.group()
def token() -> None:
    """API tokens: create, list, revoke. A token acts with all rights of its user."""


@token.command("create")
@click.argument("name")
@click.option("--for", "user", help="Whose; your own where it is left away.")
@click.option("--expires-in", type=Duration(), default="90d", show_default=True, help="How long it counts: 4h, 30d.")
@click.option("--forever", is_flag=True, help="A token without an end; needs `admin` on gateway/tokens.")
@format_option
@api_options
def create(client: ApiClient, name: str, *, user: str | None, expires_in: float, forever: bool, format_: Format) -> None:
    """Make a token. It is shown once."""
    made = client.post("tokens", {"name": name, "user": user, "expires_in": None if forever else expires_in})
    if format_ == "json":
        print_json(made)
        return
    fields = {"token": made["token"], "name": made["name"], "user": made["user"], "expires": local_time(made["expires_at"])}
    print_fields(fields, format_)
    click.echo("It is not shown again.", err=True)


@token.command("list")
@click.option("--for", "user", help="Whose; * for everyone's.")
@format_option
@api_options
def list_tokens(client: ApiClient, user: str | None, format_: Format) -> None:
    """Your tokens, or those of others where you may read them."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = client.get("tokens", user=user, cursor=cursor, limit=500)
        rows += [_row(item) for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    print_rows(rows, ["user", "name", "created", "expires", "state"], format_)


@token.command("revoke")
@click.argument("name")
@click.option("--for", "user", help="Whose; your own where it is left away.")
@api_options
def revoke(client: ApiClient, name: str, user: str | None) -> None:
    """The token counts no more, at once."""
    owner = user if user is not None else client.get("me")["name"]
    client.delete(f"tokens/{quote(owner, safe='')}/{quote(name, safe='')}")
    click.echo(f"revoked {name}")


def _row(item: dict[str, Any]) -> dict[str, Any]:
    state = "revoked" if item["revoked_at"] is not None else "active"
    return {
        "user": item["user"],
        "name": item["name"],
        "created": local_time(item["created_at"]),
        "expires": local_time(item["expires_at"]),
        "state": state,
    }
