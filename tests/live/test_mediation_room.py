"""A mediation's room over the socket: two parties, a recorder, and a private room."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduling.events import AppointmentConfirmed
from scheduling.tables import Appointment, CallTask, Invitee, Mediation
from server.cases.tables import Decision, Party
from server.identity.tables import Account
from server.kernel.actor import SYSTEM, Role
from server.kernel.tasks import Task
from signaling.engine import MemberId, RoomId, Speaking
from signaling.tables import Room, SessionLog
from tests.sockets import RefusedError


async def seated(table):
    """The mediator with both parties in the main room."""
    host = await table.host()
    return host, await table.inside("Wang", host), await table.inside("Li", host)


async def test_parties_enter_by_themselves_once_their_role_is_let_in(table):
    wang, host = await table.waiting("Wang"), await table.host()
    await host.send("let_in", role="applicant", on=True)
    await host.send("session.start")
    await wang.wait_for("called")
    li = await table.waiting("Li")
    assert set(li.people()) == {"Li"}
    await host.send("let_in", role="respondent", on=True)
    await li.wait_for("called")


async def test_consent_is_asked_for_in_mediation(table):
    assert (await table.guest("Wang").get("/api/live/consents"))["basis"] == "consent"


async def test_private_room_is_unheard_and_unseen_by_the_other_side(table):
    host, wang, li = await seated(table)
    mark, texts = li.mark, len(li.texts)
    room_id = (await host.send("caucus.open"))["room_id"]
    await host.send("caucus.invite", room_id=room_id, participant_id=wang.id)
    invited = await wang.wait_for("caucus.invited")
    assert invited["expires_in"] == 120
    assert li.facts(since=mark) == []
    await wang.send("caucus.answer", accept=True)
    await li.wait_for("person.left", participant_id=wang.id, because="private")
    await li.wait_for("person.left", participant_id=host.id, because="private")
    assert set(wang.people()) == {"Wang", "Leader 1"}
    assert wang.room["kind"] == "caucus"
    rooms = table.services.media.rooms
    assert rooms == {wang.id: room_id, host.id: room_id, li.id: li.room["id"]}
    assert room_id not in "".join(li.texts[texts:])
    mark = li.mark
    for say in (("hand", {"up": True}), ("say.mute", {"audio": False, "video": True})):
        await wang.send(say[0], **say[1])
    await host.send("caucus.close", room_id=room_id)
    await li.wait_for("person.joined")
    assert [f["kind"] for f in li.facts(since=mark)] == ["person.joined", "person.joined"]
    assert set(li.people()) == {"Wang", "Li", "Leader 1"}
    assert len(set(rooms.values())) == 1


async def test_unanswered_invitation_is_refused_by_itself_after_two_minutes(table, clock):
    host, wang, _ = await seated(table)
    room_id = (await host.send("caucus.open"))["room_id"]
    await host.send("caucus.invite", room_id=room_id, participant_id=wang.id)
    await wang.wait_for("caucus.invited")
    clock.move(timedelta(seconds=121))
    await host.wait_for("caucus.answered", participant_id=wang.id, accepted=False)
    await wang.wait_for("caucus.invited", invitation=None)
    assert wang.now("invitation") is None


async def test_interpreter_comes_along_into_the_private_room(table):
    async with table.services.uow.begin(SYSTEM) as tx:
        wang_id = await tx.session.scalar(sa.select(Invitee.id).where(Invitee.role == "applicant"))
    await table.invite("Mao", "interpreter", serves_id=wang_id)
    host, wang, li = await seated(table)
    mao = await table.inside("Mao", host)
    room_id = (await host.send("caucus.open"))["room_id"]
    await host.send("caucus.invite", room_id=room_id, participant_id=wang.id)
    await wang.wait_for("caucus.invited")
    await wang.send("caucus.answer", accept=True)
    await mao.wait_for("room.changed")
    assert set(mao.people()) == {"Wang", "Mao", "Leader 1"}
    assert set(li.people()) == {"Li"}


async def test_speaking_is_told_only_to_those_in_the_room(table):
    host, wang, li = await seated(table)
    room_id = (await host.send("caucus.open"))["room_id"]
    await host.send("caucus.invite", room_id=room_id, participant_id=wang.id)
    await wang.wait_for("caucus.invited")
    await wang.send("caucus.answer", accept=True)
    mark = li.mark
    table.services.media.queue.put_nowait(Speaking(RoomId(room_id), (MemberId(wang.id),)))
    await host.wait_for("person.speaking", participant_ids=[wang.id])
    table.services.media.queue.put_nowait(Speaking(RoomId(li.room["id"]), (MemberId(li.id),)))
    await li.wait_for("person.speaking", participant_ids=[li.id])
    assert len(li.facts("person.speaking", since=mark)) == 1


async def test_who_goes_on_speaking_is_told_to_whoever_comes_back_or_comes_in(table):
    host, wang, li = await seated(table)
    tell = table.services.media.queue.put_nowait
    tell(Speaking(RoomId(li.room["id"]), (MemberId(li.id), MemberId(wang.id))))
    await wang.wait_for("person.speaking", participant_ids=[li.id, wang.id])
    mark = li.mark
    await li.connect()
    await li.wait_for("person.speaking", since=mark, participant_ids=[li.id, wang.id])
    room_id = (await host.send("caucus.open"))["room_id"]
    await host.send("caucus.invite", room_id=room_id, participant_id=wang.id)
    await wang.wait_for("caucus.invited")
    await wang.send("caucus.answer", accept=True)
    tell(Speaking(RoomId(room_id), (MemberId(wang.id),)))
    await wang.wait_for("person.speaking", participant_ids=[wang.id])
    mark = wang.mark
    await wang.send("caucus.leave")
    await wang.wait_for("person.speaking", since=mark, participant_ids=[li.id, wang.id])


async def test_who_spoke_in_a_room_that_is_closed_or_has_left_is_not_told(table):
    host, wang, li = await seated(table)
    tell = table.services.media.queue.put_nowait
    tell(Speaking(RoomId(li.room["id"]), (MemberId(li.id),)))
    await wang.wait_for("person.speaking", participant_ids=[li.id])
    room_id = (await host.send("caucus.open"))["room_id"]
    await host.send("caucus.invite", room_id=room_id, participant_id=li.id)
    await li.wait_for("caucus.invited")
    await li.send("caucus.answer", accept=True)
    mark = wang.mark
    await wang.connect()
    await wang.send("hand", up=True)
    assert wang.facts("person.speaking", since=mark) == []


async def test_log_proves_when_the_private_room_was_open(table):
    host, wang, _ = await seated(table)
    room_id = (await host.send("caucus.open"))["room_id"]
    await host.send("caucus.invite", room_id=room_id, participant_id=wang.id)
    await wang.wait_for("caucus.invited")
    await wang.send("caucus.answer", accept=True)
    await host.send("caucus.leave")
    async with table.services.uow.begin(SYSTEM) as tx:
        room = await tx.session.scalar(sa.select(Room).where(Room.kind == "caucus"))
        query = sa.select(SessionLog.kind).where(SessionLog.room_id == room.id)
        kinds = list(await tx.session.scalars(query.order_by(SessionLog.id)))
    assert str(room.id) == room_id
    assert room.closed_at is not None
    assert kinds == [
        "caucus.opened", "caucus.invited", "caucus.accepted", "caucus.entered", "caucus.entered",
        "caucus.left", "caucus.left", "caucus.closed",
    ]  # fmt: skip


@pytest.mark.parametrize(("result", "state"), [("adjourned", "agreed"), ("held", "ended")])
async def test_mediation_ends_with_its_session_unless_it_is_adjourned(table, runner, result, state):
    await scheduled(table)
    host = await table.host()
    await host.send("session.start")
    await host.send("session.close", result=result)
    await runner.run_all_due()
    async with table.services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(Mediation.state)) == state


async def scheduled(table) -> None:
    """The mediation whose session this is."""
    async with table.services.uow.begin(SYSTEM) as tx:
        party = await tx.session.scalar(sa.select(Party.id).where(Party.case_id == table.case.id))
        mediation = Mediation(
            case_id=table.case.id, mediator_id=table.leader.account.id, state="scheduled",
            other_party_id=party, asked_at=tx.now, answer_due_at=tx.now,
            appointment_id=table.appointment.id,
        )  # fmt: skip
        tx.session.add(mediation)


@pytest.mark.parametrize(
    ("host_comes", "ended", "calls"),
    [(False, "rescheduled", ["leader_missed"]), (True, "completed", [])],
)
async def test_mediation_that_was_not_begun_is_ended_by_the_clock_and_goes_on(
    table, runner, clock, host_comes, ended, calls
):
    await scheduled(table)
    await table.waiting("Wang")
    if host_comes:
        host = await table.host()
        await host.send("leave")
    async with table.services.uow.begin(SYSTEM) as tx:
        tx.emit(AppointmentConfirmed(appointment_id=table.appointment.id, sequence=0))
    for minutes in (0, 31, 30):
        clock.move(timedelta(minutes=minutes))
        await runner.run_all_due()
    async with table.services.uow.begin(SYSTEM) as tx:
        found = await tx.session.get_one(Appointment, table.appointment.id)
        assert (found.state, found.host_missed_at is None) == (ended, host_comes)
        assert await tx.session.scalar(sa.select(Mediation.state)) == "agreed"
        assert list(await tx.session.scalars(sa.select(CallTask.kind))) == calls


async def test_who_leads_on_the_line_is_left_alone_by_the_clock(table, runner, clock):
    await table.waiting("Wang")
    await table.host()
    async with table.services.uow.begin(SYSTEM) as tx:
        tx.emit(AppointmentConfirmed(appointment_id=table.appointment.id, sequence=0))
    for minutes in (0, 31, 30):
        clock.move(timedelta(minutes=minutes))
        await runner.run_all_due()
    async with table.services.uow.begin(SYSTEM) as tx:
        found = await tx.session.get_one(Appointment, table.appointment.id)
        query = sa.select(Task.due_at).where(Task.kind == "live.unmet", Task.done_at.is_(None))
        assert (found.state, list(await tx.session.scalars(query))) == (
            "checked_in", [clock.now() + timedelta(minutes=15)],
        )  # fmt: skip


async def test_decision_comes_after_a_session_that_was_closed_without_one_but_only_once(table):
    host = await table.host()
    await host.send("session.start")
    await host.send("session.close", result="held")
    path = f"/api/live/{table.appointment.id}/decision"
    await host.post(path, {"result": "held", "reply": "An agreement was reached"})
    with pytest.raises(RefusedError, match="already_decided"):
        await host.post(path, {"result": "held"})


async def test_operator_records_what_the_leader_decides(hall):
    operator = await hall.staff(await hall.operator())
    stranger = await hall.staff(await hall.clerk(Role.MEDIATOR))
    path = f"/api/live/{hall.appointment.id}/decision"
    with pytest.raises(RefusedError, match="not_found"):
        await stranger.post(path, {"result": "held"})
    await operator.post(path, {"result": "nobody_came"})
    async with hall.services.uow.begin(SYSTEM) as tx:
        decision = await tx.session.scalar(sa.select(Decision))
        operator_id = await tx.session.scalar(
            sa.select(Account.id).where(Account.login == "operator")
        )
    assert (decision.decided_by, decision.recorded_by) == (hall.leader.account.id, operator_id)
