"""What stands behind the gateway: environments, projects, instances with the gateway's own login, registered databases."""

import json
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.model.errors import ConfigurationError, Conflict, NotFound
from gateway.model.identity import Engine, Target
from gateway.store.names import check_name, check_plain_name
from gateway.store.schema import databases, environments, instances, projects
from gateway.store.secrets import SecretKey

TlsMode = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]
TLS_MODES: tuple[TlsMode, ...] = get_args(TlsMode)


@dataclass(frozen=True, slots=True)
class ServerTls:
    """How the gateway reaches a server; modes as libpq's sslmode. `ca`, `cert` and `key` are paths of PEM files, or ""."""

    mode: TlsMode = "prefer"
    ca: str = ""
    cert: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """Everything that is needed to log in to an instance. The password shows in no repr."""

    engine: Engine
    host: str
    port: int
    username: str
    password: str | None = field(repr=False)
    tls: ServerTls = ServerTls()
    instance: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """An instance without its secret."""

    name: str
    engine: Engine
    host: str
    port: int
    environment: str
    username: str
    has_password: bool
    tls: ServerTls = ServerTls()


def secret_context(instance: str) -> str:
    """What the password's ciphertext is bound to: in another row it does not open."""
    return f"instances.password:{instance}"


async def list_environments(connection: AsyncConnection) -> list[str]:
    return list((await connection.execute(select(environments.c.name).order_by(environments.c.name))).scalars())


async def add_environment(connection: AsyncConnection, name: str) -> None:
    await connection.execute(insert(environments).values(name=check_plain_name("environment", name)))


async def remove_environment(connection: AsyncConnection, name: str) -> None:
    """Raises Conflict while an instance is in it."""
    used = (await connection.execute(select(instances.c.name).where(instances.c.environment == name).limit(1))).scalar()
    if used is not None:
        raise Conflict(f"environment {name!r} holds instance {used!r}")
    await connection.execute(delete(environments).where(environments.c.name == name))


async def list_projects(connection: AsyncConnection) -> list[str]:
    return list((await connection.execute(select(projects.c.name).order_by(projects.c.name))).scalars())


async def add_project(connection: AsyncConnection, name: str) -> None:
    await connection.execute(insert(projects).values(name=check_plain_name("project", name)))


async def remove_project(connection: AsyncConnection, name: str) -> None:
    """Raises Conflict while a database belongs to it."""
    used = (await connection.execute(select(databases.c.name).where(databases.c.project == name).limit(1))).scalar()
    if used is not None:
        raise Conflict(f"project {name!r} holds database {used!r}")
    await connection.execute(delete(projects).where(projects.c.name == name))


async def list_instances(connection: AsyncConnection) -> list[StoredInstance]:
    rows = await connection.execute(select(instances).order_by(instances.c.name))
    return [
        StoredInstance(
            row.name,
            Engine(row.engine),
            row.host,
            row.port,
            row.environment,
            row.username,
            row.password is not None,
            _decode_tls(row.tls),
        )
        for row in rows
    ]


async def put_instance(connection: AsyncConnection, wanted: StoredInstance) -> None:
    """Add the instance, or change everything of it but its password. Raises NotFound for an unknown environment."""
    check_plain_name("instance", wanted.name)
    if wanted.environment not in await list_environments(connection):
        raise NotFound(f"instance {wanted.name!r}: no environment {wanted.environment!r}")
    values = {
        "engine": wanted.engine.value,
        "host": wanted.host,
        "port": wanted.port,
        "environment": wanted.environment,
        "username": wanted.username,
        "tls": _encode_tls(wanted.tls),
    }
    present = (await connection.execute(select(instances.c.id).where(instances.c.name == wanted.name))).scalar()
    if present is None:
        await connection.execute(insert(instances).values(name=wanted.name, password=None, **values))
    else:
        await connection.execute(update(instances).where(instances.c.name == wanted.name).values(**values))


async def set_server_password(connection: AsyncConnection, key: SecretKey, instance: str, password: str | None) -> None:
    """Keep the gateway's own password for the instance, encrypted. Raises NotFound."""
    await _require_instance(connection, instance)
    sealed = None if password is None else key.encrypt(password.encode(), secret_context(instance))
    await connection.execute(update(instances).where(instances.c.name == instance).values(password=sealed))


async def remove_instance(connection: AsyncConnection, name: str) -> None:
    """With its registered databases. Raises NotFound."""
    await _require_instance(connection, name)
    await connection.execute(delete(databases).where(databases.c.instance == name))
    await connection.execute(delete(instances).where(instances.c.name == name))


async def find_server(connection: AsyncConnection, key: SecretKey, instance: str) -> ServerAccess:
    """Raises NotFound, or SecretUnreadable where the key file is another one."""
    row = (await connection.execute(select(instances).where(instances.c.name == instance))).one_or_none()
    if row is None:
        raise NotFound(f"no instance {instance!r}")
    password = None if row.password is None else key.decrypt(row.password, secret_context(row.name)).decode()
    tls = _decode_tls(row.tls)
    return ServerAccess(Engine(row.engine), row.host, row.port, row.username, password, tls, row.name, row.environment)


async def list_targets(connection: AsyncConnection) -> list[Target]:
    """Every registered database, by instance and name."""
    join = databases.join(instances, databases.c.instance == instances.c.name)
    columns = (databases.c.name, databases.c.project, databases.c.instance, instances.c.engine, instances.c.environment)
    rows = await connection.execute(select(*columns).select_from(join).order_by(databases.c.instance, databases.c.name))
    return [Target(Engine(row.engine), row.instance, row.name, row.environment, row.project) for row in rows]


async def put_database(connection: AsyncConnection, instance: str, name: str, project: str) -> None:
    """Register a database, or move it to another project; project "" is none. Raises NotFound."""
    check_name("database", name)
    await _require_instance(connection, instance)
    if project and project not in await list_projects(connection):
        raise NotFound(f"database {instance}/{name}: no project {project!r}")
    where = (databases.c.instance == instance, databases.c.name == name)
    if (await connection.execute(select(databases.c.id).where(*where))).scalar() is None:
        await connection.execute(insert(databases).values(instance=instance, name=name, project=project))
    else:
        await connection.execute(update(databases).where(*where).values(project=project))


async def remove_database(connection: AsyncConnection, instance: str, name: str) -> None:
    """Forget the registration; the database itself is not touched. Raises NotFound."""
    where = (databases.c.instance == instance, databases.c.name == name)
    if (await connection.execute(delete(databases).where(*where))).rowcount == 0:
        raise NotFound(f"no database {instance}/{name}")


async def reencrypt(connection: AsyncConnection, key: SecretKey) -> int:
    """Encrypt every secret with the current key; how many there were."""
    rows = (await connection.execute(select(instances.c.name, instances.c.password))).all()
    sealed = [(row.name, row.password) for row in rows if row.password is not None]
    for name, secret in sealed:
        context = secret_context(name)
        renewed = key.encrypt(key.decrypt(secret, context), context)
        await connection.execute(update(instances).where(instances.c.name == name).values(password=renewed))
    return len(sealed)


def without_password(access: ServerAccess) -> ServerAccess:
    """For whoever may know where a server is, not how to get in."""
    return replace(access, password=None)


async def _require_instance(connection: AsyncConnection, name: str) -> None:
    if (await connection.execute(select(instances.c.id).where(instances.c.name == name))).scalar() is None:
        raise NotFound(f"no instance {name!r}")


def _encode_tls(tls: ServerTls) -> str:
    return json.dumps({"mode": tls.mode, "ca": tls.ca, "cert": tls.cert, "key": tls.key})


def _decode_tls(text: str) -> ServerTls:
    tls = ServerTls(**json.loads(text or "{}"))
    if tls.mode not in TLS_MODES:
        raise ConfigurationError(f"tls mode {tls.mode!r}; known: {', '.join(TLS_MODES)}")
    return tls
