"""MySQL's port: the door and the conversation over the rooms."""

from gateway.app.entry import Entry
from gateway.app.recorders import LoginRecorder
from gateway.app.rooms import Rooms
from gateway.config import split_endpoint
from gateway.model.errors import ConfigurationError
from gateway.proxy.credentials import CertificateUse
from gateway.proxy.listener import Listener
from gateway.proxy.mysql.converse import Converse
from gateway.proxy.mysql.door import MySqlDoor
from gateway.proxy.mysql.face import Faces
from gateway.proxy.mysql.fast import FastLogins
from gateway.proxy.mysql.kill import Killer
from gateway.proxy.mysql.login import LoginDesk
from gateway.proxy.rooms import Rooms as ConversationRooms
from gateway.proxy.tls import server_side
from gateway.store.passwords import check_password
from gateway.wire.mysql.auth import RsaKey


async def mysql_listener(rooms: Rooms, *, reuse_port: bool) -> Listener:
    """Not started yet; the servers whose face the gateway shows have been asked.

    Raises ConfigurationError for TLS files that cannot be used, StoreUnavailable.
    """
    settings = rooms.settings
    if settings.listen.mysql is None:
        raise ConfigurationError("listen.mysql is not set")
    tls, certificate_use = None, CertificateUse.SECOND_FACTOR
    if settings.tls is not None:
        certificate_use = CertificateUse(settings.tls.client_certificate)
        tls = server_side(settings.tls.cert, settings.tls.key, settings.tls.client_ca, required=settings.tls.require, alpn=None)
    faces = Faces(rooms.directory.targets, rooms.directory.server)
    await faces.refresh()
    rooms.background.keep(faces.keep(), "faces of MySQL servers")
    desk = LoginDesk(
        directory=rooms.directory,
        throttle=rooms.throttle,
        check_password=check_password,
        rsa=RsaKey(),
        fast=FastLogins(),
        face=lambda: faces.current,
        tls=tls,
        certificate_use=certificate_use,
        native=settings.mysql_native_password,
        seconds=settings.limits.login_seconds,
    )
    conversation_rooms = ConversationRooms(
        judge=rooms.judge,
        audit=rooms.audit,
        changes=rooms.desk,
        limits=settings.limits,
        meter=rooms.metrics.statement,
        waits=rooms.metrics.waited,
        own=rooms.own,
        obligations=rooms.obligations,
    )
    door = MySqlDoor(
        desk=desk,
        policy=Entry(rooms.judge),
        audit=LoginRecorder(rooms.audit, rooms.metrics.login),
        killer=Killer(rooms.cancels, rooms.key.derive("mysql-kill")),
        sessions=rooms.sessions,
        converse=Converse(conversation_rooms),
        connect_seconds=settings.limits.connect_seconds,
    )
    host, port = split_endpoint(settings.listen.mysql)
    return Listener(host, port, door.serve, connections=settings.limits.connections, reuse_port=reuse_port)
