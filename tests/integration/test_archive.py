"""What happens to appointments and sessions comes onto the case, chained, within the same minute."""

import asyncio
import json

import pytest_asyncio
import sqlalchemy as sa

from recordings import resident_view
from scheduling import reviews
from scheduling.tables import Appointment
from server.cases import timeline
from server.cases.tables import Case, CaseClock, TimelineEntry
from server.kernel.actor import SYSTEM
from server.kernel.audit import GENESIS, link
from server.kernel.tasks import Task
from signaling.events import SessionClosed
from signaling.tables import LiveSession, SessionState
from tests.cases import INSTRUCTION, REPLY
from tests.integration.test_notices import confirm
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    clerk,
    publish_day,
    slots_of,
)
from tests.sessions import ADDRESS, hold_session


@pytest_asyncio.fixture
async def booked(services, runner):
    centre = await add_centre(services)
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader)
    await runner.run_all_due()
    slots = await slots_of(services, day)
    made = await book(services, slots[0], await add_resident(services), sentence="三个月没有发工资")
    return {"id": made, "slots": slots, "centre": centre, "leader": leader}


async def entries(services, appointment_id) -> list[TimelineEntry]:
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, appointment_id)
        query = sa.select(TimelineEntry).where(TimelineEntry.case_id == appointment.case_id)
        return list((await tx.session.scalars(query.order_by(TimelineEntry.position))).all())


async def close(services, runner, booked) -> LiveSession:
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, booked["id"])
        session = await hold_session(services, tx, appointment, unit_id=booked["centre"].id)
        tx.emit(SessionClosed(appointment_id=appointment.id, session_id=session.id))
    await runner.run_all_due()
    return session


async def test_booking_and_review_are_written_and_clocks_turn(services, runner, booked):
    await runner.run_all_due()
    await confirm(services, booked["centre"], booked["id"])
    await runner.run_all_due()
    found = await entries(services, booked["id"])
    assert [e.kind for e in found] == ["registered", "booked", "confirmed"]
    async with services.uow.begin(SYSTEM) as tx:
        clocks = await tx.session.scalars(sa.select(CaseClock).order_by(CaseClock.kind))
        running = {clock.kind: clock.ended_at is None for clock in clocks}
    assert running == {
        "first_feedback": False, "register_and_forward": True, "review_of_booking": False,
        "tell_acceptance": True,
    }  # fmt: skip


async def test_declined_keeps_the_reason_beside_the_chain(services, runner, booked):
    async with services.uow.begin(clerk(booked["centre"])) as tx:
        appointment = await tx.session.get_one(Appointment, booked["id"])
        await reviews.decline(tx, appointment, reason="涉法涉诉,请向法院反映", right_route="法院")
    await runner.run_all_due()
    entry = (await entries(services, booked["id"]))[-1]
    assert entry.kind == "declined"
    assert "法院" not in json.dumps(entry.facts, ensure_ascii=False)
    assert timeline.personal_of(entry, services.sealer)["right_route"] == "法院"


async def test_session_is_archived_whole_and_chained(services, runner, booked):
    await confirm(services, booked["centre"], booked["id"])
    session = await close(services, runner, booked)
    found = await entries(services, booked["id"])
    archived = found[-1]
    assert archived.kind == "session"
    facts, personal = archived.facts, timeline.personal_of(archived, services.sealer)
    assert (facts["session_id"], facts["result"]) == (str(session.id), "held")
    assert {p["role"] for p in facts["people"]} == {"host", "petitioner"}
    assert all(p["arrived_at"] and p["left_at"] for p in facts["people"])
    assert [room["kind"] for room in facts["rooms"]] == ["main"]
    assert [c["kind"] for c in facts["consents"]] == ["join"]
    assert {line["kind"] for line in facts["log"]} == {"joined", "lost", "dismissed"}
    assert facts["decision"]["unit_id"] == str(booked["centre"].id)
    assert (personal["instruction"], personal["reply"]) == (INSTRUCTION, REPLY)
    assert sorted(personal["names"].values()) == ["Leader 1", "Resident 1"]
    async with services.uow.begin(SYSTEM) as tx:
        row = await tx.session.get_one(LiveSession, session.id)
    assert row.state == SessionState.ARCHIVED
    previous = GENESIS
    for entry in found:
        previous = link(previous, timeline.chained(entry))
        assert (entry.hash, entry.position) == (previous, found.index(entry) + 1)


async def test_chain_holds_no_personal_value(services, runner, booked):
    await confirm(services, booked["centre"], booked["id"])
    await close(services, runner, booked)
    found = await entries(services, booked["id"])
    chained = json.dumps([timeline.chained(e) for e in found], ensure_ascii=False)
    beside = json.dumps(
        [timeline.personal_of(e, services.sealer) for e in found], ensure_ascii=False
    )
    for value in ("Resident 1", ADDRESS, INSTRUCTION, REPLY):
        assert value not in chained
        assert value in beside  # the control: it is kept, apart


async def test_archiving_twice_keeps_one_entry(services, runner, booked):
    await close(services, runner, booked)
    before = await entries(services, booked["id"])
    async with services.uow.begin(SYSTEM) as tx:
        again = sa.update(Task).where(Task.kind == "archive.session")
        await tx.session.execute(again.values(done_at=None, owner=None, lease_until=None))
    await runner.run_all_due()
    assert [e.hash for e in await entries(services, booked["id"])] == [e.hash for e in before]


async def test_resident_sees_that_it_was_held_and_nothing_of_who_and_what(services, runner, booked):
    await close(services, runner, booked)
    archived = (await entries(services, booked["id"]))[-1]
    shown = resident_view.shown(archived)
    assert set(shown) == {"result", "started_at", "closed_at"}


async def test_sessions_of_two_processes_archive_in_order(services, runner, booked):
    """Entries written at once take their places one after another: no fork in the chain."""
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, booked["id"])
        case = await tx.session.get_one(Case, appointment.case_id)

    async def one(n: int) -> None:
        async with services.uow.begin(SYSTEM) as tx:
            await timeline.append(
                tx, services.sealer, case_id=case.id, kind="moved", key=f"test:{n}", facts={"n": n}
            )

    await asyncio.gather(*(one(n) for n in range(10)))
    found = await entries(services, booked["id"])
    assert [e.position for e in found] == list(range(1, len(found) + 1))
    assert [e.previous for e in found[1:]] == [e.hash for e in found[:-1]]
