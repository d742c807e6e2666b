"""A client that says exactly what it is told to, packet by packet: for what drivers never do."""

import socket
from typing import Self

from gateway.wire.mysql import auth
from gateway.wire.mysql.constants import AuthPlugin, Capability
from gateway.wire.mysql.handshake import AuthSwitchRequest, HandshakeResponse41, HandshakeV10
from gateway.wire.mysql.packets import MAX_PIECE, encode_packet
from gateway.wire.mysql.results import Err

USUAL = (
    Capability.LONG_PASSWORD
    | Capability.PROTOCOL_41
    | Capability.SECURE_CONNECTION
    | Capability.PLUGIN_AUTH
    | Capability.PLUGIN_AUTH_LENENC_CLIENT_DATA
    | Capability.MULTI_STATEMENTS
    | Capability.MULTI_RESULTS
    | Capability.PS_MULTI_RESULTS
    | Capability.LOCAL_FILES
    | Capability.TRANSACTIONS
)


class RawClient:
    """`capabilities` beside CONNECT_WITH_DB; `greeting` is what the gateway said first."""

    def __init__(self, port: int, capabilities: Capability = USUAL) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=15)
        self.capabilities = capabilities
        self.sequence = 0
        self._data = b""
        self.greeting = HandshakeV10.decode(self.packet())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def login(
        self,
        user: str,
        password: str,
        database: str = "",
        *,
        plugin: bytes = AuthPlugin.CACHING_SHA2,
        collation: int = 45,
    ) -> bytes:
        """The last packet of the login: OK or ERR."""
        secret = password.encode()
        native = plugin == AuthPlugin.NATIVE
        scramble = (auth.native_scramble if native else auth.sha2_scramble)(secret, self.greeting.nonce)
        flags = self.capabilities | (Capability.CONNECT_WITH_DB if database else Capability(0))
        response = HandshakeResponse41(flags, 1 << 24, collation, user.encode(), scramble, database.encode(), plugin)
        self.say(response.encode())
        return self.authenticate(secret, self.greeting.nonce)

    def authenticate(self, secret: bytes, nonce: bytes) -> bytes:
        while True:
            answer = self.packet()
            if answer[0] == 0xFE:
                switch = AuthSwitchRequest.decode(answer)
                nonce = switch.data
                self.say(auth.sha2_scramble(secret, nonce))
            elif answer == b"\x01\x04":
                self.say(auth.REQUEST_PUBLIC_KEY)
                self.say(auth.encrypt_password(secret, nonce, self.packet()[1:]))
            elif answer[0] != 1:
                return answer

    def say(self, payload: bytes) -> None:
        self.socket.sendall(encode_packet(payload, self.sequence))
        self.sequence += 1 + len(payload) // MAX_PIECE

    def command(self, payload: bytes) -> bytes:
        """Send a command; the first packet of its answer."""
        self.sequence = 0
        self.say(payload)
        return self.packet()

    def packet(self) -> bytes:
        """The next packet's body. EOFError where the peer has closed; AssertionError for a sequence id that is not next."""
        body = b""
        while True:
            header = self._take(4)
            size = int.from_bytes(header[:3], "little")
            assert header[3] == self.sequence & 0xFF, f"sequence {header[3]}, expected {self.sequence}"
            self.sequence += 1
            body += self._take(size)
            if size < MAX_PIECE:
                return body

    def error(self, payload: bytes) -> Err:
        return Err.decode(self.command(payload))

    def rows(self, payload: bytes) -> list[bytes]:
        """The undecoded rows of a result without DEPRECATE_EOF."""
        return self.more_rows(self.command(payload))

    def more_rows(self, first: bytes) -> list[bytes]:
        assert first[0] not in {0, 0xFF, 0xFB}, first
        for _ in range(first[0] + 1):
            self.packet()
        rows = []
        while not ((row := self.packet())[0] == 0xFE and len(row) < 9):
            rows.append(row)
        return rows

    def _take(self, size: int) -> bytes:
        while len(self._data) < size:
            more = self.socket.recv(1 << 20)
            if not more:
                raise EOFError
            self._data += more
        taken, self._data = self._data[:size], self._data[size:]
        return taken
