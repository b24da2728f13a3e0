"""A place that was given back rests: two people who know of each other cannot hand it over."""

from datetime import datetime, timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import changes, holds
from scheduling.choices import answering, questions
from scheduling.choices.tables import Choice
from scheduling.resting import Rest
from scheduling.tables import Appointment, Slot
from server.kernel.actor import SYSTEM, Role
from tests.identity import add_staff, enter
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    publish_day,
    slots_of,
    without_rest,
)

LEAST, MOST, A_MINUTE = timedelta(minutes=30), timedelta(hours=2), timedelta(minutes=1)
ZHANG = {"name": "Old Zhang", "phone": "13700000000", "sentence": "The wall is falling"}


@pytest_asyncio.fixture
async def hall(services, runner):
    """A day of two times, of which somebody has the first; and an accomplice of theirs."""
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader, slot_minutes=60)
    await runner.run_all_due()
    slots = await slots_of(services, day)
    holder, accomplice = await add_resident(services), await add_resident(services, 2)
    booked = await book(services, slots[0], holder)
    return {
        "leader": leader, "day": day, "slots": slots, "holder": holder, "accomplice": accomplice,
        "booked": booked,
    }  # fmt: skip


async def give_back(client, services, hall, way) -> None:
    await enter(client, services, hall["holder"].account)
    tail, body = {
        "cancel": ("cancellation", {}), "move": ("moves", {"slot_id": str(hall["slots"][1])}),
    }[way]  # fmt: skip
    answer = await client.post(f"/api/appointments/{hall['booked']}/{tail}", json=body)
    assert answer.status == 200, await answer.text()


async def hold(client, services, hall, *, who="accomplice", place=0):
    await enter(client, services, hall[who].account)
    return await client.post("/api/holds", json={"slot_id": str(hall["slots"][place])})


async def code_of(answer) -> tuple[int, str | None]:
    return answer.status, (await answer.json()).get("code")


async def page(client, hall) -> tuple[int, dict]:
    detail = await (await client.get(f"/api/days/{hall['day'].id}")).json()
    return detail["free"], detail["slots"][0]


async def rests_until(services, hall) -> datetime:
    async with services.uow.begin(SYSTEM) as tx:
        slot = await tx.session.get_one(Slot, hall["slots"][0])
        assert slot.rests_until is not None
        return slot.rests_until


@pytest.mark.parametrize("way", ["cancel", "move"])
async def test_place_given_back_cannot_be_handed_over(client, services, hall, clock, way):
    began = clock.now()
    await give_back(client, services, hall, way)
    for who in ("accomplice", "holder"):
        refused = await hold(client, services, hall, who=who)
        assert await code_of(refused) == (409, "slot_resting")
        found = (await refused.json())["details"]["alternatives"]
        assert str(hall["slots"][0]) not in {one["slot_id"] for one in found}
    free, slot = await page(client, hall)
    assert (free, slot["state"], slot["reason"]) == (way == "cancel", "closed", "resting")
    assert "rests_until" not in slot  # nobody is told until when
    clock.move(LEAST - A_MINUTE)
    assert (await hold(client, services, hall)).status == 409
    until = await rests_until(services, hall)
    assert began + LEAST <= until <= began + MOST
    clock.move(until - clock.now())
    assert (await page(client, hall))[1]["state"] == "free"
    assert (await hold(client, services, hall)).status == 200


async def test_nobody_begins_a_line_for_the_sake_of_a_place_that_rests(client, services, hall):
    await book(services, hall["slots"][1], await add_resident(services, 3))
    await give_back(client, services, hall, "cancel")
    who = hall["accomplice"]
    await enter(client, services, who.account)
    body = {
        "day_id": str(hall["day"].id), "person_id": str(who.person.id), "phone": "13900000002",
        "sentence": "Water comes through the roof",
    }  # fmt: skip
    assert await code_of(await client.post("/api/waitlist", json=body)) == (422, "day_place_rests")


async def offered(client, services, hall, runner) -> tuple[str, Choice]:
    """The accomplice stands in line, and is offered the place at once: entry and question."""
    await book(services, hall["slots"][1], await add_resident(services, 3))
    who = hall["accomplice"]
    await enter(client, services, who.account)
    body = {
        "day_id": str(hall["day"].id), "person_id": str(who.person.id), "phone": "13900000002",
        "sentence": "Water comes through the roof",
    }  # fmt: skip
    entry = await (await client.post("/api/waitlist", json=body)).json()
    async with services.uow.begin(hall["holder"].actor) as tx:
        appointment = await tx.session.get_one(Appointment, hall["booked"])
        await changes.cancel(without_rest(tx), appointment, reason=None)
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        [choice] = await questions.open_of(tx)
    return entry["id"], choice


@pytest.mark.parametrize("way", ["decline", "leave"])
async def test_place_that_was_offered_and_not_taken_rests_too(client, services, hall, runner, way):
    entry_id, choice = await offered(client, services, hall, runner)
    if way == "leave":
        assert (await client.delete(f"/api/waitlist/{entry_id}")).status == 204
    else:
        async with services.uow.begin(SYSTEM) as tx:
            await answering.decline(tx, services.sealer, choice.id)
    assert await code_of(await hold(client, services, hall, who="holder")) == (409, "slot_resting")


@pytest.mark.parametrize("sweeps_first", [True, False])
async def test_place_that_nobody_answered_about_rests_whichever_job_comes_first(
    client, services, hall, runner, clock, sweeps_first
):
    _, choice = await offered(client, services, hall, runner)
    clock.move(choice.due_at - clock.now())
    assert (await hold(client, services, hall, who="holder")).status == 409
    if sweeps_first:
        await sweep(services)
    await runner.run_all_due()
    assert await code_of(await hold(client, services, hall, who="holder")) == (409, "slot_resting")


async def sweep(services) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        assert await holds.sweep(tx) == 1


async def test_who_was_slow_with_the_form_may_have_the_time_again(client, services, hall, clock):
    assert (await hold(client, services, hall, who="holder", place=1)).status == 200
    clock.move(services.config.scheduling.hold_lifetime)
    assert (await hold(client, services, hall, who="holder", place=1)).status == 200
    clock.move(services.config.scheduling.hold_lifetime)
    await sweep(services)
    assert (await hold(client, services, hall, who="holder", place=1)).status == 200


@pytest.mark.parametrize("replaced", [True, False])
@pytest.mark.parametrize(
    ("kept", "extended", "found"),
    [
        (timedelta(minutes=6), False, (409, "slot_resting")),
        (timedelta(minutes=1), True, (409, "slot_resting")),
        (timedelta(minutes=1), False, (200, None)),  # who merely picks another time
    ],
)
async def test_hold_that_was_kept_long_cannot_be_handed_over(
    client, services, hall, runner, clock, replaced, kept, extended, found
):
    other = await publish_day(services, hall["leader"], in_days=8)
    await runner.run_all_due()
    held = await hold(client, services, hall, who="holder", place=1)
    url = f"/api/holds/{(await held.json())['appointment_id']}"
    if extended:
        assert (await client.post(f"{url}/extend", json={})).status == 200
    clock.move(kept)
    if replaced:
        body = {"slot_id": str((await slots_of(services, other))[0])}
        assert (await client.post("/api/holds", json=body)).status == 200
    else:
        assert (await client.delete(url)).status == 204
    assert await code_of(await hold(client, services, hall, place=1)) == found


async def test_who_moved_away_may_come_back_at_once(client, services, hall):
    await give_back(client, services, hall, "move")
    back = await client.post(
        f"/api/appointments/{hall['booked']}/moves", json={"slot_id": str(hall["slots"][0])}
    )
    assert back.status == 200, await back.text()


async def test_desk_gives_what_rests_with_a_reason_and_to_who_walks_in(client, services, hall):
    await give_back(client, services, hall, "cancel")
    await enter(client, services, await add_staff(services, hall["leader"].unit, Role.CLERK))
    until = (await rests_until(services, hall)).isoformat().replace("+00:00", "Z")
    detail = await (await client.get(f"/api/reception-days/{hall['day'].id}")).json()
    assert (detail["slots"][0]["reason"], detail["slots"][0]["rests_until"]) == ("resting", until)
    story = await (
        await client.get(f"/api/reception-days/{hall['day'].id}/slots/{hall['slots'][0]}/story")
    ).json()
    assert "rest" in [line["action"] for line in story]
    times = {}
    for channel in ("on_behalf", "walk_in"):
        query = {"day_id": str(hall["day"].id), "channel": channel}
        times[channel] = (await (await client.get("/api/desk/times", params=query)).json())[0]
    told = times["on_behalf"]
    assert (told["reason"], told["may_overrule"]) == ("resting", True)
    assert datetime.fromisoformat(told["rests_until"]) == datetime.fromisoformat(until)
    assert times["walk_in"]["reason"] is None
    body = {**ZHANG, "slot_id": str(hall["slots"][0]), "channel": "on_behalf"}
    refused = await client.post("/api/desk/appointments", json=body)
    assert await code_of(refused) == (409, "slot_resting")
    made = await client.post(
        "/api/desk/appointments", json={**body, "urgency": "Eviction tomorrow"}
    )
    assert (made.status, (await made.json())["urgency"]) == (200, "Eviction tomorrow")


async def test_places_come_back_at_times_that_do_not_tell_of_each_other(services, hall):
    async with services.uow.begin(SYSTEM) as tx:
        found = {Rest(LEAST, MOST).until(tx.now) - tx.now for _ in range(200)}
    assert len(found) == 200
    assert LEAST <= min(found) < timedelta(minutes=45)
    assert timedelta(minutes=105) < max(found) <= MOST


async def test_who_walks_in_has_what_rests(client, services, hall):
    await give_back(client, services, hall, "cancel")
    await enter(client, services, await add_staff(services, hall["leader"].unit, Role.CLERK))
    body = {**ZHANG, "slot_id": str(hall["slots"][0]), "channel": "walk_in"}
    made = await client.post("/api/desk/appointments", json=body)
    assert (made.status, (await made.json())["urgency"]) == (200, None)
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Appointment.state).where(Appointment.slot_id == hall["slots"][0])
        assert set(await tx.session.scalars(query)) == {"cancelled", "confirmed"}
