"""MySQL servers that lie: one that plays a script to whoever connects, and a proxy that answers some commands itself."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self

Script = Callable[[socket.socket], None]
_STEP_SECONDS = 20.0


class HostileServer:
    """Plays `script` with every connection, each on a thread of its own."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._sockets:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            peer.settimeout(_STEP_SECONDS)
            self._sockets.append(peer)
            threading.Thread(target=self._play, args=(peer,), daemon=True).start()

    def _play(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError), peer:
            self._script(peer)


class LyingProxy(HostileServer):
    """Passes everything between client and server, but answers a command that holds one of `lies` with those bytes."""

    def __init__(self, port: int, lies: dict[bytes, bytes]) -> None:
        super().__init__(self._pass)
        self._server_port = port
        self._lies = lies

    def _pass(self, peer: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self._server_port)) as server:
            threading.Thread(target=_copy, args=(server, peer), daemon=True).start()
            peer.settimeout(None)
            while data := peer.recv(1 << 16):
                lie = next((answer for marker, answer in self._lies.items() if marker in data), None)
                if lie is None:
                    server.sendall(data)
                else:
                    peer.sendall(lie)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
