"""`gateway secrets`: the master key and what it protects."""

import click

from gateway.cli.administration import Administration, store_command
from gateway.cli.output import Format, format_option, print_fields
from gateway.store import servers


@click.group()
def secrets() -> None:
    """The master key: check, rotate."""


@secrets.command("check")
@format_option
@store_command
async def check(administration: Administration, format_: Format) -> None:
    """Open every stored secret with the key file, and say how many there are. Fails on the first that does not open."""
    store = administration.store
    async with store.read() as connection:
        found = [instance for instance in await servers.list_instances(connection) if instance.has_password]
        for instance in found:
            await servers.find_server(connection, store.key, instance.name)
    print_fields({"key": store.key.current_id, "file": str(store.key.path), "secrets": len(found)}, format_)


@secrets.command("rotate")
@format_option
@store_command
async def rotate(administration: Administration, format_: Format) -> None:
    """A new key for every stored secret; the old one is forgotten. Stopped half-way, run it again.

    Gateways with the same key file follow by themselves; copy the file to other machines at once. The log's signing key is
    not changed: old records stay provable.
    """
    store = administration.store
    old = store.key.current_id
    await administration.record([{"change": "secrets.rotate", "object": old}])
    count = await store.rotate_key()
    print_fields({"old": old, "key": store.key.current_id, "secrets": count}, format_)


@secrets.command("path")
@store_command
async def path(administration: Administration) -> None:
    """Where the key file is: what to back up, apart from the store."""
    click.echo(str(administration.store.key.path))
