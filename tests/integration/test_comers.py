"""Who comes along to a reception: companions, interpreters, agents, a group's representatives."""

from uuid import uuid4

import pytest
import pytest_asyncio

from scheduling import holds
from scheduling.comers import Comer, check
from scheduling.tables import SessionRole
from server.cases import papers
from server.cases.tables import Paper
from server.kernel.actor import SYSTEM, Role
from server.kernel.errors import Invalid
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_leader, add_resident, form, publish_day, slots_of

AGENT, REPRESENTATIVE = SessionRole.AGENT, SessionRole.REPRESENTATIVE
LETTER = uuid4()


def faults(company, *, people=9, most=5) -> set[str]:
    try:
        check(company, people=people, papers=[LETTER], most_representatives=most)
    except Invalid as found:
        return {one.code for one in found.fields}
    return set()


def chosen(count: int) -> list[Comer]:
    return [Comer(REPRESENTATIVE, f"R{n}", letter_id=LETTER) for n in range(count)]


@pytest.mark.parametrize(
    ("company", "people", "most", "codes"),
    [
        ([Comer(SessionRole.HELPER, "H")], 1, 5, set()),
        ([Comer(AGENT, "A", letter_id=LETTER)], 1, 5, set()),
        ([Comer(AGENT, "A", letter_seen=True)], 1, 5, set()),
        ([Comer(AGENT, "A")], 1, 5, {"field.letter_missing"}),
        ([Comer(AGENT, "A", letter_id=uuid4())], 1, 5, {"field.letter_missing"}),
        ([Comer(SessionRole.HELPER, "H", letter_id=uuid4())], 1, 5, {"field.letter_missing"}),
        (chosen(4), 30, 5, set()),
        (chosen(5), 30, 5, {"field.too_many_representatives"}),
        (chosen(3), 30, 3, {"field.too_many_representatives"}),
        (chosen(2), 2, 5, {"field.fewer_than_come"}),
        ([Comer(REPRESENTATIVE, "R")], 9, 5, {"field.letter_missing"}),
        ([Comer(SessionRole.HELPER, str(n)) for n in range(7)], 1, 5, {"field.company_too_large"}),
    ],
)
def test_company_that_may_come(company, people, most, codes):
    assert faults(company, people=people, most=most) == codes


@pytest_asyncio.fixture
async def leader(services):
    return await add_leader(services, await add_centre(services))


@pytest_asyncio.fixture
async def resident(services):
    return await add_resident(services)


@pytest_asyncio.fixture
async def slots(services, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    return await slots_of(services, day)


async def add_paper(services, account) -> str:
    async with services.uow.begin(SYSTEM) as tx:
        paper = Paper(
            id=uuid4(), account_id=account.id, size=7, media_type="image/png", added_at=tx.now,
            name=services.sealer.seal("letter.png", purpose=papers.PURPOSE),
            sha256=await services.blobs.put(b"a letter"),
        )  # fmt: skip
        tx.session.add(paper)
    return str(paper.id)


async def test_agent_comes_with_a_letter_that_clerk_and_leader_see(
    services, client, leader, resident, slots
):
    async with services.uow.begin(resident.actor) as tx:
        kept = await holds.hold(tx, slots[0], config=services.config.scheduling)
    letter = await add_paper(services, resident.account)
    agent = {"role": "agent", "name": "Lawyer Li", "phone": "13800000009"}
    body = form(kept.appointment_id, resident, paper_ids=[letter], company=[agent])
    await enter(client, services, resident.account)
    refused = await client.post("/api/appointments", json=body)
    assert [one["field"] for one in (await refused.json())["errors"]] == ["company"]
    body["company"] = [{**agent, "letter_id": letter}]
    made = await client.post("/api/appointments", json=body)
    assert made.status == 200
    booked = (await made.json())["id"]
    await enter(client, services, await add_staff(services, leader.unit, Role.CLERK))
    along = [{"role": "agent", "name": "Lawyer Li", "letter_id": letter}]
    shown = await (await client.get(f"/api/desk/appointments/{booked}")).json()
    assert (named(shown), shown["person_name"]) == (along, "Resident 1")
    brief = await (await client.get(f"/api/appointments/{booked}/brief")).json()
    assert named(brief) == along


def named(view: dict) -> list[dict]:
    return [{key: one[key] for key in ("role", "name", "letter_id")} for one in view["company"]]


async def test_agents_card_is_compared_at_the_window_by_the_name_they_were_named_by(
    services, client, leader, slots
):
    await enter(client, services, await add_staff(services, leader.unit, Role.CLERK))
    company = [
        {"role": "agent", "name": "Lawyer Li", "phone": "13800000009", "letter_seen": True},
        {"role": "helper", "name": "Son Wang", "phone": "13800000008"},
    ]
    body = {
        "slot_id": str(slots[0]), "name": "Owner Zhang", "phone": "13700000000",
        "sentence": "The lift has stood still for a year", "company": company,
    }  # fmt: skip
    made = await (await client.post("/api/desk/appointments", json=body)).json()
    told = {one["name"]: one for one in made["company"]}
    agent, son = told["Lawyer Li"], told["Son Wang"]
    assert (agent["seen"], agent["actions"], son["actions"]) == (False, ["compare"], [])
    path = f"/api/appointments/{made['id']}/identity"
    done = await (await client.post(path, json={"invitee_id": agent["invitee_id"]})).json()
    after = {one["name"]: one for one in done["company"]}
    assert (after["Lawyer Li"]["seen"], after["Lawyer Li"]["actions"]) == (True, [])
    assert done["person_level"] == shown_level(made)  # the person's own card is another
    for other in (son["invitee_id"], str(uuid4())):
        refused = await client.post(path, json={"invitee_id": other})
        assert refused.status == 404


def shown_level(view: dict) -> str | None:
    return view["person_level"]


async def test_group_is_booked_at_the_desk_by_letters_seen_there(
    services, client, leader, slots, runner, outbox
):
    await enter(client, services, await add_staff(services, leader.unit, Role.CLERK))
    company = [
        {"role": "representative", "name": f"Owner {n}", "phone": f"1380000000{n}"} for n in (1, 2)
    ]
    body = {
        "slot_id": str(slots[0]), "name": "Owner Zhang", "phone": "13700000000", "people": 40,
        "sentence": "The lift has stood still for a year", "company": company,
    }  # fmt: skip
    refused = await client.post("/api/desk/appointments", json=body)
    assert [one["field"] for one in (await refused.json())["errors"]] == ["company"]
    body["company"] = [{**one, "letter_seen": True} for one in company]
    made = await (await client.post("/api/desk/appointments", json=body)).json()
    assert sorted(one["name"] for one in made["company"]) == ["Owner 1", "Owner 2"]
    await runner.run_all_due()
    assert {one.to for one in outbox.sms} == {"13700000000", "13800000001", "13800000002"}
