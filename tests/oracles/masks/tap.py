"""A wire between client and gateway that keeps every byte the client is sent."""

import contextlib
import socket
import threading
from typing import Self


class Tap:
    """Listens on `port`, connects to the gateway's. `taken()` gives what was sent to clients since it was asked last."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._kept: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def taken(self) -> bytes:
        with self._lock:
            data, self._kept = b"".join(self._kept), []
        return data

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed: the run is over
            gateway = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._pump, args=(client, gateway, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(gateway, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, keep: bool) -> None:
        """Ends at either side's end. Closes only what it reads; what it writes to is read, and closed, by the other pump."""
        with source:
            while True:
                try:
                    data = source.recv(65536)
                    if keep:
                        with self._lock:
                            self._kept.append(data)
                    sink.sendall(data)
                except OSError:
                    data = b""
                if not data:
                    break
            with contextlib.suppress(OSError):  # it may have gone first
                sink.shutdown(socket.SHUT_RDWR)
