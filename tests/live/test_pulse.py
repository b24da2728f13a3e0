"""What time brings to one session does not wait for another."""

import asyncio

from scheduling.tables import SessionRole
from signaling import pulse
from signaling.pace import Pace
from tests.hall import add_session


async def test_a_session_that_hangs_delays_nothing_in_another(hall, monkeypatch):
    monkeypatch.setattr(pulse, "PATIENCE", 120.0)
    desk = hall.services.desk
    host = await hall.host()
    await hall.inside("Wang", host)
    other, _ = await add_session(hall.services, hall.leader)
    await hall.invite("Zhao", SessionRole.PETITIONER, appointment=other)
    host_there = await (await hall.staff(hall.leader.account, other)).connect()
    zhao = await hall.inside("Zhao", host_there)
    async with desk.lives[hall.appointment.id].lock:
        desk.pace = Pace(silent_after=1.5)
        await zhao.close()
        await host_there.wait_for("person.lost", participant_id=zhao.id)
    desk.pace = Pace()


async def test_one_look_at_a_time_and_all_are_ended_at_the_stop():
    begun, let_go = [], asyncio.Event()
    looks = pulse._Looks()

    async def look() -> None:
        begun.append(asyncio.current_task())
        await let_go.wait()

    for _ in range(3):
        looks.take(None, look)
        await asyncio.sleep(0)
    assert len(begun) == 1
    let_go.set()
    await looks.finish()
    let_go.clear()
    looks.take(None, look)
    await asyncio.sleep(0)
    await looks.stop()
    assert [task.cancelled() for task in begun] == [False, True]
