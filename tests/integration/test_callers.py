"""Who rings in unasked is found by the number they left, with all that is open with them."""

from datetime import timedelta

import pytest_asyncio
import sqlalchemy as sa

from scheduling import calls, changes
from scheduling.calls import NewCall
from scheduling.tables import Appointment, CallKind
from server.cases.tables import Case
from server.http.callers import AN_HOUR
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from server.units.tables import UnitKind
from tests.choosing import heard
from tests.identity import add_staff, enter
from tests.reception import (
    Leader,
    add_centre,
    add_leader,
    add_resident,
    book,
    publish_day,
    slots_of,
    without_rest,
)
from tests.units import add_unit

PHONE, OTHER = "13700000000", "13700000001"
NOTHING = {"calls": [], "choices": [], "wishes": [], "entries": [], "drawn": [], "appointments": []}


@pytest_asyncio.fixture
async def leader(services) -> Leader:
    return await add_leader(services, await add_centre(services))


@pytest_asyncio.fixture
async def desk(services, client, leader):
    clerk = await add_staff(services, leader.unit, Role.CLERK)
    await enter(client, services, clerk)
    return clerk


@pytest_asyncio.fixture
async def day(services, leader, runner):
    made = await publish_day(services, leader, slot_minutes=60, review=False)
    await runner.run_all_due()
    return made


async def asks(client, services, path, n, **body) -> None:
    resident = await add_resident(services, n)
    await enter(client, services, resident.account)
    body |= {"person_id": str(resident.person.id), "phone": PHONE, "sentence": "The roof leaks"}
    answer = await client.post(path, json=body)
    assert answer.status == 200, await answer.text()


async def rings(client, phone=PHONE) -> dict:
    answer = await client.post("/api/desk/callers", json={"phone": phone})
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_caller_whom_nobody_was_to_call_is_found_and_their_answer_written_down(
    client, services, desk, day, runner
):
    slots = await slots_of(services, day)
    holder = await add_resident(services, 1)
    freed = await book(services, slots[0], holder, phone=OTHER)
    kept = await book(services, slots[1], await add_resident(services, 2), phone=PHONE)
    await asks(client, services, "/api/waitlist", 3, day_id=str(day.id))
    async with services.uow.begin(holder.actor) as tx:
        given_back = await tx.session.get_one(Appointment, freed)
        await changes.cancel(without_rest(tx), given_back, reason=None)
    await runner.run_all_due()
    await enter(client, services, desk)
    assert (await (await client.get("/api/call-tasks")).json())[
        "items"
    ] == []  # nobody was to call them
    found = await rings(client)
    assert [one["id"] for one in found["appointments"]] == [str(kept)]
    assert [one["state"] for one in found["entries"]] == ["offered"]
    [choice] = found["choices"]
    assert (choice["kind"], choice["token"]) == ("place_freed", None)
    answer = await heard(client, choice["id"], "take", choice["offers"][0]["id"])
    assert answer.status == 200
    found = await rings(client)
    assert len(found["appointments"]) == 2
    assert (found["choices"], found["entries"]) == ([], [])
    assert await rings(client, OTHER) == NOTHING


async def test_caller_without_a_smartphone_is_found_by_what_is_asked_of_them(
    client, services, desk, leader, day, runner
):
    await asks(
        client, services, "/api/wishes", 1, leader_id=str(leader.account.id),
        needs={"no_smartphone": True}, attend_by="centre",
    )  # fmt: skip
    await enter(client, services, desk)
    [wish] = (await rings(client))["wishes"]
    assert wish["state"] == "asked"
    slots = [str(slot) for slot in await slots_of(services, day)]
    path = f"/api/desk/wishes/{wish['id']}/proposal"
    proposed = await (await client.post(path, json={"slot_ids": slots})).json()
    found = await rings(client)
    assert [one["id"] for one in found["choices"]] == [proposed["choice_id"]]
    assert [one["kind"] for one in found["calls"]] == ["choice_by_phone"]


async def test_caller_leaves_the_line(client, services, desk, day):
    for n, slot in enumerate(await slots_of(services, day)):
        await book(services, slot, await add_resident(services, n + 1), phone=OTHER)
    await asks(client, services, "/api/waitlist", 3, day_id=str(day.id))
    await enter(client, services, desk)
    [entry] = (await rings(client))["entries"]
    path = f"/api/desk/waitlist/{entry['id']}/leaving"
    async with services.uow.begin(SYSTEM) as tx:
        town = await add_unit(tx, "far", kind=UnitKind.SUB_CENTRE)
    await enter(client, services, await add_staff(services, town, Role.CLERK, login="stranger"))
    assert (await client.post(path)).status == 404
    await enter(client, services, desk)
    assert (await client.post(path)).status == 204
    assert await rings(client) == NOTHING


async def has_everything_open(client, services, desk, leader, day, runner) -> dict:
    """Appointments, a place in line, wishes that are asked about by phone and by link: all theirs."""
    slots = await slots_of(services, day)
    for n, slot in enumerate(slots):
        await book(services, slot, await add_resident(services, n + 1), phone=PHONE)
    await asks(client, services, "/api/waitlist", 11, day_id=str(day.id))
    await asks(
        client, services, "/api/wishes", 12, leader_id=str(leader.account.id),
        needs={"no_smartphone": True}, attend_by="centre",
    )  # fmt: skip
    await asks(client, services, "/api/wishes", 13, leader_id=str(leader.account.id))
    later = await publish_day(services, leader, in_days=8, slot_minutes=60, review=False)
    await runner.run_all_due()
    await enter(client, services, desk)
    wishes = (await rings(client))["wishes"]
    for wish, slot in zip(wishes, await slots_of(services, later), strict=True):
        path = f"/api/desk/wishes/{wish['id']}/proposal"
        proposed = await client.post(path, json={"slot_ids": [str(slot)]})
        assert proposed.status == 200, await proposed.text()
    found = await rings(client)
    assert {kind: len(of_it) for kind, of_it in found.items()} == {
        "calls": 1, "choices": 2, "wishes": 2, "entries": 1, "drawn": 0, "appointments": len(slots),
    }  # fmt: skip
    return found


async def test_clerk_who_is_shut_out_of_a_matter_sees_nothing_of_it(
    client, services, desk, leader, day, runner
):
    await has_everything_open(client, services, desk, leader, day, runner)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.session.execute(sa.update(Case).values(subject_unit_id=leader.unit.id))
    assert await rings(client) == NOTHING


async def test_search_names_in_the_audit_what_was_found_and_is_not_endless(
    client, services, desk, leader, day, runner
):
    found = await has_everything_open(client, services, desk, leader, day, runner)
    async with services.uow.begin(SYSTEM) as tx:
        lines = sa.select(AuditLine).where(AuditLine.action == "search").order_by(AuditLine.id)
        last = (await tx.session.scalars(lines)).all()[-1]
    ids = {kind: sorted(one["id"] for one in of_it) for kind, of_it in found.items()}
    assert last.facts == {"found": sum(map(len, ids.values())), "ids": ids}
    assert PHONE not in str(last.facts)
    more = [await client.post("/api/desk/callers", json={"phone": OTHER}) for _ in range(AN_HOUR)]
    assert [one.status for one in more] == [200] * (AN_HOUR - 2) + [429, 429]
    colleague = await add_staff(services, leader.unit, Role.CLERK, login="colleague")
    await enter(client, services, colleague)
    assert await rings(client, OTHER) == NOTHING


async def test_call_is_found_however_many_are_due_before_it(client, services, desk):
    async with services.uow.begin(SYSTEM) as tx:
        for n in range(201):
            call = NewCall(
                kind=CallKind.CALL_ME, key=f"test:{n}", phone=OTHER,
                due_at=tx.now + timedelta(minutes=n),
            )  # fmt: skip
            await calls.request(tx, services.sealer, call)
    assert len((await rings(client, OTHER))["calls"]) == 201
    assert await rings(client) == NOTHING


async def test_every_call_is_on_some_page_of_the_list(client, services, desk, leader):
    async with services.uow.begin(SYSTEM) as tx:
        for n in range(45):
            kind = CallKind.UNDELIVERED if n % 2 else CallKind.CALL_ME
            call = NewCall(kind=kind, key=f"test:{n}", name=f"{n}", due_at=tx.now)
            await calls.request(tx, services.sealer, call)

    async def pages(**query) -> list[tuple[int, list[dict]]]:
        answers = [
            await client.get("/api/call-tasks", params={"page": n, **query}) for n in (1, 2, 3)
        ]
        told = [await answer.json() for answer in answers]
        return [(one["total"], one["items"]) for one in told]

    found = await pages()
    assert [(total, len(items)) for total, items in found] == [(45, 20), (45, 20), (45, 5)]
    assert len({task["id"] for _, items in found for task in items}) == 45
    some = await pages(kind="undelivered")
    assert [(total, len(items)) for total, items in some] == [(22, 20), (22, 2), (22, 0)]
    last = found[2][1][-1]
    one = await client.get(f"/api/call-tasks/{last['id']}")
    assert await one.json() == last
    async with services.uow.begin(SYSTEM) as tx:
        town = await add_unit(tx, "far", kind=UnitKind.SUB_CENTRE)
    await enter(client, services, await add_staff(services, town, Role.CLERK, login="stranger"))
    assert (await client.get(f"/api/call-tasks/{last['id']}")).status == 404


async def test_caller_of_another_desk_is_not_found(
    client, services, desk, leader, day, runner, clock
):
    await has_everything_open(client, services, desk, leader, day, runner)
    async with services.uow.begin(SYSTEM) as tx:
        town = await add_unit(tx, "far", kind=UnitKind.SUB_CENTRE)
    stranger = await add_staff(services, town, Role.CLERK, login="stranger")
    await enter(client, services, stranger)
    assert await rings(client) == NOTHING
    worker = await add_staff(services, town, Role.MEDIATOR, login="mediator")
    await enter(client, services, worker)
    refused = await client.post("/api/desk/callers", json={"phone": PHONE})
    assert refused.status == 404
    clock.move(timedelta(days=8))
    await enter(client, services, desk)
    assert (await rings(client))["appointments"] == []  # they are over
