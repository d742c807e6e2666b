"""`gateway user`: the gateway's own logins, directly in the store of a gateway.toml."""

from pathlib import Path

import click

from gateway.cli.administration import Administration, read_password, store_command
from gateway.cli.output import Format, format_option, local_time, print_fields, print_rows
from gateway.model.errors import NotFound
from gateway.store import StoredBinding, directory, servers
from gateway.store.directory import parse_role
from gateway.store.passwords import make_verifier, native_verifier

_password_file = click.option(
    "--password-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Take the password from this file instead of asking for it.",
)


@click.group()
def user() -> None:
    """Users of the gateway: list, add, passwd, disable, enable, remove, grant-role, revoke-role."""


@user.command("list")
@format_option
@store_command
async def list_users(administration: Administration, format_: Format) -> None:
    """Every user with roles."""
    async with administration.store.read() as connection:
        users = await directory.list_users(connection)
        bindings = await directory.list_bindings(connection, "user")
    roles: dict[str, list[str]] = {}
    for binding in bindings:
        roles.setdefault(binding.subject, []).append(_shown(binding))
    rows = [
        {
            "name": item.name,
            "email": item.email,
            "state": "disabled" if item.disabled else "active",
            "login": "password" if item.verifier else "tokens only",
            "roles": ", ".join(roles.get(item.name, [])),
        }
        for item in users
    ]
    print_rows(rows, ["name", "email", "state", "login", "roles"], format_)


@user.command("show")
@click.argument("name")
@format_option
@store_command
async def show_user(administration: Administration, name: str, format_: Format) -> None:
    """A user with the roles that count now, their groups' included."""
    found = await administration.store.user(name)
    if found is None:
        raise NotFound(f"no user {name!r}")
    principal = await administration.store.principal(name)
    roles = [
        f"{binding.role}{f'@{binding.project}' if binding.project else ''}"
        + (f" until {local_time(binding.expires_at)}" if binding.expires_at else "")
        for binding in (principal.bindings if principal else ())
    ]
    state = "disabled" if found.disabled else "active"
    print_fields({"name": name, "email": found.email, "state": state, "roles": ", ".join(roles)}, format_)


@user.command("add")
@click.argument("name")
@click.option("--email", default="")
@click.option("--role", "roles", multiple=True, metavar="ROLE[@PROJECT]", help="May be given several times.")
@click.option("--no-password", is_flag=True, help="A user with tokens only.")
@_password_file
@store_command
async def add_user(
    administration: Administration,
    name: str,
    *,
    email: str,
    roles: tuple[str, ...],
    no_password: bool,
    password_file: Path | None,
) -> None:
    """Add a user. The password is asked for, or read from a file."""
    parsed = [parse_role(role) for role in roles]
    password = None if no_password else read_password(f"Password for {name}", password_file)
    async with administration.change("user.add", name, roles=list(roles)) as connection:
        await directory.add_user(connection, name, email=email)
        if password is not None:
            await directory.set_verifier(connection, name, make_verifier(password), _native(administration, password))
        projects = await servers.list_projects(connection)
        for role, project in parsed:
            if project and project not in projects:
                raise NotFound(f"no project {project!r}")
            await directory.put_binding(connection, StoredBinding("user", name, role, project, None))
    click.echo(f"added user {name}")


@user.command("passwd")
@click.argument("name")
@_password_file
@store_command
async def passwd(administration: Administration, name: str, password_file: Path | None) -> None:
    """Give a user a new password."""
    if await administration.store.user(name) is None:
        raise NotFound(f"no user {name!r}")
    password = read_password(f"New password for {name}", password_file)
    async with administration.change("user.password", name) as connection:
        await directory.set_verifier(connection, name, make_verifier(password), _native(administration, password))
    click.echo(f"changed the password of {name}")


@user.command("disable")
@click.argument("name")
@store_command
async def disable(administration: Administration, name: str) -> None:
    """Shut a user out, of live sessions too, within a second."""
    await _set_disabled(administration, name, disabled=True)


@user.command("enable")
@click.argument("name")
@store_command
async def enable(administration: Administration, name: str) -> None:
    """Let a disabled user in again."""
    await _set_disabled(administration, name, disabled=False)


@user.command("remove")
@click.argument("name")
@store_command
async def remove_user(administration: Administration, name: str) -> None:
    """Remove a user with tokens, memberships and roles. The audit log keeps what they did."""
    async with administration.change("user.remove", name) as connection:
        await directory.remove_user(connection, name)
    click.echo(f"removed user {name}")


@user.command("grant-role")
@click.argument("name")
@click.argument("role", metavar="ROLE[@PROJECT]")
@store_command
async def grant_role(administration: Administration, name: str, role: str) -> None:
    """Give a user a role, in one project or in all."""
    parsed, project = parse_role(role)
    async with administration.change("role.put", role, subject=name) as connection:
        if await directory.find_user(connection, name) is None:
            raise NotFound(f"no user {name!r}")
        if project and project not in await servers.list_projects(connection):
            raise NotFound(f"no project {project!r}")
        await directory.put_binding(connection, StoredBinding("user", name, parsed, project, None))
    click.echo(f"{name} holds {role}")


@user.command("revoke-role")
@click.argument("name")
@click.argument("role", metavar="ROLE[@PROJECT]")
@store_command
async def revoke_role(administration: Administration, name: str, role: str) -> None:
    """Take a role from a user."""
    parsed, project = parse_role(role)
    async with administration.change("role.remove", role, subject=name) as connection:
        if not await directory.remove_binding(connection, StoredBinding("user", name, parsed, project, None)):
            raise NotFound(f"{name} does not hold {role}")
    click.echo(f"{name} no longer holds {role}")


async def _set_disabled(administration: Administration, name: str, *, disabled: bool) -> None:
    async with administration.change("user.change", name, disabled=disabled) as connection:
        await directory.change_user(connection, name, disabled=disabled)
    click.echo(f"{name} is {'disabled' if disabled else 'enabled'}")


def _native(administration: Administration, password: str) -> bytes | None:
    return native_verifier(password) if administration.settings.mysql_native_password else None


def _shown(binding: StoredBinding) -> str:
    return f"{binding.role}@{binding.project}" if binding.project else binding.role
