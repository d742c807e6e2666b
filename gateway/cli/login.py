"""`gateway login` and `gateway logout`: a token kept for this machine's user, so that commands need no password."""

import os
from pathlib import Path

import click

from gateway.cli.client import ApiClient, Login, Token, anonymous, forget_login, keep_login, kept_login
from gateway.model.errors import GatewayError


@click.command()
@click.option("--url", help="The gateway's HTTP address, for example http://127.0.0.1:6480.")
@click.option("-c", "--config", type=click.Path(path_type=Path, dir_okay=False), help="gateway.toml, for its HTTP address.")
@click.option("--user", help="Who logs in; asked for where it is neither given nor in GATEWAY_USER.")
def login(url: str | None, config: Path | None, user: str | None) -> None:
    """Log in with a password and keep the token (0600) until it expires."""
    name = user or os.environ.get("GATEWAY_USER") or click.prompt("User")
    password = os.environ.get("GATEWAY_PASSWORD") or click.prompt("Password", hide_input=True)
    with anonymous(url, config) as client:
        made = client.login(name, password)
        path = keep_login(Login(client.url, made.token, made.user, made.name))
    click.echo(f"logged in as {made.user} at {client.url}; the token is kept in {path}")


@click.command()
def logout() -> None:
    """Revoke the kept token and forget it."""
    kept = kept_login()
    if kept is None:
        click.echo("no login is kept")
        return
    forget_login()
    try:
        with ApiClient(kept.url, Token(kept.token)) as client:
            client.delete(kept.path)
    except GatewayError as error:
        click.echo(f"forgotten here; the gateway was not told, the token stays until it expires: {error}", err=True)
        return
    click.echo("logged out")
