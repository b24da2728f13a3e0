"""Connection numbers of Janus's handles, from its admin API."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import aiohttp

from signaling.engine import MemberId, MemberStats
from signaling.janus.session import JanusError, Json

PROTOCOL = "janus-admin-protocol"
TALK_SECONDS = 2.0
"""For all that is asked at a time: people who leave may have to wait for it."""
_CLOSING = aiohttp.ClientWSTimeout(ws_close=0.1)
"""Nobody waits for the goodbye of one that hangs."""


class Admin:
    """One connection to the admin API for a few questions."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, *, secret: str | None) -> None:
        self._socket = socket
        self._secret = secret

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, *, secret: str | None) -> AsyncIterator["Admin"]:
        """Raises JanusError when nobody answers there in time; the block has no more than that."""
        try:
            async with (
                asyncio.timeout(TALK_SECONDS),
                aiohttp.ClientSession() as client,
                client.ws_connect(url, protocols=[PROTOCOL], timeout=_CLOSING) as socket,
            ):
                yield cls(socket, secret=secret)
        except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
            raise JanusError(f"{url}: {error!r}") from error

    async def media_of(self, session: int, handle: int) -> list[Json]:
        """Each media section of a handle, as `handle_info` tells of it. Raises JanusError."""
        question = {
            "janus": "handle_info", "session_id": session, "handle_id": handle,
            "transaction": secrets.token_hex(8), "admin_secret": self._secret,
        }  # fmt: skip
        try:
            await self._socket.send_json(question)
            answer = await self._socket.receive_json()
        except (TypeError, ValueError) as error:
            raise JanusError("no answer from the admin API") from error
        media = answer.get("info", {}).get("webrtc", {}).get("media", {})
        return list(media.values())


def stats_of(member: MemberId, sending: Iterable[Json], receiving: Iterable[Json]) -> MemberStats:
    sent, received = list(sending), list(receiving)
    trips = [one["rtcp"]["main"]["rtt"] for one in (*sent, *received) if "rtcp" in one]
    trip = max(trips, default=0)
    return MemberStats(
        member=member,
        sent_loss=_loss(sent, "in-link-quality", "in"),
        sent_kbps=_kbps(sent, "in"),
        received_loss=_loss(received, "out-link-quality", "out"),
        received_kbps=_kbps(received, "out"),
        round_trip=trip / 1000 if trip else None,
        last_packet_age=None,
        forwarded_packets=sum(one["stats"]["out"]["packets"] for one in received),
    )


def _kbps(sections: list[Json], way: str) -> float:
    octets = sum(one["stats"][way]["bytes_lastsec"] for one in sections)
    return float(octets) * 8 / 1000


def _loss(sections: list[Json], quality: str, way: str) -> float:
    """Janus tells a quality in percent; 0 means that it knows of none yet."""
    with contextlib.suppress(KeyError):
        flowing = [one for one in sections if one["stats"][way]["packets"]]
        told = [one["rtcp"]["main"][quality] for one in flowing]
        return float(max((1 - one / 100 for one in told if one), default=0.0))
    return 0.0
