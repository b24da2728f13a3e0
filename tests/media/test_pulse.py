"""What happens by the clock goes on for all, whatever time or one member brings."""

from collections.abc import Iterator

import pytest
from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket

from signaling.engine import Encodings, MemberId
from signaling.media.members import REPORTS_KEPT, Member
from tests.media.fuzzing import VIDEO, A, B, Bench, Door
from tests.media.test_publisher import KEY, packet
from tests.media.test_rids import media, offer

DAY = 86_400.0
RECEIVER_REPORT = 201


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def sender_report(source: int) -> bytes:
    info = RtcpSenderInfo(ntp_timestamp=5 << 32, rtp_timestamp=3, packet_count=1, octet_count=9)
    return bytes(RtcpSrPacket(ssrc=source, sender_info=info))


def reports(bench: Bench) -> int:
    """Receiver reports that the sender has got since it was asked last."""
    return sum(datagram[1] == RECEIVER_REPORT for datagram in bench.told(Door.SENDING))


def test_a_sender_report_of_yesterday_is_no_fault(bench):
    bench.feed(sender_report(VIDEO), Door.SENDING)
    for number in range(3):
        bench.feed(packet(VIDEO, 96, KEY, sequence=number), Door.SENDING)
        reports(bench)
        assert bench.carried().faults == 0
        assert reports(bench) == 1
        bench.now += DAY


def test_who_sends_nothing_has_no_loss_at_all_not_a_loss_of_nothing(bench):
    for number in (0, 1, 4):
        bench.feed(packet(VIDEO, 96, KEY, sequence=number), Door.SENDING)
    bench.carried()
    assert bench.stats(A).sent_loss == pytest.approx(0.4, abs=0.01)
    for _ in range(REPORTS_KEPT):
        bench.now += 1.0
        bench.carried()
    assert (bench.stats(A).sent_loss, bench.stats(B).sent_loss) == (None, None)


class Broken:
    """A leg that every part of the pulse fails on."""

    def __getattr__(self, name: str) -> object:
        raise LookupError("Zhang San")


def test_a_fault_in_one_members_part_is_theirs_alone(bench, caplog):
    bench.feed(packet(VIDEO, 96, KEY), Door.SENDING)
    members = bench.conference.members
    others = dict(members)
    members.clear()
    members[MemberId("broken")] = Member(MemberId("broken"), receiving=Broken(), sending=Broken())
    members.update(others)
    reports(bench)
    told = [(bench.carried().faults > 0, reports(bench)) for _ in range(3)]
    assert told == [(True, 1)] * 3
    assert len({record.message for record in caplog.records}) == len(caplog.records) > 0
    assert "LookupError at test_pulse.py" in caplog.text
    assert "Zhang" not in caplog.text
    members.pop(MemberId("broken"))


@pytest.mark.parametrize(("goes_on", "watched"), [("q", "q"), ("", "h"), ("h", "h")])
def test_who_watches_what_the_browser_gave_up_gets_a_smaller_picture_before_the_next_report(
    goes_on, watched
):
    """Its line got worse, and it says nothing. When nothing comes at all, there is nothing better."""
    bench = Bench(offer())
    try:
        for number in range(60):
            for rid in ("h", "q"):
                bench.feed(media(rid, number), Door.SENDING)
        bench.now = 1_100.81  # no report is due within the half second that follows
        bench.feed(media("h", 60), Door.SENDING)
        bench.carried()
        for number in range(61, 106):
            if goes_on:
                bench.feed(media(goes_on, number), Door.SENDING)
            else:
                bench.now += 0.01
            bench.glance()
        receiving = bench.conference.members[B].receiving
        [slot] = [
            one
            for one in receiving.subscriber.slots
            if one.kind == "video" and one.choice is not None
        ]
        assert slot.outlet.layer.rid == watched
    finally:
        bench.close()


def test_which_encodings_to_send_is_told_again_to_who_comes_back_with_the_same_connection():
    """The line may have been away when it was told first."""
    bench = Bench(offer())
    try:
        for _ in range(2):
            bench.carried()
            bench.now += 5.0
        bench.events.clear()
        bench.conference.publish(A, offer())
        told = [one for one in bench.events if isinstance(one, Encodings)]
        assert told == [Encodings(A, ("h",))]
    finally:
        bench.close()
