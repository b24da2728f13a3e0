"""The session of a mediation: a time is taken, both sides are invited, it may be called off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import changes, claims, confirmation, invitees
from scheduling.claims import Wanted
from scheduling.events import MediationScheduled
from scheduling.invitees import NewInvitee
from scheduling.mediation import times
from scheduling.mediation.mediations import TABLE, step
from scheduling.references import marks
from scheduling.tables import (
    Appointment,
    AppointmentState,
    AttendBy,
    ClaimReason,
    Invitee,
    Mediation,
    MediationState,
    SessionKind,
    SessionRole,
)
from server.cases.tables import Case, Party
from server.identity.tables import Account
from server.kernel import state
from server.kernel.errors import Conflict, FieldError, Invalid, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar

SOONEST = timedelta(minutes=10)


@dataclass(frozen=True)
class Guest:
    """Somebody to invite to the session; `serves` is the position of whom they come with."""

    role: SessionRole
    name: str
    phone: str
    email: str | None = None
    party_id: UUID | None = None
    serves: int | None = None


async def schedule(
    tx: Tx, sealer: Sealer, mediation: Mediation, *, begins_at: datetime, minutes: int,
    guests: Sequence[Guest],
) -> Appointment:  # fmt: skip
    """Take the mediator and the room for this time and invite everybody."""
    case = await tx.session.get_one(Case, mediation.case_id)
    _check(tx, begins_at, guests)
    ends_at = begins_at + timedelta(minutes=minutes)
    wanted = [
        Wanted(resource, begins_at, ends_at)
        for resource in (mediation.mediator_id, times.main_room(case.lead_unit_id))
    ]
    await claims.lock(await tx.driver(), [one.resource for one in wanted])
    state.after(TABLE, MediationState(mediation.state), "schedule")
    appointment = await _appointment(tx, mediation, case, begins_at=begins_at, ends_at=ends_at)
    if not await claims.take(
        await tx.driver(), wanted, appointment_id=appointment.id, reason=ClaimReason.BOOKING,
        expires_at=None, now=tx.now,
    ):  # fmt: skip
        raise Conflict("time_taken")
    await _invite(tx, sealer, appointment, guests)
    mediation.appointment_id = appointment.id
    step(tx, mediation, "schedule", appointment_id=appointment.id)
    calendar = await load_calendar(tx, around=day_of(begins_at))
    await confirmation.stand(tx, sealer, appointment, calendar=calendar)
    tx.emit(MediationScheduled(mediation_id=mediation.id, appointment_id=appointment.id))
    return appointment


def _check(tx: Tx, begins_at: datetime, guests: Sequence[Guest]) -> None:
    errors = []
    if begins_at < tx.now + SOONEST:
        errors.append(FieldError("begins_at", "field.in_the_past"))
    roles = {guest.role for guest in guests}
    if not {SessionRole.APPLICANT, SessionRole.RESPONDENT} <= roles:
        errors.append(FieldError("invitees", "field.both_sides"))
    if len({(guest.phone, guest.name) for guest in guests}) < len(guests):
        errors.append(FieldError("invitees", "field.twice"))
    for position, guest in enumerate(guests):
        if guest.serves is not None and not 0 <= guest.serves < len(guests):
            errors.append(FieldError(f"invitees.{position}.serves", "field.invalid"))
    if errors:
        raise Invalid("invalid", fields=tuple(errors))


async def _appointment(
    tx: Tx, mediation: Mediation, case: Case, *, begins_at: datetime, ends_at: datetime
) -> Appointment:
    appointment = Appointment(
        **marks(uuid4(), now=tx.now),
        session_kind=SessionKind.MEDIATION,
        state=AppointmentState.CONFIRMED,
        case_id=case.id,
        host_id=mediation.mediator_id,
        unit_id=case.lead_unit_id,
        account_id=case.opened_by,
        booked_by=mediation.mediator_id,
        begins_at=begins_at,
        ends_at=ends_at,
        attend_by=AttendBy.OWN_DEVICE,
        needs={},
    )
    tx.session.add(appointment)
    await tx.session.flush()
    return appointment


async def _invite(
    tx: Tx, sealer: Sealer, appointment: Appointment, guests: Sequence[Guest]
) -> None:
    """The mediator by account, everybody else by a personal link."""
    mediator = await tx.session.get_one(Account, appointment.host_id)
    host = NewInvitee(SessionRole.HOST, mediator.name or "", account_id=mediator.id)
    invitees.add(tx, sealer, appointment.id, host)
    persons = await _persons(tx, appointment.case_id)
    rows: list[Invitee] = []
    for guest in guests:
        invited = NewInvitee(
            guest.role, guest.name, person_id=persons.get(guest.party_id),
            phone=guest.phone, email=guest.email,
        )  # fmt: skip
        rows.append(invitees.add(tx, sealer, appointment.id, invited))
    await tx.session.flush()
    for guest, row in zip(guests, rows, strict=True):
        row.serves_id = rows[guest.serves].id if guest.serves is not None else None


async def _persons(tx: Tx, case_id: UUID | None) -> dict[UUID | None, UUID | None]:
    """The persons behind the parties of the case."""
    query = sa.select(Party.id, Party.person_id).where(Party.case_id == case_id)
    return {party: person for party, person in (await tx.session.execute(query)).all()}  # noqa: C416  (a row is not a pair to dict)


async def call_off(tx: Tx, mediation: Mediation, *, reason: str) -> None:
    """The time is off; both sides have agreed all the same, so another is looked for."""
    if mediation.appointment_id is None:
        raise RuleBroken("mediation_not_scheduled")
    appointment = await tx.session.get_one(Appointment, mediation.appointment_id)
    await changes.cancel(tx, appointment, reason=reason)
    step(tx, mediation, "call_off", reason=reason)
    mediation.appointment_id = None


async def session_over(tx: Tx, appointment_id: UUID, *, goes_on: bool) -> None:
    """The session is closed: adjourned, another time is looked for; else the mediation ends."""
    query = sa.select(Mediation).where(
        Mediation.appointment_id == appointment_id, Mediation.state == MediationState.SCHEDULED
    )
    mediation = (await tx.session.scalars(query)).one_or_none()
    if mediation is not None:
        step(tx, mediation, "adjourn" if goes_on else "end")


async def appointment_off(tx: Tx, due: Due) -> str | None:
    """Follows a cancelled appointment: somebody else than the mediator called it off."""
    query = sa.select(Mediation).where(
        Mediation.appointment_id == UUID(due.payload["appointment_id"]),
        Mediation.state == MediationState.SCHEDULED,
    )
    mediation = (await tx.session.scalars(query)).one_or_none()
    if mediation is None:
        return "skipped"
    step(tx, mediation, "call_off")
    mediation.appointment_id = None
    return None
