"""The sending leg of a member: takes its packets apart and hands them to who follows its tracks."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import NamedTuple

from aiortc.rtp import RtcpReceiverInfo, RtcpSrPacket

from signaling.engine import MediaRefusedError, Refusal
from signaling.media import rtcp, rtp
from signaling.media.codecs import PICTURES, Codec
from signaling.media.descriptions import Accepted, accept, write_answer
from signaling.media.descriptions import Transport as TransportLines
from signaling.media.feedback import Feedback
from signaling.media.layer import Layer, SenderTime
from signaling.media.packet import Packet
from signaling.media.sdp import Description, Section
from signaling.media.speech import Loudness
from signaling.media.track import CAMERA, SHARED, Label, Track
from signaling.media.voices import Gate, Voice

UNDECLARED_LIMIT = 8


class _Stream(NamedTuple):
    track: Track
    layer: Layer
    is_repeat: bool


class Publisher:
    """Created from a first offer; a later offer of the same peer connection continues it."""

    def __init__(
        self,
        description: Description,
        *,
        session: str,
        voice: Voice | None = None,
        pictures: tuple[Codec, ...] = PICTURES,
        waited: Callable[[], float] = lambda: 0.0,
        may_share: bool = False,
    ) -> None:
        self._waited = waited
        self._pictures = pictures
        self._their_session = description.session
        self._session = session
        self._version = 0
        self.fingerprints = description.fingerprints
        self.ufrag = description.ufrag
        self.tracks: dict[Label, Track] = {}
        self.loudness = Loudness()
        self._feedback = Feedback()
        self._voice = voice or Voice()
        self._accepted: dict[str, Accepted] = {}
        self._streams: dict[int, _Stream] = {}
        self._undeclared: set[int] = set()
        self.take(description, may_share=may_share)

    @property
    def picture(self) -> Codec:
        """In which the camera comes."""
        camera = self.tracks.get(CAMERA)
        return camera.codec if camera is not None else PICTURES[0]

    @property
    def rids(self) -> tuple[str, ...]:
        """The encodings of the camera, best first; a single one has no name."""
        camera = self.tracks.get(CAMERA)
        return tuple(layer.rid for layer in camera.layers) if camera is not None else ()

    def continues(self, description: Description) -> bool:
        """Whether an offer comes from the peer connection that we already have."""
        is_same = description.session == self._their_session
        return is_same and description.fingerprints == self.fingerprints

    def prefer(self, pictures: tuple[Codec, ...]) -> bool:
        """From the next offer on; whether some picture would then come in another codec."""
        self._pictures = pictures
        return any(
            taken.section.kind == "video"
            and (again := accept(taken.section, pictures=pictures)) is not None
            and again.codec is not taken.codec
            for taken in self._accepted.values()
        )

    def take(self, description: Description, *, may_share: bool = False) -> None:
        """Learn the tracks of an offer; those known keep what they have.

        Who may not share has no screen here: its section rests, its packets are nobody's.
        """
        labels = _labels(description.sections)
        accepted = {
            section.mid: taken
            for section in description.sections
            if section.mid in labels and (taken := accept(section, pictures=self._pictures))
        }
        if not accepted:
            raise MediaRefusedError(Refusal.UNSUPPORTED)
        self.ufrag = description.ufrag
        self._accepted = accepted
        for mid, taken in accepted.items():
            if labels[mid].is_screen and not may_share:
                self._accepted[mid] = replace(taken, is_wanted=False)
            else:
                self._take_track(labels[mid], mid, taken)

    def rest_all_but(self, rids: Collection[str]) -> None:
        """The camera is to send these only."""
        camera = self.tracks.get(CAMERA)
        for layer in camera.layers if camera is not None else ():
            if layer.rid in rids:
                layer.wake()
            else:
                layer.rest()

    def answer_to(self, description: Description, transport: TransportLines) -> str:
        self._version += 1
        return write_answer(
            description.sections,
            self._accepted,
            session=self._session,
            version=self._version,
            transport=transport,
        )

    def admits(self, source: int) -> bool:
        return source in self._streams or len(self._undeclared) < UNDECLARED_LIMIT

    def media(self, packet: bytes, now: float) -> None:
        source = rtp.source_of(packet)
        stream = self._streams.get(source) or self._meet(source, packet)
        if stream is None:
            return
        track, layer, is_repeat = stream
        if packet[1] & 0x7F in track.retired:
            return
        if track.transport_id:
            self._note_arrival(track.transport_id, packet, now)
        if is_repeat:
            original = rtp.original_of(
                packet, payload_type=track.payload_type, source=layer.source or 0
            )
            if original is None:
                return
            packet = original
        elif packet[1] & 0x7F != track.payload_type:
            raise rtp.MalformedError("payload type was not agreed")
        self._take_packet(track, layer, packet, is_repeat=is_repeat, now=now)

    def control(self, datagram: bytes, now: float) -> None:
        for packet in rtcp.parsed(datagram):
            stream = self._streams.get(packet.ssrc) if isinstance(packet, RtcpSrPacket) else None
            if isinstance(packet, RtcpSrPacket) and stream is not None:
                info = packet.sender_info
                time = SenderTime(info.ntp_timestamp, info.rtp_timestamp, now)
                stream.layer.sender_time = time
                for listener in stream.layer.listeners:
                    listener.tell_time(time, now)
                if stream.layer.tap is not None:
                    stream.layer.tap.tell_time(stream.layer, time)

    def requests_due(self, now: float) -> bytes:
        """What to ask the sender for: lost packets, a key frame."""
        requests = b""
        for layer in self._layers():
            if layer.source is None:
                continue
            if layer.arrivals.has_gaps:
                numbers, given_up = layer.arrivals.due(now=now)
                requests += rtcp.repeat_request(layer.source, numbers)
                if given_up and (layer.listeners or layer.tap is not None):
                    layer.want_keyframe()
            if layer.keyframe_request_due(now):
                requests += rtcp.keyframe_request(layer.source)
        return requests

    def feedback_due(self, now: float) -> list[bytes]:
        """When packets came, for a sender that numbers them all; each a datagram of its own."""
        source = next((layer.source for layer in self._layers() if layer.source is not None), 0)
        return self._feedback.due(now, source=source)

    def report(self, now: float, *, video_kbps: int) -> tuple[bytes, float | None]:
        """The receiver report with the rate allowed for video, and the worst share lost of what was
        due since the last.
        """
        blocks: list[RtcpReceiverInfo] = []
        videos: list[int] = []
        shares: list[float] = []
        for layer in self._layers():
            if layer.source is None or not layer.arrivals.has_begun:
                continue
            layer.measure(now)
            reception = layer.arrivals.report()
            if reception.is_fresh:
                shares.append(reception.fraction / 256)
            blocks.append(
                rtcp.reception_report(layer.source, reception, time=layer.sender_time, now=now)
            )
            if layer.is_video:
                videos.append(layer.source)
        if not blocks:
            return b"", None
        limit = rtcp.rate_limit(video_kbps * 1000, videos) if videos else b""
        return rtcp.receiver_report(blocks) + limit, max(shares, default=None)

    def _layers(self) -> Iterator[Layer]:
        for track in self.tracks.values():
            yield from track.layers

    def _take_track(self, label: Label, mid: str, taken: Accepted) -> None:
        known = self.tracks.get(label)
        if known is None:
            known = self.tracks[label] = Track.of(label, taken.section.rids)
        known.learn(mid, taken)
        if not taken.section.rids:
            self._declare(known, taken.section)

    def _declare(self, track: Track, section: Section) -> None:
        """A track whose sources were all exchanged begins a new layer; its followers go over."""
        declared = sorted(section.sources)[:UNDECLARED_LIMIT]
        old = track.layers[0]
        if declared and old.source not in {None, *declared}:
            track.layers[0] = old.successor()
            track.gate = Gate()
            self._streams = {n: s for n, s in self._streams.items() if s.layer is not old}
        for source in declared:
            if source not in self._streams:
                is_repeat = source in section.repeated_by
                self._know(track, track.layers[0], source, is_repeat=is_repeat)

    def _know(self, track: Track, layer: Layer, source: int, *, is_repeat: bool) -> _Stream:
        if not is_repeat and layer.source is None:
            layer.source = source
        stream = self._streams[source] = _Stream(track, layer, is_repeat)
        return stream

    def _meet(self, source: int, packet: bytes) -> _Stream | None:
        """A source that no description named: known by its section's id or its payload type."""
        self._undeclared.add(source)
        offset = rtp.payload_offset(packet)
        payload_type = packet[1] & 0x7F
        candidates = [t for t in self.tracks.values() if t.carries(payload_type)]
        named = [t for t in candidates if rtp.extension(packet, t.mid_id, offset) == t.mid.encode()]
        found = named or candidates
        if len(found) != 1:
            return None
        track = found[0]
        is_repeat = payload_type == track.repeat_type
        layer = track.layer_of(packet, offset, is_repeat=is_repeat)
        if layer is None or (not is_repeat and layer.source not in {None, source}):
            return None  # a second source for one stream: the first stays
        return self._know(track, layer, source, is_repeat=is_repeat)

    def _take_packet(
        self, track: Track, layer: Layer, packet: bytes, *, is_repeat: bool, now: float
    ) -> None:
        _, second, sequence, timestamp, _ = rtp.HEADER.unpack_from(packet)
        arrivals = layer.arrivals
        if is_repeat:
            arrived = arrivals.recover(sequence, now=now)
        else:
            arrivals.time(timestamp, now=now)
            arrived = arrivals.accept(sequence, now=now)
        if arrived is None:
            return
        offset = rtp.payload_offset(packet)
        payload = packet[offset : rtp.payload_end(packet, offset)]
        layer.octets += len(payload)
        layer.came_at = now
        picture, orientation = None, None
        if layer.is_video and payload:
            picture = track.describe(layer, payload, timestamp)
            orientation = _first_byte(rtp.extension(packet, track.orientation_id, offset))
        if not payload and layer.drop(arrived):
            return
        number = layer.number_of(arrived)
        marker = second & rtp.MARKED
        if layer.tap is not None:  # before the gate: all is captured, however many talk at once
            taken = Packet(number, timestamp, marker, payload, orientation, picture)
            layer.tap.take(layer, taken, now)
        if not layer.is_video:
            is_heard = self._hear(track, packet, offset, now)
            passed = track.gate.pass_through(number, marker, is_open=is_heard)
            if passed is None:
                return
            number, marker = passed
        layer.pass_on(Packet(number, timestamp, marker, payload, orientation, picture), now)

    def _note_arrival(self, extension_id: int, packet: bytes, now: float) -> None:
        number = rtp.extension(packet, extension_id, rtp.payload_offset(packet))
        if number is not None and len(number) == 2:
            self._feedback.note(int.from_bytes(number, "big"), now - self._waited())

    def _hear(self, track: Track, packet: bytes, offset: int, now: float) -> bool:
        """Whether the others get this; a microphone that tells no level is always heard."""
        level = _first_byte(rtp.extension(packet, track.level_id, offset))
        if level is None:
            return True
        self.loudness.hear(level & 0x7F)
        self._voice.note(level & 0x7F, now)
        return self._voice.is_heard(now)


def _labels(sections: list[Section]) -> dict[str, Label]:
    """By mid: the first picture is the camera, the second the screen; a third is nobody's."""
    of_kind = {kind: [s.mid for s in sections if s.kind == kind] for kind in ("audio", "video")}
    sounds = {mid: Label("audio", place) for place, mid in enumerate(of_kind["audio"])}
    pictures = dict(zip(of_kind["video"], (CAMERA, Label(SHARED, 0)), strict=False))
    return sounds | pictures


def _first_byte(value: bytes | None) -> int | None:
    return value[0] if value else None
