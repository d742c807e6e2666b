"""Users, groups, and the roles they hold."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from gateway.api.callers import Authenticated, gateway_path
from gateway.api.models.people import Binding, GroupIn, GroupOut, Me, PasswordIn, UserChange, UserIn, UserOut
from gateway.api.pages import Cursor, Limit, Page, decode_cursor, encode_cursor, page
from gateway.api.problems import TooManyAttempts
from gateway.model.errors import Forbidden, NotFound
from gateway.model.footprint import Action
from gateway.store import StoredBinding, directory, servers
from gateway.store.directory import StoredUser
from gateway.store.passwords import check_password, make_verifier, native_verifier

router = APIRouter(tags=["people"])
PathName = Annotated[str, Path(max_length=190, pattern=r"^[^\x00]+$")]
QueryName = Annotated[str, Query(min_length=1, max_length=190, pattern=r"^[^\x00]+$")]


@router.get("/me")
async def me(caller: Authenticated) -> Me:
    """Who the token stands for, and the roles that count now."""
    return Me.of(caller.principal)


@router.get("/users")
async def list_users(caller: Authenticated, limit: Limit = 100, cursor: Cursor = None) -> Page[UserOut]:
    await caller.require(Action.SELECT, gateway_path("users"))
    async with caller.services.store.read() as connection:
        found = await directory.list_users(connection, after=decode_cursor(cursor), limit=limit + 1)
    following = encode_cursor(found[limit - 1].name) if len(found) > limit else None
    return Page(items=[UserOut.of(user) for user in found[:limit]], next=following)


@router.post("/users", status_code=201)
async def add_user(body: UserIn, caller: Authenticated) -> UserOut:
    await caller.require(Action.ADMIN, gateway_path("users", body.name))
    verifiers = await _verifiers(body.password, native=caller.services.native_passwords)
    async with caller.change("user.add", body.name, disabled=body.disabled) as connection:
        await directory.add_user(connection, body.name, email=body.email, disabled=body.disabled)
        await directory.set_verifier(connection, body.name, *verifiers)
        user = await _existing(await directory.find_user(connection, body.name), body.name)
    return UserOut.of(user)


@router.get("/users/{name}")
async def show_user(name: PathName, caller: Authenticated) -> UserOut:
    """Oneself, or anyone with `select` on gateway/users."""
    if name != caller.name:
        await caller.require(Action.SELECT, gateway_path("users", name))
    return UserOut.of(await _existing(await caller.services.store.user(name), name))


@router.patch("/users/{name}")
async def change_user(name: PathName, body: UserChange, caller: Authenticated) -> UserOut:
    """A user that is disabled is out at once, in live sessions too."""
    await caller.require(Action.ADMIN, gateway_path("users", name))
    async with caller.change("user.change", name, **body.model_dump(exclude_none=True)) as connection:
        await directory.change_user(connection, name, email=body.email, disabled=body.disabled)
        user = await _existing(await directory.find_user(connection, name), name)
    return UserOut.of(user)


@router.put("/users/{name}/password", status_code=204)
async def set_password(name: PathName, body: PasswordIn, caller: Authenticated) -> Response:
    """One's own with the current one; another's with `admin` on gateway/users."""
    if name == caller.name:
        user = await caller.services.store.user(name)
        current = body.current or ""
        # Guessing here would go round the login's throttle.
        right = await asyncio.to_thread(check_password, current, user.verifier if user else None)
        throttle, address = caller.services.throttle, caller.client.address
        if not right:
            throttle.failed(name, address)
        wait = throttle.answer_wait(name, address)
        if wait is None:
            raise TooManyAttempts("too many wrong passwords; wait a little")
        await asyncio.sleep(wait)
        async with caller.recorded_refusals():
            if not right:
                raise Forbidden("the current password is not right")
    else:
        await caller.require(Action.ADMIN, gateway_path("users", name))
    verifiers = await _verifiers(body.password, native=caller.services.native_passwords)
    async with caller.change("user.password", name) as connection:
        await directory.set_verifier(connection, name, *verifiers)
    return Response(status_code=204)


@router.delete("/users/{name}", status_code=204)
async def remove_user(name: PathName, caller: Authenticated) -> Response:
    await caller.require(Action.ADMIN, gateway_path("users", name))
    async with caller.change("user.remove", name) as connection:
        await directory.remove_user(connection, name)
    return Response(status_code=204)


@router.get("/groups")
async def list_groups(caller: Authenticated, limit: Limit = 100, cursor: Cursor = None) -> Page[GroupOut]:
    await caller.require(Action.SELECT, gateway_path("users"))
    async with caller.services.store.read() as connection:
        found = await directory.list_groups(connection)
    return page(found.items(), lambda item: item[0], lambda item: GroupOut(name=item[0], members=list(item[1])), cursor, limit)


@router.put("/groups/{name}")
async def put_group(name: PathName, body: GroupIn, caller: Authenticated) -> GroupOut:
    """Add a group, or make its members exactly these."""
    await caller.require(Action.ADMIN, gateway_path("users"))
    async with caller.change("group.put", name, members=sorted(set(body.members))) as connection:
        present = await directory.list_groups(connection)
        if name not in present:
            await directory.add_group(connection, name)
        old, new = set(present.get(name, ())), set(body.members)
        for member in sorted(new - old):
            await _existing(await directory.find_user(connection, member), member)
            await directory.add_member(connection, name, member)
        for member in sorted(old - new):
            await directory.remove_member(connection, name, member)
    return GroupOut(name=name, members=sorted(new))


@router.delete("/groups/{name}", status_code=204)
async def remove_group(name: PathName, caller: Authenticated) -> Response:
    await caller.require(Action.ADMIN, gateway_path("users"))
    async with caller.change("group.remove", name) as connection:
        if name not in await directory.list_groups(connection):
            raise NotFound(f"no group {name!r}")
        await directory.remove_group(connection, name)
    return Response(status_code=204)


@router.get("/roles")
async def list_roles(
    caller: Authenticated, subject: str | None = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[Binding]:
    """Who holds which role: all with `select` on gateway/roles, else those of projects where the caller may read them."""
    async with caller.services.store.read() as connection:
        found = await directory.list_bindings(connection, subject=subject)
    path = gateway_path("roles")
    if not caller.may(Action.SELECT, path):
        readable = {project for project in {item.project for item in found} if caller.may(Action.SELECT, path, project)}
        own = ("user", caller.name)
        found = [item for item in found if item.project in readable or (item.kind, item.subject) == own]
    return page(found, _binding_key, Binding.of, cursor, limit)


@router.put("/roles")
async def put_role(body: Binding, caller: Authenticated) -> Binding:
    """Give a role, or move its end: `admin` on gateway/roles in its project, workspace-wide in every project ("")."""
    await caller.require(Action.ADMIN, gateway_path("roles", body.role), body.project)
    details = body.model_dump()
    async with caller.change("role.put", f"{body.role}@{body.project}", **details) as connection:
        if body.kind == "user":
            await _existing(await directory.find_user(connection, body.subject), body.subject)
        elif body.subject not in await directory.list_groups(connection):
            raise NotFound(f"no group {body.subject!r}")
        if body.project and body.project not in await servers.list_projects(connection):
            raise NotFound(f"no project {body.project!r}")
        await directory.put_binding(connection, body.stored())
    return body


@router.delete("/roles", status_code=204)
async def remove_role(
    subject: QueryName,
    role: QueryName,
    caller: Authenticated,
    project: Annotated[str, Query(max_length=190)] = "",
    kind: Literal["user", "group"] = "user",
) -> Response:
    await caller.require(Action.ADMIN, gateway_path("roles", role), project)
    binding = StoredBinding(kind, subject, role, project, None)
    async with caller.change("role.remove", f"{role}@{project}", subject=subject, kind=kind) as connection:
        if not await directory.remove_binding(connection, binding):
            raise NotFound(f"{kind} {subject!r} does not hold {role}@{project}")
    return Response(status_code=204)


async def _verifiers(password: str | None, *, native: bool) -> tuple[str | None, bytes | None]:
    if password is None:
        return None, None
    verifier = await asyncio.to_thread(make_verifier, password)
    return verifier, native_verifier(password) if native else None


async def _existing(user: StoredUser | None, name: str) -> StoredUser:
    if user is None:
        raise NotFound(f"no user {name!r}")
    return user


def _binding_key(binding: StoredBinding) -> str:
    return "\0".join((binding.kind, binding.subject, binding.role, binding.project))
