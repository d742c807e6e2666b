import datetime
import hashlib
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from gateway.model.errors import ConfigurationError
from gateway.proxy.tls import SslMode, client_context, server_side
from tests.support.servers import Certificates


def self_signed(folder: Path, algorithm: hashes.SHA256 | hashes.SHA384 | None) -> tuple[Path, Path]:
    key = ed25519.Ed25519PrivateKey.generate() if algorithm is None else ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    cert, key_file = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, key_file


@pytest.mark.parametrize(("algorithm", "hashed"), [(hashes.SHA256(), "sha256"), (hashes.SHA384(), "sha384"), (None, None)])
def test_the_end_point_hash_follows_the_certificates_signature(
    algorithm: hashes.SHA256 | hashes.SHA384 | None, hashed: str | None, tmp_path: Path
) -> None:
    cert, key = self_signed(tmp_path, algorithm)
    expected = hashlib.new(hashed, ssl.PEM_cert_to_DER_cert(cert.read_text())).digest() if hashed else None
    assert server_side(cert, key).binding == expected


def test_wrong_files_are_named(certificates: Certificates, tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("no certificate")
    with pytest.raises(ConfigurationError, match=r"tls\.cert, tls\.key: .*server\.pem and .*client\.key"):
        server_side(certificates.server_cert, certificates.client_key)
    with pytest.raises(ConfigurationError, match=r"tls\.client_ca: .*nonsense\.pem"):
        server_side(certificates.server_cert, certificates.server_key, nonsense)
    with pytest.raises(ConfigurationError, match=r"tls\.ca: .*nonsense\.pem"):
        client_context(SslMode.VERIFY_CA, str(nonsense), None, None)
    with pytest.raises(ConfigurationError, match=r"tls\.cert: .*nonsense\.pem"):
        client_context(SslMode.REQUIRE, None, str(nonsense), None)


@pytest.mark.parametrize(
    ("mode", "with_ca", "verify", "names"),
    [
        (SslMode.ALLOW, True, ssl.CERT_NONE, False),
        (SslMode.PREFER, True, ssl.CERT_NONE, False),
        (SslMode.REQUIRE, False, ssl.CERT_NONE, False),
        (SslMode.REQUIRE, True, ssl.CERT_REQUIRED, False),  # as libpq: a CA file turns verification on
        (SslMode.VERIFY_CA, True, ssl.CERT_REQUIRED, False),
        (SslMode.VERIFY_FULL, True, ssl.CERT_REQUIRED, True),
        (SslMode.VERIFY_FULL, False, ssl.CERT_REQUIRED, True),
    ],
)
def test_what_each_mode_verifies(
    mode: SslMode, with_ca: bool, verify: ssl.VerifyMode, names: bool, certificates: Certificates
) -> None:
    context = client_context(mode, str(certificates.ca) if with_ca else None, None, None)
    assert (context.verify_mode, context.check_hostname) == (verify, names)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
