"""Leaders and points of the unit complained of keep out of the matter, whatever way a place comes.

Every test has its control: while it is about another unit, the same is done.
"""

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import access, changes, reviews, sites
from scheduling.choices.tables import WaitlistEntry
from scheduling.plans import stand_ins
from scheduling.plans.stand_ins import Unfit
from scheduling.tables import Appointment, AttendBy, CallTask
from server.cases.tables import Case
from server.kernel.actor import SYSTEM, Role
from server.kernel.errors import RuleBroken
from tests.choosing import read, tap, token_of
from tests.identity import add_staff, enter
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    clerk,
    publish_day,
    slots_of,
)
from tests.units import add_unit

PHONE = "13900000001"


@pytest_asyncio.fixture
async def district(services, runner):
    """A bureau and another, each with a leader and a day of two times, below one centre."""
    centre = await add_centre(services)
    async with services.uow.begin(SYSTEM) as tx:
        units = [await add_unit(tx, code, parent=centre) for code in ("BUREAU", "OTHER")]
        site = await add_unit(tx, "SITE", parent=units[0])
        site.is_site = True
    leaders = [await add_leader(services, unit, rank=n) for n, unit in enumerate(units, 1)]
    days = [
        await publish_day(services, leader, slot_minutes=60, review=False, in_days=n)
        for n, leader in enumerate(leaders, 7)
    ]
    await runner.run_all_due()
    slots = [await slots_of(services, day) for day in days]
    return {
        "centre": centre, "units": units, "site": site, "leaders": leaders, "days": days,
        "slots": slots,
    }  # fmt: skip


@pytest_asyncio.fixture
async def resident(services):
    return await add_resident(services)


@pytest.fixture
def clerk_of(district):
    return clerk(district["centre"])


async def complain(services, case_id, unit) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        case = await tx.session.get_one(Case, case_id)
        case.subject_unit_id = unit.id
        await tx.session.flush()
        await sites.leave_complained_of(tx, services.sealer, case)


async def ask(client, services, resident, path, **changes):
    await enter(client, services, resident.account)
    body = {
        "person_id": str(resident.person.id), "phone": PHONE,
        "sentence": "Wages of a year were not paid", **changes,
    }  # fmt: skip
    answer = await client.post(path, json=body)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def stand_in_line(client, services, resident, day, **changes) -> dict:
    entry = await ask(client, services, resident, "/api/waitlist", day_id=str(day.id), **changes)
    async with services.uow.begin(SYSTEM) as tx:
        kept = await tx.session.get_one(WaitlistEntry, entry["id"])
    return {**entry, "case_id": kept.case_id}


async def desk(client, services, district):
    login = await add_staff(services, district["centre"], Role.CLERK)
    await enter(client, services, login)


async def fill(services, slots) -> list:
    return [
        await book(services, slot, await add_resident(services, n))
        for n, slot in enumerate(slots, 20)
    ]


async def give_back(services, appointment_id) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, appointment_id)
        await changes.cancel(tx, appointment, reason=None)


async def test_times_of_the_complained_of_are_not_found_nor_proposed(
    services, client, district, resident
):
    wish = await ask(client, services, resident, "/api/wishes")
    await complain(services, wish["case_id"], district["units"][0])
    await desk(client, services, district)
    path = f"/api/desk/wishes/{wish['id']}"
    found = await (await client.get(f"{path}/times")).json()
    assert [one["leader"]["name"] for one in found] == ["Leader 2"]
    proposal = [{"slot_ids": [str(slots[0])]} for slots in district["slots"]]
    refused = await client.post(f"{path}/proposal", json=proposal[0])
    assert (refused.status, (await refused.json())["code"]) == (422, "leader_keeps_out")
    assert (await client.post(f"{path}/proposal", json=proposal[1])).status == 200


async def test_kept_place_of_the_complained_of_is_taken_back_and_the_wish_comes_back(
    services, client, district, resident, runner, outbox
):
    wish = await ask(client, services, resident, "/api/wishes")
    await desk(client, services, district)
    slots = [str(slots[0]) for slots in district["slots"]]
    path = f"/api/desk/wishes/{wish['id']}/proposal"
    assert (await client.post(path, json={"slot_ids": slots})).status == 200
    await runner.run_all_due()
    token = token_of(outbox, PHONE)
    assert len((await read(client, token))["offers"]) == 2
    await complain(services, wish["case_id"], district["units"][0])
    [left] = (await read(client, token))["offers"]
    assert left["leader"]["name"] == "Leader 2"
    await complain(services, wish["case_id"], district["units"][1])
    assert (await read(client, token))["answer"] == "withdrawn"


async def test_line_for_the_complained_of_ends(services, client, district, resident):
    await fill(services, district["slots"][0])
    entry = await stand_in_line(client, services, resident, district["days"][0])
    await complain(services, entry["case_id"], district["units"][1])
    path = f"/api/waitlist/{entry['id']}"
    assert (await (await client.get(path)).json())["state"] == "waiting"  # the control
    await complain(services, entry["case_id"], district["units"][0])
    assert (await (await client.get(path)).json())["state"] == "closed"


async def test_point_chosen_before_the_subject_was_named_is_called_about(
    services, client, district, resident, runner, outbox
):
    booked = await fill(services, district["slots"][1])
    entry = await stand_in_line(
        client, services, resident, district["days"][1], attend_by="site",
        site_id=str(district["site"].id),
    )  # fmt: skip
    await complain(services, entry["case_id"], district["units"][0])
    await give_back(services, booked[0])
    await runner.run_all_due()
    token = token_of(outbox, PHONE)
    offer = (await read(client, token))["offers"][0]["id"]
    assert (await tap(client, token, "take", offer)).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        calls = sa.select(CallTask.kind).where(CallTask.kind == "other_site")
        assert (await tx.session.scalars(calls)).all() == ["other_site"]


async def test_kept_place_is_not_booked_with_the_complained_of(
    services, client, district, resident, runner, outbox
):
    """Though nothing was taken back, the last look refuses."""
    booked = await fill(services, district["slots"][0])
    entry = await stand_in_line(client, services, resident, district["days"][0])
    await give_back(services, booked[0])
    await runner.run_all_due()
    token = token_of(outbox, PHONE)
    offer = (await read(client, token))["offers"][0]["id"]
    for unit, status in zip(district["units"], (422, 200), strict=True):
        async with services.uow.begin(SYSTEM) as tx:
            (await tx.session.get_one(Case, entry["case_id"])).subject_unit_id = unit.id
        assert (await tap(client, token, "take", offer)).status == status


async def test_matter_is_not_diverted_to_the_complained_of(services, district, resident, clerk_of):
    booked = await book(services, district["slots"][1][0], resident, attend_by=AttendBy.PHONE)
    async with services.uow.begin(SYSTEM) as tx:
        case_id = (await tx.session.get_one(Appointment, booked)).case_id
    for unit, allowed in zip(district["units"], (False, True), strict=True):
        await complain(services, case_id, unit)
        async with services.uow.begin(clerk_of) as tx:
            appointment = await access.desk_appointment(tx, booked)
            slot = district["slots"][0][1]
            if allowed:
                made = await reviews.divert(tx, services.sealer, appointment, slot, reason="right")
                assert made.host_id == district["leaders"][0].account.id
                continue
            with pytest.raises(RuleBroken, match="leader_keeps_out"):
                await reviews.divert(tx, services.sealer, appointment, slot, reason="right")
            await tx.session.rollback()


async def test_complained_of_stands_in_for_nobody_who_receives_the_matter(
    services, district, resident
):
    booked = await book(services, district["slots"][1][0], resident)
    async with services.uow.begin(SYSTEM) as tx:
        case_id = (await tx.session.get_one(Appointment, booked)).case_id
    for unit, why in zip(district["units"], (Unfit.KEEPS_OUT, None), strict=True):
        await complain(services, case_id, unit)
        async with services.uow.begin(clerk(district["centre"])) as tx:
            day = await access.day(tx, district["days"][1].id)
            [other] = await stand_ins.candidates(tx, day)
            assert other.why is why
            assert await stand_ins.why_not(tx, day, other.leader) is why
            [swap] = await stand_ins.days_to_swap(tx, day)
            assert swap.why is why


async def test_earlier_matter_about_a_bureau_is_not_booked_with_its_leader(
    services, client, district, resident
):
    booked = await book(services, district["slots"][1][0], resident)
    async with services.uow.begin(SYSTEM) as tx:
        case_id = (await tx.session.get_one(Appointment, booked)).case_id
    await give_back(services, booked)
    await complain(services, case_id, district["units"][0])
    with pytest.raises(RuleBroken, match="leader_keeps_out"):
        await book(services, district["slots"][0][0], resident, case_id=case_id)
    assert await book(services, district["slots"][1][1], resident, case_id=case_id)
