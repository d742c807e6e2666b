"""The master key beside the store, and what is encrypted with it.

The key file holds one `root` and one or more `key` lines, base64, 256 bits each. Passwords are encrypted with the first key
(AES-256-GCM, NIST SP 800-38D) and can be read with any of them, so that a rotation may stop half-way. `root` never changes:
keys for other purposes are derived from it (HKDF, RFC 5869), and old signatures must stay provable.
"""

import base64
import binascii
import hashlib
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.model.errors import ConfigurationError, GatewayError

_KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_BYTES = 8
_FORMAT = b"\x01"
_HEADER = "# The gateway's master key. Keep a copy, apart from the store's backups: without it no password opens.\n"


class SecretUnreadable(GatewayError):
    """A stored secret does not open with this key file: another key, another place, or a changed ciphertext."""


class SecretKey:
    """The keys of one key file. `repr` and errors show identifiers only."""

    def __init__(self, path: Path, root: bytes, keys: tuple[bytes, ...]) -> None:
        self.path = path
        self._root = root
        self._keys = keys

    def __repr__(self) -> str:
        return f"SecretKey({str(self.path)!r}, current={self.current_id})"

    @property
    def current_id(self) -> str:
        """The identifier of the key that encrypts now."""
        return _identifier(self._keys[0]).hex()

    @classmethod
    def load(cls, path: Path) -> "SecretKey":
        """Raises ConfigurationError where the file is missing, readable by others, or not a key file."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise ConfigurationError(f"{path}: no such key file") from None
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
        try:
            _require_private(path, os.fstat(descriptor))
            content = os.read(descriptor, 64 * 1024)
        finally:
            os.close(descriptor)
        root, keys = _parse(path, content.decode("ascii", "replace"))
        return cls(path, root, keys)

    @classmethod
    def load_or_create(cls, path: Path) -> "SecretKey":
        """The keys in `path`; a new file (mode 0600) where there is none. Safe when several processes start at once."""
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _create(path, _render(_new_key(), (_new_key(),)))
        return cls.load(path)

    def encrypt(self, plain: bytes, context: str) -> bytes:
        """`context` says where the secret belongs (`instances.password:pg1`); elsewhere it will not open.

        Reads the key file (secrets are written seldom); raises ConfigurationError where that is gone.
        """
        # Another process may have rotated: what the old key sealed from now on, nobody could open.
        self._keys = SecretKey.load(self.path)._keys
        key = self._keys[0]
        nonce = secrets.token_bytes(_NONCE_BYTES)
        prefix = _FORMAT + _identifier(key)
        return prefix + nonce + AESGCM(key).encrypt(nonce, plain, prefix + context.encode())

    def decrypt(self, sealed: bytes, context: str) -> bytes:
        """Raises SecretUnreadable."""
        start = len(_FORMAT) + _ID_BYTES
        prefix, nonce, body = sealed[:start], sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        if len(nonce) < _NONCE_BYTES or not prefix.startswith(_FORMAT):
            raise SecretUnreadable(f"{context}: not a secret of this gateway")
        key = self._find(prefix[len(_FORMAT) :])
        if key is None:
            wanted = prefix[len(_FORMAT) :].hex()
            raise SecretUnreadable(f"{context}: encrypted with key {wanted}, which {self.path} does not hold")
        try:
            return AESGCM(key).decrypt(nonce, body, prefix + context.encode())
        except InvalidTag:
            raise SecretUnreadable(f"{context}: the stored secret was changed, or belongs elsewhere") from None

    def derive(self, purpose: str, length: int = 32) -> bytes:
        """A key of `length` bytes for one purpose, the same for ever; no purpose tells anything about another."""
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"gateway:{purpose}".encode()).derive(self._root)

    def begin_rotation(self) -> None:
        """Put a new key in front; the old ones stay readable, here and in the file, until `finish_rotation`."""
        self._save((_new_key(), *self._keys))

    def finish_rotation(self) -> None:
        """Forget all keys but the current one. Only after everything was encrypted anew."""
        self._save(self._keys[:1])

    def _save(self, keys: tuple[bytes, ...]) -> None:
        temporary = _write_temporary(self.path, _render(self._root, keys))
        temporary.replace(self.path)
        _sync_folder(self.path.parent)
        self._keys = keys

    def _find(self, identifier: bytes) -> bytes | None:
        for _ in range(2):
            for key in self._keys:
                if _identifier(key) == identifier:
                    return key
            # Another process may have rotated since this one read the file.
            self._keys = SecretKey.load(self.path)._keys
        return None


def _new_key() -> bytes:
    return secrets.token_bytes(_KEY_BYTES)


def _identifier(key: bytes) -> bytes:
    return hashlib.sha256(b"gateway key identifier:" + key).digest()[:_ID_BYTES]


def _render(root: bytes, keys: tuple[bytes, ...]) -> str:
    lines = [f"root {base64.b64encode(root).decode()}", *(f"key {base64.b64encode(key).decode()}" for key in keys)]
    return _HEADER + "\n".join(lines) + "\n"


def _parse(path: Path, text: str) -> tuple[bytes, tuple[bytes, ...]]:
    found: dict[str, list[bytes]] = {"root": [], "key": []}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, value = line.partition(" ")
        try:
            key = base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if name not in found or len(key) != _KEY_BYTES:
            raise ConfigurationError(f"{path}: line {number}: expected `root` or `key` and 32 bytes in base64")
        found[name].append(key)
    if len(found["root"]) != 1 or not found["key"]:
        raise ConfigurationError(f"{path}: not a key file: it needs one `root` line and at least one `key` line")
    return found["root"][0], tuple(found["key"])


def _require_private(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(f"{path}: is not a regular file")
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise ConfigurationError(f"{path}: mode {mode:04o} lets others read the master key; run: chmod 600 {path}")
    if status.st_uid not in (os.geteuid(), 0):
        raise ConfigurationError(f"{path}: belongs to another user (uid {status.st_uid})")


def _create(path: Path, text: str) -> None:
    temporary = _write_temporary(path, text)
    try:
        # A link fails where the name exists: of several processes that start at once, one wins and all read its file.
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink()
    _sync_folder(path.parent)


def _write_temporary(path: Path, text: str) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
