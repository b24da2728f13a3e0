"""Who kept their time over a period: the official's no-show beside the residents'."""

from datetime import timedelta
from io import BytesIO

import pytest
import pytest_asyncio
from openpyxl import load_workbook

from scheduling.tables import Appointment, Invitee, SessionKind, SessionRole
from server.kernel.actor import SYSTEM, Role
from server.kernel.sealing import Sealer
from server.units.tables import UnitKind
from signaling.tables import LiveSession, Participant, ParticipantState, SessionState
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_leader, add_resident, at, book, publish_day, slots_of
from tests.units import add_unit

QUERY = "from=2026-11-23&until=2026-12-31"
PATH = "/api/figures/attendance"
NOTHING = {
    "days": 0, "not_held": 0, "late": 0, "left_early": 0, "called_off": 0, "booked": 0,
    "received": 0, "not_received": 0, "absent": 0, "excused": 0, "came_late": 0,
}  # fmt: skip


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


async def held(services, appointment_id, *, host=None, guest=None, **changes):
    """What became of an appointment: minutes after its time that each came, and how it ended."""
    async with services.uow.begin(SYSTEM) as tx:
        one = await tx.session.get_one(Appointment, appointment_id)
        for name, value in changes.items():
            setattr(one, name, value)
        session = LiveSession(
            appointment_id=one.id, kind=one.session_kind, state=SessionState.CLOSED,
            ends_at=one.ends_at,
        )  # fmt: skip
        tx.session.add(session)
        await tx.session.flush()
        guests = SessionRole.PETITIONER
        for role, after in ((SessionRole.HOST, host), (guests, guest)):
            seat = await _invitee(tx, services.sealer, one.id, role)
            came = None if after is None else one.begins_at + timedelta(minutes=after)
            state = ParticipantState.LEFT if came else ParticipantState.NO_SHOW
            tx.session.add(
                Participant(
                    session_id=session.id, invitee_id=seat.id, role=role, state=state,
                    arrived_at=came,
                )
            )  # fmt: skip


async def _invitee(tx, sealer: Sealer, appointment_id, role) -> Invitee:
    seat = Invitee(appointment_id=appointment_id, role=role, name=sealer.seal("A", purpose="name"))
    tx.session.add(seat)
    await tx.session.flush()
    return seat


async def days_of(services, centre, runner, clock):
    """Three days of one leader: held with one resident absent, begun late and left, not held."""
    leader = await add_leader(services, centre)
    residents = [await add_resident(services, n) for n in range(1, 7)]
    booked = []
    for in_days in (7, 8, 9):
        day = await publish_day(services, leader, in_days=in_days, slot_minutes=60, review=False)
        await runner.run_all_due()
        for slot in (await slots_of(services, day))[:2]:
            booked.append(await book(services, slot, residents[len(booked)]))
    now = clock.now()
    good, absent, late, unmet, waited, again = booked
    await held(services, good, host=-2, guest=-5, state="completed")
    await held(services, absent, host=-2, state="no_show", excused_at=now)
    await held(services, late, host=11, guest=12, state="completed")
    await held(services, unmet, guest=-1, state="rescheduled", host_missed_at=now)
    await held(services, waited, guest=0, state="rescheduled", host_missed_at=now)
    await held(services, again, state="no_show")
    clock.move(timedelta(days=12))
    return leader


async def test_leaders_no_shows_stand_beside_the_residents(client, services, centre, runner, clock):
    leader = await days_of(services, centre, runner, clock)
    await enter(client, services, await add_staff(services, centre, Role.SUPERVISOR))
    [row] = await (await client.get(f"{PATH}?{QUERY}")).json()
    assert (row.pop("host_id"), row.pop("is_leader")) == (str(leader.account.id), True)
    del row["name"], row["post"]
    assert row == NOTHING | {
        "days": 3, "not_held": 1, "late": 1, "left_early": 1, "booked": 6, "received": 2,
        "not_received": 2, "absent": 2, "excused": 1, "came_late": 1,
    }  # fmt: skip
    one_day = await (await client.get(f"{PATH}?from=2026-12-02&until=2026-12-02")).json()
    assert [(one["days"], one["not_held"], one["absent"]) for one in one_day] == [(1, 1, 1)]
    assert await (await client.get(f"{PATH}?from=2026-12-03&until=2026-12-31")).json() == []


@pytest.mark.parametrize("kind", [SessionKind.MEDIATION, SessionKind.JOINT_INTERVIEW])
async def test_host_who_did_not_come_to_a_table_is_counted_and_who_did_is_not(
    client, services, centre, clock, kind
):
    mediator = await add_staff(services, centre, Role.MEDIATOR)
    made = []
    async with services.uow.begin(SYSTEM) as tx:
        for n, day in enumerate(("2026-11-24", "2026-11-25")):
            one = Appointment(
                reference=f"10000000000{n}", session_kind=kind,
                state="confirmed", host_id=mediator.id, unit_id=centre.id, booked_by=mediator.id,
                begins_at=at(f"{day}T09:00:00"), ends_at=at(f"{day}T10:00:00"), uid=f"m{n}",
                created_at=tx.now,
            )  # fmt: skip
            tx.session.add(one)
            await tx.session.flush()
            made.append(one.id)
    await held(services, made[0], guest=1)
    await held(services, made[1], host=1, guest=1, state="completed")
    supervisor = await add_staff(services, centre, Role.SUPERVISOR)
    await enter(client, services, supervisor)
    assert await (await client.get(f"{PATH}?{QUERY}")).json() == []  # still to come
    clock.move(timedelta(days=5))
    await enter(client, services, supervisor)
    [row] = await (await client.get(f"{PATH}?{QUERY}")).json()
    told = (row["is_leader"], row["days"], row["not_held"], row["received"], row["not_received"])
    assert told == (False, 2, 1, 1, 1)


async def test_figures_go_out_as_a_spreadsheet_and_stay_within_reach(
    client, services, centre, runner, clock
):
    leader = await days_of(services, centre, runner, clock)
    await enter(client, services, await add_staff(services, centre, Role.LEADER_OFFICE))
    answer = await client.get(f"{PATH}/file.xlsx?{QUERY}", headers={"Accept-Language": "en"})
    heads, row = load_workbook(BytesIO(await answer.read())).active.iter_rows(values_only=True)
    told = dict(zip(heads, row, strict=True))
    assert (told["Who"], told["Days not held"]) == (leader.account.name, 1)
    assert (told["Residents absent"], told["Of these excused"]) == (2, 1)
    async with services.uow.begin(SYSTEM) as tx:
        other = await add_unit(tx, "FAR", kind=UnitKind.SUB_CENTRE)
    far = await add_staff(services, other, Role.SUPERVISOR)
    await enter(client, services, far)
    assert await (await client.get(f"{PATH}?{QUERY}")).json() == []  # the control: not their units
    handler = await add_staff(services, centre, Role.HANDLER)
    await enter(client, services, handler)
    assert (await client.get(f"{PATH}?{QUERY}")).status == 404
