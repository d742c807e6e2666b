"""Environments, projects, instances and registered databases."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from gateway.api.callers import Authenticated, gateway_path
from gateway.api.models.fields import Named
from gateway.api.models.servers import DatabaseIn, DatabaseOut, InstanceIn, InstanceOut
from gateway.api.pages import Cursor, Limit, Page, page
from gateway.model.errors import NotFound
from gateway.model.footprint import Action
from gateway.model.identity import Engine
from gateway.store import StoredInstance, servers

router = APIRouter(tags=["servers"])
PathName = Annotated[str, Path(max_length=190, pattern=r"^[^\x00]+$")]


@router.get("/environments")
async def list_environments(caller: Authenticated, limit: Limit = 100, cursor: Cursor = None) -> Page[Named]:
    """Those of databases that the caller may see; all with `select` on gateway/environments."""
    if caller.may(Action.SELECT, gateway_path("environments")):
        async with caller.services.store.read() as connection:
            names = set(await servers.list_environments(connection))
    else:
        names = {target.environment for target in await caller.services.store.targets() if caller.may_see(target)}
    return page(names, str, lambda name: Named(name=name), cursor, limit)


@router.put("/environments/{name}", status_code=201)
async def add_environment(name: PathName, caller: Authenticated) -> Named:
    await caller.require(Action.ADMIN, gateway_path("environments", name))
    async with caller.change("environment.add", name) as connection:
        if name not in await servers.list_environments(connection):
            await servers.add_environment(connection, name)
    return Named(name=name)


@router.delete("/environments/{name}", status_code=204)
async def remove_environment(name: PathName, caller: Authenticated) -> Response:
    """409 while an instance is in it."""
    await caller.require(Action.ADMIN, gateway_path("environments", name))
    async with caller.change("environment.remove", name) as connection:
        if name not in await servers.list_environments(connection):
            raise NotFound(f"no environment {name!r}")
        await servers.remove_environment(connection, name)
    return Response(status_code=204)


@router.get("/projects")
async def list_projects(caller: Authenticated, limit: Limit = 100, cursor: Cursor = None) -> Page[Named]:
    """Those of databases that the caller may see; all with `select` on gateway/projects."""
    if caller.may(Action.SELECT, gateway_path("projects")):
        async with caller.services.store.read() as connection:
            names = set(await servers.list_projects(connection))
    else:
        visible = (target.project for target in await caller.services.store.targets() if caller.may_see(target))
        names = {project for project in visible if project}
    return page(names, str, lambda name: Named(name=name), cursor, limit)


@router.put("/projects/{name}", status_code=201)
async def add_project(name: PathName, caller: Authenticated) -> Named:
    await caller.require(Action.ADMIN, gateway_path("projects", name))
    async with caller.change("project.add", name) as connection:
        if name not in await servers.list_projects(connection):
            await servers.add_project(connection, name)
    return Named(name=name)


@router.delete("/projects/{name}", status_code=204)
async def remove_project(name: PathName, caller: Authenticated) -> Response:
    """409 while a database belongs to it."""
    await caller.require(Action.ADMIN, gateway_path("projects", name))
    async with caller.change("project.remove", name) as connection:
        if name not in await servers.list_projects(connection):
            raise NotFound(f"no project {name!r}")
        await servers.remove_project(connection, name)
    return Response(status_code=204)


@router.get("/instances")
async def list_instances(caller: Authenticated, limit: Limit = 100, cursor: Cursor = None) -> Page[InstanceOut]:
    """With `select` on gateway/instances. Never with a password."""
    await caller.require(Action.SELECT, gateway_path("instances"))
    async with caller.services.store.read() as connection:
        found = await servers.list_instances(connection)
    return page(found, lambda instance: instance.name, InstanceOut.of, cursor, limit)


@router.put("/instances/{name}")
async def put_instance(name: PathName, body: InstanceIn, caller: Authenticated) -> InstanceOut:
    """Add an instance or change it; without `password` the stored one stays."""
    await caller.require(Action.ADMIN, gateway_path("instances", name))
    store = caller.services.store
    wanted = StoredInstance(
        name, Engine(body.engine), body.host, body.port, body.environment, body.username, False, body.tls.stored()
    )
    details = {"host": body.host, "port": body.port, "environment": body.environment, "password_set": body.password is not None}
    async with caller.change("instance.put", name, **details) as connection:
        await servers.put_instance(connection, wanted)
        if body.password is not None:
            await servers.set_server_password(connection, store.key, name, body.password)
        stored = {instance.name: instance for instance in await servers.list_instances(connection)}
    return InstanceOut.of(stored[name])


@router.delete("/instances/{name}", status_code=204)
async def remove_instance(name: PathName, caller: Authenticated) -> Response:
    """With the registrations of its databases; the server itself is not touched."""
    await caller.require(Action.ADMIN, gateway_path("instances", name))
    async with caller.change("instance.remove", name) as connection:
        await servers.remove_instance(connection, name)
    return Response(status_code=204)


@router.get("/databases")
async def list_databases(
    caller: Authenticated, project: str | None = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[DatabaseOut]:
    """Those that the caller may connect to; all of a project with `select` on gateway/databases there."""
    found = await caller.services.store.targets()
    visible = [target for target in found if project in (None, target.project) and caller.may_see(target)]
    return page(visible, lambda target: target.address, DatabaseOut.of, cursor, limit)


@router.put("/databases/{instance}/{name:path}")
async def put_database(instance: PathName, name: PathName, body: DatabaseIn, caller: Authenticated) -> DatabaseOut:
    """Register a database, or move it to another project: `admin` on gateway/databases in both projects.

    One that is not registered belongs to the workspace: whoever administers a project alone cannot take it.
    """
    present = {target.address: target for target in await caller.services.store.targets()}
    old = present.get(f"{instance}/{name}")
    for project in {body.project, old.project if old else ""}:
        await caller.require(Action.ADMIN, gateway_path("databases", instance, name), project)
    async with caller.change("database.put", f"{instance}/{name}", project=body.project) as connection:
        await servers.put_database(connection, instance, name, body.project)
        targets = {target.address: target for target in await servers.list_targets(connection)}
    return DatabaseOut.of(targets[f"{instance}/{name}"])


@router.delete("/databases/{instance}/{name:path}", status_code=204)
async def remove_database(instance: PathName, name: PathName, caller: Authenticated) -> Response:
    """Forget the registration; the database itself is not touched."""
    present = {target.address: target for target in await caller.services.store.targets()}
    old = present.get(f"{instance}/{name}")
    await caller.require(Action.ADMIN, gateway_path("databases", instance, name), old.project if old else "")
    async with caller.change("database.remove", f"{instance}/{name}") as connection:
        await servers.remove_database(connection, instance, name)
    return Response(status_code=204)
