"""Legs that come, change their network, fall silent and go; workers that die."""

import asyncio
import functools
import os
import signal
import socket
import sys
import time
from dataclasses import replace

import pytest

from signaling.engine import (
    Leg,
    LegDown,
    LegUp,
    MediaRefusedError,
    MediaUnavailableError,
    MemberId,
    MemberStats,
    Offer,
    Refusal,
    RoomId,
    Silent,
)
from signaling.media.settings import MediaSettings
from signaling.supervisor import CALL_SECONDS, EmbeddedEngine
from signaling.worker import ROOT
from tests.media.conftest import LOOPBACK, Stage, hears, staged, total, until

pytestmark = pytest.mark.slow

A, B = MemberId("a"), MemberId("b")
MAIN = RoomId("main")


async def test_an_ice_restart_of_the_sending_leg_keeps_its_keys(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    transport, address = a.sending.dtls, a.sending.address
    await a.restart()
    assert a.sending.address != address
    assert a.sending.dtls is transport
    await until(hears(b, "a", packets=60))


async def test_an_ice_restart_of_the_receiving_leg_keeps_its_keys(stage):
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    transport, address = b.receiving.dtls, b.receiving.address
    await stage.engine.restart_receiving(B)
    await until(lambda: b.receiving.address != address)
    assert b.receiving.dtls is transport
    await until(hears(b, "a", packets=60))


async def test_an_address_in_use_cannot_be_claimed_for_another_leg(stage):
    """A participant who forges another's address would else cut that one off."""
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    a.sending._checking.cancel()  # else it would take its address back in a moment
    forged = b.sending.check()  # b's own, rightly signed, but from a's address
    for _ in range(5):
        a.sending._transport.sendto(forged, ("127.0.0.1", stage.engine.port))
    await until(hears(b, "a", packets=60))
    await until(hears(a, "b", packets=60))


async def test_a_handshake_is_answered_where_it_came_from(stage):
    """Browsers prove every address they have, and shake hands before they name one."""
    bot = stage.bot("a")
    undecided = bot.sending
    undecided.nominates = False
    media = await bot._negotiate()
    undecided._their_ufrag, undecided._their_password = (
        media.ice.usernameFragment, media.ice.password,
    )  # fmt: skip
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.connect(("127.0.0.1", stage.engine.port))
        other.send(undecided.check())
        other.settimeout(5)
        assert await asyncio.to_thread(other.recv, 1_500)
        await undecided.connect(media)
    assert undecided.is_up


@pytest.mark.parametrize("addresses", [("127.0.0.1", "::1"), ("::1",)], ids=["both", "v6"])
async def test_one_socket_serves_both_address_families(addresses):
    async with staged(MediaSettings(addresses=addresses)) as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        await until(hears(a, "b"))
        await until(hears(b, "a"))
        assert a.sending.address[0] == addresses[0]


async def test_a_leg_that_says_goodbye_is_down_at_once(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    await a.leave()
    await until(lambda: stage.saw(LegDown(A, Leg.SENDING, "goodbye")))
    await until(lambda: "a=inactive" in b.offers[-1])


async def test_silence_is_told_and_ends_and_ends_the_leg():
    settings = replace(LOOPBACK, silent_after=0.8, gone_after=8.0)
    async with staged(settings) as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        await until(hears(b, "a"))
        a.loses_outgoing = lambda _: True
        a.sending._checking.cancel()
        await until(lambda: stage.saw(Silent(A, Leg.SENDING)))
        ups = stage.events.count(LegUp(A, Leg.SENDING))
        a.loses_outgoing = lambda _: False
        await until(lambda: stage.events.count(LegUp(A, Leg.SENDING)) > ups)
        await until(hears(b, "a"))
        a.vanish()
        await until(lambda: stage.saw(LegDown(A, Leg.SENDING, "silence")))
        assert not stage.saw(LegDown(B, Leg.SENDING, "silence"))


async def test_a_leg_that_never_connects_is_given_up():
    async with staged(replace(LOOPBACK, connect_deadline=1.0)) as stage:
        await stage.engine.publish(A, stage.bot("x").offer())
        await until(lambda: stage.saw(LegDown(A, Leg.SENDING, "deadline")))


async def test_no_more_than_a_number_of_legs_may_be_connecting():
    async with staged(replace(LOOPBACK, connecting_limit=4)) as stage:
        offer = stage.bot("x").offer()
        for name in ("a", "b"):
            await stage.engine.publish(MemberId(name), offer)
        with pytest.raises(MediaRefusedError) as refused:
            await stage.engine.publish(MemberId("c"), offer)
        assert refused.value.refusal is Refusal.BUSY
        await stage.engine.publish(A, stage.bot("y").offer())  # one's own is replaced, not added


async def test_who_finds_no_room_for_both_legs_keeps_what_they_have():
    async with staged(replace(LOOPBACK, connecting_limit=3)) as stage:
        a = await stage.enter("a", MAIN)
        await until(lambda: a.receiving.is_up)
        b = await stage.enter("b", MAIN)
        await until(hears(b, "a"))
        await until(hears(a, "b"))
        await stage.engine.publish(MemberId("x"), stage.bot("x").offer())
        with pytest.raises(MediaRefusedError, match=Refusal.BUSY):
            await stage.engine.publish(A, stage.bot("y").offer())
        await until(hears(b, "a"))
        await until(hears(a, "b"))


async def test_all_come_back_at_once_when_their_worker_has_died(stage):
    names = [f"m{number}" for number in range(30)]
    for name in names:
        stage.bot(name).sends = set()
        await stage.engine.grant(MemberId(name), RoomId(f"room of {name}"))
    # all are asked for before any is up
    sent = [stage.engine.publish(MemberId(name), stage.bots[name].offer()) for name in names]
    answers = await asyncio.gather(*sent)
    assert len(answers) == 30
    await asyncio.gather(*(stage.bots[name].join() for name in names))
    for leg in Leg:
        await until(lambda leg=leg: all(stage.saw(LegUp(MemberId(name), leg)) for name in names))


async def test_an_answer_to_another_revision_is_refused(stage):
    a = await stage.enter("a", MAIN)
    await until(lambda: a.receiving.is_up)
    with pytest.raises(MediaRefusedError) as refused:
        await stage.engine.answer(A, revision=99, sdp=a.offer())
    assert refused.value.refusal is Refusal.STALE


def _offers(stage: Stage, member: MemberId) -> list[Offer]:
    return [one for one in stage.events if isinstance(one, Offer) and one.member == member]


async def test_a_killed_worker_is_replaced_and_everyone_is_where_they_were(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await stage.engine.permit(A, audio=False, video=True)
    await until(lambda: total(b, "a") > 20)
    pid = stage.engine.pid
    os.kill(pid, signal.SIGKILL)
    await until(lambda: stage.restarts == 1)
    assert stage.engine.pid != pid
    audio = b.heard["a"].audio
    await asyncio.gather(a.rejoin(), b.rejoin())
    await until(hears(a, "b"))
    video = b.heard["a"].video
    await until(lambda: b.heard["a"].video > video + 30)
    assert b.heard["a"].audio == audio  # the host's mute stands, too


async def test_an_answer_that_outlives_its_worker_fits_no_later_offer(stage):
    offers = functools.partial(_offers, stage, B)
    await stage.engine.subscribe(B)
    await until(lambda: len(offers()) == 1)
    os.kill(stage.engine.pid, signal.SIGKILL)
    await until(lambda: stage.restarts == 1)
    await stage.engine.subscribe(B)
    await until(lambda: len(offers()) == 2)
    with pytest.raises(MediaRefusedError) as refused:
        await stage.engine.answer(B, revision=offers()[0].revision, sdp=stage.bot("x").offer())
    assert refused.value.refusal is Refusal.STALE


async def test_a_revoke_holds_even_when_the_worker_dies_meanwhile(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    os.kill(stage.engine.pid, signal.SIGSTOP)
    await stage.engine.revoke(A)  # kills what does not obey
    await until(lambda: stage.restarts == 1)
    await asyncio.gather(a.rejoin(), b.rejoin())
    before = total(b, "a"), total(a, "b")
    c = await stage.enter("c", MAIN)
    await until(hears(b, "c", packets=60))
    assert (total(b, "a"), total(a, "b")) == before
    assert total(c, "a") == 0


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_parent_that_stood_still_does_not_blame_its_worker(stage):
    await stage.enter("a", MAIN)
    pid = stage.engine.pid
    viewing = asyncio.create_task(stage.engine.view(A, {}))
    await asyncio.sleep(0)
    time.sleep(CALL_SECONDS + 0.5)  # noqa: ASYNC251  (as a loop that got no turn)
    await viewing
    assert (stage.engine.pid, stage.restarts) == (pid, 0)


async def test_a_worker_ends_with_its_parents_channel(stage):
    pid = stage.engine.pid
    await stage.engine.stop()
    await until(lambda: is_gone(pid))


PARENT = """
import asyncio
from tests.media.conftest import LOOPBACK
from signaling.supervisor import CALL_SECONDS, EmbeddedEngine
from signaling.worker import ROOT

async def main():
    engine = EmbeddedEngine(LOOPBACK)
    await engine.start()
    print(engine.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_worker_does_not_outlive_a_killed_parent():
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    worker = int(await asyncio.wait_for(parent.stdout.readline(), 20))
    assert not is_gone(worker)
    parent.kill()
    await parent.wait()
    await until(lambda: is_gone(worker))


async def test_ctrl_c_does_not_reach_the_worker(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    os.kill(stage.engine.pid, signal.SIGINT)
    await until(hears(b, "a"))
    await until(hears(a, "b"))
    assert stage.restarts == 0


async def test_a_port_in_use_stops_the_start_with_a_reason():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        engine = EmbeddedEngine(MediaSettings(addresses=("127.0.0.1",), port=port))
        with pytest.raises(MediaUnavailableError, match=f"UDP port {port}"):
            await engine.start()


async def test_a_worker_whose_events_nobody_reads_is_obeyed_and_answered_all_the_same():
    engine = EmbeddedEngine(LOOPBACK)
    await engine.start()
    engine._events = asyncio.Queue(1)
    try:
        for name in ("a", "b", "c", "d"):
            await engine.grant(MemberId(name), MAIN)
            await engine.subscribe(MemberId(name))  # an offer follows
        assert len(await engine.stats(MAIN)) == 4
        assert engine._events.full()
    finally:
        await engine.stop()


async def test_stats_tell_loss_rate_and_age(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a", packets=150))
    await until(hears(a, "b", packets=60))
    (first, second) = await _flowing(stage)
    assert (first.member, second.member) == ("a", "b")
    assert first.sent_loss == 0
    assert second.forwarded_packets >= 180
    assert await stage.engine.stats(RoomId("empty")) == ()


async def _flowing(stage: Stage) -> list[MemberStats]:
    """What is told once much comes of everybody; for a moment this process may have stood still."""
    async with asyncio.timeout(30):
        while True:
            told = await stage.engine.stats(MAIN)
            if all(_flows(one) for one in told):
                return sorted(told, key=lambda one: one.member)
            await asyncio.sleep(0.1)


def _flows(one: MemberStats) -> bool:
    is_fresh = one.last_packet_age is not None and one.last_packet_age < 1
    return is_fresh and one.sent_kbps > 50 and one.received_kbps > 50
