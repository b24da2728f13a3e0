"""The local authority for phones: good for this machine's addresses, and nothing else."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from server.demo.certificates import authority, server_context

NOW = datetime.now(UTC)
HERE = ("192.0.2.7",)


def chain(folder):
    return x509.load_pem_x509_certificates((folder / "server.crt").read_bytes())


def verified(folder, trusted, address: str) -> bool:
    builder = PolicyBuilder().store(Store([trusted.certificate])).time(NOW)
    verifier = builder.build_server_verifier(x509.IPAddress(ip_address(address)))
    leaf, *rest = chain(folder)
    try:
        verifier.verify(leaf, rest)
    except VerificationError:
        return False
    return True


def test_certificate_is_trusted_for_this_address_and_no_other(tmp_path):
    trusted = authority(tmp_path, HERE, now=NOW)
    server_context(trusted, tmp_path, HERE, now=NOW)
    assert verified(tmp_path, trusted, "192.0.2.7")
    assert not verified(tmp_path, trusted, "192.0.2.8")


def test_authority_cannot_vouch_for_other_addresses(tmp_path):
    trusted = authority(tmp_path, HERE, now=NOW)
    server_context(trusted, tmp_path, (*HERE, "192.0.2.8"), now=NOW)
    assert not verified(tmp_path, trusted, "192.0.2.8")
    server_context(authority(tmp_path, ("192.0.2.8",), now=NOW), tmp_path, ("192.0.2.8",), now=NOW)
    fresh = authority(tmp_path, ("192.0.2.8",), now=NOW)
    assert verified(tmp_path, fresh, "192.0.2.8")  # the control: made for it


@pytest.mark.parametrize(
    ("addresses", "later", "same"),
    [
        (HERE, timedelta(days=1), True),
        (("192.0.2.8",), timedelta(days=1), False),
        (HERE, timedelta(days=300), False),
    ],
)
def test_phones_are_asked_again_only_when_it_must_be(tmp_path, addresses, later, same):
    first = authority(tmp_path, HERE, now=NOW)
    again = authority(tmp_path, addresses, now=NOW + later)
    assert (first.pem == again.pem) is same


def test_keys_are_for_the_owner_only(tmp_path):
    server_context(authority(tmp_path, HERE, now=NOW), tmp_path, HERE, now=NOW)
    for key in tmp_path.glob("*.key"):
        assert key.stat().st_mode & 0o077 == 0
