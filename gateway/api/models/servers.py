"""Instances and databases."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from gateway.api.models.fields import Incoming, Name, Password, Text
from gateway.model.identity import Target
from gateway.store import ServerTls, StoredInstance
from gateway.store.servers import TlsMode


class TlsModel(Incoming):
    """How the gateway reaches the server: modes as libpq's sslmode, files in PEM form on the gateway's machine."""

    mode: TlsMode = "prefer"
    ca: Annotated[Text, Field(max_length=1000)] = ""
    cert: Annotated[Text, Field(max_length=1000)] = ""
    key: Annotated[Text, Field(max_length=1000)] = ""

    def stored(self) -> ServerTls:
        return ServerTls(self.mode, self.ca, self.cert, self.key)


class InstanceIn(Incoming):
    engine: Literal["postgres", "mysql"]
    host: Annotated[Text, Field(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65535)]
    environment: Name
    username: Name
    password: Password | None = Field(default=None, description="written, never read back; left away: unchanged")
    tls: TlsModel = TlsModel()


class InstanceOut(BaseModel):
    name: str
    engine: str
    host: str
    port: int
    environment: str
    username: str
    has_password: bool
    tls_mode: str

    @classmethod
    def of(cls, instance: StoredInstance) -> Self:
        return cls(
            name=instance.name,
            engine=instance.engine.value,
            host=instance.host,
            port=instance.port,
            environment=instance.environment,
            username=instance.username,
            has_password=instance.has_password,
            tls_mode=instance.tls.mode,
        )


class DatabaseIn(Incoming):
    project: Annotated[Text, Field(max_length=190)] = Field(default="", description='"" is none')


class DatabaseOut(BaseModel):
    instance: str
    name: str
    engine: str
    environment: str
    project: str

    @classmethod
    def of(cls, target: Target) -> Self:
        return cls(
            instance=target.instance,
            name=target.database,
            engine=target.engine.value,
            environment=target.environment,
            project=target.project,
        )
