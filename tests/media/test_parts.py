"""The small parts: speech, bandwidth, checks, reports, messages, and what we lean on."""

import contextlib
import itertools

import pylibsrtp
import pytest
from aioice import stun as theirs
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, RtcpSrPacket
from hypothesis import example, given
from hypothesis import strategies as st

from signaling.engine import Leg, LegDown, MemberId, MemberStats, Offer, Refusal, RoomId, Speaking
from signaling.media import messages, rtcp, stun
from signaling.media.arrivals import Reception
from signaling.media.bandwidth import FLOOR_KBPS, Rate
from signaling.media.dtls import BUFFER_SIZE, PACKET_LIMIT, Certificate, Keys, SecureTransport
from signaling.media.layer import SenderTime
from signaling.media.rtp import MalformedError
from signaling.media.settings import MediaSettings
from signaling.media.speech import Loudness
from tests.media.plain import plain_call


def windows(loudness: Loudness, count: int, *, level: int, packets: int = 20) -> bool:
    for _ in range(count):
        for _ in range(packets):
            loudness.hear(level)
        loudness.close_window()
    return loudness.is_speaking


def test_a_voice_is_speech_and_a_room_is_not():
    assert windows(Loudness(), 3, level=25)
    assert not windows(Loudness(), 10, level=50)
    assert not windows(Loudness(), 10, level=127)


def test_a_click_is_not_speech_and_a_breath_does_not_end_it():
    loudness = Loudness()
    assert not windows(loudness, 1, level=10, packets=4)
    assert windows(loudness, 3, level=25)
    assert windows(loudness, 1, level=80)
    assert not windows(loudness, 4, level=80)


def test_much_loss_lowers_the_rate_and_none_lets_it_grow_slowly():
    rate = Rate(ceiling=1_500)
    rate.learn(0.4, now=0.0)
    assert rate.kbps == pytest.approx(1_200)
    for second in range(1, 4):
        rate.learn(0.05, now=second)
    assert rate.kbps == pytest.approx(1_200)
    rate.learn(0.0, now=4.0)
    assert rate.kbps == pytest.approx(1_296)
    for second in range(5, 60):
        rate.learn(0.0, now=second)
    assert rate.kbps == 1_500
    for second in range(60, 90):
        rate.learn(1.0, now=second)
    assert rate.kbps == FLOOR_KBPS


def learnt(trips: list[float], *, rate: Rate, since: float = 0.0) -> list[float]:
    """What a line is thought to bear after each of these round trips, told five times a second."""
    rates = []
    for place, trip in enumerate(trips):
        rate.learn(0.0, round_trip=trip, taken_kbps=400, now=since + place / 5)
        rates.append(rate.kbps)
    return rates


def test_a_queue_that_fills_makes_it_less_before_anything_is_lost():
    rate = Rate(ceiling=1_500)
    rates = learnt([0.04] * 5 + [0.15, 0.16, 0.18, 0.2, 0.22, 0.24, 0.26, 0.28], rate=rate)
    assert rates[-3] == 1_500
    assert 340 <= rates[-1] < 400
    rates = learnt([0.28] * 5 + [0.05] * 50, rate=rate, since=2.6)  # it empties
    assert rates[-1] > 600


def test_a_moment_of_delay_is_no_queue():
    assert min(learnt(([0.04] * 5 + [0.3] * 5) * 4, rate=Rate(ceiling=1_500))) == 1_500


def test_a_longer_way_makes_it_less_but_once():
    rates = learnt([0.04] * 5 + [0.64] * 150, rate=Rate(ceiling=1_500))
    falls = sum(later < earlier for earlier, later in itertools.pairwise(rates))
    assert falls == 1
    assert rates[-1] == 1_500


def check(ufrag: str = "ours", password: str = "secret") -> bytes:
    request = theirs.Message(theirs.Method.BINDING, theirs.Class.REQUEST)
    request.attributes["USERNAME"] = f"{ufrag}:theirs"
    request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(password.encode())
    return bytes(request)


def test_a_signed_check_is_read_and_answered():
    datagram = check()
    assert stun.addressee(datagram) == "ours"
    request = stun.binding_request(datagram)
    assert (request.to, request.nominates) == ("ours", True)
    assert request.is_signed_with("secret")
    assert not request.is_signed_with("guess")
    response = theirs.parse_message(
        stun.binding_response(request, address=("::ffff:192.0.2.7", 9, 0, 0), password="secret")
    )
    assert response.message_class is theirs.Class.RESPONSE
    assert response.attributes["XOR-MAPPED-ADDRESS"] == ("192.0.2.7", 9)
    assert response.check_message_integrity(b"secret")


@given(st.binary(max_size=600))
def test_noise_is_no_check(noise):
    assert stun.addressee(noise) != "ours"
    with contextlib.suppress(MalformedError):
        assert not stun.binding_request(noise).is_signed_with("secret")


@given(st.integers(0, 130), st.binary(min_size=1, max_size=4))
def test_a_changed_check_is_not_signed(place, change):
    datagram = check()
    place %= len(datagram)
    changed = datagram[:place] + change + datagram[place + len(change) :]
    try:
        request = stun.binding_request(changed)
    except MalformedError:
        return
    is_as_signed = changed[:-8] == datagram[:-8]  # what follows is a checksum only
    assert is_as_signed or not request.is_signed_with("secret")


def test_reports_are_what_aiortc_reads():
    block = rtcp.reception_report(
        7, Reception(64, 25, 70_000, 90), time=SenderTime(1 << 40, 0, 1.0), now=2.0
    )
    (report,) = RtcpPacket.parse(rtcp.receiver_report([block]))
    assert isinstance(report, RtcpRrPacket)
    (seen,) = report.reports
    assert (seen.fraction_lost, seen.packets_lost, seen.highest_sequence, seen.jitter) == (
        64,
        25,
        70_000,
        90,
    )
    assert (seen.lsr, seen.dlsr) == (1 << 24, 65_536)
    told, _ = RtcpPacket.parse(
        rtcp.sender_report(9, time=SenderTime(5, 6, 0.0), packets=3, octets=4, cname=b"a")
    )
    assert isinstance(told, RtcpSrPacket)
    assert (told.ssrc, told.sender_info.rtp_timestamp) == (9, 6)


@given(st.lists(st.integers(0, 1 << 18), min_size=1, max_size=100, unique=True))
@example([0, 1 << 16])
def test_requests_for_repeats_name_each_number_once(numbers):
    sent = rtcp.repeat_request(7, sorted(numbers))
    asked = [n for packet in RtcpPacket.parse(sent) for n in packet.lost]
    assert set(asked) == {number & 0xFFFF for number in numbers}


def test_of_one_datagram_only_so_many_repeats_are_heeded():
    """However many requests it holds."""
    one = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=7, lost=list(range(0, 1_700, 17)))
    other = RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=9, lost=list(range(0, 1_700, 17)))
    packets = rtcp.parsed(bytes(one) + bytes(other) + bytes(one) + bytes(other))
    heeded = [number for _, numbers in rtcp.repeats_asked(packets) for number in numbers]
    assert sum(len(packet.lost) for packet in packets) > len(heeded) == rtcp.NACKS_READ
    assert {source for source, numbers in rtcp.repeats_asked(packets) if numbers} == {7, 9}


def test_wishes_for_keyframes_are_read():
    full = RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=bytes.fromhex("0000000701000000"))
    assert rtcp.asks_for_keyframe(full) == [7]
    assert rtcp.asks_for_keyframe(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=9)) == [9]
    assert rtcp.asks_for_keyframe(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=9)) == []


@given(st.binary(max_size=200))
def test_noise_is_malformed_rtcp_at_worst(noise):
    try:
        packets = rtcp.parsed(noise)
        for packet in packets:
            rtcp.asks_for_keyframe(packet)
        list(rtcp.repeats_asked(packets))
    except MalformedError:
        pass


@pytest.mark.parametrize(
    "value",
    [
        MediaSettings(addresses=("127.0.0.1", "::1")),
        messages.Call(1, messages.Publish(MemberId("a"), "v=0")),
        messages.Call(2, messages.Permit(MemberId("a"), audio=True, video=False)),
        messages.Done(1, None),
        messages.Done(1, (MemberStats(MemberId("a"), 0.1, 2.0, 0.0, 0.0, None, 1.5, 7),)),
        messages.Refused(1, Refusal.BUSY),
        Offer(MemberId("a"), 3, "v=0"),
        LegDown(MemberId("a"), Leg.SENDING, "goodbye"),
        Speaking(RoomId("r"), (MemberId("a"), MemberId("b"))),
    ],
)
def test_messages_survive_the_channel(value):
    from signaling.channel import bytes_from, plain_from

    assert messages.from_plain(plain_from(bytes_from(messages.to_plain(value)))) == value


async def test_what_we_lean_on_in_aiortc_and_pylibsrtp_is_there():
    """Fails when an upgrade renames or changes a private part that dtls.py uses."""
    async with plain_call() as call:
        await call.connect()
        left, right = Keys(call.left.dtls), Keys(call.right.dtls)
        packet = b"\x80\x60" + bytes(10) + b"payload"
        assert right.unprotect(left.protect(packet)) == packet
        report = rtcp.receiver_report([])
        assert left.unprotect_control(right.protect_control(report)) == report
        left.protect(bytes([0x80, 0x60]) + bytes(PACKET_LIMIT - 2))
        with pytest.raises(ValueError, match="too long"):
            left.protect(bytes([0x80, 0x60]) + bytes(PACKET_LIMIT - 1))
        assert len(call.left.dtls._rx_srtp._buffer) == BUFFER_SIZE
        with pytest.raises(ValueError, match="too long"):
            right.unprotect(bytes([0x80, 0x60]) + bytes(BUFFER_SIZE - 1))
        with pytest.raises(pylibsrtp.Error):
            right.unprotect(bytes([0x80, 0x60]) + bytes(BUFFER_SIZE - 2))


async def test_a_closed_transport_takes_no_more_records():
    transport = SecureTransport(Certificate(), send=lambda _: None)
    await transport.close()
    assert not transport.feed(b"\x16")
    assert await transport.connect([("sha-256", "AB")]) is None
