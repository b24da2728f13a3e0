"""Sealed values: only their purpose and their key open them."""

import pytest

from server.kernel.blobs import BlobStore
from server.kernel.sealing import SealBroken, load_sealer


@pytest.fixture
def sealer(tmp_path):
    return load_sealer(tmp_path / "secrets")


def test_sealed_value_opens_for_its_purpose_only(sealer):
    sealed = sealer.seal("13800000000", purpose="phone")
    assert sealer.open(sealed, purpose="phone") == "13800000000"
    assert b"13800000000" not in sealed
    with pytest.raises(SealBroken):
        sealer.open(sealed, purpose="name")


@pytest.mark.parametrize("place", [0, 5, -1])
def test_sealed_value_shows_any_flipped_bit(sealer, place):
    sealed = bytearray(sealer.seal("text", purpose="text"))
    sealed[place] ^= 1
    with pytest.raises(SealBroken):
        sealer.open(bytes(sealed), purpose="text")


def test_keys_stay_and_a_newer_one_seals_from_now_on(tmp_path, sealer):
    folder = tmp_path / "secrets"
    old = sealer.seal("text", purpose="text")
    (folder / "seal-2.key").write_bytes(b"k" * 32)
    (folder / "seal-2.key").chmod(0o600)
    newer = load_sealer(folder)
    assert newer.open(old, purpose="text") == "text"
    assert newer.seal("text", purpose="text")[0] == 2
    assert newer.index("a", purpose="p") == sealer.index("a", purpose="p")


def test_key_that_others_may_read_is_refused(tmp_path, sealer):
    (tmp_path / "secrets" / "pepper.key").chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        load_sealer(tmp_path / "secrets")


async def test_blob_is_sealed_on_disk_and_found_by_its_hash(tmp_path, sealer):
    store = BlobStore(tmp_path / "blobs", sealer)
    address = await store.put(b"a paper")
    assert await store.put(b"a paper") == address
    assert await store.get(address) == b"a paper"
    (file,) = [p for p in (tmp_path / "blobs").rglob("*") if p.is_file()]
    assert b"a paper" not in file.read_bytes()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(SealBroken):
        await store.get(address)
