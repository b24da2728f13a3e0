"""Reports and requests between us and a browser (RFC 3550, 4585, 5104 and REMB)."""

import struct
from collections.abc import Iterable, Iterator

from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
    pack_remb_fci,
)

from signaling.media.arrivals import Reception
from signaling.media.layer import SenderTime
from signaling.media.rtp import MalformedError

OUR_SOURCE = 1
CNAME = 1
NACKS_READ = 256
"""Sequence numbers heeded of one datagram; a browser asks for far fewer."""

NTP_UNITS = 65_536
"""The middle 32 bits of NTP time count 1/65,536 s."""

STALE = 3_600.0
"""Seconds after which a sender report is as if none had come: the field for its age ends at 18 h."""


def parsed(datagram: bytes) -> list[AnyRtcpPacket]:
    try:
        return RtcpPacket.parse(datagram)
    except (ValueError, IndexError, struct.error) as wrong:
        raise MalformedError("RTCP") from wrong


def reception_report(
    source: int, reception: Reception, *, time: SenderTime | None, now: float
) -> RtcpReceiverInfo:
    """One block of a receiver report; `time` is the last sender report of that source."""
    told = time if time is not None and now - time.arrived < STALE else None
    return RtcpReceiverInfo(
        ssrc=source,
        fraction_lost=reception.fraction,
        packets_lost=reception.lost,
        highest_sequence=reception.highest,
        jitter=reception.jitter,
        lsr=middle(told.ntp) if told else 0,
        dlsr=int((now - told.arrived) * NTP_UNITS) if told else 0,
    )


def receiver_report(blocks: list[RtcpReceiverInfo]) -> bytes:
    return bytes(RtcpRrPacket(ssrc=OUR_SOURCE, reports=blocks[:31]))


def rate_limit(bits_per_second: int, sources: list[int]) -> bytes:
    """Receiver estimated maximum bit rate (REMB)."""
    fci = pack_remb_fci(bits_per_second, sources)
    return bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=OUR_SOURCE, media_ssrc=0, fci=fci))


def keyframe_request(source: int) -> bytes:
    """Picture loss indication."""
    return bytes(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=OUR_SOURCE, media_ssrc=source))


def repeat_request(source: int, numbers: list[int]) -> bytes:
    """Generic NACK for extended numbers in rising order."""
    packets = b""
    for run in _runs_without_wrap(numbers):
        packet = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=OUR_SOURCE, media_ssrc=source, lost=run)
        packets += bytes(packet)
    return packets


def sender_report(
    source: int, *, time: SenderTime, packets: int, octets: int, cname: bytes
) -> bytes:
    info = RtcpSenderInfo(
        ntp_timestamp=time.ntp,
        rtp_timestamp=time.timestamp,
        packet_count=packets & 0xFFFFFFFF,
        octet_count=octets & 0xFFFFFFFF,
    )
    name = RtcpSourceInfo(ssrc=source, items=[(CNAME, cname)])
    return bytes(RtcpSrPacket(ssrc=source, sender_info=info)) + bytes(RtcpSdesPacket(chunks=[name]))


def middle(ntp: int) -> int:
    return ntp >> 16 & 0xFFFFFFFF


def asks_for_keyframe(packet: AnyRtcpPacket) -> list[int]:
    """The sources that a PLI or FIR names."""
    if not isinstance(packet, RtcpPsfbPacket):
        return []
    if packet.fmt == RTCP_PSFB_PLI:
        return [packet.media_ssrc]
    if packet.fmt == RTCP_PSFB_FIR:
        whole = len(packet.fci) // 8 * 8
        return [source for source, _ in struct.iter_unpack("!LL", packet.fci[:whole])][:32]
    return []


def repeats_asked(packets: Iterable[AnyRtcpPacket]) -> Iterator[tuple[int, list[int]]]:
    """By source, the numbers that one datagram asks for, as far as they are heeded."""
    left = NACKS_READ
    for packet in packets:
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            numbers = [number & 0xFFFF for number in packet.lost[:left]]
            left -= len(numbers)
            yield packet.media_ssrc, numbers


def _runs_without_wrap(numbers: list[int]) -> Iterator[list[int]]:
    """The RTCP writer needs 16-bit numbers that rise."""
    run: list[int] = []
    for number in numbers:
        short = number & 0xFFFF
        if run and short <= run[-1]:
            yield run
            run = []
        run.append(short)
    if run:
        yield run
