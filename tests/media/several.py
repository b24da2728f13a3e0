"""A bot whose camera comes in three encodings at a time, known by their names only, as from browsers.

bot = SeveralBot("a", publish=..., answer=...)
listener.shown                         # the encodings that came, as they came
"""

import asyncio
import secrets
import struct
from typing import Any

from aiortc.rtp import RtpPacket

from signaling.media import rtp
from tests.media.bot import VIDEO_TYPE, Bot, Hearing
from tests.media.clips import VIDEO_STEP, packets_of

RIDS = ("f", "h", "q")
MID_ID, RID_ID = 4, 10


class SeveralBot(Bot):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.active = RIDS
        self.shown: list[str] = []

    def encode(self, rids: tuple[str, ...]) -> None:
        super().encode(rids)
        self.active = rids

    def offer(self) -> str:
        named = (f"a=ssrc:{self.video_source}", f"a=ssrc:{self.repeat_source}", "a=ssrc-group")
        lines = super().offer().splitlines()
        return "\r\n".join(line for line in lines if not line.startswith(named)) + "\r\n"

    def _said_of(self, kind: str) -> list[str]:
        said = super()._said_of(kind)
        if kind == "audio":
            return said
        return [
            *said,
            f"a=extmap:{MID_ID} {rtp.MID}",
            f"a=extmap:{RID_ID} {rtp.RID}",
            *(f"a=rid:{rid} send" for rid in RIDS),
            f"a=simulcast:send {';'.join(RIDS)}",
        ]

    async def _play_video(self) -> None:
        """Each packet ends with the name of its encoding."""
        sources = {rid: secrets.randbits(31) for rid in RIDS}
        sequences = {rid: secrets.randbits(14) for rid in RIDS}
        picture, time, at = (secrets.randbits(14) for _ in range(3))
        while True:
            at = 0 if self._wants_keyframe else (at + 1) % len(self._clip.frames)
            self._wants_keyframe = False
            pieces = packets_of(self._clip.frames[at], picture & 0x7FFF)
            for rid in self.active:
                for place, piece in enumerate(pieces):
                    head = struct.pack(
                        "!BBHLL", 0x90, VIDEO_TYPE | 0x80 * (place == len(pieces) - 1),
                        sequences[rid] & 0xFFFF, time & 0xFFFFFFFF, sources[rid],
                    )  # fmt: skip
                    self.sending.send_packet(head + _named(rid) + piece + rid.encode())
                    sequences[rid] += 1
            picture += 1
            time += VIDEO_STEP
            await asyncio.sleep(0.04)

    def _take_video(self, heard: Hearing, packet: RtpPacket, sequence: int, load: bytes) -> None:
        super()._take_video(heard, packet, sequence, load)
        self.shown.append(load[-1:].decode("latin-1"))


def _named(rid: str) -> bytes:
    fields = bytes([MID_ID << 4]) + b"1" + bytes([RID_ID << 4]) + rid.encode()
    return struct.pack("!HH", rtp.ONE_BYTE_PROFILE, 1) + fields
