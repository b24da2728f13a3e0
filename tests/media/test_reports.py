"""What receivers tell of each stream by itself is judged together, and not too often."""

import itertools

import pytest
from aiortc.rtp import RtcpPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpSrPacket

from signaling.media.bandwidth import FLOOR_KBPS
from signaling.media.layer import SenderTime
from signaling.media.reports import KEPT_SECONDS, TIMES_KEPT
from signaling.media.road import Road
from signaling.media.rtcp import NTP_UNITS
from signaling.media.subscriber import Subscriber

START = 1_500
SOUND, PICTURE, SECOND_PICTURE = 1_000, 1_002, 1_004


@pytest.fixture
def sent():
    return []


@pytest.fixture
def subscriber(sent):
    """With a microphone, a camera and another camera."""
    made = Subscriber(
        session="1", video_kbps=START, road=Road(lambda *_: None), transmit_control=sent.append
    )
    made._add_slot(made.slots[1].codec)
    assert [one.outlet.source for one in made.slots] == [SOUND, PICTURE, SECOND_PICTURE]
    return made


def told(subscriber, source, share, *, now, time=0, held=0.0):
    block = RtcpReceiverInfo(
        ssrc=source, fraction_lost=round(share * 256), packets_lost=0, highest_sequence=0,
        jitter=0, lsr=time, dlsr=int(held * NTP_UNITS),
    )  # fmt: skip
    subscriber.control(bytes(RtcpRrPacket(ssrc=1, reports=[block])), now)


def test_a_quiet_microphone_does_not_hide_a_lossy_picture(subscriber):
    shares = []
    for second in range(6):
        told(subscriber, PICTURE, 0.25, now=second)
        told(subscriber, SOUND, 0.0, now=second + 0.5)
        shares.append(subscriber.lost_share)
    assert shares == [0.25] * 6


def test_a_share_counts_until_the_same_stream_is_told_again_or_is_told_no_more(subscriber):
    told(subscriber, PICTURE, 0.25, now=0.0)
    told(subscriber, SOUND, 0.125, now=1.0)
    assert subscriber.lost_share == 0.25
    told(subscriber, PICTURE, 0.0, now=2.0)
    assert subscriber.lost_share == 0.125
    told(subscriber, PICTURE, 0.25, now=3.0)
    told(subscriber, SOUND, 0.0, now=3.0 + KEPT_SECONDS)
    assert subscriber.lost_share == 0.0


def test_a_stream_that_we_do_not_send_counts_nowhere(subscriber):
    told(subscriber, 77, 0.9, now=0.0)
    assert (subscriber.lost_share, subscriber.rate.kbps) == (0.0, START)


def test_several_lossy_pictures_cut_no_quicker_than_one(subscriber):
    for step in range(10):
        told(subscriber, (PICTURE, SECOND_PICTURE)[step % 2], 0.5, now=step / 10)
    assert subscriber.rate.kbps == START * 0.75
    told(subscriber, PICTURE, 0.5, now=1.0)
    assert subscriber.rate.kbps == START * 0.75 * 0.75


def test_the_worst_picture_is_what_the_rate_learns_from(subscriber):
    for second in range(30):
        told(subscriber, PICTURE, 0.3, now=second)
        told(subscriber, SECOND_PICTURE, 0.0, now=second + 0.1)
    assert subscriber.rate.kbps == FLOOR_KBPS


def test_a_round_trip_longer_than_the_time_between_sender_reports_is_measured(subscriber, sent):
    outlet = subscriber.slots[1].outlet
    for second in range(TIMES_KEPT):
        subscriber.tell_time(outlet, SenderTime(second + 1 << 32, 0, float(second)))
    reports = itertools.chain.from_iterable(RtcpPacket.parse(one) for one in sent)
    first = next(one for one in reports if isinstance(one, RtcpSrPacket))
    middle = first.sender_info.ntp_timestamp >> 16 & 0xFFFFFFFF
    told(subscriber, PICTURE, 0.0, now=4.5, time=middle, held=1.0)
    assert subscriber.round_trip == 3.5
    told(subscriber, PICTURE, 0.0, now=5.5, time=middle - 1)
    assert subscriber.round_trip == 3.5
