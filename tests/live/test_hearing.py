"""Whose media brings nothing is on a bad line, whatever their socket says."""

import math
from uuid import UUID

import pytest

from signaling.engine import Leg, LegDown, LegUp, MemberId, Offer, Reset, Silent
from signaling.hearing import CONNECTING, Hearing
from tests.media.conftest import until

LI = UUID(int=1)
UP, DOWN = Leg.SENDING, Leg.RECEIVING
GOOD = {"loss": 0.0, "rtt": 20.0, "kbps": 900.0}


def misses(hearing: Hearing, *moments: float) -> list[bool]:
    return [hearing.misses(LI, now=now) for now in moments]


def test_nobody_is_missed_who_was_not_awaited():
    assert misses(Hearing(), 0.0, 1e9) == [False, False]


def test_a_leg_that_never_comes_up_is_missed_and_beginning_again_and_again_does_not_help():
    hearing = Hearing()
    for now in (0.0, 5.0, 10.0):
        hearing.expect(LI, UP, now=now)
    assert misses(hearing, CONNECTING, CONNECTING + 1) == [False, True]
    hearing.come(LI, UP)
    hearing.expect(LI, UP, now=20.0)  # its network changed
    assert misses(hearing, 1e9) == [False]


def test_a_silent_leg_is_missed_at_once_until_it_is_up_again():
    hearing = Hearing()
    for leg in Leg:
        hearing.come(LI, leg)
    hearing.fall_silent(LI, DOWN)
    assert misses(hearing, 0.0) == [True]
    hearing.go(LI, DOWN, now=30.0)
    hearing.expect(LI, DOWN, now=31.0)
    hearing.come(LI, UP)
    assert misses(hearing, 31.0) == [True]
    hearing.come(LI, DOWN)
    assert misses(hearing, 1e9) == [False]


def test_a_leg_that_is_replaced_has_time_to_come_up():
    hearing = Hearing()
    hearing.come(LI, UP)
    hearing.go(LI, UP, now=100.0)
    hearing.expect(LI, UP, now=100.5)
    assert misses(hearing, 100.0 + CONNECTING, 101.0 + CONNECTING) == [False, True]
    hearing.forget(LI)
    assert misses(hearing, math.inf) == [False]


async def told(hall, event, host, seat, line: str) -> None:
    mark = host.mark
    hall.services.media.queue.put_nowait(event)
    await host.wait_for("person.line", since=mark, participant_id=seat.id, line=line)


async def test_a_silent_leg_makes_a_bad_line_however_good_the_clients_last_numbers_are(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    clerk = await hall.staff(await hall.clerk())
    member = MemberId(wang.id)
    await wang.send("beat", **GOOD)
    assert await clerk.get("/api/line/troubled") == []
    await told(hall, Silent(member, Leg.SENDING), host, wang, "bad")
    await wang.send("beat", **GOOD)
    [shown] = await clerk.get("/api/line/troubled")
    assert [(one["role"], one["trouble"]) for one in shown["people"]] == [("petitioner", "bad")]
    await told(hall, LegUp(member, Leg.SENDING), host, wang, "good")
    assert await clerk.get("/api/line/troubled") == []


@pytest.mark.parametrize("what", ["publish", "offer", "down", "reset"])
async def test_a_leg_that_begins_and_does_not_come_up_makes_a_bad_line(hall, what):
    desk = hall.services.desk
    wang = await hall.inside("Wang", await hall.host())
    await wang.send("beat", **GOOD)
    member, live = MemberId(wang.id), desk.lives[hall.appointment.id]
    events = {
        "offer": Offer(member, 1, "v=0"), "reset": Reset((member,)),
        "down": LegDown(member, Leg.SENDING, "goodbye"),
    }  # fmt: skip
    if what == "publish":
        await wang.send("media.publish", sdp="v=0")
    else:
        hall.services.media.queue.put_nowait(events[what])
    await until(lambda: live.hearing.misses(UUID(wang.id), now=math.inf))
    qualities = [
        live.quality_of(UUID(wang.id), now=desk.monotonic() + later)
        for later in (0.0, CONNECTING + 1)
    ]
    assert qualities == ["good", "bad"]
