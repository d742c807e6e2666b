"""PostgreSQL's port: the door and the conversation over the rooms."""

from gateway.app.entry import Entry
from gateway.app.recorders import LoginRecorder
from gateway.app.rooms import Rooms
from gateway.config import split_endpoint
from gateway.model.errors import ConfigurationError
from gateway.proxy.listener import Listener
from gateway.proxy.postgres.converse import Converse
from gateway.proxy.postgres.door import PostgresDoor
from gateway.proxy.postgres.login import CertificateUse, LoginDesk
from gateway.proxy.rooms import Rooms as ConversationRooms
from gateway.proxy.tls import server_side


def postgres_listener(rooms: Rooms, *, reuse_port: bool) -> Listener:
    """Not started yet. Raises ConfigurationError for TLS files that cannot be used."""
    settings = rooms.settings
    if settings.listen.postgres is None:
        raise ConfigurationError("listen.postgres is not set")
    tls, certificate_use = None, CertificateUse.SECOND_FACTOR
    if settings.tls is not None:
        certificate_use = CertificateUse(settings.tls.client_certificate)
        tls = server_side(settings.tls.cert, settings.tls.key, settings.tls.client_ca, required=settings.tls.require)
    desk = LoginDesk(
        directory=rooms.directory,
        throttle=rooms.throttle,
        mock_secret=rooms.key.derive("scram-mock"),
        tls=tls,
        certificate_use=certificate_use,
        seconds=settings.limits.login_seconds,
    )
    conversation_rooms = ConversationRooms(
        judge=rooms.judge,
        audit=rooms.audit,
        changes=rooms.desk,
        limits=settings.limits,
        meter=rooms.metrics.statement,
        waits=rooms.metrics.waited,
        obligations=rooms.obligations,
        own=rooms.own,
    )
    door = PostgresDoor(
        desk=desk,
        policy=Entry(rooms.judge),
        setting_policy=rooms.road,
        audit=LoginRecorder(rooms.audit, rooms.metrics.login),
        cancels=rooms.cancels,
        sessions=rooms.sessions,
        converse=Converse(conversation_rooms),
        connect_seconds=settings.limits.connect_seconds,
    )
    host, port = split_endpoint(settings.listen.postgres)
    return Listener(host, port, door.serve, connections=settings.limits.connections, reuse_port=reuse_port)
