"""What falls free after the draw goes down the drawn order, over HTTP."""

import re
from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from scheduling import changes
from scheduling.clock import Ticker
from scheduling.draws import lottery
from scheduling.draws.tables import DrawEntry
from scheduling.tables import Appointment, CallTask, Claim
from server.bootstrap.jobs import add_jobs
from server.cases.tables import Case
from server.identity.tables import Account, Person
from server.kernel.actor import SYSTEM, Role
from tests.choosing import asked_by_phone, heard, read, tap, token_of
from tests.draws import BY_PHONE, announced, apply, open_calls, protocol
from tests.identity import add_staff, enter
from tests.reception import (
    Resident,
    add_centre,
    add_leader,
    at,
    book,
    drawing,
    publish_day,
    slots_of,
)


@pytest.fixture
def config(config):
    """The switch is on."""
    return drawing(config)


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def host(services, centre):
    return await add_staff(services, centre, Role.MEDIATOR)


@pytest_asyncio.fixture
async def clerk(services, centre):
    return await add_staff(services, centre, Role.CLERK)


@pytest_asyncio.fixture
async def draw(client, services, clerk, host) -> dict:
    return await announced(client, services, clerk, host)


async def drawn_for(client, services, draw, runner, clock, *, applying=5, **more):
    """All of them apply, it is drawn; the accounts in the order of the draw."""
    clock.move(timedelta(hours=2))
    for n in range(1, applying + 1):
        assert (await apply(client, services, draw, n, **more)).status == 200
    clock.move(timedelta(days=3, hours=23))  # Friday, an hour after the draw fell due
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        return (await tx.session.scalars(sa.select(DrawEntry).order_by(DrawEntry.place))).all()


@pytest.mark.parametrize("more", [{}, BY_PHONE])
async def test_who_is_not_drawn_is_told_how_many_stand_before_them(
    client, services, draw, runner, clock, outbox, more
):
    entries = await drawn_for(client, services, draw, runner, clock, applying=4, **more)
    by_sms = [(sms.to, sms.text) for sms in outbox.sms if "没有抽中" in sms.text]
    by_call = [call for call in await told_by_phone(services) if "没有抽中" in call[1]]
    told = {phone: re.findall("候补.*第 (.) 位", text) for phone, text in by_sms + by_call}
    assert told == {phone_of(services, entries[2]): ["1"], phone_of(services, entries[3]): ["2"]}
    assert ["/draws" in text for _, text in by_sms] == ([] if more else [True, True])


async def give_back(services, entry):
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, entry.appointment_id)
        await changes.cancel(tx, appointment, reason=None)


def phone_of(services, entry) -> str:
    return services.sealer.open(entry.phone, purpose="phone")


def asked_by_sms(outbox) -> list[str]:
    return [sms.to for sms in outbox.sms if "/choose/" in sms.text]


async def test_freed_place_goes_to_the_next_in_the_drawn_order_alone(
    client, services, draw, runner, clock, outbox
):
    entries = await drawn_for(client, services, draw, runner, clock)
    await give_back(services, entries[0])
    await runner.run_all_due()
    assert asked_by_sms(outbox) == [phone_of(services, entries[2])]
    token = token_of(outbox, phone_of(services, entries[2]))
    asked = await read(client, token)
    assert (asked["kind"], asked["offers"][0]["begins_at"]) == (
        "drawn_freed", "2026-11-30T01:00:00Z",
    )  # fmt: skip
    taken = await (await tap(client, token, "take", asked["offers"][0]["id"])).json()
    assert taken["appointment_state"] == "confirmed"
    await runner.run_all_due()
    told = await protocol(client, draw)
    assert [(one["number"], one["answer"]) for one in told["turns"]] == [
        (entries[2].number, "take")
    ]
    assert lottery.check(told) == []
    skipped = [{**told["turns"][0], "number": entries[3].number}]
    assert lottery.check({**told, "turns": skipped}) != []  # the control: somebody went before
    assert len(asked_by_sms(outbox)) == 1


async def test_place_whose_winner_the_host_keeps_out_of_goes_to_the_next_as_it_is_drawn(
    client, services, draw, runner, clock, outbox, centre
):
    clock.move(timedelta(hours=2))
    for n in (1, 2, 3, 4):
        await apply(client, services, draw, n, needs={"elder": True} if n == 2 else {})
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Case).join(DrawEntry, DrawEntry.case_id == Case.id)
        barred = (await tx.session.scalars(query.where(DrawEntry.number == 2))).one()
        barred.subject_unit_id = centre.id
    entries = await drawn_for(client, services, draw, runner, clock, applying=0)
    assert (entries[0].number, entries[0].appointment_id) == (2, None)
    assert await open_calls(services) == [("draw_place", phone_of(services, entries[0]))]
    assert asked_by_sms(outbox) == [phone_of(services, entries[2])]
    told = await protocol(client, draw)
    assert [(one["number"], one["place"]) for one in told["turns"]] == [(entries[2].number, 1)]
    assert lottery.check(told) == []


async def test_place_that_falls_free_unseen_is_found_by_the_sweep(
    client, services, draw, runner, clock, outbox, host
):
    entries = await drawn_for(client, services, draw, runner, clock)
    away = Claim(
        resource=host.id, during=Range(at("2026-11-30T09:00"), at("2026-11-30T09:30")),
        reason="leave",
    )  # fmt: skip
    await give_back(services, entries[0])
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(away)
    await runner.run_all_due()
    assert asked_by_sms(outbox) == []
    async with services.uow.begin(SYSTEM) as tx:
        await tx.session.execute(sa.delete(Claim).where(Claim.id == away.id))
    ticker = Ticker()
    add_jobs(ticker, services, runner)
    await ticker.get_job("holds").func()
    await runner.run_all_due()
    assert asked_by_sms(outbox) == [phone_of(services, entries[2])]


async def test_silence_is_phoned_about_and_passes_the_place_on(
    client, services, draw, runner, clock, outbox, centre
):
    entries = await drawn_for(client, services, draw, runner, clock)
    await give_back(services, entries[1])
    await runner.run_all_due()
    assert await open_calls(services) == []
    clock.move(timedelta(hours=1))
    await runner.run_all_due()
    assert await open_calls(services) == [("draw_place", phone_of(services, entries[2]))]
    assert len(asked_by_sms(outbox)) == 1  # kept for them still
    clock.move(timedelta(hours=1, minutes=1))
    await runner.run_all_due()
    assert asked_by_sms(outbox) == [phone_of(services, one) for one in entries[2:4]]
    declined = await tap(client, token_of(outbox, phone_of(services, entries[3])), "decline")
    assert declined.status == 200
    await runner.run_all_due()
    told = await protocol(client, draw)
    assert [(one["number"], one["answer"]) for one in told["turns"]] == [
        (entries[2].number, "silence"), (entries[3].number, "decline"), (entries[4].number, None),
    ]  # fmt: skip
    assert lottery.check(told) == []


async def test_who_has_another_open_appointment_is_passed_over(
    client, services, draw, runner, clock, outbox, centre
):
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader, slot_minutes=60, review=False)
    entries = await drawn_for(client, services, draw, runner, clock)
    async with services.uow.begin(SYSTEM) as tx:
        busy = await tx.session.get_one(Person, entries[2].person_id)
        account = await tx.session.get_one(Account, entries[2].account_id)
    slots = await slots_of(services, day)
    await book(services, slots[0], Resident(account, busy))
    await give_back(services, entries[0])
    await runner.run_all_due()
    assert asked_by_sms(outbox) == [phone_of(services, entries[3])]
    told = await protocol(client, draw)
    assert [(one["number"], one["passed_over"]) for one in told["turns"]] == [
        (entries[2].number, True), (entries[3].number, False),
    ]  # fmt: skip
    assert lottery.check(told) == []
    assert lottery.check({**told, "turns": told["turns"][1:]}) != []  # left out, it would be wrong


async def test_without_a_smartphone_a_clerk_calls_at_once_and_answers_for_them(
    client, services, draw, runner, clock, outbox, clerk
):
    entries = await drawn_for(client, services, draw, runner, clock, **BY_PHONE)
    outbox.sms.clear()
    await give_back(services, entries[0])
    await runner.run_all_due()
    assert asked_by_sms(outbox) == []
    assert await open_calls(services, "draw_place") == [
        ("draw_place", phone_of(services, entries[2]))
    ]
    await enter(client, services, clerk)
    _, asked = await asked_by_phone(client, "draw_place")
    said = await heard(client, asked["id"], "take", asked["offers"][0]["id"])
    assert (await said.json())["appointment_state"] == "confirmed"
    assert await open_calls(services, "draw_place") == []


async def test_winner_who_is_busy_then_is_asked_about_the_own_place(
    client, services, draw, runner, clock, outbox, centre, host
):
    """Something else stands at that time: kept a while, phoned, then the next in order's."""
    clock.move(timedelta(hours=2))
    for n in (1, 2, 3):
        await apply(client, services, draw, n, needs={"elder": True} if n == 2 else {})
    async with services.uow.begin(SYSTEM) as tx:
        [first] = (
            await tx.session.scalars(sa.select(DrawEntry).where(DrawEntry.number == 2))
        ).all()
        whole = Range(at("2026-11-30T09:00"), at("2026-11-30T09:30"))
        tx.session.add(Claim(resource=first.person_id, during=whole, reason="booking"))
    clock.move(timedelta(days=3, hours=23))
    await runner.run_all_due()
    assert asked_by_sms(outbox) == [phone_of(services, first)]
    assert await open_calls(services) == [("draw_place", phone_of(services, first))]
    token = token_of(outbox, phone_of(services, first))
    offer = (await read(client, token))["offers"][0]["id"]
    assert (await (await tap(client, token, "take", offer)).json())["code"] == "person_busy_then"
    clock.move(timedelta(hours=2, minutes=1))
    await runner.run_all_due()
    told = await protocol(client, draw)
    assert [(one["place"], one["answer"]) for one in told["turns"]] == [(1, "silence"), (1, None)]
    assert lottery.check(told) == []


async def test_winner_who_has_enough_open_is_asked_and_told_why(
    client, services, draw, runner, clock, outbox, centre
):
    """Applying counts for nothing; by the draw two others were booked."""
    clock.move(timedelta(hours=2))
    await apply(client, services, draw, 1)
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader)
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        [entry] = (await tx.session.scalars(sa.select(DrawEntry))).all()
        winner = Resident(
            await tx.session.get_one(Account, entry.account_id),
            await tx.session.get_one(Person, entry.person_id),
        )
    slots = await slots_of(services, day)
    booked = [await book(services, slot, winner) for slot in slots[2:4]]
    clock.move(timedelta(days=3, hours=23))
    await runner.run_all_due()
    assert asked_by_sms(outbox) == [phone_of(services, entry)]
    token = token_of(outbox, phone_of(services, entry))
    offer = (await read(client, token))["offers"][0]["id"]
    told = await (await tap(client, token, "take", offer)).json()
    assert told["code"] == "too_many_open_appointments"
    async with services.uow.begin(winner.actor) as tx:
        await changes.cancel(tx, await tx.session.get_one(Appointment, booked[0]), reason=None)
    assert (await tap(client, token, "take", offer)).status == 200


async def test_day_called_off_after_the_draw_gives_nobody_a_place(
    client, services, draw, runner, clock, outbox, clerk
):
    entries = await drawn_for(client, services, draw, runner, clock)
    await give_back(services, entries[0])
    await runner.run_all_due()
    await enter(client, services, clerk)
    path = f"/api/draws/{draw['id']}/cancellation"
    off = await (await client.post(path, json={"reason": "ill"})).json()
    assert (off["state"], off["stopped_at"] is not None) == ("stopped", True)
    before = len(asked_by_sms(outbox))
    await runner.run_all_due()
    assert (len(asked_by_sms(outbox)), lottery.check(off)) == (before, [])
    off_for = sorted(sms.to for sms in outbox.sms if "不用再等" in sms.text)
    assert off_for == sorted(phone_of(services, one) for one in entries[2:])
    async with services.uow.begin(SYSTEM) as tx:
        states = (await tx.session.scalars(sa.select(Appointment.state))).all()
    assert set(states) == {"cancelled"}
    again = await client.post(path, json={"reason": "ill"})
    assert again.status == 409


async def told_by_phone(services) -> list[tuple[str, str]]:
    """Whom a clerk is to call to tell them something, and what."""
    sealer, query = services.sealer, sa.select(CallTask).where(CallTask.words.is_not(None))
    async with services.uow.begin(SYSTEM) as tx:
        found = (await tx.session.scalars(query)).all()
    return [
        (sealer.open(one.phone, purpose="phone"), sealer.open(one.words, purpose="text"))
        for one in found
    ]
