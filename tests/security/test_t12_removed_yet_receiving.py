"""T12: who is removed, or moved away, gets no further packet, and no further word."""

import pytest

from tests.media.conftest import until
from tests.security.three import MANY
from tests.sockets import RefusedError

pytestmark = pytest.mark.slow


async def test_t12_dismissed_gets_no_packet_and_no_word(three):
    host, wang, li = three.host, three.wang, three.li
    await three.hears(wang, host, li)
    await three.hears(li, wang, host)
    await host.send("dismiss", participant_id=wang.id, because="threatens the other side")
    assert await wang.closed() == 4403
    before = three.heard(wang, host, li), three.heard(li, wang), three.heard(host, wang)
    await three.hears(li, host, packets=MANY)  # the control: the others still hear each other
    now = three.heard(wang, host, li), three.heard(li, wang), three.heard(host, wang)
    assert now == before
    assert wang.messages[-1]["type"] == "leave"
    with pytest.raises(RefusedError, match="dismissed"):
        await wang.connect()


async def test_t12_sent_back_gets_no_packet_and_may_not_publish(three):
    host, wang, li = three.host, three.wang, three.li
    await three.hears(wang, host, li)
    await host.send("dismiss", participant_id=wang.id, back=True)
    await wang.wait_for("room.changed")
    before = three.heard(wang, host, li), three.heard(li, wang)
    await three.hears(li, host, packets=MANY)
    assert (three.heard(wang, host, li), three.heard(li, wang)) == before
    with pytest.raises(RefusedError, match="not_admitted"):
        await wang.send("media.publish", sdp="v=0")


async def test_t12_ended_session_sends_nothing_more(three):
    host, wang, li = three.host, three.wang, three.li
    await three.hears(wang, host, li)
    await host.send("session.close", result="held")
    for seat in (wang, li, host):
        assert await seat.closed() == 4403
    before, sent = three.heard(wang, host, li), three.sent(host)
    await until(lambda: three.sent(host) > sent + MANY)  # into nothing
    assert three.heard(wang, host, li) == before


async def test_t12_other_side_hears_nothing_of_a_private_room(three):
    host, wang, li = three.host, three.wang, three.li
    await three.hears(li, host, wang)
    room_id = (await host.send("caucus.open"))["room_id"]
    await host.send("caucus.invite", room_id=room_id, participant_id=wang.id)
    await wang.wait_for("caucus.invited")
    await wang.send("caucus.answer", accept=True)
    before = three.heard(li, host, wang), three.heard(wang, li), three.heard(host, li)
    await three.hears(host, wang, packets=MANY)
    await three.hears(wang, host, packets=MANY)
    assert (three.heard(li, host, wang), three.heard(wang, li), three.heard(host, li)) == before
    await host.send("caucus.close", room_id=room_id)
    await three.hears(li, host, wang)
    await three.hears(wang, li)


async def host_goes(three) -> None:
    await three.hears(three.wang, three.li)
    await three.hears(three.li, three.wang)
    await three.host.close()
    for seat in (three.wang, three.li):
        await seat.until(lambda seat=seat: seat.now("session")["state"] == "suspended")


async def test_t12_sides_do_not_hear_each_other_while_nobody_leads(three):
    wang, li = three.wang, three.li
    await host_goes(three)
    before, sent = (three.heard(wang, li), three.heard(li, wang)), three.sent(li)
    await until(lambda: three.sent(li) > sent + MANY)  # into nothing
    assert (three.heard(wang, li), three.heard(li, wang)) == before
    await three.host.connect()
    await three.hears(wang, li)  # the control: led again, they hear each other
    await three.hears(li, wang)


async def test_t12_after_an_alarm_the_line_stays_open_though_nobody_leads(three):
    await three.host.send("alarm")
    await host_goes(three)
    await three.hears(three.wang, three.li)
    await three.hears(three.li, three.wang)
