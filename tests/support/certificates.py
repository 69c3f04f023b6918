"""Certificates for servers on this machine, by an authority of their own that nobody else trusts."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificates:
    """Files in PEM."""

    authority: Path
    """Whoever trusts this one believes the server."""
    server: Path
    key: Path


def make_certificates(folder: Path, name: str = "127.0.0.1") -> Certificates:
    """An authority, and the certificate that it gave to the server at an address; both for a day."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _named("an authority of the tests")
    limits = x509.BasicConstraints(ca=True, path_length=None)
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    authority = (
        _begun(issuer, issuer, authority_key.public_key()).add_extension(limits, True).add_extension(usage, True)
    )
    place = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))])
    identity = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    server = _begun(_named("a server"), issuer, key.public_key()).add_extension(place, False)
    server = server.add_extension(identity, False)
    made = Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    own = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = authority.add_extension(own, False)
    pem = serialization.Encoding.PEM
    made.authority.write_bytes(authority.sign(authority_key, hashes.SHA256()).public_bytes(pem))
    made.server.write_bytes(server.sign(authority_key, hashes.SHA256()).public_bytes(pem))
    plain = serialization.NoEncryption()
    made.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return made


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
