"""T13: in the waiting room there is no media, no name and no trace of the family before."""

import asyncio

import pytest

from signaling.engine import MemberId
from tests.hall import add_line
from tests.media.bot import Bot
from tests.media.conftest import until
from tests.sockets import RefusedError
from tests.voices import Voice


async def test_t13_offer_of_who_waits_is_refused(studio):
    """Before check-in, while waiting, and when waiting again; let in, the same is answered."""
    host = await studio.host()
    wang = await studio.guest("Wang").connect()
    voice = Voice(wang)
    with pytest.raises(RefusedError, match="not_admitted"):
        await voice.join()
    await wang.check_in()
    await wang.wait_for("room.changed")
    for kind, fields in (
        ("media.publish", {"sdp": "v=0"}), ("media.answer", {"revision": 1, "sdp": "v=0"}),
        ("media.restart", {"leg": "receiving"}),
    ):  # fmt: skip
        with pytest.raises(RefusedError, match="not_admitted"):
            await wang.send(kind, **fields)
    await host.send("admit", participant_id=wang.id)
    await wang.wait_for("called")
    await voice.join()
    await until(lambda: voice.bot.sending.is_up)
    await voice.leave()


async def test_t13_waiting_sees_no_name_and_gets_no_frame(studio):
    host = await studio.host()
    wang = await studio.inside("Wang", host)
    speakers = [await Voice(seat).join() for seat in (host, wang)]
    li = await studio.waiting("Li")
    listener = Voice(li)
    inside = speakers[1]
    await until(lambda: inside.packets(host) > 60)
    await host.send("mute", participant_id=wang.id, on=True)
    await wang.send("hand", up=True)
    words = "".join(li.texts)
    for secret in ("Wang", "Leader", wang.id, host.id, wang.room["id"]):
        assert secret not in words
    assert listener.bot.heard == {}
    assert {m["type"] for m in li.messages} <= {"welcome", "fact", "done"}
    await host.send("admit", participant_id=li.id)
    await li.wait_for("called")
    await li.wait_for("room.changed")
    assert set(li.people()) == {"Li", "Wang", "Leader 1"}  # the control: let in, one sees
    await listener.join()
    await until(lambda: listener.packets(host) > 20)
    for voice in (*speakers, listener):
        await voice.leave()


async def test_t13_control_engine_itself_would_pass_media_on(studio):
    """Without the rule in front of it, the engine takes anybody's offer."""
    engine = studio.services.media

    async def answer(revision: int, sdp: str) -> None:
        await engine.answer(MemberId("li"), revision=revision, sdp=sdp)

    bot = Bot("li", publish=lambda sdp: engine.publish(MemberId("li"), sdp), answer=answer)
    await bot.join()
    await until(lambda: bot.sending.is_up)
    await bot.leave()


async def test_t13_next_family_finds_no_trace_of_the_one_before(hall):
    """Another appointment is another session with rooms of its own."""
    line = await add_line(hall, ["Chen", "Wu"], minutes=15)
    host = await (await hall.staff(hall.leader.account, line[0])).connect()
    chen = await hall.inside("Chen", host)
    wu = await hall.waiting("Wu")
    first_room, first_id = host.room["id"], chen.id
    await host.send("session.close", result="held")
    desk = await (await hall.staff(hall.leader.account, line[1])).connect()
    await desk.send("admit", participant_id=wu.id, because="known")
    await wu.wait_for("called")
    await wu.wait_for("room.changed")
    assert set(wu.people()) == {"Wu", "Leader 1"}
    assert wu.room["id"] != first_room
    words = "".join(wu.texts)
    assert "Chen" not in words
    assert first_id not in words
    assert first_room not in words


async def test_t13_many_waiting_at_once_see_only_themselves(hall):
    names = [f"Guest {n}" for n in range(6)]
    for name in names:
        await hall.invite(name, "observer")
    seats = await asyncio.gather(*(hall.waiting(name) for name in names))
    for name, seat in zip(names, seats, strict=True):
        assert set(seat.people()) == {name}
        others = set(names) - {name}
        assert not any(other in "".join(seat.texts) for other in others)
