"""What a browser tells the server of the packets it gets, at a browser's pace.

Nothing is lost on the way of a benchmark, so one packet in 200 is thrown away unseen and asked for
again: the server's memory of packets is at work, and what it does not bring back counts as lost.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiortc.sdp import MediaDescription, SessionDescription

from signaling.media import rtcp, rtp
from signaling.media.arrivals import Reception
from signaling.media.feedback import Feedback
from signaling.media.layer import SenderTime

BEAT = 0.02
MISSED_OF = 200
REPORT_SECONDS = {"audio": 5.0, "video": 1.0}
"""As in libwebrtc; each stream is reported by itself, and so is each that is sent."""

JITTER = 20
LINE = 0.03
"""Seconds there and back that reports tell: Janus remembers nothing for a line that takes none."""

RETRY, GIVEN_UP = 0.1, 1.0
"""Seconds before a packet is asked for once more, and for which it is."""


@dataclass
class Missed:
    """A packet that was thrown away, until it comes again."""

    since: float
    asked: float = 0.0


@dataclass
class Spell:
    """How many numbers came of a stream, and should have: they go on by one."""

    highest: int = 0
    due: int = 0
    came: int = 0

    def take(self, sequence: int) -> None:
        ahead = (sequence - self.highest) & 0xFFFF if self.came else 1
        self.came += 1
        if ahead < 0x8000:
            self.highest, self.due = sequence, self.due + ahead


@dataclass
class Incoming:
    """One stream that was offered."""

    kind: str
    is_repeated: bool
    arrivals_id: int = 0
    numbers: Spell = field(default_factory=Spell)
    told: tuple[int, int] = 0, 0
    reported: float = 0.0
    time: SenderTime | None = None

    def reception(self) -> Reception:
        """Since the last one."""
        told, self.told = self.told, (self.numbers.due, self.numbers.came)
        due, came = self.told[0] - told[0], self.told[1] - told[1]
        share = max(0, due - came) * 256 // due if due else 0
        return Reception(share, max(0, self.told[0] - self.told[1]), self.numbers.highest, JITTER)

    def report(self, source: int, now: float) -> bytes:
        heard = self.time if self.time is not None and now > self.time.arrived else None
        block = rtcp.reception_report(source, self.reception(), time=heard, now=now)
        return rtcp.receiver_report([block])


class Reporter:
    """Of one receiving leg."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.missed = 0
        self.repairs: list[float] = []
        self._send = send
        self._streams: dict[int, Incoming] = {}
        self._repeats: dict[int, int] = {}
        self._missed: dict[tuple[int, int], Missed] = {}
        self._until_missed = 1 + secrets.randbelow(MISSED_OF)
        self._arrivals = Feedback()

    def learn(self, offer: SessionDescription) -> None:
        """Which streams will come, and what each wants to be told."""
        known, self._streams, self._repeats = self._streams, {}, {}
        for section in offer.media:
            repeats = dict(reversed(group.items) for group in section.ssrc_group)
            self._repeats |= repeats
            for source in (one.ssrc for one in section.ssrc if one.ssrc not in repeats):
                self._streams[source] = known.get(source) or _incoming(section)

    def misses(self, datagram: bytes) -> bool:
        """Whether this one, still encrypted, is one of those that get lost."""
        self._until_missed -= 1
        if self._until_missed > 0:
            return False
        source = rtp.source_of(datagram)
        stream = self._streams.get(source)
        if stream is None or not stream.is_repeated:
            return False
        self._until_missed = 1 + secrets.randbelow(2 * MISSED_OF - 1)
        self._missed[source, int.from_bytes(datagram[2:4])] = Missed(time.monotonic())
        self.missed += 1
        return True

    def take(self, packet: bytes) -> bool:
        """Note a packet; whether it is one that was asked for again."""
        source, sequence = rtp.source_of(packet), int.from_bytes(packet[2:4])
        stream = self._streams.get(source)
        if stream is None:
            source = self._repeats.get(source, 0)
            offset = rtp.payload_offset(packet)
            sequence = int.from_bytes(packet[offset : offset + 2])
        else:
            stream.numbers.take(sequence)
            if stream.arrivals_id:
                self._note_arrival(packet, stream.arrivals_id)
        missed = self._missed.pop((source, sequence), None) if self._missed else None
        if missed is not None:
            self.repairs.append(time.monotonic() - missed.since)
        return missed is not None

    def note_time(self, report: bytes) -> None:
        """A sender report (RFC 3550, 6.4.1), which the next receiver report answers."""
        stream = self._streams.get(rtp.reporter_of(report))
        if stream is not None:
            ntp = int.from_bytes(report[8:16])
            stream.time = SenderTime(ntp, int.from_bytes(report[16:20]), time.monotonic() + LINE)

    def beat(self) -> None:
        """Every 20 ms."""
        now = time.monotonic()
        self._ask_again(now)
        for report in self._arrivals.due(now, source=next(iter(self._streams), 0)):
            self._send(report)
        for source, stream in self._streams.items():
            if stream.numbers.came and now - stream.reported >= REPORT_SECONDS[stream.kind]:
                stream.reported = now
                self._send(stream.report(source, now))

    def _ask_again(self, now: float) -> None:
        to_ask: dict[int, list[int]] = {}
        for (source, sequence), missed in list(self._missed.items()):
            if now - missed.since > GIVEN_UP:
                del self._missed[source, sequence]
            elif now - missed.asked >= RETRY:
                missed.asked = now
                to_ask.setdefault(source, []).append(sequence)
        for source, sequences in to_ask.items():
            self._send(rtcp.repeat_request(source, sorted(sequences)))

    def _note_arrival(self, packet: bytes, place: int) -> None:
        number = rtp.extension(packet, place, rtp.payload_offset(packet))
        if number is not None:
            self._arrivals.note(int.from_bytes(number), time.monotonic())


def _incoming(section: MediaDescription) -> Incoming:
    places = {one.uri: one.id for one in section.rtp.headerExtensions}
    feedback = {
        (one.type, one.parameter) for codec in section.rtp.codecs for one in codec.rtcpFeedback
    }
    tells = ("transport-cc", None) in feedback
    return Incoming(
        section.kind,
        is_repeated=("nack", None) in feedback,
        arrivals_id=places.get(rtp.TRANSPORT_NUMBER, 0) if tells else 0,
    )
