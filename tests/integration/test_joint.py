"""A joint interview from the wish to its session, over HTTP."""

from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import changes
from scheduling.mediation.times import main_room
from scheduling.rosters import presence as rosters_presence
from scheduling.rosters.presence import Pool
from scheduling.tables import Appointment, Claim
from server.cases.tables import Case
from server.identity.tables import Account
from server.kernel.actor import SYSTEM, Role
from server.kernel.errors import Conflict
from server.units.tables import Presence, UnitKind
from tests.cases import register
from tests.hall import hold
from tests.identity import add_staff, enter
from tests.joint import (
    TUESDAY,
    WEDNESDAY,
    District,
    book,
    booked_on_call,
    make,
    on_call,
    opened,
    times,
)
from tests.reception import add_leader, add_resident, at, publish_day, slots_of
from tests.reception import book as book_seat
from tests.units import add_unit


@pytest_asyncio.fixture
async def district(services) -> District:
    return await make(services)


@pytest_asyncio.fixture
async def clerk(client, services, district):
    account = await add_staff(services, district.centre, Role.CLERK)
    await enter(client, services, account)
    return account


async def test_times_are_those_when_all_units_are_there(client, district, clerk):
    await district.roster("housing", TUESDAY, "09:00", "11:30")
    await district.roster("labour", TUESDAY, "10:00", "17:00")
    made = await opened(client, district, fixed=district.ids("housing", "labour"))
    found = await times(client, made)
    begins = [time["begins_at"] for time in found["possible"]]
    assert begins == ["2026-11-24T02:00:00Z"]
    names = [comer["unit"]["name"] for comer in found["possible"][0]["comers"]]
    assert names == ["housing", "labour"]


async def test_near_miss_names_who_is_missing_why_and_whom_to_ask(client, district, clerk):
    await district.roster("labour", TUESDAY, "10:00", "11:30")
    oncall = district.staff["housing"][1]
    await district.roster(
        "housing", TUESDAY, "14:00", "17:00", presence=Presence.ON_CALL, account_id=oncall.id
    )
    made = await opened(client, district, fixed=district.ids("housing", "labour"))
    found = await times(client, made)
    assert found["possible"] == []
    near = next(one for one in found["nearly"] if one["begins_at"] == "2026-11-24T02:00:00Z")
    [need] = near["lacks"]
    [missing] = need["among"]
    assert (missing["name"], missing["why"], missing["kind"]) == ("housing", None, "unit")
    assert missing["ask"][0]["account_id"] == str(oncall.id)


async def test_whoever_edits_a_shift_is_told_at_once_that_a_meeting_counts_on_it(
    client, district, clerk
):
    shift = await district.roster("housing", TUESDAY, "09:00", "11:30")
    asked = {
        "unit_id": district.ids("housing")[0], "days": [str(TUESDAY)], "shift_id": str(shift),
        "presence": "whole", "begins": "09:00",
    }  # fmt: skip

    async def told(ends: str) -> list[str]:
        answer = await client.post("/api/roster/checks", json={**asked, "ends": ends})
        return [one["trouble"] for one in await answer.json()]

    assert await told("09:30") == []
    made = await opened(client, district, fixed=district.ids("housing"))
    [time, *_] = (await times(client, made))["possible"]
    assert (await book(client, made, time)).status == 200
    assert (await told("09:30"), await told("12:00")) == (["booked"], [])
    change = {"begins": "09:00", "ends": "09:30", "presence": "whole", "version": 1}
    refused = await client.put(f"/api/roster/shifts/{shift}", json=change)
    assert (await refused.json())["code"] == "shift_booked"


async def test_booking_takes_everybody_or_nobody(client, services, district, clerk, runner, outbox):
    leader = await add_leader(services, district.centre)
    await publish_day(services, leader, in_days=1)
    await district.roster("housing", TUESDAY, "09:00", "11:30")
    by_name = district.staff["labour"][0]
    await district.roster(
        "labour", TUESDAY, "09:00", "11:30", presence=Presence.ROTATING, account_id=by_name.id
    )
    wishes = {
        "fixed": district.ids("housing", "labour"), "leaders": [str(leader.account.id)],
        "rooms": [str(district.centre.id)],
    }  # fmt: skip
    made = await opened(client, district, **wishes)
    best = (await times(client, made))["possible"][0]
    assert best["leader"]["name"] == "Leader 1"
    answer = await book(client, made, best)
    assert answer.status == 200, await answer.text()
    booked = await answer.json()
    assert (booked["state"], booked["actions"]) == ("booked", ["call_off"])
    async with services.uow.begin(SYSTEM) as tx:
        claimed = set((await tx.session.scalars(sa.select(Claim.resource))).all())
    assert claimed == {
        rosters_presence.seat(district.units["housing"].id, Pool.STATIONED, 0),
        by_name.id, leader.account.id, main_room(district.centre.id),
    }  # fmt: skip
    await runner.run_all_due()
    assert [sms.to for sms in outbox.sms if "/i/" in sms.text] == ["13900000001"]


async def leader_of_two_seats(services, district, runner):
    """A leader who receives two at one time, and how a resident books the second seat at nine."""
    leader = await add_leader(services, district.centre)
    day = await publish_day(services, leader, in_days=1, capacity=2, closes_hours_before=1)
    await runner.run_all_due()
    await district.roster("housing", TUESDAY, "09:00", "11:30")
    wishes = {"fixed": district.ids("housing"), "leaders": [str(leader.account.id)], "minutes": 30}
    return await slots_of(services, day), wishes


async def test_leader_whose_second_seat_is_booked_is_not_free_for_a_joint_interview(
    client, services, district, clerk, runner
):
    slots, wishes = await leader_of_two_seats(services, district, runner)
    first, second = [
        await book_seat(services, slots[0], await add_resident(services, n)) for n in (1, 2)
    ]
    async with services.uow.begin(SYSTEM) as tx:
        await changes.cancel(tx, await tx.session.get_one(Appointment, first), reason=None)
    made = await opened(client, district, **wishes)
    nine = {**(await times(client, made))["possible"][0], "begins_at": "2026-11-24T01:00:00Z"}
    assert nine["begins_at"] not in {
        one["begins_at"] for one in (await times(client, made))["possible"]
    }
    refused = await book(client, made, nine)
    missing = (await refused.json())["details"]["missing"]
    assert (refused.status, [(one["kind"], one["why"]) for one in missing]) == (
        409, [("leader", "taken")],
    )  # fmt: skip
    async with services.uow.begin(SYSTEM) as tx:
        await changes.cancel(tx, await tx.session.get_one(Appointment, second), reason=None)
    assert (await book(client, made, nine)).status == 200  # the control


async def test_no_seat_of_the_leader_is_booked_while_a_joint_interview_stands(
    client, services, district, clerk, runner
):
    slots, wishes = await leader_of_two_seats(services, district, runner)
    made = await opened(client, district, **wishes)
    best = (await times(client, made))["possible"][0]
    assert best["begins_at"] == "2026-11-24T01:00:00Z"
    assert (await book(client, made, best)).status == 200
    resident = await add_resident(services)
    for slot in slots[:2]:
        with pytest.raises(Conflict, match="slot_taken"):
            await book_seat(services, slot, resident)
    assert await book_seat(services, slots[2], resident)  # the control: half an hour later


async def test_joint_interview_is_in_the_line_of_whoever_leads_it_and_of_nobody_else(
    client, services, district, clerk, clock
):
    leader, other = [await add_leader(services, district.centre, rank=rank) for rank in (1, 2)]
    for one in (leader, other):
        await hold(services, one.account, district.centre, Role.LEADER)
    await publish_day(services, leader, in_days=1)
    await district.roster("housing", TUESDAY, "09:00", "11:30")
    wishes = {"fixed": district.ids("housing"), "leaders": [str(leader.account.id)]}
    made = await opened(client, district, **wishes)
    assert (await book(client, made, (await times(client, made))["possible"][0])).status == 200

    async def line(account: Account) -> list[tuple[str, str]]:
        await enter(client, services, account)
        found = await (await client.get("/api/line/today")).json()
        return [(item["session_kind"], item["state"]) for item in found["items"]]

    assert await line(leader.account) == []  # not today
    clock.move(timedelta(days=1))
    assert await line(leader.account) == [("joint_interview", "not_here")]
    assert await line(other.account) == []


async def test_taken_time_answers_409_with_who_is_missing_and_the_next_times(
    client, services, district, clerk
):
    for day in (TUESDAY, WEDNESDAY):
        await district.roster("housing", day, "09:00", "11:30")
    made = await opened(client, district, fixed=district.ids("housing"))
    best = (await times(client, made))["possible"][0]
    async with services.uow.begin(SYSTEM) as tx:
        other = await register(services, tx, district.centre)
    answer = await client.post(
        f"/api/cases/{other.id}/joint-interviews", json={"fixed": district.ids("housing")}
    )
    assert (await book(client, made, best)).status == 200
    refused = await book(client, await answer.json(), best)
    problem = await refused.json()
    assert (refused.status, problem["code"]) == (409, "joint_taken")
    housing = district.units["housing"].id
    assert {"kind": "unit", "id": str(housing), "why": "taken"} in problem["details"]["missing"]
    offered = problem["details"]["alternatives"]
    assert 1 <= len(offered) <= 3
    assert {one["units"][0] for one in offered} == {str(housing)}
    async with services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(sa.func.count(Appointment.id))) == 1


async def test_same_key_gets_the_same_booking(client, services, district, clerk):
    await district.roster("housing", TUESDAY, "09:00", "11:30")
    made = await opened(client, district, fixed=district.ids("housing"))
    best = (await times(client, made))["possible"][0]
    body = {"begins_at": best["begins_at"], "units": district.ids("housing")}
    path, key = f"/api/joint-interviews/{made['id']}/booking", {"Idempotency-Key": "k" * 20}
    first, again = [await client.post(path, json=body, headers=key) for _ in range(2)]
    assert (first.status, again.status) == (200, 200)
    booked = (await first.json())["session"]["appointment_id"]
    assert (await again.json())["session"]["appointment_id"] == booked
    other_key = await client.post(path, json=body, headers={"Idempotency-Key": "o" * 20})
    assert other_key.status == 409


async def test_choice_must_be_what_was_wished_for(client, district, clerk):
    made = await opened(
        client, district, fixed=district.ids("housing"),
        groups=[{"units": district.ids("labour", "police"), "needed": 1}],
    )  # fmt: skip
    path = f"/api/joint-interviews/{made['id']}/booking"
    begins = at("2026-11-24T10:00").isoformat()
    for units in (("labour",), ("housing",), ("housing", "town", "labour")):
        answer = await client.post(path, json={"begins_at": begins, "units": district.ids(*units)})
        assert answer.status == 422, units
    late = at("2026-12-24T10:00").isoformat()
    answer = await client.post(
        path, json={"begins_at": late, "units": district.ids("housing", "labour")}
    )
    assert {e["field"] for e in (await answer.json())["errors"]} == {"begins_at"}


async def test_optional_unit_is_booked_where_it_can_and_left_out_where_not(client, district, clerk):
    await district.roster("housing", TUESDAY, "09:00", "17:00")
    await district.roster("labour", TUESDAY, "14:00", "17:00")
    made = await opened(
        client, district, fixed=district.ids("housing"), optional=district.ids("labour")
    )
    best, *others = (await times(client, made))["possible"]
    assert best["begins_at"] == "2026-11-24T06:00:00Z"
    assert [comer["unit"]["name"] for comer in best["comers"]] == ["housing", "labour"]
    morning = next(one for one in others if one["begins_at"] < best["begins_at"])
    assert [(one["name"], one["why"]) for one in morning["absent"]] == [("labour", None)]
    booked = await (await book(client, made, best)).json()
    assert {seat["unit"]["name"]: seat["optional"] for seat in booked["seats"]} == {
        "housing": False, "labour": True,
    }  # fmt: skip


async def test_near_miss_is_booked_by_asking_somebody(client, services, district, clerk):
    await district.roster("labour", TUESDAY, "09:00", "11:30")
    made = await opened(client, district, fixed=district.ids("housing", "labour"))
    near = (await times(client, made))["nearly"][0]
    [need] = near["lacks"]
    assert need["among"][0]["name"] == "housing"
    whole = district.ids("labour", "housing")
    answer = await book(client, made, near, units=whole, asked=district.ids("housing"))
    assert answer.status == 200, await answer.text()
    states = {s["unit"]["name"]: s["state"] for s in (await answer.json())["seats"]}
    assert states == {"housing": "asked", "labour": "asked"}
    unasked = await opened_elsewhere(client, services, district)
    refused = await book(client, unasked, near, units=whole)  # the control: without asking
    assert refused.status == 409


async def opened_elsewhere(client, services, district) -> dict:
    async with services.uow.begin(SYSTEM) as tx:
        other = await register(services, tx, district.centre)
    path = f"/api/cases/{other.id}/joint-interviews"
    body = {"fixed": district.ids("housing", "labour")}
    return await (await client.post(path, json=body)).json()


async def test_calling_off_frees_everybody_and_keeps_the_wishes(
    client, services, district, clerk, runner, outbox
):
    person = await on_call(district)
    made = await booked_on_call(client, district)
    path = f"/api/joint-interviews/{made['id']}"
    off = await client.post(f"{path}/cancellation", json={"reason": "the leader is ill"})
    answer = await off.json()
    assert (answer["state"], answer["session"], answer["seats"]) == ("open", None, [])
    async with services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(sa.func.count(Claim.id))) == 0
    await runner.run_all_due()
    await enter(client, services, person)
    assert await (await client.get("/api/joint-asks/mine")).json() == []
    await enter(client, services, clerk)
    best = (await times(client, answer))["possible"][0]
    assert (await book(client, answer, best)).status == 200


async def test_interview_goes_neither_to_another_leader_nor_into_a_slot(
    client, services, district, clerk, runner
):
    slots, wishes = await leader_of_two_seats(services, district, runner)
    made = await opened(client, district, **wishes)
    booked = await (await book(client, made, (await times(client, made))["possible"][0])).json()
    session = booked["session"]["appointment_id"]
    card = await (await client.get(f"/api/desk/appointments/{session}")).json()
    assert card["actions"] == ["cancel", "invite"]
    to = {"slot_id": str(slots[-1])}
    diverted = await client.post(
        f"/api/appointments/{session}/diversion", json={**to, "reason": "In charge of wages"}
    )
    assert (diverted.status, (await diverted.json())["code"]) == (422, "divert_receptions_only")
    moved = await client.post(f"/api/desk/appointments/{session}/moves", json=to)
    assert (moved.status, (await moved.json())["code"]) == (422, "move_by_its_own_page")
    after = await (await client.get(f"/api/joint-interviews/{made['id']}")).json()
    assert (after["state"], after["session"]) == ("booked", booked["session"])
    off = {"reason": "the leader is ill"}
    path = f"/api/desk/appointments/{session}/cancellation"
    assert (await client.post(path, json=off)).status == 200
    await runner.run_all_due()
    after = await (await client.get(f"/api/joint-interviews/{made['id']}")).json()
    assert (after["state"], after["session"]) == ("open", None)


@pytest.mark.parametrize("no_smartphone", [True, False])
async def test_who_has_no_smartphone_is_told_on_the_phone_and_comes_to_the_centre(
    client, services, district, clerk, runner, outbox, no_smartphone
):
    await district.roster("housing", TUESDAY, "09:00", "11:30")
    made = await opened(
        client, district, fixed=district.ids("housing"), no_smartphone=no_smartphone
    )
    assert made["wishes"]["no_smartphone"] is no_smartphone
    booked = await (await book(client, made, (await times(client, made))["possible"][0])).json()
    await runner.run_all_due()
    path = f"/api/desk/appointments/{booked['session']['appointment_id']}"
    card = await (await client.get(path)).json()
    told = [one for one in await calls_of(client) if one["kind"] == "tell_by_phone"]
    linked = [sms.to for sms in outbox.sms if "/i/" in sms.text]
    if not no_smartphone:
        assert (told, linked, card["attend_by"]) == ([], ["13900000001"], "own_device")
        return
    assert (linked, card["attend_by"], card["needs"]) == ([], "centre", {"no_smartphone": True})
    assert [(one["phone"], card["code"] in one["words"]) for one in told] == [("13900000001", True)]
    assert (await client.post(f"{path}/cancellation", json={"reason": "ill"})).status == 200
    await runner.run_all_due()
    told = [one["words"] for one in await calls_of(client) if one["kind"] == "tell_by_phone"]
    assert ["取消了" in words for words in told].count(True) == 1


async def calls_of(client) -> list[dict]:
    found: list[dict] = (await (await client.get("/api/call-tasks")).json())["items"]
    return found


async def test_leave_and_clerks_of_other_cases(client, services, district, clerk):
    person = await on_call(district)
    body = {
        "account_id": str(person.id), "begins_at": at("2026-11-24T00:00").isoformat(),
        "ends_at": at("2026-11-25T00:00").isoformat(),
    }  # fmt: skip
    assert (await client.post("/api/roster/leaves", json=body)).status == 200
    made = await opened(client, district, fixed=district.ids("housing"), since=str(TUESDAY))
    found = await times(client, made)
    assert found["possible"] == []
    [need] = found["nearly"][0]["lacks"]
    assert need["among"][0]["why"] == "on_leave"
    assert str(person.id) not in {one["account_id"] for one in need["among"][0]["ask"]}
    async with services.uow.begin(SYSTEM) as tx:
        far = await add_unit(tx, "far", kind=UnitKind.SUB_CENTRE)
    await enter(client, services, await add_staff(services, far, Role.CLERK, login="stranger"))
    assert (await client.get(f"/api/joint-interviews/{made['id']}")).status == 404


async def test_unit_complained_of_and_accusations_stay_out(client, services, district, clerk):
    async with services.uow.begin(SYSTEM) as tx:
        case = await tx.session.get_one(Case, district.case.id)
        case.subject_unit_id = district.units["housing"].id
    path = f"/api/cases/{district.case.id}/joint-interviews"
    answer = await client.post(path, json={"fixed": district.ids("housing", "labour")})
    assert [e["code"] for e in (await answer.json())["errors"]] == ["field.complained_of"]
    assert (await client.post(path, json={"fixed": district.ids("labour")})).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        accused = await register(services, tx, district.centre)
        case = await tx.session.get_one(Case, accused.id)
        case.petition_class, case.confided_to = "accusation", clerk.id
    path = f"/api/cases/{accused.id}/joint-interviews"
    answer = await client.post(path, json={"fixed": district.ids("labour")})
    assert (await answer.json())["code"] == "joint_accusation"
