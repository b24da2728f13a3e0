"""Which staffed point somebody goes to: never one of the unit that they complain of."""

from collections.abc import Sequence
from itertools import takewhile
from uuid import UUID

import sqlalchemy as sa

from scheduling import calls, changes
from scheduling.calls import NewCall
from scheduling.choices import kept_places
from scheduling.events import AppointmentConfirmed
from scheduling.tables import (
    OPEN_STATES,
    Appointment,
    AppointmentState,
    AttendBy,
    CallKind,
    SitePass,
)
from server.cases.tables import Case
from server.kernel.errors import Conflict, FieldError, Invalid, NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units import queries
from server.units.tables import Unit

CHANGEABLE = (AppointmentState.SUBMITTED, AppointmentState.CONFIRMED)


def is_barred(site: Unit, subject: Unit | None) -> bool:
    """Whether the point is the unit complained of, or stands below it."""
    return subject is not None and site.path.startswith(subject.path)


def nearest(sites: Sequence[Unit], *, to: Unit | None, subject: Unit | None) -> list[Unit]:
    """The points where nobody of the unit complained of works, those in the same town first."""
    allowed = [site for site in sites if not is_barred(site, subject)]
    home = to.path if to else ""
    return sorted(allowed, key=lambda site: -_shared(site.path, home))


async def possible(tx: Tx, appointment: Appointment) -> list[Unit]:
    """Where this person may go instead, the nearest first."""
    here = await tx.session.get(Unit, appointment.site_id) if appointment.site_id else None
    found = nearest(await queries.sites(tx), to=here, subject=await subject_of(tx, appointment))
    return [site for site in found if site.id != appointment.site_id]


async def subject_of(tx: Tx, appointment: Appointment) -> Unit | None:
    case = await tx.session.get(Case, appointment.case_id) if appointment.case_id else None
    if case is None or case.subject_unit_id is None:
        return None
    return await tx.session.get(Unit, case.subject_unit_id)


async def check(tx: Tx, site_id: UUID | None, *, subject_id: UUID | None) -> None:
    """Raises Invalid for a point of the unit complained of."""
    site = await tx.session.get(Unit, site_id) if site_id else None
    subject = await tx.session.get(Unit, subject_id) if subject_id else None
    if subject_id is not None and subject is None:
        raise Invalid("invalid", fields=(FieldError("subject_unit_id", "field.invalid"),))
    if site is not None and is_barred(site, subject):
        raise Invalid("invalid", fields=(FieldError("site_id", "field.site_complained_of"),))


async def change(tx: Tx, appointment: Appointment, site_id: UUID) -> None:
    """Go to another point; whoever comes is told once more, with the new place."""
    if appointment.state not in CHANGEABLE:
        raise Conflict("wrong_state")
    if appointment.begins_at <= tx.now:
        raise RuleBroken("appointment_is_past")
    if site_id not in {site.id for site in await possible(tx, appointment)}:
        raise Invalid("invalid", fields=(FieldError("site_id", "field.not_a_site"),))
    await calls.settle(tx, _key(appointment))
    appointment.site_id, appointment.attend_by = site_id, AttendBy.SITE
    tx.audit("change_site", "appointment", appointment.id, site=site_id)
    if appointment.state == AppointmentState.CONFIRMED:
        appointment.sequence += 1
        await changes.renew_reminders(tx, appointment)
        told = AppointmentConfirmed(appointment_id=appointment.id, sequence=appointment.sequence)
        tx.emit(told)


async def leave_complained_of(tx: Tx, sealer: Sealer, case: Case) -> None:
    """The unit complained of was named: who was to go to a point of its is called, and a seat that
    its staff opened is closed.
    """
    if case.subject_unit_id is None:
        return
    subject = await tx.session.get_one(Unit, case.subject_unit_id)
    query = sa.select(Appointment).where(
        Appointment.case_id == case.id, Appointment.state.in_(OPEN_STATES)
    )
    for appointment in (await tx.session.scalars(query)).all():
        site = await tx.session.get(Unit, appointment.site_id) if appointment.site_id else None
        if site is not None and is_barred(site, subject):
            await _close_seats(tx, appointment)
            await _call(tx, sealer, appointment)


def _shared(one: str, other: str) -> int:
    """How many units both stand below."""
    steps = zip(one.split("/"), other.split("/"), strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], steps)))


async def _close_seats(tx: Tx, appointment: Appointment) -> None:
    query = sa.update(SitePass).where(
        SitePass.appointment_id == appointment.id, SitePass.ended_at.is_(None)
    )
    await tx.session.execute(query.values(ended_at=tx.now))


async def _call(tx: Tx, sealer: Sealer, appointment: Appointment) -> None:
    try:
        guest = await kept_places.guest_of(tx, appointment)
    except NotFound:
        return
    call = NewCall(
        kind=CallKind.OTHER_SITE, key=_key(appointment),
        name=sealer.open(guest.name, purpose="name"),
        phone=sealer.open(guest.phone, purpose="phone") if guest.phone else None,
        appointment_id=appointment.id, latest=appointment.begins_at,
    )  # fmt: skip
    await calls.request(tx, sealer, call, unit_id=appointment.unit_id)


def _key(appointment: Appointment) -> str:
    return f"{CallKind.OTHER_SITE}:{appointment.id}:{appointment.site_id}"
