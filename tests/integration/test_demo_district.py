"""The demo district as it is found after a start, and after many."""

from datetime import datetime, time, timedelta
from itertools import pairwise

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling.tables import (
    Appointment,
    AppointmentState,
    CallTask,
    Claim,
    Mediation,
    ReceptionDay,
    Slot,
)
from server.cases import timeline
from server.cases.tables import Case, CaseState, Decision, TimelineEntry
from server.demo import due, people, seed
from server.demo.people import People
from server.demo.seed import District
from server.identity.tables import Account
from server.kernel.actor import SYSTEM
from server.kernel.audit import GENESIS, link
from server.kernel.clock import LOCAL, local
from server.units import seeding
from server.units.calendar import announced
from signaling.tables import LiveSession, SessionState

UNITS = seeding.district()


@pytest.fixture(scope="module")
def everybody() -> People:
    return people.people(UNITS)


@pytest_asyncio.fixture
async def start(services, everybody):
    """Start the demo, again and again."""

    async def once() -> None:
        await seed.prepare(services, District(UNITS, everybody))

    await once()
    return once


async def rows(services, table, *where):
    async with services.uow.begin(SYSTEM) as tx:
        return (await tx.session.scalars(sa.select(table).where(*where))).all()


async def ways(services):
    async with services.uow.begin(SYSTEM) as tx:
        return await due.ways(tx, services.sealer)


async def test_reception_is_due_now_and_a_mediation_within_the_hour(services, start, clock):
    soon = {(way.session_kind, way.begins_at - clock.now()) for way in await ways(services)}
    reception = min(after for kind, after in soon if kind == "reception")
    mediation = min(after for kind, after in soon if kind == "mediation")
    assert timedelta(0) < reception <= timedelta(minutes=6)
    assert timedelta(minutes=30) < mediation < timedelta(hours=1)


async def test_everybody_invited_has_a_way_in(services, start):
    found = await ways(services)
    assert all(way.path.startswith("/i/") or way.login for way in found)
    first = [way for way in found if way.begins_at == found[0].begins_at]
    assert {(way.role, way.login is None) for way in first} == {
        ("host", False),
        ("petitioner", True),
    }


async def test_cases_stand_in_every_state_and_their_chains_hold(services, start):
    cases = await rows(services, Case)
    assert {case.state for case in cases} == set(CaseState)
    for case in cases:
        entries = sorted(
            await rows(services, TimelineEntry, TimelineEntry.case_id == case.id),
            key=lambda entry: entry.position,
        )
        previous = GENESIS
        for entry in entries:
            previous = link(previous, timeline.chained(entry))
            assert entry.hash == previous
        assert all(a.at <= b.at for a, b in pairwise(entries)), case.number


@pytest.mark.parametrize(
    "hour",
    [
        "2026-11-23T03:10",
        "2026-11-21T22:40",
        "2026-10-05T12:00",
        "2026-11-25T10:30",
        "2026-11-24T10:39",
        "2027-03-10T10:30",
    ],
    ids=["night", "weekend", "holiday", "morning", "places kept", "unannounced year"],
)
async def test_what_was_done_was_done_by_day(services, everybody, clock, runner, hour):
    clock.move(datetime.fromisoformat(hour).replace(tzinfo=LOCAL) - clock.now())
    await seed.prepare(services, District(UNITS, everybody))
    await runner.run_all_due()
    calendar = announced()
    moments = [
        *(case.registered_at for case in await rows(services, Case)),
        *(entry.at for entry in await rows(services, TimelineEntry)),
        *(call.created_at for call in await rows(services, CallTask)),
        *(one.asked_at for one in await rows(services, Mediation)),
        *(one.answered_at for one in await rows(services, Mediation)),
    ]
    at_odd_hours = [
        moment
        for moment in map(local, moments)
        if not (calendar.is_working(moment.date()) and time(9) <= moment.time() <= time(17))
    ]
    assert at_odd_hours == []
    assert max(moments) <= clock.now()
    calls = await rows(services, CallTask)
    assert all(call.due_at > clock.now() for call in calls)


async def test_receptions_reach_six_weeks_back_and_ahead(services, start, clock):
    days = await rows(services, ReceptionDay, ReceptionDay.plan_id.is_not(None))
    offsets = {(day.begins_at - clock.now()).days // 7 for day in days}
    assert offsets >= set(range(-6, 6))
    assert {day.state for day in days} == {
        "draft", "published", "booking_open", "booking_closed", "done", "swapped",
    }  # fmt: skip
    assert len({day.leader_id for day in days}) == 20
    published = {slot.day_id for slot in await rows(services, Slot)}
    assert all(day.id in published for day in days if day.state != "draft")


async def test_answered_matters_have_their_reception_and_released_reply(services, start):
    decisions = await rows(services, Decision)
    assert len(decisions) >= 4
    for decision in decisions:
        held = (await rows(services, Appointment, Appointment.id == decision.appointment_id))[0]
        assert (held.state, held.case_id) == (AppointmentState.COMPLETED, decision.case_id)
        assert decision.reply_released_at is not None
        session = (await rows(services, LiveSession, LiveSession.appointment_id == held.id))[0]
        assert (session.state, session.result) == (SessionState.ARCHIVED, "held")
        entries = await rows(services, TimelineEntry, TimelineEntry.case_id == held.case_id)
        archived = next(entry for entry in entries if entry.kind == "session")
        assert {person["role"] for person in archived.facts["people"]} == {"host", "petitioner"}
        assert len(archived.facts["consents"]) == 2
        assert archived.facts["decision"] is not None


async def test_starting_again_at_once_changes_nothing(services, start):
    async def everything():
        return [
            sorted((row.id, row.version) for row in await rows(services, table))
            for table in (Account, Case, Appointment, ReceptionDay, Mediation)
        ]

    before = await everything()
    await start()
    assert await everything() == before


async def test_start_of_every_later_day_has_something_due_again(services, start, clock, runner):
    for _ in range(4):
        await runner.run_all_due()
        clock.move(timedelta(days=1, hours=3, minutes=7))
        await runner.run_all_due()
        await start()
        begins = sorted({way.begins_at for way in await ways(services)})
        assert len(begins) == 5
        assert clock.now() < begins[0] <= clock.now() + timedelta(minutes=6)


@pytest.mark.parametrize("hour", ["2026-11-26T07:20", "2026-11-26T08:15", "2026-12-03T08:10"])
async def test_start_in_the_way_of_a_leave_or_a_day_has_something_due(services, start, clock, hour):
    clock.move(datetime.fromisoformat(hour).replace(tzinfo=LOCAL) - clock.now())
    await start()
    first = min(way.begins_at for way in await ways(services))
    assert clock.now() < first <= clock.now() + timedelta(minutes=6)


async def test_nobody_is_in_two_places_at_once(services, start):
    claims = sorted(await rows(services, Claim), key=lambda c: (c.resource, c.during.lower))
    for one, other in pairwise(claims):
        assert one.resource != other.resource or one.during.upper <= other.during.lower
