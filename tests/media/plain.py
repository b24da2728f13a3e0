"""The control of the media attacks: a call of plain aioice and aiortc on loopback, with no guard of ours."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aioice
from aiortc import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport

LOOPBACK = "127.0.0.1"


class LoopbackIce(aioice.Connection):
    """Gathers on loopback only, so that no test leaves this machine."""

    async def get_component_candidates(self, component, addresses, timeout=5):
        return await super().get_component_candidates(component, [LOOPBACK], timeout)


class PlainLeg:
    """One end: aiortc's DTLS transport directly over an aioice connection."""

    def __init__(self, *, controlling: bool) -> None:
        self.ice = LoopbackIce(ice_controlling=controlling)
        self.role = "controlling" if controlling else "controlled"
        self.certificate = RTCCertificate.generateCertificate()
        self.dtls = RTCDtlsTransport(self, [self.certificate])

    @property
    def address(self) -> tuple[str, int]:
        candidate = self.ice.local_candidates[0]
        return candidate.host, candidate.port

    async def meet(self, other: "PlainLeg") -> None:
        self.ice.remote_username = other.ice.local_username
        self.ice.remote_password = other.ice.local_password
        for candidate in other.ice.local_candidates:
            await self.ice.add_remote_candidate(candidate)
        await self.ice.add_remote_candidate(None)

    async def connect(self, other: "PlainLeg") -> None:
        await self.ice.connect()
        fingerprints = other.certificate.getFingerprints()
        await self.dtls.start(RTCDtlsParameters(fingerprints=fingerprints))

    async def close(self) -> None:
        with contextlib.suppress(ConnectionError):
            await self.dtls.stop()
        await self.ice.close()

    async def _recv(self) -> bytes:
        return await self.ice.recv()

    async def _send(self, data: bytes) -> None:
        await self.ice.send(data)


class PlainCall:
    def __init__(self) -> None:
        self.left, self.right = PlainLeg(controlling=True), PlainLeg(controlling=False)

    async def prepare(self) -> None:
        for leg in (self.left, self.right):
            await leg.ice.gather_candidates()
        await self.left.meet(self.right)
        await self.right.meet(self.left)

    async def connect(self) -> None:
        await asyncio.gather(
            self.left.connect(self.right),
            self.right.connect(self.left),
            return_exceptions=True,
        )

    @property
    def is_connected(self) -> bool:
        return self.left.dtls.state == self.right.dtls.state == "connected"

    async def close(self) -> None:
        await asyncio.gather(self.left.close(), self.right.close(), return_exceptions=True)


@contextlib.asynccontextmanager
async def plain_call() -> AsyncIterator[PlainCall]:
    """Both ends prepared; connect when wanted."""
    call = PlainCall()
    await call.prepare()
    try:
        yield call
    finally:
        await call.close()
