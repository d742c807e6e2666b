"""`gateway issue`: change issues, through the HTTP API as the person who calls."""

import sys
import time
from collections.abc import Iterator
from typing import Any

import click

from gateway.cli.client import ApiClient, api_options
from gateway.cli.main import AnswerIsNo
from gateway.cli.output import Format, format_option, local_time, plain, print_fields, print_json, print_rows

_STATES = ["open", "approved", "rolling_out", "done", "failed", "rejected", "cancelled"]
_COLUMNS = ["number", "state", "database", "requester", "created", "title"]
_POLL_SECONDS = (0.1, 0.2, 0.5, 1.0)  # the last one again and again

number_argument = click.argument("number", type=click.IntRange(min=1))


@click.group()
def issue() -> None:
    """Change issues: statements that another person looks at before they reach the database."""


@issue.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice(_STATES), help="Only these; may be given several times.")
@click.option("--requester", help="Only what this person asked for.")
@click.option("--database", help="Only this one: instance/database.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@format_option
@api_options
def list_issues(
    client: ApiClient, *, states: tuple[str, ...], requester: str | None, database: str | None, limit: int, format_: Format
) -> None:
    """What you may see, newest first."""
    found = list(_all(client, limit, state=list(states) or None, requester=requester, database=database))
    if format_ == "json":
        print_json(found)
        return
    print_rows([{**item, "created": local_time(item["created_at"])} for item in found], _COLUMNS, format_)


@issue.command()
@number_argument
@click.option("--schema", is_flag=True, help="The schema's difference as well.")
@format_option
@api_options
def show(client: ApiClient, number: int, *, schema: bool, format_: Format) -> None:
    """An issue with its statements and history. Your look closes somebody else's issue for further statements."""
    found = client.get(f"issues/{number}")
    change = client.get(f"issues/{number}/schema") if schema else None
    if format_ == "json":
        print_json({**found, "schema": change} if schema else found)
        return
    _print_issue(found)
    if change is not None:
        click.echo("\nSchema difference")
        click.echo(plain(change["difference"] or "none recorded", keep_lines=True).rstrip("\n"))


@issue.command()
@click.option("--database", required=True, help="instance/database")
@click.option("--title", default="", help="By default the first statement.")
@click.option("--search-path", default="public", show_default=True, help="Schemas, separated by commas.")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@format_option
@api_options
def create(client: ApiClient, *, database: str, title: str, search_path: str, file: Any, format_: Format) -> None:
    """A whole script as one issue; FILE may be - for standard input.

    Every statement must be one that needs an issue; the first that is refused outright, or needs none, is named.
    """
    path = [name.strip() for name in search_path.split(",") if name.strip()]
    made = client.post("issues", {"database": database, "sql": file.read(), "title": title, "search_path": path})
    _print_result(made, f"opened #{made['number']}: {made['url']}", format_)


@issue.command()
@number_argument
@click.option("--version", type=click.IntRange(min=1), help="The version you read; without it, the one shown now.")
@click.option("-m", "--comment", default="")
@format_option
@api_options
def approve(client: ApiClient, number: int, *, version: int | None, comment: str, format_: Format) -> None:
    """Approve the version you saw. Somebody else's look or statement in between makes it a conflict."""
    if version is None:
        seen = client.get(f"issues/{number}")
        version = seen["version"]
        if format_ == "text":
            _print_statements(seen)
            _print_review(seen)
    decided = client.post(f"issues/{number}/approve", {"version": version, "comment": comment})
    _print_result(decided, f"approved #{number}, version {version}", format_)


@issue.command()
@number_argument
@click.option("-m", "--comment", required=True, help="Why, and what should change.")
@format_option
@api_options
def reject(client: ApiClient, number: int, *, comment: str, format_: Format) -> None:
    """Turn it down, or take an approval back before anything ran."""
    _print_result(client.post(f"issues/{number}/reject", {"comment": comment}), f"rejected #{number}", format_)


@issue.command()
@number_argument
@click.argument("text")
@format_option
@api_options
def comment(client: ApiClient, number: int, *, text: str, format_: Format) -> None:
    """Add a comment."""
    _print_result(client.post(f"issues/{number}/comment", {"comment": text}), f"commented #{number}", format_)


@issue.command()
@number_argument
@click.option("-m", "--comment", default="")
@format_option
@api_options
def cancel(client: ApiClient, number: int, *, comment: str, format_: Format) -> None:
    """Nothing more of it will run; what has run stays."""
    _print_result(client.post(f"issues/{number}/cancel", {"comment": comment}), f"cancelled #{number}", format_)


@issue.command()
@number_argument
@click.option(
    "--assume",
    type=click.Choice(["done", "not-done"]),
    help="Your word on statements whose outcome nobody knows; look at the database first.",
)
@click.option("--no-wait", is_flag=True, help="Start it and come back.")
@format_option
@api_options
def rollout(client: ApiClient, number: int, *, assume: str | None, no_wait: bool, format_: Format) -> None:
    """Run an approved issue, or resume one that stopped, and follow it to its end. Exit code 1 where it fails."""
    found = client.post(f"issues/{number}/rollout", {"assume": assume} if assume is not None else {})
    if not no_wait:
        found = _follow(client, found)
    if format_ == "json":
        print_json(found)
    else:
        _print_statements(found)
    if found["state"] == "failed":
        raise AnswerIsNo(f"the rollout of #{number} failed: {_failure(found)}")
    if format_ == "text":
        click.echo(f"#{number} is {found['state'].replace('_', ' ')}")


def _follow(client: ApiClient, found: dict[str, Any]) -> dict[str, Any]:
    """Ask until the rollout has ended; a line of progress on a terminal."""
    asked = 0
    while found["state"] == "rolling_out":
        _progress(found)
        time.sleep(_POLL_SECONDS[min(asked, len(_POLL_SECONDS) - 1)])
        asked += 1
        found = client.get(f"issues/{found['number']}")
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    return found


def _progress(found: dict[str, Any]) -> None:
    if not sys.stderr.isatty():
        return
    done = sum(task["state"] == "done" for task in found["tasks"])
    running = next((task for task in found["tasks"] if task["state"] == "running"), None)
    now = f": {plain(running['text'])[:60]}" if running is not None else ""
    click.echo(f"\r\x1b[K{done} of {len(found['tasks'])} statements done{now}", nl=False, err=True)


def _failure(found: dict[str, Any]) -> str:
    said = next((task["error"] for task in found["tasks"] if task["state"] == "failed" and task["error"]), None)
    last = next((event["comment"] for event in reversed(found["events"]) if event["kind"] == "failed"), "")
    return plain(said or last)


def _all(client: ApiClient, limit: int, **filters: object) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    left = limit
    while left > 0:
        page = client.get("issues", cursor=cursor, limit=min(left, 500), **filters)
        yield from page["items"][:left]
        left -= len(page["items"])
        cursor = page["next"]
        if cursor is None or not page["items"]:
            return


def _print_result(result: dict[str, Any], text: str, format_: Format) -> None:
    if format_ == "json":
        print_json(result)
    else:
        click.echo(text)


def _print_issue(found: dict[str, Any]) -> None:
    head = {
        "issue": f"#{found['number']}  {found['title']}",
        "state": found["state"].replace("_", " "),
        "version": found["version"],
        "requester": found["requester"],
        "database": found["database"],
        "search path": ", ".join(found["search_path"]),
        "created": local_time(found["created_at"]),
        "address": found["url"],
    }
    print_fields(head, "text")
    click.echo("\nStatements")
    _print_statements(found, readable=True)
    _print_review(found)
    click.echo("\nHistory")
    for event in found["events"]:
        said = f": {plain(event['comment'])}" if event["comment"] else ""
        click.echo(f"  {local_time(event['time'])}  {plain(event['actor'])} {event['kind']}{said}")


def _print_review(found: dict[str, Any]) -> None:
    """What the automatic review says, danger first; nothing where it has nothing to say."""
    if found["findings"]:
        click.echo("\nReview")
    for finding in found["findings"]:
        click.echo(f"  [{finding['level']}] statement {finding['position']}: {plain(finding['text'])} ({finding['rule']})")
        click.echo(f"     {plain(finding['advice'])}")


def _print_statements(found: dict[str, Any], *, readable: bool = False) -> None:
    """The exact texts; `readable` adds the formatted form of those with long lines."""
    for task in found["tasks"]:
        alone = "" if task["transactional"] else ", outside a transaction"
        error = f": {plain(task['error'])}" if task["error"] else ""
        click.echo(f"  {task['position']}. [{task['state']}{alone}{error}]")
        for line in plain(task["text"], keep_lines=True).split("\n"):
            click.echo(f"     {line}")
        if readable and task["formatted"] is not None:
            click.echo("     formatted for reading; the text above is what runs:")
            for line in plain(task["formatted"], keep_lines=True).split("\n"):
                click.echo(f"       {line}")
