"""Papers and exports: content-addressed, sealed, on disk."""

import asyncio
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from server.kernel.sealing import Sealer


def address_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class BlobStore:
    folder: Path
    sealer: Sealer

    async def put(self, data: bytes) -> str:
        """Keep the bytes; answers their SHA-256, in hex, which is their address."""
        address = address_of(data)
        await asyncio.to_thread(self._write, address, data)
        return address

    async def get(self, address: str) -> bytes:
        """Raises FileNotFoundError, or SealBroken when the file was altered."""
        return await asyncio.to_thread(self._read, address)

    async def remove(self, address: str) -> None:
        """Forget the bytes; an address that is not there is no error."""
        await asyncio.to_thread(self._path(address).unlink, missing_ok=True)

    def _path(self, address: str) -> Path:
        return self.folder / address[:2] / address

    def _write(self, address: str, data: bytes) -> None:
        path = self._path(address)
        if path.exists():
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sealed = self.sealer.seal_bytes(data, purpose=f"blob:{address}")
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).rename(path)

    def _read(self, address: str) -> bytes:
        sealed = self._path(address).read_bytes()
        return self.sealer.open_bytes(sealed, purpose=f"blob:{address}")
