"""Personal values at rest: sealed with AES-GCM, found again by a keyed hash.

A sealed value is `key id (1 byte) + nonce (12) + ciphertext`; `purpose` is authenticated, so a
phone cannot be moved into another column. Keys lie in a folder of their own, files 0600.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
KEY_BYTES = 32


class SealBroken(Exception):
    """The value was altered, or its key is not here."""


@dataclass(frozen=True)
class Sealer:
    keys: Mapping[int, bytes]
    current: int
    pepper: bytes

    def seal(self, text: str, *, purpose: str) -> bytes:
        return self.seal_bytes(text.encode(), purpose=purpose)

    def open(self, sealed: bytes, *, purpose: str) -> str:
        return self.open_bytes(sealed, purpose=purpose).decode()

    def seal_bytes(self, data: bytes, *, purpose: str) -> bytes:
        nonce = os.urandom(NONCE)
        body = self._ciphers[self.current].encrypt(nonce, data, purpose.encode())
        return bytes([self.current]) + nonce + body

    def open_bytes(self, sealed: bytes, *, purpose: str) -> bytes:
        try:
            cipher = self._ciphers[sealed[0]]
            return cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], purpose.encode())
        except (KeyError, IndexError, InvalidTag) as error:
            raise SealBroken(purpose) from error

    @cached_property
    def _ciphers(self) -> Mapping[int, AESGCM]:
        """Made once: a list may hold a thousand names."""
        return {number: AESGCM(key) for number, key in self.keys.items()}

    def index(self, text: str, *, purpose: str) -> bytes:
        """A keyed hash: equal for equal values, telling nothing else."""
        return hmac.digest(self.pepper, f"{purpose}\0{text}".encode(), "sha256")


def load_sealer(folder: Path) -> Sealer:
    """Read `seal-<id>.key` and `pepper.key`; make the first ones when the folder is empty."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pepper = _key(folder / "pepper.key")
    if not list(folder.glob("seal-*.key")):
        _key(folder / "seal-1.key")
    keys = {int(path.stem.partition("-")[2]): _key(path) for path in folder.glob("seal-*.key")}
    return Sealer(keys=keys, current=max(keys), pepper=pepper)


def _key(path: Path) -> bytes:
    if not path.exists():
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
    if path.stat().st_mode & 0o077:
        raise PermissionError(f"{path} may be read by others: chmod 600")
    return path.read_bytes()


def new_token() -> str:
    """A random 128-bit token for links and tickets, safe in addresses."""
    return secrets.token_urlsafe(16)


def token_hash(token: str) -> bytes:
    """What is stored of a random token; a dump of the database cannot be replayed."""
    return hashlib.sha256(token.encode()).digest()
