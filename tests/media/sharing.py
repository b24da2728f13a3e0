"""A bot that can show a screen as well: a third section in its sending leg's offer.

bot = SharingBot("a", publish=..., answer=...)
await bot.join()
await bot.share()                      # offers the section, and plays in it whatever the answer
listener.heard["a.screen"].video       # packets of it that arrived
"""

import asyncio
import secrets
import struct
from typing import Any

from aiortc.rtp import RtcpPacket, RtcpPsfbPacket

from tests.media.bot import REPEAT_TYPE, VIDEO_TYPE, Bot
from tests.media.clips import VIDEO_STEP, packets_of

FRAMES_A_SECOND = 12


class SharingBot(Bot):
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.shares = False
        self.screen_source = secrets.randbits(31)
        self.screen_sent = 0
        self._screen_wants_keyframe = True

    async def share(self) -> None:
        self.shares = True
        await self._negotiate()
        self._spawn(self._play_screen())

    def stop_sharing(self) -> None:
        self.shares = False

    async def rejoin(self) -> None:
        """As a client that shares goes on sharing on its next peer connection."""
        self.screen_source = secrets.randbits(31)
        await super().rejoin()
        if self.shares:
            self._spawn(self._play_screen())

    def offer(self) -> str:
        plain = super().offer()
        if not self.shares:
            return plain
        transport = plain[plain.index("a=rtcp-mux") : plain.index("a=rtpmap")]
        section = [
            f"m=video 9 UDP/TLS/RTP/SAVPF {VIDEO_TYPE} {REPEAT_TYPE}", "c=IN IP4 0.0.0.0",
            "a=mid:2", *transport.splitlines(),
            f"a=rtpmap:{VIDEO_TYPE} VP8/90000", f"a=rtpmap:{REPEAT_TYPE} rtx/90000",
            f"a=fmtp:{REPEAT_TYPE} apt={VIDEO_TYPE}", f"a=ssrc:{self.screen_source} cname:bot",
        ]  # fmt: skip
        return plain.replace("BUNDLE 0 1", "BUNDLE 0 1 2") + "\r\n".join(section) + "\r\n"

    def _take_control(self, datagram: bytes) -> None:
        super()._take_control(datagram)
        if datagram[:2] == b"\x8f\xcd":
            return
        for packet in RtcpPacket.parse(datagram):
            if isinstance(packet, RtcpPsfbPacket) and packet.media_ssrc == self.screen_source:
                self._screen_wants_keyframe = True

    async def _play_screen(self) -> None:
        source = self.screen_source
        sequence, picture, time, at = (secrets.randbits(14) for _ in range(4))
        while self.shares and source == self.screen_source:
            at = 0 if self._screen_wants_keyframe else (at + 1) % len(self._clip.frames)
            self._screen_wants_keyframe = False
            pieces = packets_of(self._clip.frames[at], picture & 0x7FFF)
            for place, piece in enumerate(pieces):
                head = struct.pack(
                    "!BBHLL", 0x80, VIDEO_TYPE | 0x80 * (place == len(pieces) - 1),
                    sequence & 0xFFFF, time & 0xFFFFFFFF, source,
                )  # fmt: skip
                self.sending.send_packet(head + piece)
                sequence += 1
                self.screen_sent += 1
            picture += 1
            time += VIDEO_STEP * 25 // FRAMES_A_SECOND
            await asyncio.sleep(1 / FRAMES_A_SECOND)
