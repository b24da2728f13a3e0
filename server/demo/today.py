"""What is due when the demo starts: a reception with its line, and a mediation within the hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from scheduling import claims, confirmation, invitees
from scheduling.booking import Request
from scheduling.claims import Wanted
from scheduling.invitees import NewInvitee
from scheduling.plans import days
from scheduling.references import marks
from scheduling.states import DayAction
from scheduling.tables import (
    OPEN_STATES,
    Appointment,
    AppointmentState,
    AttendBy,
    Claim,
    ClaimReason,
    DayState,
    Mediation,
    MediationState,
    ReceptionDay,
    ReceptionKind,
    SessionKind,
    SessionRole,
    Slot,
)
from server.cases import commands as cases
from server.cases.commands import NewParty
from server.cases.states import CaseAction
from server.cases.tables import Case, CaseKind, Party, PartyRole
from server.demo.bookings import Desk
from server.demo.hours import OfficeHours
from server.demo.moments import as_resident, as_staff, at, next_five_minutes, quiet
from server.demo.people import Resident, Worker
from server.kernel.actor import Role
from server.kernel.uow import Tx
from server.units import queries
from server.units.calendar import day_of, load_calendar

DEMO_LEADER = 3
"""The place in official order of the leader whose reception is due; operator1 serves them."""
LENGTH = timedelta(hours=2)
SLOT_MINUTES = 25
LATEST = timedelta(minutes=-20)
SOONEST = timedelta(minutes=35)
UNTIL_MEDIATION = timedelta(minutes=40)
MEDIATION = timedelta(hours=1)
OTHER_PHONE, OTHER_MAILBOX = "13900000098", "other@centre.example"
MAILBOX = "resident@centre.example"


@dataclass(frozen=True)
class Today:
    """Makes sure that something is due; what an earlier start left over is called off."""

    desk: Desk
    texts: Mapping[str, Any]
    office: OfficeHours

    async def ensure(self, tx: Tx) -> None:
        leader = self.desk.everybody.worker(Role.LEADER, DEMO_LEADER)
        mediator = self.desk.everybody.worker(Role.MEDIATOR)
        begins_at = next_five_minutes(tx.now)
        if not await self._is_due(tx, leader):
            await self._call_off(tx, leader)
            await self._reception(tx, leader, begins_at)
        if not await self._is_due(tx, mediator, later=UNTIL_MEDIATION):
            await self._call_off(tx, mediator)
            await self._mediation(tx, mediator, begins_at + UNTIL_MEDIATION)

    async def _is_due(self, tx: Tx, host: Worker, *, later: timedelta = timedelta()) -> bool:
        query = sa.select(Appointment.id).where(
            Appointment.host_id == host.id,
            Appointment.state.in_(OPEN_STATES),
            Appointment.day_id.is_not(None) | (Appointment.session_kind == SessionKind.MEDIATION),
            Appointment.begins_at.between(tx.now + LATEST, tx.now + SOONEST + later),
        )
        return (await tx.session.scalars(query)).first() is not None

    async def _call_off(self, tx: Tx, host: Worker) -> None:
        """Nobody is to blame for what an earlier start of the demo made and nobody held."""
        query = sa.select(Appointment).where(
            Appointment.host_id == host.id,
            Appointment.state.in_((AppointmentState.CONFIRMED, AppointmentState.NO_SHOW)),
            Appointment.begins_at < tx.now,
        )
        for appointment in await tx.session.scalars(query):
            appointment.state = AppointmentState.CANCELLED
            await claims.release(await tx.driver(), appointment.id)
            tx.audit("cancel", "appointment", appointment.id)
        await tx.session.flush()

    async def _reception(self, tx: Tx, leader: Worker, begins_at: datetime) -> None:
        """A day made by hand, its line booked two days ago and confirmed by the clerk."""
        day = _day(leader, begins_at, topics=list(self._topics(leader)))
        await _end_leave(tx, leader, day)
        tx.session.add(day)
        await tx.session.flush()
        slots = days.cut_slots(day)
        tx.session.add_all(slots)
        await tx.session.flush()
        for place, (resident, request) in enumerate(self._line()):
            slot = await _first_free(tx, slots, leader.id, resident.person_id)
            if slot is None:
                continue
            when = self.office.back(tx.now - timedelta(days=2), steps=len(slots) - place)
            booked = await self.desk.book(quiet(tx), resident, slot.id, request, when=when)
            (when,) = self.office.spread(when, tx.now, count=1)
            await self.desk.confirm(tx, booked, when=when)
        day.state = DayState.BOOKING_CLOSED
        for action, due_at in ((DayAction.BEGIN, begins_at), (DayAction.FINISH, day.ends_at)):
            days.schedule_step(tx, day.id, action, due_at=due_at)

    def _line(self) -> list[tuple[Resident, Request]]:
        residents, words = self.desk.everybody.residents, self.texts["line"]
        site = Request(
            phone=residents[2].phone, sentence=words[0], category="neighbours",
            attend_by=AttendBy.SITE, site_id=residents[0].village.id,
        )  # fmt: skip
        mine = Request(phone=residents[0].phone, sentence=self.texts["due"], category="labour",
                       people=2, email=MAILBOX)  # fmt: skip
        return [
            (residents[0], mine),
            (residents[2], site),
            (residents[3], _plain(residents[3], words[1], "other")),
            (residents[4], _plain(residents[4], words[2], "environment")),
        ]

    def _topics(self, leader: Worker) -> list[str]:
        known = (one.topics for one in self.desk.everybody.leaders if one.worker is leader)
        return next(known)

    async def _mediation(self, tx: Tx, mediator: Worker, begins_at: datetime) -> None:
        """Both sides agreed; the neighbour is the one, a firm the other."""
        applicant = self.desk.everybody.residents[1]
        case = await self._dispute(tx, applicant)
        asked, answered, agreed = self.office.spread(case.registered_at, tx.now, count=3)
        appointment = _meeting(mediator, case, begins_at, now=agreed)
        tx.session.add(appointment)
        await tx.session.flush()
        host = Wanted(mediator.id, appointment.begins_at, appointment.ends_at)
        await claims.take(await tx.driver(), [host], appointment_id=appointment.id,
                          reason=ClaimReason.BOOKING, expires_at=None, now=tx.now)  # fmt: skip
        for invited in self._parties(mediator, applicant):
            invitees.add(tx, self.desk.services.sealer, appointment.id, invited)
        tx.session.add(await _agreed(tx, mediator, appointment, asked=asked, answered=answered))
        calendar = await load_calendar(tx, around=day_of(tx.now))
        then = at(tx, agreed, as_staff(mediator))
        await confirmation.stand(then, self.desk.services.sealer, appointment, calendar=calendar)

    async def _dispute(self, tx: Tx, applicant: Resident) -> Case:
        came = self.office.back(tx.now - timedelta(days=3))
        then = quiet(at(tx, came, as_resident(applicant)))
        parties = [
            NewParty(PartyRole.APPLICANT, applicant.name, applicant.person_id, applicant.phone),
            NewParty(PartyRole.RESPONDENT, self.texts["other_side"], phone=OTHER_PHONE),
        ]
        sealer = self.desk.services.sealer
        case = await cases.register(
            then, sealer, kind=CaseKind.DISPUTE, sentence=self.texts["mediation"],
            category="contract", people=1, channel="online",
            place_unit_id=applicant.village.id, first_receiver=await queries.centre(tx),
            parties=parties, opened_by=applicant.id,
        )  # fmt: skip
        clerk = as_staff(self.desk.everybody.worker(Role.CLERK))
        (taken, *_) = self.office.spread(came, tx.now, count=3)
        later = quiet(at(tx, taken, clerk))
        return await cases.move(later, sealer, case, CaseAction.MEDIATE)

    def _parties(self, mediator: Worker, applicant: Resident) -> list[NewInvitee]:
        recorder = self.desk.everybody.worker(Role.RECORDER)
        return [
            NewInvitee(SessionRole.HOST, mediator.name, account_id=mediator.id),
            NewInvitee(SessionRole.APPLICANT, applicant.name, person_id=applicant.person_id,
                       phone=applicant.phone),
            NewInvitee(SessionRole.RESPONDENT, self.texts["other_side"], phone=OTHER_PHONE,
                       email=OTHER_MAILBOX),
            NewInvitee(SessionRole.RECORDER, recorder.name, account_id=recorder.id),
        ]  # fmt: skip


async def _end_leave(tx: Tx, leader: Worker, day: ReceptionDay) -> None:
    """They are back, whatever an earlier start of the demo has let them be away for."""
    leave = sa.delete(Claim).where(
        Claim.resource == leader.id, Claim.reason == ClaimReason.LEAVE,
        Claim.during.overlaps(pg.Range(day.begins_at, day.ends_at)),
    )  # fmt: skip
    await tx.session.execute(leave)


async def _first_free(tx: Tx, slots: Sequence[Slot], *resources: UUID) -> Slot | None:
    """What they have from an earlier start keeps its time."""
    for slot in slots:
        wanted = [Wanted(one, slot.begins_at, slot.ends_at) for one in resources]
        driver = await tx.driver()
        if all([await claims.left_of(driver, one, now=tx.now) == [one] for one in wanted]):
            return slot
    return None


def _plain(resident: Resident, sentence: str, category: str) -> Request:
    return Request(phone=resident.phone, sentence=sentence, category=category)


def _day(leader: Worker, begins_at: datetime, *, topics: list[str]) -> ReceptionDay:
    return ReceptionDay(
        id=uuid4(), leader_id=leader.id, unit_id=leader.unit.id, kind=ReceptionKind.SCHEDULED,
        state=DayState.BOOKING_OPEN, begins_at=begins_at, ends_at=begins_at + LENGTH,
        slot_minutes=SLOT_MINUTES, break_minutes=0, capacity=1, topics=topics, review=True,
        invited_only=False, booking_opens_at=begins_at - timedelta(days=14),
        booking_closes_at=begins_at - timedelta(hours=1),
    )  # fmt: skip


def _meeting(mediator: Worker, case: Case, begins_at: datetime, *, now: datetime) -> Appointment:
    return Appointment(
        **marks(uuid4(), now=now), session_kind=SessionKind.MEDIATION,
        state=AppointmentState.CONFIRMED, case_id=case.id, host_id=mediator.id,
        unit_id=case.lead_unit_id, account_id=case.opened_by, booked_by=mediator.id,
        begins_at=begins_at, ends_at=begins_at + MEDIATION, attend_by=AttendBy.OWN_DEVICE,
        needs={},
    )  # fmt: skip


async def _agreed(
    tx: Tx, mediator: Worker, appointment: Appointment, *, asked: datetime, answered: datetime
) -> Mediation:
    case_id = appointment.case_id
    query = sa.select(Party.id).where(Party.case_id == case_id, Party.role == PartyRole.RESPONDENT)
    return Mediation(
        id=uuid4(), case_id=case_id, mediator_id=mediator.id, state=MediationState.SCHEDULED,
        other_party_id=(await tx.session.scalars(query)).one(), asked_at=asked,
        answer_due_at=asked + timedelta(days=3), answered_at=answered,
        appointment_id=appointment.id,
    )  # fmt: skip
