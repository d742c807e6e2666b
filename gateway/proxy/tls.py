"""TLS contexts for both sides, and channel binding (RFC 5929, tls-server-end-point).

Contexts are made once and shared: reading certificate files for each connection would cost more than the handshake.
"""

import asyncio
import ssl
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from gateway.model.errors import ConfigurationError
from gateway.proxy.ports import ServerTls

POSTGRES_ALPN = "postgresql"


class SslMode(StrEnum):
    """libpq's sslmode (chapter "SSL Support", table "SSL Mode Descriptions")."""

    DISABLE = "disable"
    ALLOW = "allow"  # without TLS first; with it if the server will not have that
    PREFER = "prefer"  # with TLS first; without it if the server has none
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"

    @property
    def verifies(self) -> bool:
        return self in (SslMode.VERIFY_CA, SslMode.VERIFY_FULL)


@dataclass(frozen=True, slots=True)
class ServerSideTls:
    """How the gateway presents itself to clients.

    binding  the channel binding data of its certificate; None where the signature algorithm names no hash (Ed25519)
    """

    context: ssl.SSLContext
    binding: bytes | None
    required: bool = False


def server_side(
    cert: Path, key: Path, client_ca: Path | None = None, *, required: bool = False, alpn: str | None = POSTGRES_ALPN
) -> ServerSideTls:
    """The gateway's own TLS. A client may show a certificate of `client_ca`; one that does not verify ends the handshake.

    Raises ConfigurationError naming the file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"tls.cert, tls.key: {cert} and {key} are not a usable pair in PEM form: {error}") from error
    if client_ca is not None:
        context.verify_mode = ssl.CERT_OPTIONAL
        _load_ca(context, client_ca, "tls.client_ca")
    if alpn is not None:
        context.set_alpn_protocols([alpn])
    leaf = x509.load_pem_x509_certificate(cert.read_bytes())
    return ServerSideTls(context, _end_point_hash(leaf), required)


@lru_cache(maxsize=256)
def client_context(mode: SslMode, ca: str | None, cert: str | None, key: str | None) -> ssl.SSLContext:
    """The context towards a server. As in libpq, `require` with a CA file verifies like verify-ca.

    Raises ConfigurationError naming the file. Files are read when first used; a changed file needs a reload
    (`client_context.cache_clear`).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([POSTGRES_ALPN])
    context.check_hostname = mode is SslMode.VERIFY_FULL
    if mode.verifies or (mode is SslMode.REQUIRE and ca is not None):
        context.verify_mode = ssl.CERT_REQUIRED
        if ca is None:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        else:
            _load_ca(context, Path(ca), "tls.ca")
    else:
        context.verify_mode = ssl.CERT_NONE
    if cert is not None:
        try:
            context.load_cert_chain(cert, key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(f"tls.cert: {cert} is not usable: {error}") from error
    return context


def context_for(tls: ServerTls) -> ssl.SSLContext:
    """The context of an instance's TLS settings."""
    return client_context(SslMode(tls.mode), _path(tls.ca), _path(tls.cert), _path(tls.key))


def server_binding(transport: asyncio.BaseTransport) -> bytes | None:
    """Channel binding data of the server at the other end; None without TLS or where its certificate names no hash."""
    tls = transport.get_extra_info("ssl_object")
    certificate = tls.getpeercert(binary_form=True) if tls is not None else None
    return _end_point_hash(x509.load_der_x509_certificate(certificate)) if certificate else None


def client_common_name(transport: asyncio.BaseTransport) -> str | None:
    """The one common name of the client's verified certificate; None where it showed none.

    A certificate with several common names proves none of them: "" is nobody's name.
    """
    tls = transport.get_extra_info("ssl_object")
    certificate = tls.getpeercert(binary_form=True) if tls is not None else None
    if not certificate:
        return None
    names = x509.load_der_x509_certificate(certificate).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if len(names) == 1 else ""


def selected_alpn(transport: asyncio.BaseTransport) -> str | None:
    tls = transport.get_extra_info("ssl_object")
    name: str | None = tls.selected_alpn_protocol() if tls is not None else None
    return name


def _end_point_hash(certificate: x509.Certificate) -> bytes | None:
    """RFC 5929, section 4.1: the hash of the signature algorithm, but SHA-256 in place of MD5 and SHA-1."""
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
    if algorithm is None:
        return None
    if isinstance(algorithm, hashes.MD5 | hashes.SHA1):
        algorithm = hashes.SHA256()
    return certificate.fingerprint(algorithm)


def _load_ca(context: ssl.SSLContext, file: Path, key: str) -> None:
    try:
        context.load_verify_locations(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"{key}: {file} holds no usable certificate in PEM form: {error}") from error


def _path(path: Path | str | None) -> str | None:
    return str(path) if path else None
