"""The receiving leg of a member: what it is offered, what it follows, what it asks for."""

from collections.abc import Callable, Mapping

from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket

from signaling.engine import MediaRefusedError, Refusal
from signaling.media import bandwidth, rtcp
from signaling.media.codecs import FORMATS, PICTURES, Codec
from signaling.media.descriptions import OfferedTrack, write_offer
from signaling.media.descriptions import Transport as TransportLines
from signaling.media.layer import SenderTime
from signaling.media.outlet import Outlet
from signaling.media.reports import Reports
from signaling.media.road import Road
from signaling.media.rtp import ORIENTATION
from signaling.media.sdp import RECEIVING_SECTIONS, Description, Section
from signaling.media.slots import Heard, Slot
from signaling.media.track import CLOCK_RATES

FIRST_SOURCE = 1_000
LOSSY, LOSSY_SECONDS = 0.04, 30.0
"""Who lost so much within this time, and never asks for sound, gets it twice: Firefox cannot ask."""
WITHDRAWAL_PAUSE = 0.1
"""Tracks that went away wait this long for what comes in their place, so both make one offer."""


class Subscriber:
    """Offers go one at a time; what changes meanwhile goes into the next one."""

    def __init__(
        self,
        *,
        session: str,
        video_kbps: int,
        road: Road,
        transmit_control: Callable[[bytes], None],
    ) -> None:
        self.session = session
        self.slots: list[Slot] = []
        self._by_source: dict[int, Slot] = {}
        self.fingerprints: list[tuple[str, str]] = []
        self.lost_share = 0.0
        self.decodes: frozenset[Codec] = frozenset({Codec.VP8})
        self.rate = bandwidth.Rate(ceiling=video_kbps)
        self._road = road
        self._transmit_control = transmit_control
        self._version = 0
        self._pending: int | None = None
        self._due: float | None = None
        self._must_offer = True
        self._reports = Reports()
        self._lossy_at = self._asked_at = float("-inf")
        self._sources = 0
        self._add_slot(Codec.OPUS)
        self._add_slot(Codec.VP8)

    @property
    def round_trip(self) -> float | None:
        return self._reports.round_trip

    def told_share(self, *, now: float) -> float | None:
        """The share lost that was reported of late, if any was."""
        return self._reports.worst(self._by_source, now=now)

    @property
    def has_answered(self) -> bool:
        """Whether it is known what this one can decode."""
        return bool(self.fingerprints)

    @property
    def is_full(self) -> bool:
        return len(self.slots) > RECEIVING_SECTIONS - 8

    @property
    def shows_pictures(self) -> bool:
        return any(slot.kind == "video" and slot.outlet.layer is not None for slot in self.slots)

    @property
    def shows_cameras(self) -> bool:
        slots = (slot for slot in self.slots if slot.kind == "video" and not slot.is_screen)
        return any(slot.outlet.layer is not None for slot in slots)

    @property
    def has_screen(self) -> bool:
        """Whether somebody's screen is shown here, or would be if pictures did not rest."""
        return any(slot.is_screen and slot.is_open for slot in self.slots)

    @property
    def screen_kbps(self) -> float:
        layers = (slot.outlet.layer for slot in self.slots if slot.is_screen)
        return sum(layer.kbps for layer in layers if layer is not None)

    @property
    def _taken_kbps(self) -> float:
        """By the largest picture."""
        layers = (slot.outlet.layer for slot in self.slots if slot.kind == "video")
        return max((layer.kbps for layer in layers if layer is not None), default=0.0)

    @property
    def known(self) -> set[Heard]:
        """Everything that has a section by now."""
        return {slot.heard for slot in self.slots if slot.heard is not None}

    def want(self, tracks: Mapping[Heard, Codec], *, now: float) -> None:
        """Note what this member should hear and see from now on, as far as it can decode it."""
        for heard in sorted(tracks.keys() - self.known):
            self._slot_for(heard, tracks[heard])
        for slot in self.slots:
            codec = tracks.get(slot.heard) if slot.heard is not None else None
            slot.codec = codec or slot.codec
            slot.is_wanted = codec is not None and self._takes(codec)
        changed = [slot for slot in self.slots if not slot.is_as_wanted]
        if self._must_offer or any(slot.is_wanted for slot in changed):
            self._due = now
        elif not changed:
            self._due = None
        elif self._due is None:
            self._due = now + WITHDRAWAL_PAUSE

    def offer_again(self, *, now: float) -> None:
        """Forget the offer that is out; a fresh one is due."""
        self._pending = None
        self._must_offer = True
        self._due = now

    def is_offer_due(self, *, now: float) -> bool:
        return self._pending is None and self._due is not None and now >= self._due

    def offer(self, revision: int, transport: TransportLines) -> str:
        self._due = None
        self._must_offer = False
        self._pending = revision
        self._version += 1
        for slot in self.slots:
            self._turn(slot)
        tracks = [self._offered(slot) for slot in self.slots]
        return write_offer(tracks, session=self.session, version=self._version, transport=transport)

    def accept_answer(self, revision: int, description: Description, *, now: float) -> None:
        """Open the sections that were offered and taken."""
        if revision != self._pending:
            raise MediaRefusedError(Refusal.STALE)
        if description.setup != "active":
            raise MediaRefusedError(Refusal.UNSUPPORTED)
        if self.fingerprints and description.fingerprints != self.fingerprints:
            raise MediaRefusedError(Refusal.MALFORMED)
        self.fingerprints = description.fingerprints
        self._pending = None
        taken = {section.mid: section for section in description.sections}
        for slot in self.slots:
            section = taken.get(slot.mid)
            is_taken = section is not None and section.is_taken
            slot.is_open = slot.is_offered and is_taken
            slot.open_codec = slot.offered_codec if slot.is_open else None
            if section is not None:
                slot.outlet.mark_orientation(section.extensions.get(ORIENTATION, 0))
        self._learn_codecs(taken.get(self._sample.mid))
        if not all(slot.is_as_wanted for slot in self.slots) and self._due is None:
            self._due = now

    def admits(self, _source: int) -> bool:
        return False

    def media(self, packet: bytes, now: float) -> None:
        """Receivers send no media; `admits` has kept it out."""

    def control(self, datagram: bytes, now: float) -> None:
        packets = rtcp.parsed(datagram)
        for packet in packets:
            if isinstance(packet, RtcpRrPacket):
                self._take_report(packet.reports, now)
            for source in rtcp.asks_for_keyframe(packet):
                slot = self._by_source.get(source)
                if slot is not None and slot.outlet.layer is not None:
                    slot.outlet.layer.want_keyframe()
        for source, numbers in rtcp.repeats_asked(packets):
            if source in self._by_source:
                self._repeat(self._by_source[source], numbers, now)

    def tell_time(self, outlet: Outlet, time: SenderTime) -> None:
        slot = self._by_source[outlet.source]
        self._reports.tell(outlet.source, time)
        name = slot.heard.member.encode() if slot.heard else b""
        self._transmit_control(
            rtcp.sender_report(
                outlet.source,
                time=time,
                packets=outlet.packets,
                octets=outlet.octets,
                cname=name,
            )
        )

    def double_sound(self, *, now: float) -> None:
        """Where much is lost and sound never asked for; called many times a second."""
        if now - self._lossy_at < LOSSY_SECONDS and now - self._asked_at > LOSSY_SECONDS:
            for slot in self.slots:
                if slot.kind == "audio":
                    slot.outlet.double()

    def let_go(self, *, now: float) -> None:
        for slot in self.slots:
            slot.outlet.follow(None, now=now)

    def _take_report(self, blocks: list[RtcpReceiverInfo], now: float) -> None:
        for block in blocks:
            if block.ssrc in self._by_source:
                self._reports.take(block, now=now)
        lost_share = self.told_share(now=now)
        self.lost_share = self.lost_share if lost_share is None else lost_share
        videos = (source for source, slot in self._by_source.items() if slot.kind == "video")
        video_share = self._reports.worst(videos, now=now)
        if video_share is not None:
            self.rate.learn(
                video_share, round_trip=self.round_trip, taken_kbps=self._taken_kbps, now=now
            )
        if self.rate.is_crowded:
            self._lossy_at = float("-inf")  # a full line loses less if less is sent
        elif self.lost_share > LOSSY:
            self._lossy_at = now

    def _repeat(self, slot: Slot, numbers: list[int], now: float) -> None:
        if slot.kind == "audio":
            self._asked_at = now
        slot.outlet.resend(numbers, now=now)

    def _turn(self, slot: Slot) -> None:
        """Offer the section as it is wanted now.

        One that comes back has new sources: Chromium decodes a source that it has seen in the
        same section before, but connects it to no track.
        """
        if slot.is_offered and not slot.is_wanted:
            slot.has_rested = True
        elif slot.is_wanted and not slot.is_offered and slot.has_rested:
            del self._by_source[slot.outlet.source]
            source = self._new_source()
            slot.outlet.rename(source, repeat_source=source + 1)
            self._by_source[source] = slot
        slot.is_offered, slot.offered_codec = slot.is_wanted, slot.codec

    def _new_source(self) -> int:
        self._sources += 1
        return FIRST_SOURCE + 2 * (self._sources - 1)

    @property
    def _sample(self) -> Slot:
        """The section that names every codec, so that the answer tells which can be decoded."""
        return self.slots[1]

    def _learn_codecs(self, section: Section | None) -> None:
        if section is not None and not section.is_rejected:
            known = {codec: FORMATS[codec].payload_type for codec in PICTURES}
            taken = {codec for codec, number in known.items() if number in section.formats}
            self.decodes = frozenset(taken) or self.decodes

    def _takes(self, codec: Codec) -> bool:
        return codec is Codec.OPUS or codec in self.decodes

    def _slot_for(self, heard: Heard, codec: Codec) -> Slot:
        """A section not used yet, or one more."""
        kind = "video" if heard.label.is_video else "audio"
        unused = (slot for slot in self.slots if slot.heard is None and slot.kind == kind)
        slot = next(unused, None) or self._add_slot(codec)
        slot.heard = heard
        return slot

    def _add_slot(self, codec: Codec) -> Slot:
        form = FORMATS[codec]
        place = len(self.slots)
        source = self._new_source()
        outlet = Outlet(
            source=source,
            repeat_source=source + 1,
            payload_type=form.payload_type,
            repeat_type=form.repeat_type or 0,
            clock_rate=CLOCK_RATES["audio" if codec is Codec.OPUS else "video"],
            road=self._road,
            transmit_time=self.tell_time,
        )
        slot = Slot(str(place), codec, outlet)
        self.slots.append(slot)
        self._by_source[source] = slot
        return slot

    def _offered(self, slot: Slot) -> OfferedTrack:
        codecs: tuple[Codec, ...] = (slot.codec,)
        if slot is self._sample:
            codecs = (slot.codec, *(other for other in PICTURES if other is not slot.codec))
        return OfferedTrack(
            mid=slot.mid,
            codecs=codecs,
            stream=slot.heard.stream if slot.heard else "",
            is_active=slot.is_wanted,
            source=slot.outlet.source,
            repeat_source=slot.outlet.source + 1,
        )
