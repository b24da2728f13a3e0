"""A mediation from the question to its session, over HTTP."""

from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling.mediation import times
from scheduling.tables import Appointment, Claim, Invitee, Mediation
from server.cases.commands import NewParty
from server.cases.tables import PartyRole
from server.kernel.actor import SYSTEM, Role
from server.units.calendar import announced, day_of
from tests.cases import register
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_leader, at, publish_day, slots_of

APPLICANT = NewParty(PartyRole.APPLICANT, "Zhou Applies", phone="13900000001")
RESPONDENT = NewParty(PartyRole.RESPONDENT, "Qian Responds", phone="13900000002")
BOTH = [
    {"role": "applicant", "name": "Zhou Applies", "phone": "13900000001"},
    {"role": "respondent", "name": "Qian Responds", "phone": "13900000002"},
    {"role": "recorder", "name": "Sun Records", "phone": "13900000003", "email": "sun@x.example"},
]
BEGINS = at("2026-11-25T14:00")


@pytest_asyncio.fixture
async def unit(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def mediator(services, client, unit):
    account = await add_staff(services, unit, Role.MEDIATOR)
    await enter(client, services, account)
    return account


@pytest_asyncio.fixture
async def case(services, unit):
    async with services.uow.begin(SYSTEM) as tx:
        return await register(services, tx, unit, kind="dispute", parties=[APPLICANT, RESPONDENT])


async def parties(client, case) -> dict[str, str]:
    answer = await (await client.get(f"/api/cases/{case.id}")).json()
    return {party["role"]: party["id"] for party in answer["parties"]}


async def ask(client, case) -> dict:
    other = (await parties(client, case))["respondent"]
    answer = await client.post(f"/api/cases/{case.id}/mediations", json={"other_party_id": other})
    assert answer.status == 200, await answer.text()
    return await answer.json()


def link_in(outbox, path: str) -> str:
    """The newest link of this kind that was sent."""
    text = next(sms.text for sms in reversed(outbox.sms) if path in sms.text)
    return text.rpartition(path)[2].split()[0]


async def agreed(client, case, runner, outbox) -> dict:
    made = await ask(client, case)
    await runner.run_all_due()
    headers = {"X-Ask": link_in(outbox, "/ask/")}
    answer = await client.post("/api/asks/mine/answer", json={"answer": "agree"}, headers=headers)
    assert answer.status == 200
    return made


async def test_asking_reaches_the_other_side_who_agrees(client, mediator, case, runner, outbox):
    made = await ask(client, case)
    assert (made["state"], made["actions"], made["ask_link_sent"]) == ("asking", [], False)
    assert made["answer_due_at"] == "2026-11-26T16:00:00Z"  # three working days from a Monday
    await runner.run_all_due()
    sms = outbox.sms[-1]
    assert sms.to == "13900000002"
    headers = {"X-Ask": link_in(outbox, "/ask/"), "Accept-Language": "en"}
    question = await (await client.get("/api/asks/mine", headers=headers)).json()
    assert (question["open"], question["my_name"]) == (True, "Qian Responds")
    assert "Applies" not in str(question)
    assert "voluntary" in question["rights"]
    body = {"answer": "agree", "words": "Only in the afternoon"}
    await client.post("/api/asks/mine/answer", json=body, headers=headers)
    seen = await (await client.get(f"/api/mediations/{made['id']}")).json()
    assert (seen["state"], seen["words"]) == ("agreed", "Only in the afternoon")
    assert (seen["ask_link_sent"], seen["actions"]) == (True, ["schedule", "end"])
    again = await client.post("/api/asks/mine/answer", json=body, headers=headers)
    assert (again.status, (await again.json())["code"]) == (410, "ask_answered")


@pytest.mark.parametrize(
    ("answer", "state"), [("refuse", "refused"), ("another_mediator", "reassigned")]
)
async def test_other_side_may_refuse_or_want_another_mediator(
    client, services, mediator, unit, case, runner, outbox, answer, state
):
    made = await ask(client, case)
    await runner.run_all_due()
    headers = {"X-Ask": link_in(outbox, "/ask/")}
    await client.post("/api/asks/mine/answer", json={"answer": answer}, headers=headers)
    path = f"/api/mediations/{made['id']}"
    assert (await (await client.get(path)).json())["state"] == state
    session = await client.post(
        f"{path}/session", json={"begins_at": BEGINS.isoformat(), "invitees": BOTH}
    )
    assert session.status == 409


async def test_colleague_takes_over_and_the_first_mediator_sees_it_no_more(
    client, services, mediator, unit, case, runner, outbox
):
    colleague = await add_staff(services, unit, Role.MEDIATOR, login="second")
    made = await ask(client, case)
    await runner.run_all_due()
    headers = {"X-Ask": link_in(outbox, "/ask/")}
    await client.post("/api/asks/mine/answer", json={"answer": "another_mediator"}, headers=headers)
    path = f"/api/mediations/{made['id']}"
    [other] = await (await client.get(f"{path}/colleagues")).json()
    assert other["id"] == str(colleague.id)
    stranger = {"mediator_id": str(mediator.id)}
    assert (await client.post(f"{path}/mediator", json=stranger)).status == 422
    await enter(client, services, mediator)
    await client.post(f"{path}/mediator", json={"mediator_id": other["id"]})
    assert (await client.get(path)).status == 404
    await enter(client, services, colleague)
    assert (await (await client.get(path)).json())["state"] == "agreed"


async def test_question_lapses_after_three_working_days(
    client, mediator, case, runner, outbox, clock
):
    made = await ask(client, case)
    await runner.run_all_due()
    headers = {"X-Ask": link_in(outbox, "/ask/")}
    clock.move(timedelta(days=3, hours=16))
    late = await client.post("/api/asks/mine/answer", json={"answer": "agree"}, headers=headers)
    assert (await late.json())["code"] == "ask_lapsed"
    await runner.run_all_due()
    async with runner.uow.begin(SYSTEM) as tx:
        state = await tx.session.scalar(sa.select(Mediation.state))
    assert state == "ended"
    assert made["state"] == "asking"


async def test_times_leave_out_what_the_mediator_or_the_room_has(
    client, services, mediator, unit, case, runner, outbox
):
    made = await agreed(client, case, runner, outbox)
    path = f"/api/mediations/{made['id']}"
    body = {"begins_at": BEGINS.isoformat(), "minutes": 60, "invitees": BOTH}
    before = await (await client.get(f"{path}/times")).json()
    assert {time["why"] for time in before} == {None}
    assert len({time["begins_at"][:10] for time in before}) == 10
    answer = await client.post(f"{path}/session", json=body)
    assert answer.status == 200, await answer.text()
    after = await (await client.get(f"{path}/times")).json()
    busy = [(time["begins_at"][11:16], time["why"]) for time in after if time["why"]]
    assert busy == [("06:00", "mediator_busy"), ("06:30", "mediator_busy")]


async def test_scheduling_invites_each_by_a_link_of_their_own(
    client, services, mediator, case, runner, outbox
):
    made = await agreed(client, case, runner, outbox)
    path = f"/api/mediations/{made['id']}"
    body = {"begins_at": BEGINS.isoformat(), "minutes": 90, "invitees": BOTH}
    scheduled = await (await client.post(f"{path}/session", json=body)).json()
    assert (scheduled["state"], scheduled["actions"]) == ("scheduled", ["call_off"])
    assert scheduled["session"]["ends_at"] == "2026-11-25T07:30:00Z"
    await runner.run_all_due()
    invited = {sms.to for sms in outbox.sms if "/i/" in sms.text}
    assert invited == {"13900000001", "13900000002", "13900000003"}
    links = {sms.text.rpartition("/i/")[2].split()[0] for sms in outbox.sms if "/i/" in sms.text}
    assert len(links) == 3
    told = [sms.text for sms in outbox.sms if "/i/" in sms.text]
    assert ["视频调解已确认" in text or "视频会见" in text for text in told] == [True] * 3
    assert ["视频预约" in text for text in told] == [False] * 3
    assert [to for to, _ in outbox.mails] == ["sun@x.example"]
    async with services.uow.begin(SYSTEM) as tx:
        tokens = (await tx.session.scalars(sa.select(Invitee.token_hash))).all()
        claims = (await tx.session.scalars(sa.select(Claim.resource))).all()
        unit_id = await tx.session.scalar(sa.select(Appointment.unit_id))
    assert len({t for t in tokens if t}) == 3
    assert set(claims) == {mediator.id, times.main_room(unit_id)}


async def test_two_mediations_do_not_get_one_room_at_one_time(
    client, services, mediator, unit, case, runner, outbox
):
    made = await agreed(client, case, runner, outbox)
    body = {"begins_at": BEGINS.isoformat(), "invitees": BOTH}
    await client.post(f"/api/mediations/{made['id']}/session", json=body)
    other = await add_staff(services, unit, Role.MEDIATOR, login="second")
    await enter(client, services, other)
    async with services.uow.begin(SYSTEM) as tx:
        second = await register(services, tx, unit, kind="dispute", parties=[APPLICANT, RESPONDENT])
    theirs = await agreed(client, second, runner, outbox)
    taken = await client.post(f"/api/mediations/{theirs['id']}/session", json=body)
    assert (taken.status, (await taken.json())["code"]) == (409, "time_taken")
    later = {**body, "begins_at": (BEGINS + timedelta(hours=1)).isoformat()}
    free = await client.post(f"/api/mediations/{theirs['id']}/session", json=later)
    assert free.status == 200


async def test_calling_off_frees_the_time_and_keeps_the_agreement(
    client, services, mediator, case, runner, outbox
):
    made = await agreed(client, case, runner, outbox)
    path = f"/api/mediations/{made['id']}"
    body = {"begins_at": BEGINS.isoformat(), "invitees": BOTH}
    await client.post(f"{path}/session", json=body)
    off = await client.post(f"{path}/cancellation", json={"reason": "mediator is ill"})
    answer = await off.json()
    assert (answer["state"], answer["session"]) == ("agreed", None)
    assert (await client.post(f"{path}/session", json=body)).status == 200


async def test_session_goes_neither_to_a_leader_nor_into_a_slot(
    client, services, mediator, unit, case, runner, outbox
):
    day = await publish_day(services, await add_leader(services, unit))
    to = {"slot_id": str((await slots_of(services, day))[0])}
    made = await agreed(client, case, runner, outbox)
    body = {"begins_at": BEGINS.isoformat(), "invitees": BOTH}
    scheduled = await client.post(f"/api/mediations/{made['id']}/session", json=body)
    session = (await scheduled.json())["session"]["appointment_id"]
    await enter(client, services, await add_staff(services, unit, Role.CLERK, login="desk"))
    card = await (await client.get(f"/api/desk/appointments/{session}")).json()
    assert card["actions"] == ["cancel", "invite"]
    diverted = await client.post(
        f"/api/appointments/{session}/diversion", json={**to, "reason": "In charge of wages"}
    )
    assert (diverted.status, (await diverted.json())["code"]) == (422, "divert_receptions_only")
    moved = await client.post(f"/api/desk/appointments/{session}/moves", json=to)
    assert (moved.status, (await moved.json())["code"]) == (422, "move_by_its_own_page")
    async with services.uow.begin(SYSTEM) as tx:
        held = (await tx.session.scalars(sa.select(Claim.resource))).all()
        state = await tx.session.scalar(sa.select(Mediation.state))
    assert set(held) == {mediator.id, times.main_room(unit.id)}
    assert state == "scheduled"


async def test_only_one_open_mediation_a_case_and_both_sides_are_needed(
    client, mediator, case, runner, outbox
):
    made = await agreed(client, case, runner, outbox)
    other = (await parties(client, case))["respondent"]
    again = await client.post(f"/api/cases/{case.id}/mediations", json={"other_party_id": other})
    assert (again.status, (await again.json())["code"]) == (409, "mediation_open")
    twice = {"begins_at": BEGINS.isoformat(), "invitees": [BOTH[0], BOTH[0]]}
    answer = await client.post(f"/api/mediations/{made['id']}/session", json=twice)
    assert {e["code"] for e in (await answer.json())["errors"]} == {
        "field.both_sides", "field.twice",
    }  # fmt: skip


async def test_strangers_link_opens_nothing(client):
    for headers in ({}, {"X-Ask": "no-such-token-at-all"}):
        assert (await client.get("/api/asks/mine", headers=headers)).status == 404


def test_grid_keeps_office_hours_and_working_days():
    now = at("2026-09-30T16:20")  # the evening before a week of holidays
    horizon, hours = times.office(announced(), today=day_of(now))
    cells = times.asked(horizon, hours, now=now, length=timedelta(hours=1))
    begins = [horizon.at(cell) for cell in cells]
    assert begins[0] == at("2026-10-08T09:00")
    assert {b.astimezone().minute % 30 for b in begins} == {0}
