"""What survives: a failed commit, a restart of the server, a restart of the media process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import pytest
import pytest_asyncio
import sqlalchemy as sa

from server.bootstrap import build
from server.kernel.actor import SYSTEM
from signaling.engine import MemberId, Offer, Reset
from signaling.tables import Participant, SessionLog
from tests.hall import Hall, open_hall, serving
from tests.ports import SilentEngine
from tests.sockets import RefusedError

pytestmark = pytest.mark.slow


@pytest_asyncio.fixture
async def again(config, database_url, clock, outbox):
    """Makes the services anew over the same database, with an engine that knows nothing."""

    def make():
        return build(
            config, database_url=database_url, clock=clock, sms=outbox, mailer=outbox,
            media=SilentEngine(),
        )  # fmt: skip

    return make


@asynccontextmanager
async def first_life(services) -> AsyncIterator[tuple[Hall, Callable[[], Awaitable[int]]]]:
    """A hall whose server can be ended; ending answers the port, for the next one."""
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(services))

        async def end() -> int:
            await stack.aclose()
            return int(base.rpartition(":")[2])

        async with open_hall(services, base) as hall:
            yield hall, end


async def test_session_survives_the_servers_restart(services, again):
    async with first_life(services) as (hall, end):
        host = await hall.host()
        wang = await hall.inside("Wang", host)
        li = await hall.waiting("Li")
        await host.send("mute", participant_id=wang.id, on=True)
        rooms = {seat.id: seat.room["id"] for seat in (host, wang, li)}
        port = await end()
        for seat in (host, wang, li):
            left = await seat.wait_for("leave")
            assert (left["action"], left["reason"]) == ("resume", "draining")
            assert await seat.closed() == 1012
        async with again() as second, serving(second, port=port):
            for seat in (li, wang, host):
                await seat.connect()
            assert {seat.id: seat.room["id"] for seat in (host, wang, li)} == rooms
            assert wang.people()["Leader 1"]["state"] == "in_room"
            assert wang.people()["Wang"]["muted_by_host"] is True
            assert wang.now("session")["state"] == "live"
            assert set(li.people()) == {"Li"}
            assert second.media.rooms == {host.id: rooms[host.id], wang.id: rooms[wang.id]}
            assert second.media.permits == {wang.id: (False, True)}
            await host.send("admit", participant_id=li.id)
            await li.wait_for("called")
            async with second.uow.begin(SYSTEM) as tx:
                lost = sa.select(SessionLog.kind).where(SessionLog.kind == "lost")
                assert (await tx.session.scalars(lost)).all() == []


async def test_floor_survives_the_servers_restart(services, again):
    async with first_life(services) as (hall, end):
        host = await hall.host()
        wang = await hall.inside("Wang", host)
        await host.send("floor", participant_id=wang.id, on=True)
        port = await end()
        async with again() as second, serving(second, port=port):
            for seat in (host, wang):
                await seat.closed()
                await seat.connect()
            assert wang.people()["Wang"]["floor"] is True
            assert second.media.favoured == {host.id, wang.id}


async def test_who_does_not_come_back_after_a_restart_is_named(services, again):
    async with first_life(services) as (hall, end):
        host = await hall.host()
        wang = await hall.inside("Wang", host)
        port = await end()
        async with again() as second, serving(second, port=port):
            await host.connect()
            await host.wait_for("person.lost", participant_id=wang.id)
            async with second.uow.begin(SYSTEM) as tx:
                query = sa.select(Participant.state).where(Participant.id == UUID(wang.id))
                assert await tx.session.scalar(query) == "connection_lost"


async def test_failed_commit_restores_the_old_room(hall, owner_engine):
    """The database refuses the move: nobody is moved, neither here nor in the engine."""
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    room = wang.room
    async with owner_engine.begin() as connection:
        await connection.exec_driver_sql(
            "ALTER TABLE session_log ADD CONSTRAINT broken CHECK (kind <> 'sent_back') NOT VALID"
        )
    try:
        mark = wang.mark
        with pytest.raises(RefusedError, match="internal"):
            await host.send("dismiss", participant_id=wang.id, back=True)
        assert hall.services.media.rooms[wang.id] == room["id"]
        assert wang.facts(since=mark) == []
        assert wang.room == room
    finally:
        async with owner_engine.begin() as connection:
            await connection.exec_driver_sql("ALTER TABLE session_log DROP CONSTRAINT broken")
    await host.send("dismiss", participant_id=wang.id, back=True)
    await wang.wait_for("room.changed", people=[wang.people()["Wang"]])
    assert wang.id not in hall.services.media.rooms


@pytest.mark.parametrize("stuck", ["host", "wang"])
async def test_engine_that_does_not_revoke_leaves_everybody_where_they_were(hall, stuck):
    """Of two who are to go, one is not let go: neither is moved, and both can be moved later."""
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    engine = hall.services.media
    before = dict(engine.rooms)
    engine.stuck.add({"host": host.id, "wang": wang.id}[stuck])
    marks = {seat: seat.mark for seat in (host, wang)}
    with pytest.raises(RefusedError):
        await host.send("session.close", result="held")
    assert engine.rooms == before
    assert hall.services.desk.lives[hall.appointment.id].session.state == "live"
    assert all(seat.facts(since=mark) == [] for seat, mark in marks.items())
    engine.stuck.clear()
    await host.send("session.close", result="held")
    await wang.wait_for("leave")
    assert engine.rooms == {}


async def test_media_offers_reach_their_seat_and_a_new_worker_resets_who_is_inside(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    li = await hall.waiting("Li")
    engine = hall.services.media
    assert (await wang.send("media.publish", sdp="v=0"))["sdp"] == "answer to v=0"
    engine.queue.put_nowait(Offer(MemberId(wang.id), 3, "offer"))
    offered = await wang.wait_for("media.offer")
    assert (offered["revision"], offered["sdp"]) == (3, "offer")
    await wang.send("media.answer", revision=3, sdp="v=0")
    engine.queue.put_nowait(Reset((MemberId(wang.id), MemberId(host.id))))
    for seat in (wang, host):
        await seat.wait_for("media.reset")
    assert not [m for m in li.messages if m["type"].startswith("media")]
    assert not [m for m in host.messages if m["type"] == "media.offer"]


async def test_page_that_begins_anew_gets_new_peer_connections(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    calls = hall.services.media.closed
    before = calls.count(wang.id)
    await wang.connect(fresh=False)
    assert calls.count(wang.id) == before
    await wang.connect()
    assert calls.count(wang.id) == before + 1
    assert hall.services.media.rooms[wang.id] == wang.room["id"]
