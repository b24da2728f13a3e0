"""A protocol bot: a person in a room without a browser.

bot = Bot("a", publish=lambda sdp: engine.publish(member, sdp), answer=...)
await bot.join()                       # publishes and plays its clip
await bot.take_offer(revision, sdp)    # for each offer that is pushed
bot.heard["b"].video                   # packets of member b that arrived
"""

import asyncio
import contextlib
import secrets
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiortc import RTCRtpCodecParameters
from aiortc.rtp import (
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtpPacket,
)
from aiortc.sdp import MediaDescription, SessionDescription

from tests.media.botlink import BotLink
from tests.media.clips import AUDIO_STEP, VIDEO_STEP, Clip, clip, h264_packets, packets_of

AUDIO_TYPE, VIDEO_TYPE, REPEAT_TYPE = 111, 96, 97
AUDIO_LEVEL_ID = 1
TRANSPORT_ID = 5
TRANSPORT_LINES = [
    f"a=rtcp-fb:{VIDEO_TYPE} transport-cc",
    f"a=extmap:{TRANSPORT_ID} http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
]
KEPT = 3_000
CODECS = {
    "vp8": "VP8/90000",
    "h264": "H264/90000",
}
H264_FORM = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
H264_TYPES = {98, 99}
RECEIVED = {96: "vp8", 97: "vp8", 98: "h264", 99: "h264"}
SENDS = {"sendonly", "sendrecv"}


@dataclass(frozen=True)
class Arrival:
    """One video packet as it came: its numbers, and those of its picture."""

    sequence: int
    timestamp: int
    marker: int
    picture: int
    layer_index: int
    is_key_start: bool
    payload_type: int = VIDEO_TYPE


@dataclass(frozen=True)
class Sound:
    sequence: int
    timestamp: int
    marker: int


@dataclass
class Hearing:
    """What came of one publisher."""

    audio: int = 0
    video: int = 0
    repeats: int = 0
    frames: int = 0
    keyframes: int = 0
    reports: int = 0
    extended: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)

    @property
    def packets(self) -> int:
        return self.audio + self.video + self.repeats


@dataclass(frozen=True)
class _Source:
    member: str
    kind: str
    is_repeat: bool = False


class Bot:
    """Plays a clip on its sending leg and counts what its receiving leg gets, by publisher."""

    def __init__(
        self,
        name: str,
        *,
        publish: Callable[[str], Awaitable[str]],
        answer: Callable[[int, str], Awaitable[None]],
        media: Clip | None = None,
        level: int = 20,
        codec: str = "vp8",
        offers: tuple[str, ...] = (),
        decodes: frozenset[str] = frozenset(CODECS),
    ) -> None:
        self.codec, self.decodes = codec, decodes
        self._several = offers
        self.name = name
        self.heard: dict[str, Hearing] = {}
        self.offers: list[str] = []
        self.keyframe_requests = 0
        self.repeat_requests = 0
        self.rate_limit = 0
        self.numbers_transport = False
        self.feedback: list[bytes] = []
        self.sends = {"audio", "video"}
        self.rests = False
        self.level = level
        self.loses_incoming: Callable[[bytes], bool] = lambda _: False
        self.loses_outgoing: Callable[[bytes], bool] = lambda _: False
        self._publish, self._answer = publish, answer
        self._clip = media or clip()
        self._session = str(secrets.randbits(60))
        self._version = 0
        self._sources: dict[int, _Source] = {}
        self._history: dict[int, bytes] = {}
        self._said: dict[int, bytes] = {}
        self.sound_requests = 0
        self._wants_keyframe = True
        self._receiving_session = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self.audio_source, self.video_source, self.repeat_source = (
            secrets.randbits(31) for _ in range(3)
        )
        self.sending = self._new_link()
        self.receiving = self._new_link()

    async def join(self) -> None:
        media = await self._negotiate()
        await self.sending.connect(media)
        self._spawn(self._play_audio())
        self._spawn(self._play_video())

    async def restart(self) -> None:
        """The network changed: an ICE restart of the sending leg from another port."""
        self.sending.renew()
        await self.sending.reconnect(await self._negotiate())

    async def rejoin(self) -> None:
        """A reloaded page: another peer connection for sending, from nothing."""
        self._halt()
        self.sending.vanish()
        self.sending = self._new_link()
        self._session = str(secrets.randbits(60))
        self.audio_source, self.video_source, self.repeat_source = (
            secrets.randbits(31) for _ in range(3)
        )
        await self.join()

    async def take_offer(self, revision: int, sdp: str) -> None:
        """Answer an offer for the receiving leg; connects on the first of each session."""
        self.offers.append(sdp)
        description = SessionDescription.parse(sdp)
        self._learn_sources(description)
        session = sdp.partition("o=- ")[2].partition(" ")[0]
        is_new = session != self._receiving_session
        if is_new:
            self._receiving_session = session
            self.receiving.vanish()
            self.receiving = self._new_link()
        bundle = description.media[0]
        link = self.receiving
        moved = not is_new and link.is_opened and link._their_ufrag != bundle.ice.usernameFragment
        if moved:
            link.renew()
        await self._answer(revision, self._answer_to(description))
        if is_new:
            await link.connect(bundle)
        elif moved:
            await link.reconnect(bundle)

    def encode(self, rids: tuple[str, ...]) -> None:
        """Its one encoding has no name: it is sent, or the camera rests."""
        self.rests = not rids

    def request_keyframe(self, member: str) -> None:
        for source, known in self._sources.items():
            if known == _Source(member, "video"):
                packet = RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=source)
                self.receiving.send_control(bytes(packet))

    def request_repeats(self, member: str, sequences: list[int], *, kind: str = "video") -> None:
        for source, known in self._sources.items():
            if known == _Source(member, kind):
                packet = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=source, lost=sequences)
                self.receiving.send_control(bytes(packet))

    def report(self, member: str, kind: str, *, lost_share: float) -> None:
        """A receiver report on what comes of one member."""
        for source, known in self._sources.items():
            if known == _Source(member, kind):
                info = RtcpReceiverInfo(
                    ssrc=source, fraction_lost=int(lost_share * 255), packets_lost=0,
                    highest_sequence=0, jitter=0, lsr=0, dlsr=0,
                )  # fmt: skip
                self.receiving.send_control(bytes(RtcpRrPacket(ssrc=1, reports=[info])))

    async def leave(self) -> None:
        self._halt()
        await self.sending.close()
        await self.receiving.close()

    def vanish(self) -> None:
        self._halt()
        self.sending.vanish()
        self.receiving.vanish()

    def _new_link(self) -> BotLink:
        return BotLink(
            on_packet=self._take_packet,
            on_control=self._take_control,
            loses_incoming=lambda data: self.loses_incoming(data),  # noqa: PLW0108 - set later
            loses_outgoing=lambda data: self.loses_outgoing(data),  # noqa: PLW0108 - set later
        )

    def _spawn(self, work: Awaitable[None]) -> None:
        self._tasks.add(asyncio.ensure_future(work))

    def _halt(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()

    async def _negotiate(self) -> MediaDescription:
        self._version += 1
        answer = SessionDescription.parse(await self._publish(self.offer()))
        taken = answer.media[1].fmt[0]
        self.codec = next((name for name, kind in self._types.items() if kind == taken), self.codec)
        self._wants_keyframe = True
        return answer.media[0]

    async def offer_again(self) -> None:
        """As it is, over the same connection; the answer may name another codec."""
        await self._negotiate()

    @property
    def _types(self) -> dict[str, int]:
        """The payload type of each codec that is offered; the next number repeats it."""
        names = self._several or (self.codec,)
        return {name: VIDEO_TYPE + 6 * place for place, name in enumerate(names)}

    def offer(self) -> str:
        link = self.sending
        formats = " ".join(f"{kind} {kind + 1}" for kind in self._types.values())
        transport = [
            "a=rtcp-mux", f"a=ice-ufrag:{link.ufrag}", f"a=ice-pwd:{link.password}",
            f"a=fingerprint:{link.fingerprint}", "a=setup:active", "a=sendonly",
        ]  # fmt: skip
        lines = [
            "v=0", f"o=- {self._session} {self._version} IN IP4 0.0.0.0", "s=-", "t=0 0",
            "a=group:BUNDLE 0 1",
            f"m=audio 9 UDP/TLS/RTP/SAVPF {AUDIO_TYPE}", "c=IN IP4 0.0.0.0", "a=mid:0", *transport,
            f"a=rtpmap:{AUDIO_TYPE} opus/48000/2",
            *self._said_of("audio"),
            f"a=ssrc:{self.audio_source} cname:bot",
            f"m=video 9 UDP/TLS/RTP/SAVPF {formats}", "c=IN IP4 0.0.0.0",
            "a=mid:1", *transport,
            *(line for name, kind in self._types.items() for line in _format_lines(name, kind)),
            *self._said_of("video"),
            f"a=ssrc-group:FID {self.video_source} {self.repeat_source}",
            f"a=ssrc:{self.video_source} cname:bot", f"a=ssrc:{self.repeat_source} cname:bot",
        ]  # fmt: skip
        return "\r\n".join(lines) + "\r\n"

    def _said_of(self, kind: str) -> list[str]:
        """Of a section that is offered, besides its formats and sources."""
        if kind == "audio":
            return [f"a=extmap:{AUDIO_LEVEL_ID} urn:ietf:params:rtp-hdrext:ssrc-audio-level"]
        return TRANSPORT_LINES if self.numbers_transport else []

    def _taken_of(self, section: MediaDescription) -> list[str]:
        """Of what is said so in a section of an offer."""
        return []

    def _answer_to(self, offer: SessionDescription) -> str:
        link = self.receiving
        bundle = " ".join(media.rtp.muxId for media in offer.media)
        lines = ["v=0", "o=- 7 1 IN IP4 0.0.0.0", "s=-", "t=0 0", f"a=group:BUNDLE {bundle}"]
        for media in offer.media:
            takes = "recvonly" if media.direction in SENDS else "inactive"
            taken = [
                n for n in media.fmt if RECEIVED.get(n, "vp8") in self.decodes or n == AUDIO_TYPE
            ]
            formats = " ".join(str(number) for number in taken or media.fmt)
            takes = takes if taken else "inactive"
            lines += [
                f"m={media.kind} {9 if taken else 0} UDP/TLS/RTP/SAVPF {formats}", "c=IN IP4 0.0.0.0",
                f"a=mid:{media.rtp.muxId}", f"a={takes}", "a=rtcp-mux",
                f"a=ice-ufrag:{link.ufrag}", f"a=ice-pwd:{link.password}",
                f"a=fingerprint:{link.fingerprint}", "a=setup:active",
            ]  # fmt: skip
            lines += [
                f"a=rtpmap:{c.payloadType} {_codec(c)}"
                for c in media.rtp.codecs
                if c.payloadType in taken
            ]
            lines += self._taken_of(media)
        return "\r\n".join(lines) + "\r\n"

    def _learn_sources(self, offer: SessionDescription) -> None:
        for media in offer.media:
            if media.direction not in SENDS:
                continue
            member = media.msid.split()[0]
            repeats = {group.items[1] for group in media.ssrc_group}
            for source in media.ssrc:
                known = _Source(member, media.kind, source.ssrc in repeats)
                self._sources[source.ssrc] = known

    def _take_packet(self, data: bytes) -> None:
        packet = RtpPacket.parse(data)
        known = self._sources.get(packet.ssrc, _Source("?", "?"))
        heard = self.heard.setdefault(known.member, Hearing())
        heard.extended += data[0] >> 4 & 1
        if known.is_repeat:
            heard.repeats += 1
            sequence = struct.unpack("!H", packet.payload[:2])[0]
            self._take_video(heard, packet, sequence, packet.payload[2:])
        elif known.kind == "video":
            heard.video += 1
            self._take_video(heard, packet, packet.sequence_number, packet.payload)
        else:
            heard.audio += 1
            sound = Sound(packet.sequence_number, packet.timestamp, packet.marker)
            heard.sounds.append(sound)
            del heard.sounds[:-KEPT]

    def _take_video(self, heard: Hearing, packet: RtpPacket, sequence: int, load: bytes) -> None:
        if not load:
            return
        picture = layer_index = 0
        at = 1
        is_h264 = packet.payload_type in H264_TYPES
        if not is_h264 and load[0] & 0x80 and load[1] & 0x80:
            picture = (load[2] & 0x7F) << 8 | load[3]
            layer_index = load[4] if load[1] & 0x40 else 0
            at = 5 if load[1] & 0x40 else 4
        is_key_start = bool(load[0] & 0x10) and not load[at] & 1
        if is_h264:
            is_key_start = load[0] == 0x78
        heard.frames += packet.marker
        heard.keyframes += is_key_start
        arrival = Arrival(
            sequence, packet.timestamp, packet.marker, picture, layer_index, is_key_start,
            packet.payload_type,
        )  # fmt: skip
        heard.arrivals.append(arrival)
        del heard.arrivals[:-KEPT]

    def _take_control(self, datagram: bytes) -> None:
        if datagram[:2] == b"\x8f\xcd":
            self.feedback.append(datagram)
            return
        for packet in RtcpPacket.parse(datagram):
            match packet:
                case RtcpPsfbPacket(fmt=1):
                    self.keyframe_requests += 1
                    self._wants_keyframe = True
                case RtcpPsfbPacket(fmt=15):
                    exponent, mantissa = packet.fci[5] >> 2, packet.fci[5] & 3
                    self.rate_limit = (
                        mantissa << 16 | packet.fci[6] << 8 | packet.fci[7]
                    ) << exponent
                case RtcpRtpfbPacket(fmt=1):
                    if packet.media_ssrc == self.audio_source:
                        self._say_again(packet.lost)
                    else:
                        self._repeat(packet.lost)
                case _:
                    pass

    def _say_again(self, sequences: list[int]) -> None:
        """Sound is repeated under its own number."""
        self.sound_requests += len(sequences)
        for sequence in sequences:
            if sequence in self._said:
                self.sending.send_packet(self._said[sequence])

    def _repeat(self, sequences: list[int]) -> None:
        self.repeat_requests += len(sequences)
        for sequence in sequences:
            original = self._history.get(sequence & 0xFFFF)
            if original is not None:
                self._repeat_sequence = getattr(self, "_repeat_sequence", 0) + 1
                head = struct.pack(
                    "!BBHLL", 0x80, original[1] + 1, self._repeat_sequence,
                    struct.unpack("!L", original[4:8])[0], self.repeat_source,
                )  # fmt: skip
                self.sending.send_packet(head + original[2:4] + original[12:])

    def _numbered(self, head: bytes) -> bytes:
        if not self.numbers_transport:
            return head
        self._transport_number = getattr(self, "_transport_number", 65_400) + 1
        number = self._transport_number & 0xFFFF
        block = struct.pack("!HHBHx", 0xBEDE, 1, TRANSPORT_ID << 4 | 1, number)
        return bytes([head[0] | 0x10]) + head[1:] + block

    async def _play_audio(self) -> None:
        at = secrets.randbits(14)
        while True:
            if "audio" in self.sends:
                sound = self._clip.sounds[at % len(self._clip.sounds)]
                head = struct.pack(
                    "!BBHLL", 0x90, AUDIO_TYPE, at & 0xFFFF, at * AUDIO_STEP & 0xFFFFFFFF,
                    self.audio_source,
                )  # fmt: skip
                level = struct.pack("!HHBBxx", 0xBEDE, 1, AUDIO_LEVEL_ID << 4, 0x80 | self.level)
                self._said[at & 0xFFFF] = head + level + sound
                self._said.pop(at - 100 & 0xFFFF, None)
                self.sending.send_packet(head + level + sound)
            at += 1
            await asyncio.sleep(0.02)

    async def _play_video(self) -> None:
        sequence, picture, time, at = (secrets.randbits(14) for _ in range(4))
        while True:
            if "video" in self.sends and not self.rests:
                at = 0 if self._wants_keyframe else (at + 1) % len(self._clip.frames)
                self._wants_keyframe = False
                pieces = packets_of(self._clip.frames[at], picture & 0x7FFF)
                if self.codec == "h264":
                    pieces = h264_packets(is_key=at == 0)
                for place, piece in enumerate(pieces):
                    last = place == len(pieces) - 1
                    head = struct.pack(
                        "!BBHLL", 0x80, self._types[self.codec] | 0x80 * last, sequence & 0xFFFF,
                        time & 0xFFFFFFFF, self.video_source,
                    )  # fmt: skip
                    self._history[sequence & 0xFFFF] = head + piece
                    self._history.pop(sequence - 600 & 0xFFFF, None)
                    self.sending.send_packet(self._numbered(head) + piece)
                    sequence += 1
                picture += 1
            time += VIDEO_STEP
            await asyncio.sleep(0.04)


def _format_lines(name: str, kind: int) -> list[str]:
    return [
        f"a=rtpmap:{kind} {CODECS[name]}",
        *([f"a=fmtp:{kind} {H264_FORM}"] if name == "h264" else []),
        f"a=rtpmap:{kind + 1} rtx/90000",
        f"a=fmtp:{kind + 1} apt={kind}",
        f"a=rtcp-fb:{kind} nack",
    ]


def _codec(codec: RTCRtpCodecParameters) -> str:
    channels = f"/{codec.channels}" if codec.channels == 2 else ""
    return f"{codec.name}/{codec.clockRate}{channels}"


@contextlib.asynccontextmanager
async def joined(*bots: Bot):
    """The bots are in for the length of the block."""
    try:
        await asyncio.gather(*(bot.join() for bot in bots))
        yield bots
    finally:
        await asyncio.gather(*(bot.leave() for bot in bots))
