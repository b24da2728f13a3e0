"""The installation's key for what leaves it: Ed25519, made once, beside the other secrets."""

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

FILE = "record-ed25519.key"


@dataclass(frozen=True)
class RecordKey:
    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public half in hex, as it is printed and compared."""
        return self.private.public_key().public_bytes_raw().hex()

    def sign(self, data: bytes) -> str:
        return self.private.sign(data).hex()


def load_record_key(folder: Path) -> RecordKey:
    """Read the key; make it when there is none yet."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE
    if not path.exists():
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} may be read by others: chmod 600")
    return RecordKey(Ed25519PrivateKey.from_private_bytes(path.read_bytes()))


def is_signed(data: bytes, *, signature: str, public: str) -> bool:
    """Whether this key signed these bytes; what is no key or no signature signed nothing."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True
