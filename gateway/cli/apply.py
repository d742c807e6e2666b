"""`gateway apply`: bring the store to what workspace files say, and print what changed."""

from collections.abc import Mapping
from pathlib import Path

import click

from gateway.cli.administration import Administration, store_command
from gateway.cli.output import Format, format_option, plain, print_json
from gateway.store.workspace import load_workspace
from gateway.store.workspace_apply import Change, apply_workspace


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--prune", is_flag=True, help="Also remove what the files do not name, of the kinds they speak of.")
@format_option
@store_command
async def apply(administration: Administration, files: tuple[Path, ...], dry_run: bool, prune: bool, format_: Format) -> None:
    """Bring the store to what FILES say: environments, instances, projects, databases, users, groups, tokens, grants.

    Several files count as one. All of it happens, or nothing. Run it again and nothing changes.
    """
    workspace = load_workspace(files)

    async def record(changes: list[Change]) -> None:
        bodies: list[Mapping[str, object]] = [
            {
                "change": f"workspace.{change.kind}",
                "object": change.name,
                "details": {"verb": change.verb, "detail": change.detail or None},
            }
            for change in changes
        ]
        await administration.record(bodies)

    changes = await apply_workspace(
        administration.store,
        workspace,
        dry_run=dry_run,
        prune=prune,
        native_passwords=administration.settings.mysql_native_password,
        record=record,
    )
    _print(changes, format_, dry_run=dry_run)


def _print(changes: list[Change], format_: Format, *, dry_run: bool) -> None:
    if format_ == "json":
        fields = ("verb", "kind", "name", "detail", "secret")
        print_json({"dry_run": dry_run, "changes": [{name: getattr(item, name) for name in fields} for item in changes]})
        return
    for change in changes:
        click.echo(plain(str(change)))
        if change.secret is not None:
            click.echo(f"  token, shown only now: {change.secret}")
    effective = sum(change.verb != "left alone" for change in changes)
    if not effective:
        click.echo("nothing to change")
    else:
        click.echo(f"{effective} change{'' if effective == 1 else 's'}{' would be made (dry run)' if dry_run else ''}")
