"""Every kind of notice to people without a smartphone: a call in plain words, never a link."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import invitees
from scheduling.choices import questions
from scheduling.choices.questions import About
from scheduling.choices.tables import Choice, ChoiceKind, WaitlistEntry, Wish
from scheduling.draws.tables import Draw, DrawEntry
from scheduling.invitees import NewInvitee
from scheduling.messages.replies import Partstat
from scheduling.tables import Appointment, CallTask, Invitee, SessionRole
from server.bootstrap import Services
from server.bootstrap.handlers import handlers
from server.kernel.actor import SYSTEM
from server.kernel.tasks import Due
from server.kernel.texts import LANGUAGES, load_texts
from server.kernel.uow import Tx
from server.notices.courier import UNTOLD
from server.notices.outgoing import BODY
from server.notices.tables import Delivery
from tests.reception import (
    Resident,
    add_centre,
    add_leader,
    add_resident,
    book,
    publish_day,
    slots_of,
)

STAFF = {
    "notice.alarm_raised", "brief.evening_before", "notice.joint_proposed", "notice.joint_asked",
    "notice.joint_released", "notice.mediation_answered",
}  # fmt: skip
OTHERS = {"notice.invited", "notice.uninvited", "notice.mediation_asked"}
"""Whoever is asked to join gave a phone of their own; nothing is known of what they have."""
WITHOUT_LINK = {
    "notice.missed",
    "notice.call_requested", "notice.case_moved", "notice.addressed", "notice.diverted",
}  # fmt: skip
"""Plain words, or an entry in a calendar."""


@dataclass(frozen=True)
class World:
    """An appointment of somebody, and what they may be told of, all in one."""

    services: Services
    resident: Resident
    appointment_id: UUID
    day_id: UUID
    marked: bool

    @property
    def needs(self) -> dict:
        return {"no_smartphone": True} if self.marked else {}

    async def appointment(self, tx: Tx, **changes) -> Appointment:
        found = await tx.session.get_one(Appointment, self.appointment_id)
        for name, value in {"needs": self.needs, **changes}.items():
            setattr(found, name, value)
        return found

    async def asked(
        self, tx: Tx, table: type[Wish] | type[WaitlistEntry] | type[DrawEntry], **facts
    ):
        """What they asked for and wait for."""
        known, sealer = await self.appointment(tx), self.services.sealer
        row = table(
            id=uuid4(), reference=uuid4().hex, unit_id=known.unit_id, case_id=known.case_id,
            person_id=known.person_id, account_id=known.account_id, asked_by=known.booked_by,
            name=sealer.seal("Resident 1", purpose="name"),
            phone=sealer.seal("13900000001", purpose="phone"), needs=self.needs, asked_at=tx.now,
            attend_by=known.attend_by, **facts,
        )  # fmt: skip
        tx.session.add(row)
        await tx.session.flush()
        return row

    async def choice(self, tx: Tx, **answered) -> Choice:
        known, sealer = await self.appointment(tx), self.services.sealer
        phone = None if self.marked else sealer.seal("13900000001", purpose="phone")
        about = About(
            kind=ChoiceKind.REPLACED, unit_id=known.unit_id, phone=phone,
            name=sealer.seal("Resident 1", purpose="name"), appointment_id=known.id,
            from_leader_id=known.host_id,
        )  # fmt: skip
        due_at = tx.now + timedelta(days=1)
        made = await questions.ask(tx, sealer, about, [], tell_at=tx.now, due_at=due_at)
        for name, value in answered.items():
            setattr(made, name, value)
        await tx.session.flush()
        return made


Payload = Callable[[World, Tx], Awaitable[dict]]


def of_appointment(**changes) -> Payload:
    async def made(world: World, tx: Tx) -> dict:
        found = await world.appointment(tx, **changes)
        facts = {"sequence": found.sequence, "was_confirmed": True, "reminder": "24h"}
        return {"appointment_id": str(found.id), "case_id": str(found.case_id),
                "decision_id": "one", **facts}  # fmt: skip

    return made


async def of_declined_entry(world: World, tx: Tx) -> dict:
    found = await world.appointment(tx, state="confirmed")
    query = sa.select(Invitee).where(
        Invitee.appointment_id == found.id, Invitee.role == SessionRole.PETITIONER
    )
    seat = (await tx.session.scalars(query)).one()
    seat.answer = Partstat.DECLINED
    return {"invitee_id": str(seat.id), "sequence": found.sequence,
            "release_at": found.begins_at.isoformat()}  # fmt: skip


async def of_choice(world: World, tx: Tx) -> dict:
    return {"choice_id": str((await world.choice(tx)).id)}


async def of_silence(world: World, tx: Tx) -> dict:
    return {"choice_id": str((await world.choice(tx, answer="silence", answered_at=tx.now)).id)}


def of_entry(state: str) -> Payload:
    async def made(world: World, tx: Tx) -> dict:
        row = await world.asked(tx, WaitlistEntry, day_id=world.day_id, state=state)
        return {"entry_id": str(row.id)}

    return made


def of_applied(state: str) -> Payload:
    async def made(world: World, tx: Tx) -> dict:
        known = await world.appointment(tx)
        draw = Draw(
            id=uuid4(), unit_id=known.unit_id, host_id=known.host_id, kind="mediator", state=state,
            title="Mediators", begins_at=known.begins_at, minutes=30, places=2, opens_at=tx.now,
            closes_at=tx.now, commitment="", seed=b"", announced_by=known.host_id,
            announced_at=tx.now,
        )  # fmt: skip
        tx.session.add(draw)
        await tx.session.flush()
        place = 3 if state == "drawn" else None
        row = await world.asked(tx, DrawEntry, draw_id=draw.id, number=1, points={}, place=place)
        return {"entry_id": str(row.id)}

    return made


async def of_wish(world: World, tx: Tx) -> dict:
    facts = {"decline_reason": "Not here", "right_route": "The court", "due_at": tx.now}
    return {"wish_id": str((await world.asked(tx, Wish, state="declined", **facts)).id)}


TOLD: list[tuple[str, Payload, str | None]] = [
    ("notice.submitted", of_appointment(), None),
    ("notice.confirmed", of_appointment(state="confirmed"), "confirmed"),
    ("notice.confirmed", of_appointment(state="confirmed", attend_by="site"), "confirmed"),
    ("notice.moved", of_appointment(state="confirmed"), "moved"),
    (
        "notice.rehosted",
        of_appointment(state="confirmed", session_kind="joint_interview"),
        "joint_rehosted",
    ),
    ("notice.cancelled", of_appointment(state="cancelled"), "cancelled"),
    ("notice.declined", of_appointment(state="declined"), "declined"),
    ("notice.expired", of_appointment(state="expired"), "expired"),
    ("notice.answer_declined", of_declined_entry, "answer_declined"),
    ("notice.choice_asked", of_choice, None),
    ("notice.choice_answered", of_silence, "choice_kept"),
    ("notice.waitlist_ended", of_entry("closed"), "waitlist_closed"),
    ("notice.waitlist_ended", of_entry("lapsed"), "waitlist_lapsed"),
    ("notice.wish_declined", of_wish, "wish_declined"),
    ("notice.draw_lost", of_applied("drawn"), "draw_lost"),
    ("notice.draw_off", of_applied("cancelled"), "draw_off"),
    ("notice.reply_released", of_appointment(state="completed"), "reply_released"),
    ("reminder.due", of_appointment(state="confirmed"), "reminder_24h"),
]


@pytest_asyncio.fixture
async def booked(services, runner):
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader)
    await runner.run_all_due()
    resident = await add_resident(services)
    appointment_id = await book(services, (await slots_of(services, day))[0], resident)
    return services, resident, appointment_id, day.id


async def told(world: World, kind: str, payload: Payload) -> tuple[list[CallTask], list[str]]:
    """The calls that a notice leads to, and the messages that it leaves."""
    services = world.services
    async with services.uow.begin(SYSTEM) as tx:
        given = await payload(world, tx)
    async with services.uow.begin(SYSTEM) as tx:
        due = Due(1, kind, kind, given, tx.now, 1, 1)
        assert await handlers(services).work[kind](tx, due) is None
    async with services.uow.begin(SYSTEM) as tx:
        calls = (await tx.session.scalars(sa.select(CallTask))).all()
        sent = (await tx.session.scalars(sa.select(Delivery.body))).all()
    return list(calls), [services.sealer.open(one, purpose=BODY) for one in sent]


@pytest.mark.parametrize(("kind", "payload", "about"), TOLD)
async def test_without_a_smartphone_a_clerk_tells_it(booked, kind, payload, about):
    services, resident, appointment_id, day_id = booked
    calls, sent = await told(
        World(services, resident, appointment_id, day_id, marked=True), kind, payload
    )
    assert sent == []
    assert [one.key.split(":")[:2] for one in calls] == (
        [["tell_by_phone", about]] if about else []
    )
    for one in calls:
        words = services.sealer.open(one.words, purpose="text")
        assert "请" in words
        assert "http" not in words
        assert services.sealer.open(one.phone, purpose="phone") == "13900000001"


async def test_each_of_two_whose_matter_it_is_is_called(booked):
    services, resident, appointment_id, day_id = booked
    second = NewInvitee(SessionRole.PETITIONER, "Resident 2", phone="13900000002")
    async with services.uow.begin(SYSTEM) as tx:
        invitees.add(tx, services.sealer, appointment_id, second)
    world = World(services, resident, appointment_id, day_id, marked=True)
    calls, _ = await told(world, "notice.confirmed", of_appointment(state="confirmed"))
    assert {services.sealer.open(one.phone, purpose="phone") for one in calls} == {
        "13900000001", "13900000002",
    }  # fmt: skip


@pytest.mark.parametrize(("hours", "due"), [(4, 2), (1, 1)])
async def test_told_two_hours_before_or_at_least_before(booked, clock, hours, due):
    services, resident, appointment_id, day_id = booked
    async with services.uow.begin(SYSTEM) as tx:
        begins_at = (await tx.session.get_one(Appointment, appointment_id)).begins_at
    clock.instant = begins_at - timedelta(hours=hours)
    world = World(services, resident, appointment_id, day_id, marked=True)
    calls, _ = await told(world, "notice.confirmed", of_appointment(state="confirmed"))
    assert [one.due_at - clock.now() for one in calls] == [timedelta(hours=due)]


@pytest.mark.parametrize(("kind", "payload", "about"), TOLD)
async def test_with_one_the_same_is_a_message_with_a_link(booked, kind, payload, about):
    """The control."""
    services, resident, appointment_id, day_id = booked
    calls, sent = await told(
        World(services, resident, appointment_id, day_id, marked=False), kind, payload
    )
    assert calls == []
    assert ["http" in one for one in sent] == [True]


async def test_no_kind_of_notice_is_forgotten(services):
    kinds = {
        kind for kind in handlers(services).work
        if kind.startswith(("notice.", "reminder.", "brief."))
    }  # fmt: skip
    assert kinds == {kind for kind, _, _ in TOLD} | STAFF | OTHERS | WITHOUT_LINK


SENT_TO_OTHERS = {
    "alarm_raised", "evening_before", "invited", "joint_asked", "joint_office", "joint_proposed",
    "mediation_answered", "mediation_asked", "mediation_lapsed",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_with_a_link_has_words_for_the_phone(language):
    words = load_texts().catalogues[language]
    linked = {
        key.removeprefix("notice.") for key, text in words.items()
        if key.startswith("notice.") and "{link}" in text
    }  # fmt: skip
    asked = {f"choice_{kind}" for kind in ChoiceKind}  # a call comes with the question
    for template in linked - SENT_TO_OTHERS - asked - UNTOLD:
        about = template.removesuffix("_site")
        assert "{link}" not in words[f"call.{about}"], template
