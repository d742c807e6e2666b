"""Bring the store to what the workspace files say, in one transaction, and tell what changed.

What the files do not name is left alone, and said; `prune` removes it, of the kinds that the files speak of at all. Roles and
grants with an end came another way (an access request) and are never pruned.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal, NoReturn

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.errors import ConfigurationError, GatewayError
from gateway.model.identity import Engine
from gateway.store import directory, grants, servers, tokens
from gateway.store.directory import StoredBinding, SubjectKind, parse_role
from gateway.store.grants import StoredGrant
from gateway.store.passwords import check_password, make_verifier, native_verifier
from gateway.store.servers import ServerTls, StoredInstance
from gateway.store.store import Store
from gateway.store.workspace import DEFAULT_PORTS, Workspace, seconds

AUTHOR = "workspace file"
Verb = Literal["added", "changed", "removed", "left alone"]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the report. `secret` is a token that was made just now: shown once, stored nowhere."""

    verb: Verb
    kind: str
    name: str
    detail: str = ""
    secret: str | None = None

    def __repr__(self) -> str:
        return f"Change({self.verb} {self.kind} {self.name} {self.detail})"

    def __str__(self) -> str:
        return f"{self.verb}: {self.kind} {self.name}" + (f" ({self.detail})" if self.detail else "")


Recorder = Callable[[list[Change]], Awaitable[None]]


class _Undo(Exception):
    """Ends the transaction without an effect."""


def _undo() -> NoReturn:
    raise _Undo


async def apply_workspace(
    store: Store,
    workspace: Workspace,
    *,
    dry_run: bool = False,
    prune: bool = False,
    native_passwords: bool = False,
    record: Recorder | None = None,
) -> list[Change]:
    """Everything or nothing. `record` writes the changes down before they are committed; if it fails, there are none.

    Raises ConfigurationError that names the file, StoreUnavailable, and what `record` raises.
    """
    applier = _Applier(store, workspace, prune=prune, native_passwords=native_passwords)
    try:
        async with store.change() as connection:
            await applier.run(connection)
            effective = [change for change in applier.changes if change.verb != "left alone"]
            if dry_run or not effective:
                _undo()
            if record is not None:
                await record(effective)
    except _Undo:
        # A token of a transaction that was undone opens nothing: it is not shown.
        return [replace(change, secret=None) for change in applier.changes]
    return applier.changes


class _Applier:
    def __init__(self, store: Store, workspace: Workspace, *, prune: bool, native_passwords: bool) -> None:
        self.changes: list[Change] = []
        self._store = store
        self._workspace = workspace
        self._prune = prune
        self._native = native_passwords
        self._now = time.time()

    async def run(self, connection: AsyncConnection) -> None:
        """In the order in which things refer to each other; removals in the opposite one."""
        await self._environments(connection)
        await self._projects(connection)
        await self._instances(connection)
        await self._databases(connection)
        await self._users(connection)
        await self._groups(connection)
        await self._roles(connection)
        await self._tokens(connection)
        await self._grants(connection)
        await self._remove_unnamed(connection)

    def _note(self, verb: Verb, kind: str, name: str, detail: str = "", secret: str | None = None) -> None:
        self.changes.append(Change(verb, kind, name, detail, secret))

    def _leave(self, kind: str, name: str) -> None:
        self._note("left alone", kind, name, "not in the file; --prune removes it")

    async def _environments(self, connection: AsyncConnection) -> None:
        present = await servers.list_environments(connection)
        for wanted in self._workspace.environments:
            if wanted.name not in present:
                await servers.add_environment(connection, wanted.name)
                self._note("added", "environment", wanted.name)

    async def _projects(self, connection: AsyncConnection) -> None:
        present = await servers.list_projects(connection)
        for wanted in self._workspace.projects:
            if wanted.name not in present:
                await servers.add_project(connection, wanted.name)
                self._note("added", "project", wanted.name)

    async def _instances(self, connection: AsyncConnection) -> None:
        present = {instance.name: instance for instance in await servers.list_instances(connection)}
        environments = await servers.list_environments(connection)
        for entry in self._workspace.instances:
            if entry.environment not in environments:
                raise ConfigurationError(
                    f"{self._workspace.where('instance', entry.name)}: environment: there is no {entry.environment!r}; "
                    f"add [[environments]] name = {entry.environment!r}, or use one of: {', '.join(environments) or 'none yet'}"
                )
            engine = Engine(entry.engine)
            old = present.get(entry.name)
            tls = ServerTls(entry.tls.mode, entry.tls.ca, entry.tls.cert, entry.tls.key)
            port = entry.port or DEFAULT_PORTS[engine]
            has_password = old is not None and old.has_password
            new = StoredInstance(entry.name, engine, entry.host, port, entry.environment, entry.username, has_password, tls)
            await servers.put_instance(connection, new)
            changed = [] if old is None else [key for key in _INSTANCE_KEYS if getattr(old, key) != getattr(new, key)]
            if await self._server_password(connection, entry.name):
                changed.append("password")
            if old is None:
                self._note("added", "instance", entry.name)
            elif changed:
                self._note("changed", "instance", entry.name, ", ".join(changed))

    async def _server_password(self, connection: AsyncConnection, instance: str) -> bool:
        password = self._workspace.secrets.get("instance", instance)
        if password is None:
            return False
        stored = (await servers.find_server(connection, self._store.key, instance)).password
        if stored == password:
            return False
        await servers.set_server_password(connection, self._store.key, instance, password)
        return True

    async def _databases(self, connection: AsyncConnection) -> None:
        present = {target.address: target.project for target in await servers.list_targets(connection)}
        for address, project in self._workspace.databases.items():
            if present.get(address) == project:
                continue
            instance, _, name = address.partition("/")
            try:
                await servers.put_database(connection, instance, name, project)
            except GatewayError as error:
                where = self._workspace.where("project", project) if project else f"database {address!r}"
                raise ConfigurationError(f"{where}: databases: {error}; add it as [[instances]]") from None
            verb: Verb = "changed" if address in present else "added"
            self._note(verb, "database", address, f"project {project}" if project else "no project")

    async def _users(self, connection: AsyncConnection) -> None:
        for entry in self._workspace.users:
            old = await directory.find_user(connection, entry.name)
            changed = []
            if old is None:
                await directory.add_user(connection, entry.name, email=entry.email, disabled=entry.disabled)
            else:
                changed = [key for key in ("email", "disabled") if getattr(old, key) != getattr(entry, key)]
                await directory.change_user(connection, entry.name, email=entry.email, disabled=entry.disabled)
            password = self._workspace.secrets.get("user", entry.name)
            if password is not None and not check_password(password, old.verifier if old else None):
                await self._set_password(connection, entry.name, password)
                changed.append("password")
            if old is None:
                self._note("added", "user", entry.name)
            elif changed:
                self._note("changed", "user", entry.name, ", ".join(changed))

    async def _set_password(self, connection: AsyncConnection, user: str, password: str) -> None:
        try:
            verifier = make_verifier(password)
        except ValueError as error:
            raise ConfigurationError(f"{self._workspace.where('user', user)}: {error}") from None
        native = native_verifier(password) if self._native else None
        await directory.set_verifier(connection, user, verifier, native)

    async def _groups(self, connection: AsyncConnection) -> None:
        present = await directory.list_groups(connection)
        for entry in self._workspace.groups:
            if entry.name not in present:
                await directory.add_group(connection, entry.name)
                self._note("added", "group", entry.name)
            members = present.get(entry.name, ())
            for member in entry.members:
                if await directory.find_user(connection, member) is None:
                    where = self._workspace.where("group", entry.name)
                    raise ConfigurationError(f"{where}: members: there is no user {member!r}; add it as [[users]]")
                if member not in members:
                    await directory.add_member(connection, entry.name, member)
                    self._note("added", "member", f"{member} of {entry.name}")
            for member in set(members) - set(entry.members):
                if self._prune:
                    await directory.remove_member(connection, entry.name, member)
                    self._note("removed", "member", f"{member} of {entry.name}")
                else:
                    self._leave("member", f"{member} of {entry.name}")

    async def _roles(self, connection: AsyncConnection) -> None:
        projects = await servers.list_projects(connection)
        for user in self._workspace.users:
            await self._roles_of(connection, "user", user.name, user.roles, projects)
        for group in self._workspace.groups:
            await self._roles_of(connection, "group", group.name, group.roles, projects)

    async def _roles_of(
        self, connection: AsyncConnection, kind: SubjectKind, subject: str, roles: tuple[str, ...], projects: list[str]
    ) -> None:
        stored = await directory.list_bindings(connection, kind, subject)
        standing = {(binding.role, binding.project): binding for binding in stored if binding.expires_at is None}
        wanted = [parse_role(role) for role in roles]
        for role, project in wanted:
            if project and project not in projects:
                where = self._workspace.where(kind, subject)
                raise ConfigurationError(f"{where}: roles: {role}@{project}: there is no project {project!r}; add [[projects]]")
            if (role, project) not in standing:
                await directory.put_binding(connection, StoredBinding(kind, subject, role, project, None))
                self._note("added", "role", f"{_shown(role, project)} of {kind} {subject}")
        for (role, project), binding in standing.items():
            if (role, project) in wanted:
                continue
            if self._prune:
                await directory.remove_binding(connection, binding)
                self._note("removed", "role", f"{_shown(role, project)} of {kind} {subject}")
            else:
                self._leave("role", f"{_shown(role, project)} of {kind} {subject}")

    async def _tokens(self, connection: AsyncConnection) -> None:
        for entry in self._workspace.tokens:
            name = f"{entry.user}:{entry.name}"
            if await directory.find_user(connection, entry.user) is None:
                raise ConfigurationError(f"{self._workspace.where('token', name)}: user: there is no user {entry.user!r}")
            given = self._workspace.secrets.get("token", name)
            present = any(token.name == entry.name for token in await tokens.list_tokens(connection, entry.user))
            if present and (given is None or await tokens.find_owner(connection, given, self._now) == entry.user):
                continue
            if present:
                where = self._workspace.where("token", name)
                raise ConfigurationError(
                    f"{where}: a token of this name exists with another value, is revoked or has ended; choose another name"
                )
            expires = seconds(entry.expires)
            made = await tokens.create_token(connection, entry.user, entry.name, now=self._now, expires_at=expires, token=given)
            self._note("added", "token", name, secret=None if given else made)

    async def _grants(self, connection: AsyncConnection) -> None:
        standing = {_grant_key(grant): grant for grant in await grants.active_grants(connection, self._now)}
        for wanted in self._wanted_grants():
            old = standing.get(_grant_key(wanted))
            if old is not None and (old.expires_at, old.reason) == (wanted.expires_at, wanted.reason):
                continue
            if wanted.expires_at is not None and wanted.expires_at <= self._now:
                self._note("left alone", "grant", _shown_grant(wanted), "its end has passed")
                continue
            if old is not None:
                await grants.revoke_grant(connection, old.id, self._now)
            await grants.add_grant(connection, wanted)
            self._note("changed" if old else "added", "grant", _shown_grant(wanted))

    def _wanted_grants(self) -> list[StoredGrant]:
        return [
            StoredGrant(
                entry.subject,
                entry.project,
                entry.object,
                action,
                entry.condition,
                entry.effect,
                entry.reason,
                AUTHOR,
                self._now,
                seconds(entry.expires),
            )
            for entry in self._workspace.grants
            for action in entry.actions
        ]

    async def _remove_unnamed(self, connection: AsyncConnection) -> None:
        await self._remove_unnamed_grants(connection)
        workspace = self._workspace
        groups = set(await directory.list_groups(connection))
        users = {user.name for user in await directory.list_users(connection)}
        databases = {target.address for target in await servers.list_targets(connection)}
        instances = {instance.name for instance in await servers.list_instances(connection)}
        projects = set(await servers.list_projects(connection))
        environments = set(await servers.list_environments(connection))
        remove = {
            "group": directory.remove_group,
            "user": directory.remove_user,
            "database": _remove_database,
            "instance": servers.remove_instance,
            "project": servers.remove_project,
            "environment": servers.remove_environment,
        }
        for kind, present, named in (
            ("group", groups, {entry.name for entry in workspace.groups}),
            ("user", users, {entry.name for entry in workspace.users}),
            ("database", databases, set(workspace.databases)),
            ("instance", instances, {entry.name for entry in workspace.instances}),
            ("project", projects, {entry.name for entry in workspace.projects}),
            ("environment", environments, {entry.name for entry in workspace.environments}),
        ):
            # A kind that the files do not speak of at all is not theirs to remove.
            for name in sorted(present - named) if named else ():
                if self._prune:
                    await remove[kind](connection, name)
                self._unnamed(kind, name)

    async def _remove_unnamed_grants(self, connection: AsyncConnection) -> None:
        wanted = {_grant_key(grant) for grant in self._wanted_grants()}
        for grant in await grants.active_grants(connection, self._now) if wanted else ():
            if grant.granted_by == AUTHOR and grant.expires_at is None and _grant_key(grant) not in wanted:
                if self._prune:
                    await grants.revoke_grant(connection, grant.id, self._now)
                self._unnamed("grant", _shown_grant(grant))

    def _unnamed(self, kind: str, name: str) -> None:
        if self._prune:
            self._note("removed", kind, name)
        else:
            self._leave(kind, name)


async def _remove_database(connection: AsyncConnection, address: str) -> None:
    instance, _, name = address.partition("/")
    await servers.remove_database(connection, instance, name)


_INSTANCE_KEYS = ("engine", "host", "port", "environment", "username", "tls")


def _shown(role: str, project: str) -> str:
    return f"{role}@{project}" if project else role


def _grant_key(grant: StoredGrant) -> tuple[str, ...]:
    return (grant.subject, grant.project, grant.object, grant.action, grant.condition, grant.effect)


def _shown_grant(grant: StoredGrant) -> str:
    return f"{grant.effect} {grant.subject} {grant.action} on {grant.object}" + (
        f" in {grant.project}" if grant.project != "*" else ""
    )
