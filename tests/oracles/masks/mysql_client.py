"""A client of MySQL's protocol that reads whatever comes, in the text and the binary protocol, with and without a cursor."""

import struct
from typing import Any, Final

import pymysql
from pymysql.constants import CLIENT

_QUERY: Final = 0x03
_PREPARE: Final = 0x16
_EXECUTE: Final = 0x17
_CLOSE: Final = 0x19
_FETCH: Final = 0x1C
_RESET: Final = 0x1F
_NOT_PREPARABLE: Final = 1295
_MORE_RESULTS: Final = 8
_IN_TRANSACTION: Final = 1
_CURSOR_EXISTS: Final = 64
_LAST_ROW_SENT: Final = 128
_ROWS: Final = 3
Error = tuple[int, str]


class RawClient:
    """One person's session, begun anew where a statement ended it. `mode`: `text`, `binary` or `cursor`."""

    def __init__(self, mode: str, **connect: Any) -> None:
        self._mode = mode
        self._connect = connect
        self._driver: Any = None
        self.opened = False
        self._open()

    def run(self, text: str) -> Error | None:
        """The error of the first step that failed, or None. `;;` parts steps."""
        if self._driver is None:
            self._open()
        failed: Error | None = None
        steps = text.split(";;")
        for step in steps:
            error = self._step(step, "text" if "; " in step else "")  # one statement is all that can be prepared
            failed = failed or error
            if self._driver is None:
                return failed
        if len(steps) > 1 or (self._driver.server_status & _IN_TRANSACTION):
            self._step("UNLOCK TABLES", "text")
            self._step("ROLLBACK", "text")
            self._command(_RESET, b"")
        return failed

    def close(self) -> None:
        if self._driver is not None:
            self._driver.close()

    def _open(self) -> None:
        self._driver = pymysql.connect(
            **self._connect, autocommit=True, charset="utf8mb4", read_timeout=60, client_flag=CLIENT.MULTI_STATEMENTS
        )
        self.opened = True

    def _step(self, text: str, mode: str = "") -> Error | None:
        try:
            if (mode or self._mode) == "text":
                self._results(_QUERY, text.encode())
            else:
                self._prepared(text.encode())
        except pymysql.MySQLError as error:
            number = error.args[0] if error.args else 0
            if number == _NOT_PREPARABLE and mode != "text":
                return self._step(text, "text")
            if not isinstance(number, int) or number in (0, 2013, 2006, 1053):
                self._driver = None
            return (number, str(error.args[-1])) if error.args else (0, "")
        return None

    def _command(self, command: int, payload: bytes) -> Any:
        self._driver._execute_command(command, payload)
        return self._driver._read_packet()

    def _results(self, command: int, payload: bytes) -> None:
        """Every result of one command, to its end."""
        packet = self._command(command, payload)
        while self._result(packet) & _MORE_RESULTS:
            packet = self._driver._read_packet()

    def _result(self, packet: Any) -> int:
        """One result that begins with this packet; the answer is the status it ends with."""
        if packet.is_ok_packet():
            return self._kept(_ok_status(packet.get_all_data()))
        if packet.is_load_local_packet():
            self._driver.write_packet(b"")
            return self._kept(_ok_status(self._driver._read_packet().get_all_data()))
        self._to_eof()
        return self._kept(self._to_eof())

    def _to_eof(self) -> int:
        while not (packet := self._driver._read_packet()).is_eof_packet():
            pass
        return int.from_bytes(packet.get_all_data()[3:5], "little")

    def _kept(self, status: int) -> int:
        self._driver.server_status = status
        return status

    def _prepared(self, text: bytes) -> None:
        answer = self._command(_PREPARE, text).get_all_data()
        statement, columns, parameters = struct.unpack_from("<IHH", answer, 1)
        for count in (parameters, columns):
            if count:
                self._to_eof()
        try:
            # MariaDB announces the columns of what ANALYZE runs and then sends those of its plan
            with_cursor = self._mode == "cursor" and columns > 0 and not text.startswith(b"ANALYZE")
            payload = struct.pack("<IBI", statement, with_cursor, 1)
            packet = self._command(_EXECUTE, payload)
            if with_cursor and not packet.is_ok_packet():
                self._fetched(statement)
                return
            while self._result(packet) & _MORE_RESULTS:
                packet = self._driver._read_packet()
        finally:
            self._driver._execute_command(_CLOSE, struct.pack("<I", statement))

    def _fetched(self, statement: int) -> None:
        status = self._to_eof()
        if not status & _CURSOR_EXISTS:
            self._kept(self._to_eof())
            return
        while not self._kept(status) & _LAST_ROW_SENT:
            self._driver._execute_command(_FETCH, struct.pack("<II", statement, _ROWS))
            status = self._to_eof()


def _ok_status(payload: bytes) -> int:
    """Behind the two length-encoded numbers of an OK packet."""
    position = 1
    for _ in range(2):
        position += {0xFC: 3, 0xFD: 4, 0xFE: 9}.get(payload[position], 1)
    return int.from_bytes(payload[position : position + 2], "little")
