"""Who is asked to come to a joint interview: answers, silence, and who falls out again."""

from datetime import datetime

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling.joint.tables import JointSeat
from scheduling.tables import Claim
from server.identity.tables import Account
from server.kernel.actor import SYSTEM, Role
from server.units.tables import Presence
from tests.identity import add_staff, enter
from tests.joint import (
    THURSDAY,
    District,
    book,
    booked_on_call,
    make,
    on_call,
    shown,
    times,
    wanted,
)
from tests.reception import at


@pytest_asyncio.fixture
async def district(services) -> District:
    return await make(services)


@pytest_asyncio.fixture
async def clerk(client, services, district):
    account = await add_staff(services, district.centre, Role.CLERK)
    await enter(client, services, account)
    return account


async def test_whoever_is_on_call_answers_and_is_bound(client, services, district, clerk, runner):
    person = await on_call(district)
    made = await booked_on_call(client, district)
    [seat] = made["seats"]
    assert (seat["state"], seat["rung"], seat["asked_name"]) == ("asked", "app", "handler name")
    await enter(client, services, person)
    [ask] = await (await client.get("/api/joint-asks/mine")).json()
    assert (ask["unit_name"], ask["category"]) == ("housing", "labour")
    assert "工资没有发" not in str(ask)  # what the matter is, only whoever comes may read
    done = await client.post(f"/api/joint-asks/{ask['seat_id']}/acceptance")
    assert [one["state"] for one in await done.json()] == ["acknowledged"]
    async with services.uow.begin(SYSTEM) as tx:
        mine = sa.select(sa.func.count(Claim.id)).where(Claim.resource == person.id)
        assert await tx.session.scalar(mine) == 1
        waiting = sa.text(
            "SELECT count(*) FROM task WHERE kind = 'joint.climb' AND done_at IS NULL"
        )
        assert (await tx.connection.execute(waiting)).scalar_one() == 0
    assert (await client.get(f"/api/cases/{district.case.id}")).status == 200
    [own] = await (await client.get("/api/own-sessions")).json()
    assert own["session_kind"] == "joint_interview"


async def test_nobody_else_answers_for_them(client, services, district, clerk):
    await on_call(district)
    made = await booked_on_call(client, district)
    [seat] = made["seats"]
    await enter(client, services, district.staff["labour"][0])
    assert await (await client.get("/api/joint-asks/mine")).json() == []
    for answer in ("acceptance", "refusal"):
        assert (await client.post(f"/api/joint-asks/{seat['id']}/{answer}")).status == 404
    assert (await client.get(f"/api/cases/{district.case.id}")).status == 404


async def test_refusal_asks_the_deputy_and_then_the_clerk(
    client, services, district, clerk, runner
):
    person, deputy = await on_call(district), district.staff["housing"][0]
    made = await booked_on_call(client, district)
    [seat] = made["seats"]
    for who in (person, deputy):
        await enter(client, services, who)
        assert (await client.post(f"/api/joint-asks/{seat['id']}/refusal")).status == 200
    await enter(client, services, clerk)
    path = f"/api/joint-interviews/{made['id']}"
    [silent] = (await (await client.get(path)).json())["seats"]
    assert (silent["state"], silent["refused"]) == ("unanswered", 2)
    calls = (await (await client.get("/api/call-tasks")).json())["items"]
    assert [(call["kind"], call["name"]) for call in calls] == [("joint_unanswered", "housing")]
    body = {"account_id": str(deputy.id)}
    noted = await client.post(f"{path}/seats/{seat['id']}/person", json=body)
    [settled] = (await noted.json())["seats"]
    assert (settled["state"], settled["person_name"]) == ("acknowledged", "handler name")
    assert (await (await client.get("/api/call-tasks")).json())["items"] == []


async def test_silence_climbs_from_app_to_sms_to_a_call_to_the_deputy(
    client, services, district, clerk, runner, outbox, clock
):
    person, deputy = await on_call(district), district.staff["housing"][0]
    async with services.uow.begin(SYSTEM) as tx:
        account = await tx.session.get_one(Account, person.id)
        account.phone = services.sealer.seal("13700000001", purpose="phone")
    made = await booked_on_call(client, district)
    seen, due = [], {}
    while len(seen) < 8:
        seats = (await (await client.get(f"/api/joint-interviews/{made['id']}")).json())["seats"]
        calls = (await (await client.get("/api/call-tasks")).json())["items"]
        seen.append((seats[0]["state"], seats[0]["rung"], [one["kind"] for one in calls]))
        due |= {one["kind"]: (one["due_at"], seats[0]["answer_due_at"]) for one in calls}
        if seats[0]["answer_due_at"] is None:
            break
        clock.move(datetime.fromisoformat(seats[0]["answer_due_at"]) - clock.now())
        await runner.run_all_due()
        await enter(client, services, clerk)
    assert seen == [
        ("asked", "app", []), ("asked", "sms", []), ("asked", "call", ["joint_ask"]),
        ("asked", "deputy", []), ("unanswered", None, ["joint_unanswered"]),
    ]  # fmt: skip
    assert due["joint_ask"][0] == due["joint_ask"][1]  # while it is their turn
    assert datetime.fromisoformat(due["joint_unanswered"][0]) < at("2026-11-24T09:00")
    assert [sms.to for sms in outbox.sms if "/staff" in sms.text] == ["13700000001"]
    assert clock.now() < at("2026-11-24T09:00")  # there is time left to phone
    async with services.uow.begin(SYSTEM) as tx:
        seat = (await tx.session.scalars(sa.select(JointSeat))).one()
    assert seat.refused == [str(person.id), str(deputy.id)]


@pytest.mark.parametrize("gone", ["ill", "refusal"])
async def test_who_was_to_be_phoned_is_spared_once_another_is_asked(
    client, services, district, clerk, runner, clock, gone
):
    person = await on_call(district)
    made = await booked_on_call(client, district)
    [seat] = made["seats"]
    for _ in range(2):
        clock.move(datetime.fromisoformat(seat["answer_due_at"]) - clock.now())
        await runner.run_all_due()
        await enter(client, services, clerk)
        [seat] = (await (await client.get(f"/api/joint-interviews/{made['id']}")).json())["seats"]
    assert [
        one["kind"] for one in (await (await client.get("/api/call-tasks")).json())["items"]
    ] == ["joint_ask"]
    if gone == "ill":
        body = {
            "account_id": str(person.id), "begins_at": at("2026-11-24T00:00").isoformat(),
            "ends_at": at("2026-11-25T00:00").isoformat(),
        }  # fmt: skip
        assert (await client.post("/api/roster/leaves", json=body)).status == 200
    else:
        await enter(client, services, person)
        assert (await client.post(f"/api/joint-asks/{seat['id']}/refusal")).status == 200
        await enter(client, services, clerk)
    assert (await (await client.get("/api/call-tasks")).json())["items"] == []
    [after] = (await (await client.get(f"/api/joint-interviews/{made['id']}")).json())["seats"]
    assert (after["state"], after["rung"]) == ("asked", "deputy")


async def test_whoever_falls_ill_is_replaced_by_the_next_of_the_unit(
    client, services, district, clerk, runner
):
    ill, deputy = district.staff["police"]
    await district.roster(
        "police", THURSDAY, "14:00", "17:00", presence=Presence.ROTATING, account_id=ill.id
    )
    made = await wanted(client, district, fixed=district.ids("police"))
    best = (await times(client, made))["possible"][0]
    booked = await (await book(client, made, best)).json()
    assert [(seat["state"], seat["rule"]) for seat in booked["seats"]] == [("present", None)]
    body = {
        "account_id": str(ill.id), "begins_at": at("2026-11-26T00:00").isoformat(),
        "ends_at": at("2026-11-27T00:00").isoformat(),
    }  # fmt: skip
    assert (await client.post("/api/roster/leaves", json=body)).status == 200
    [seat] = (await shown(client, made))["seats"]
    assert (seat["state"], seat["rule"], seat["refused"]) == ("asked", "next_of_unit", 1)
    await enter(client, services, deputy)
    assert (await client.post(f"/api/joint-asks/{seat['id']}/acceptance")).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        row = (await tx.session.scalars(sa.select(JointSeat))).one()
        held = sa.select(Claim.resource).where(Claim.appointment_id == row.appointment_id)
        assert row.account_id == deputy.id
        assert ill.id not in set((await tx.session.scalars(held)).all())


async def test_whoever_said_yes_may_still_fall_out(client, services, district, clerk):
    person = district.staff["police"][1]
    await district.roster(
        "police", THURSDAY, "14:00", "17:00", presence=Presence.ON_CALL, account_id=person.id
    )
    made = await wanted(client, district, fixed=district.ids("police"))
    best = (await times(client, made))["possible"][0]
    [seat] = (await (await book(client, made, best)).json())["seats"]
    await enter(client, services, person)
    for answer in ("acceptance", "refusal"):
        assert (await client.post(f"/api/joint-asks/{seat['id']}/{answer}")).status == 200
    assert await (await client.get("/api/joint-asks/mine")).json() == []
    await enter(client, services, clerk)
    [after] = (await shown(client, made))["seats"]
    assert (after["state"], after["asked_name"]) == ("asked", "handler name")


async def test_who_falls_out_after_the_clerk_found_them_is_called_about_anew(
    client, services, district, clerk
):
    person, deputy = district.staff["police"][1], district.staff["police"][0]
    await district.roster(
        "police", THURSDAY, "14:00", "17:00", presence=Presence.ON_CALL, account_id=person.id
    )
    made = await wanted(client, district, fixed=district.ids("police"))
    best = (await times(client, made))["possible"][0]
    [seat] = (await (await book(client, made, best)).json())["seats"]
    for who in (person, deputy):
        await enter(client, services, who)
        assert (await client.post(f"/api/joint-asks/{seat['id']}/refusal")).status == 200
    assert len(await unanswered_calls(client, services, clerk)) == 1
    path = f"/api/joint-interviews/{made['id']}/seats/{seat['id']}/person"
    assert (await client.post(path, json={"account_id": str(deputy.id)})).status == 200
    assert await unanswered_calls(client, services, clerk) == []
    await enter(client, services, deputy)
    assert (await client.post(f"/api/joint-asks/{seat['id']}/refusal")).status == 200
    assert await unanswered_calls(client, services, clerk) == [made["id"]]


async def unanswered_calls(client, services, clerk) -> list[str]:
    """The joint interviews that the clerk is to phone about, since nobody comes."""
    await enter(client, services, clerk)
    tasks = (await (await client.get("/api/call-tasks")).json())["items"]
    return [one["interview_id"] for one in tasks if one["kind"] == "joint_unanswered"]
