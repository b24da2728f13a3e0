"""A leader's reception over the socket: waiting, admitting, losing the line, closing."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduling import changes
from scheduling.events import AppointmentConfirmed, AppointmentRehosted
from scheduling.tables import Appointment, CallTask, Invitee, SessionRole
from server.cases.tables import Decision
from server.identity.tables import Consent, Person
from server.kernel.actor import SYSTEM
from server.kernel.tasks import Task
from signaling.pace import Pace
from signaling.tables import LiveSession, Participant, SessionLog
from tests.hall import add_line, add_session, mark_seen
from tests.reception import add_leader
from tests.sockets import RefusedError


async def log_of(services) -> list[str]:
    async with services.uow.begin(SYSTEM) as tx:
        return list(await tx.session.scalars(sa.select(SessionLog.kind).order_by(SessionLog.id)))


async def test_resident_waits_alone_and_is_let_in(hall):
    wang = await hall.waiting("Wang")
    li = await hall.waiting("Li")
    assert set(wang.people()) == {"Wang"}
    assert wang.room["kind"] == "waiting"
    host = await hall.host()
    assert set(host.people()) == {"Wang", "Li", "Leader 1"}
    await host.send("admit", participant_id=wang.id, because="known to the leader")
    await wang.wait_for("called")
    await wang.wait_for("room.changed")
    assert set(wang.people()) == {"Wang", "Leader 1"}
    assert set(li.people()) == {"Li"}
    assert wang.now("session")["state"] == "live"
    assert hall.services.media.rooms == {wang.id: wang.room["id"], host.id: wang.room["id"]}


async def test_check_in_keeps_address_and_answers(hall):
    wang = hall.guest("Wang")
    texts = await wang.get("/api/live/consents")
    assert (texts["basis"], texts["version"]) == ("notice", "2026-11")
    await wang.check_in(record=False)
    async with hall.services.uow.begin(SYSTEM) as tx:
        [consent, _] = (await tx.session.scalars(sa.select(Consent).order_by(Consent.kind))).all()
        sealed = await tx.session.scalar(
            sa.select(Invitee.present_address).where(Invitee.present_address.is_not(None))
        )
        state = await tx.session.scalar(sa.select(Appointment.state))
    assert (consent.kind, consent.given, consent.text_version) == ("join", True, "2026-11")
    assert hall.services.sealer.open(sealed, purpose="address") == "Lane 1, Room 101"
    assert b"Lane" not in sealed
    assert state == "checked_in"


async def test_check_in_stands_though_the_clock_writes_at_the_same_moment(hall):
    appointment = sa.update(Appointment).where(Appointment.id == hall.appointment.id)
    async with hall.services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(appointment.values(version=Appointment.version + 1))
        arriving = asyncio.create_task(hall.guest("Wang").check_in())
        await _blocked(hall.services)
    assert (await arriving)["waiting"]
    async with hall.services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 2
        assert await tx.session.scalar(sa.select(Appointment.state)) == "checked_in"


async def _blocked(services) -> None:
    """Until somebody waits for a lock of another."""
    waiting = sa.text(
        "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE NOT granted AND datname = current_database())"
    )
    async with services.engine.connect() as connection:
        while not await connection.scalar(waiting):
            pass


async def test_who_declines_is_told_whom_to_call_and_waits_nowhere(hall):
    answer = await hall.guest("Wang").check_in(join=False)
    assert answer == {"waiting": False, "centre_phone": "12345"}
    host = await hall.host()
    assert host.people()["Wang"]["state"] == "refused"
    with pytest.raises(RefusedError, match="not_agreed"):
        await host.send("admit", participant_id=host.people()["Wang"]["participant_id"])


async def test_both_switches_and_the_present_text_are_needed(hall):
    wang = hall.guest("Wang")
    body = {
        "present_address": "Lane 1, Room 101", "text_version": "2019-01",
        "consents": [{"kind": "join", "given": True}],
    }  # fmt: skip
    with pytest.raises(RefusedError) as refused:
        await wang.post("/api/live/check-in", body)
    fields = {error["field"] for error in refused.value.problem["errors"]}
    assert fields == {"consents", "text_version"}


async def test_doors_open_half_an_hour_before(hall, clock):
    clock.move(timedelta(minutes=-31))
    for ask in (hall.guest("Wang").check_in, hall.guest("Wang").ticket):
        with pytest.raises(RefusedError, match="doors_closed") as refused:
            await ask()
        assert refused.value.problem["details"]["doors_at"].startswith("2026-11-23T00:30")
    clock.move(timedelta(minutes=1))
    await hall.waiting("Wang")


async def test_card_compared_meanwhile_lets_in_without_a_reason(hall):
    wang, host = await hall.waiting("Wang"), await hall.host()
    with pytest.raises(RefusedError, match="not_seen"):
        await host.send("admit", participant_id=wang.id)
    await mark_seen(hall.services, hall.appointment.person_id)
    await host.send("admit", participant_id=wang.id)
    await wang.wait_for("called")


async def test_clerk_compares_at_the_door_unheard_by_others(hall):
    wang, li = await hall.waiting("Wang"), await hall.waiting("Li")
    clerk = await (await hall.staff(await hall.clerk())).connect()
    assert set(clerk.people()) >= {"Wang", "Li"}
    await clerk.send("door.open", participant_id=wang.id)
    await wang.wait_for("room.changed")
    assert set(wang.people()) == {"Wang", "clerk name"}
    assert set(hall.services.media.rooms) == {wang.id, clerk.id}
    assert set(li.people()) == {"Li"}
    assert li.facts() == []
    await clerk.send("door.close", compared=True)
    assert hall.services.media.rooms == {}
    async with hall.services.uow.begin(SYSTEM) as tx:
        person = await tx.session.get(Person, hall.appointment.person_id)
    assert person.level == "seen"
    host = await hall.host()
    await host.send("admit", participant_id=wang.id)


async def test_reload_keeps_the_seat_and_closes_the_old_page(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    second = hall.guest("Wang")
    mark = host.mark
    await second.connect()
    assert (second.id, second.room) == (wang.id, wang.room)
    assert (await wang.wait_for("leave"))["reason"] == "elsewhere"
    assert await wang.closed() == 4409
    assert host.facts(since=mark) == []


async def test_closed_page_is_named_lost_within_seconds_and_comes_back(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    await wang.close()
    await host.wait_for("person.lost", participant_id=wang.id)
    assert hall.services.media.rooms[wang.id] == host.room["id"]
    await wang.connect()
    await host.wait_for("person.back", participant_id=wang.id, state="in_room")
    assert [k for k in await log_of(hall.services) if k in {"lost", "back"}] == ["lost", "back"]


@pytest.mark.slow
async def test_server_that_stood_still_takes_nobody_for_silent(hall):
    wang, host = await hall.waiting("Wang"), await hall.host()
    hall.services.desk.pace = Pace(silent_after=4.0)
    time.sleep(6)  # noqa: ASYNC251  (all of this process, as when the machine hangs)
    await host.send("admit", participant_id=wang.id, because="known to the leader")
    assert host.facts("person.lost") == []
    wang.stop_beating()  # the control: silent indeed
    await host.wait_for("person.lost", participant_id=wang.id)


async def test_silent_peer_is_named_within_eight_seconds_but_one_that_beats_is_not(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    li = await hall.inside("Li", host)
    mark = host.mark
    assert hall.services.desk.pace == Pace()
    wang.stop_beating()
    await wang.send("beat")
    await host.wait_for("person.lost", since=mark, participant_id=wang.id)
    async with hall.services.uow.begin(SYSTEM) as tx:
        query = sa.select(SessionLog.facts).where(SessionLog.kind == "lost")
        [lost] = await tx.session.scalars(query)
    assert 7 <= lost["silence"] < 9
    assert host.people()["Li"]["state"] == "in_room"
    li_lost = [f for f in host.facts("person.lost") if f["participant_id"] == li.id]
    assert li_lost == []
    await wang.send("beat")
    await host.wait_for("person.back", since=mark, participant_id=wang.id)


async def test_last_host_gone_suspends_and_the_return_resumes(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    await host.close()
    await wang.wait_for("session.state", session=wang.now("session") | {"state": "suspended"})
    await host.connect()
    await wang.wait_for("session.state", session=wang.now("session") | {"state": "live"})


async def test_operator_works_the_leaders_screen(hall):
    operator = await (await hall.staff(await hall.operator())).connect()
    assert operator.people()["operator name"]["role"] == "operator"
    wang = await hall.inside("Wang", operator)
    assert set(wang.people()) == {"Wang", "operator name"}


async def test_mute_by_the_host_holds_for_the_engine_and_over_a_reload(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    await host.send("mute", participant_id=wang.id, on=True)
    assert hall.services.media.permits[wang.id] == (False, True)
    await wang.wait_for("person.muted", participant_id=wang.id, by_host=True)
    await wang.send("say.mute", audio=True, video=False)
    assert hall.services.media.permits[wang.id] == (False, False)
    await wang.connect()
    assert wang.people()["Wang"]["muted_by_host"] is True
    assert hall.services.media.permits[wang.id] == (False, True)
    await host.send("mute", participant_id=wang.id, on=False)
    assert hall.services.media.permits[wang.id] == (True, True)


async def test_the_host_is_never_left_out_of_the_sound(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    assert hall.services.media.favoured == {host.id}
    assert set(hall.services.media.rooms) == {host.id, wang.id}


async def test_decision_closes_the_session_for_everybody_in_one_step(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    body = {
        "result": "held", "instruction": "Check the payroll", "reply": "Paid within a week",
        "instruction_unit_id": str(hall.unit.id), "deadline": "2026-12-01T00:00:00Z",
        "release": True,
    }  # fmt: skip
    answer = await host.post(f"/api/live/{hall.appointment.id}/decision", body)
    for seat in (wang, host):
        assert (await seat.wait_for("leave"))["reason"] == "closed"
        assert await seat.closed() == 4403
    assert hall.services.media.rooms == {}
    async with hall.services.uow.begin(SYSTEM) as tx:
        decision = await tx.session.scalar(sa.select(Decision))
        live = await tx.session.scalar(sa.select(LiveSession))
        state = await tx.session.scalar(sa.select(Appointment.state))
        left = (await tx.session.scalars(sa.select(Participant.left_at))).all()
    assert (str(decision.id), decision.result) == (answer["decision_id"], "held")
    assert (live.state, live.result, state) == ("closed", "held", "completed")
    assert len([at for at in left if at]) == 2
    with pytest.raises(RefusedError, match="session_over"):
        await wang.ticket()


async def test_bad_decision_leaves_the_session_open(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    body = {"result": "held", "instruction": "Check", "release": False}
    with pytest.raises(RefusedError) as refused:
        await host.post(f"/api/live/{hall.appointment.id}/decision", body)
    assert refused.value.problem["errors"][0]["field"] == "instruction_unit_id"
    assert wang.now("session")["state"] == "live"
    assert hall.services.media.rooms == {wang.id: wang.room["id"], host.id: wang.room["id"]}


async def test_log_tells_the_session_in_order(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    await host.send("session.extend", minutes=15)
    await wang.send("leave")
    await host.send("session.close", result="held")
    kinds = [k for k in await log_of(hall.services) if k != "connection"]
    assert kinds == [
        "opened", "arrived", "entered", "checked_in", "waiting", "started", "admitted",
        "extended", "left", "closed", "left",
    ]  # fmt: skip


async def test_place_in_line_and_an_honest_estimate(hall, clock):
    """While nobody is done nothing honest can be said; then the day's average tells."""
    line = await add_line(hall, ["Chen", "Wu", "Lin"], minutes=15)
    chen = await hall.waiting("Chen")
    await hall.waiting("Wu")
    lin = await hall.waiting("Lin")
    await lin.wait_for("place", place={"number": 3, "before_me": 2, "minutes": None})
    host = await (await hall.staff(hall.leader.account, line[0])).connect()
    await host.send("admit", participant_id=chen.id, because="known")
    clock.move(timedelta(minutes=24))
    await host.send("session.close", result="held")
    await lin.wait_for("place", place={"number": 2, "before_me": 1, "minutes": 24})


async def test_next_in_line_is_offered_after_a_decision(hall, clock):
    line = await add_line(hall, ["Chen", "Wu"], minutes=20)
    await hall.waiting("Wu")
    host = await (await hall.staff(hall.leader.account, line[0])).connect()
    before = await host.get("/api/line/today")
    assert [(i["place"], i["state"], i["late"]) for i in before["items"]] == [
        (1, "not_here", False), (2, "waiting", False),
    ]  # fmt: skip
    clock.move(timedelta(minutes=11))
    grown = (await host.get("/api/line/today"))["items"]
    assert [(i["place"], i["state"], i["late"]) for i in grown] == [
        (1, "waiting", False), (2, "not_here", True),
    ]  # fmt: skip
    answer = await host.post(f"/api/live/{line[0].id}/decision", {"result": "nobody_came"})
    assert answer["next_appointment_id"] == str(line[1].id)
    after = await host.get("/api/line/today")
    assert [i["state"] for i in after["items"]] == ["no_show", "waiting"]


async def test_nobody_came_is_noted_by_the_clock(hall, runner, clock):
    other, _ = await add_session(hall.services, hall.leader, begins_in=timedelta(hours=2))
    async with hall.services.uow.begin(SYSTEM) as tx:
        tx.emit(AppointmentConfirmed(appointment_id=other.id, sequence=0))
    await runner.run_all_due()
    async with hall.services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(sa.func.count(LiveSession.id))) == 0
    clock.move(timedelta(minutes=91))
    await runner.run_all_due()
    async with hall.services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(LiveSession.state)) == "open"
    clock.move(timedelta(minutes=60))
    await runner.run_all_due()
    async with hall.services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.get(Appointment, other.id)).state == "no_show"
        assert await tx.session.scalar(sa.select(LiveSession.result)) == "nobody_came"
        told = sa.select(Task.payload["appointment_id"].astext).where(Task.kind == "notice.missed")
        assert await tx.session.scalar(told) == str(other.id)


async def test_who_waits_stays_and_is_let_in_by_whoever_stands_in(hall, runner):
    _, appointment = await add_line(hall, ["Chen", "Zhao"], minutes=30)
    other = await add_leader(hall.services, hall.unit, rank=2)
    own, _ = await add_line(replace(hall, leader=other), ["Wu", "He"], minutes=15)
    zhao = await hall.waiting("Zhao")
    await zhao.wait_for("place", place={"number": 2, "before_me": 1, "minutes": None})
    async with hall.services.uow.begin(SYSTEM) as tx:
        row = await tx.session.get_one(Appointment, appointment.id)
        row.day_id, row.host_id, row.sequence = own.day_id, other.account.id, 1
        await changes.rehost(tx, hall.services.sealer, row, other.account.id)
        tx.emit(AppointmentRehosted(appointment_id=row.id, sequence=1, was_confirmed=True))
    await runner.run_all_due()
    await zhao.wait_for("place", place={"number": 3, "before_me": 2, "minutes": None})
    host = await (await hall.staff(other.account, appointment)).connect()
    await host.send("admit", participant_id=zhao.id, because="known")
    await zhao.wait_for("called")


async def test_who_came_without_a_day_and_was_not_received_is_seen_to(hall, runner, clock):
    await hall.waiting("Wang")
    async with hall.services.uow.begin(SYSTEM) as tx:
        tx.emit(AppointmentConfirmed(appointment_id=hall.appointment.id, sequence=0))
    await runner.run_all_due()
    for minutes, state in ((31, "checked_in"), (30, "rescheduled")):
        clock.move(timedelta(minutes=minutes))
        await runner.run_all_due()
        async with hall.services.uow.begin(SYSTEM) as tx:
            found = await tx.session.get_one(Appointment, hall.appointment.id)
        assert found.state == state
    assert found.host_missed_at is not None
    async with hall.services.uow.begin(SYSTEM) as tx:
        assert list(await tx.session.scalars(sa.select(CallTask.kind))) == ["leader_missed"]
        assert await tx.session.scalar(sa.select(LiveSession.state)) == "cancelled"


async def test_cancelled_appointment_sends_the_waiting_home(hall, runner):
    other, _ = await add_session(hall.services, hall.leader, begins_in=timedelta(minutes=20))
    await hall.invite("Chen", "petitioner", appointment=other)
    chen = await hall.waiting("Chen")
    async with hall.services.uow.begin(SYSTEM) as tx:
        await changes.cancel(tx, await tx.session.get(Appointment, other.id), reason="illness")
    await runner.run_all_due()
    assert (await chen.wait_for("leave"))["reason"] == "cancelled"
    assert await chen.closed() == 4403


async def test_line_tells_who_waits_from_who_is_getting_ready(hall):
    [first] = await add_line(hall, ["Zhao"], minutes=30)
    await hall.invite("Grandchild", SessionRole.HELPER, appointment=first)
    leader = await hall.staff(hall.leader.account)

    async def state() -> tuple[str, bool]:
        [item] = (await leader.get(f"/api/line/today?day_id={first.day_id}"))["items"]
        return item["state"], item["waiting_since"] is not None

    assert await state() == ("not_here", False)
    await hall.waiting("Grandchild")
    assert await state() == ("getting_ready", False)
    zhao = await hall.waiting("Zhao")
    assert await state() == ("waiting", True)
    door = await (await hall.staff(await hall.clerk(), first)).connect()
    await zhao.close()  # the page is at the device check again
    await door.wait_for("person.lost", participant_id=zhao.id)
    assert await state() == ("getting_ready", False)
    await zhao.connect()
    assert await state() == ("waiting", True)
