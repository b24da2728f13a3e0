"""A certificate for phones in the same network: signed by an authority of this machine's own."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS, CERTIFICATE_DAYS = 365, 90
NAMES = ("localhost",)


@dataclass(frozen=True)
class Authority:
    """Whom a phone is asked to trust; limited by name to the addresses it is made for."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


def authority(folder: Path, addresses: Sequence[str], *, now: datetime) -> Authority:
    """The authority kept in the folder; a new one when it is old or made for other addresses."""
    files = folder / "authority.key", folder / "authority.crt"
    if all(file.exists() for file in files):
        known = _read(*files)
        if _covers(known.certificate, addresses) and _lasts(known.certificate, now=now):
            return known
    made = _make_authority(addresses, now=now)
    _write_key(files[0], made.key)
    files[1].write_bytes(made.pem)
    return made


def server_context(
    signed_by: Authority, folder: Path, addresses: Sequence[str], *, now: datetime
) -> ssl.SSLContext:
    """TLS with a fresh certificate for the addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in NAMES]
    names += [x509.IPAddress(ip_address(address)) for address in addresses]
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.key.public_key())
    builder = (
        _builder("Yuntiao demo", signed_by.certificate.subject, key, now, days=CERTIFICATE_DAYS)
        .add_extension(signer, critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    certificate = builder.sign(signed_by.key, hashes.SHA256())
    _write_key(folder / "server.key", key)
    chain = certificate.public_bytes(serialization.Encoding.PEM) + signed_by.pem
    (folder / "server.crt").write_bytes(chain)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    return context


def _make_authority(addresses: Sequence[str], *, now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    allowed: list[x509.GeneralName] = [x509.DNSName(name) for name in NAMES]
    allowed += [x509.IPAddress(ip_network(address)) for address in addresses]
    subject = _name("Yuntiao demo authority (this machine only)")
    builder = (
        _builder(subject, subject, key, now, days=AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_signs_only(), critical=True)
        .add_extension(x509.NameConstraints(allowed, None), critical=True)
    )
    return Authority(key, builder.sign(key, hashes.SHA256()))


def _builder(
    subject: str | x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime,
    *, days: int,
) -> x509.CertificateBuilder:  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject) if isinstance(subject, str) else subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signs_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _covers(certificate: x509.Certificate, addresses: Sequence[str]) -> bool:
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    allowed = {name.value for name in constraints.permitted_subtrees or ()}
    return all(ip_network(address) in allowed for address in addresses)


def _lasts(certificate: x509.Certificate, *, now: datetime) -> bool:
    return certificate.not_valid_after_utc > now + timedelta(days=CERTIFICATE_DAYS)


def _read(key: Path, certificate: Path) -> Authority:
    private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return Authority(private, x509.load_pem_x509_certificate(certificate.read_bytes()))


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
