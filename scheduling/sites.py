"""Which staffed point somebody goes to: never one of the unit that they complain of."""

from collections.abc import Sequence
from itertools import takewhile
from uuid import UUID

import sqlalchemy as sa

from scheduling import calls, changes
from scheduling.calls import NewCall
from scheduling.choices import displaced, kept_places, questions, waiting
from scheduling.choices.tables import OPEN_ENTRIES, Offer, WaitlistEntry
from scheduling.complained_of import barred, is_barred, subject_of
from scheduling.events import AppointmentConfirmed
from scheduling.tables import (
    OPEN_STATES,
    Appointment,
    AppointmentState,
    AttendBy,
    CallKind,
    ReceptionDay,
    SitePass,
)
from server.cases.tables import Case
from server.kernel.errors import Conflict, FieldError, Invalid, NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units import queries
from server.units.tables import Unit

CHANGEABLE = (AppointmentState.SUBMITTED, AppointmentState.CONFIRMED)


def nearest(sites: Sequence[Unit], *, to: Unit | None, subject: Unit | None) -> list[Unit]:
    """The points where nobody of the unit complained of works, those in the same town first."""
    allowed = [site for site in sites if not is_barred(site, subject)]
    home = to.path if to else ""
    return sorted(allowed, key=lambda site: -_shared(site.path, home))


async def possible(tx: Tx, appointment: Appointment) -> list[Unit]:
    """Where this person may go instead, the nearest first."""
    here = await tx.session.get(Unit, appointment.site_id) if appointment.site_id else None
    subject = await subject_of(tx, appointment.case_id)
    found = nearest(await queries.sites(tx), to=here, subject=subject)
    return [site for site in found if site.id != appointment.site_id]


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
    its staff opened is closed. Of its leaders' places none is kept, and no line is stood in.
    """
    if case.subject_unit_id is None:
        return
    subject = await tx.session.get_one(Unit, case.subject_unit_id)
    await _leave_kept_places(tx, sealer, case)
    await _leave_lines(tx, case)
    query = sa.select(Appointment).where(
        Appointment.case_id == case.id, Appointment.state.in_(OPEN_STATES)
    )
    for appointment in (await tx.session.scalars(query)).all():
        site = await tx.session.get(Unit, appointment.site_id) if appointment.site_id else None
        if site is not None and is_barred(site, subject):
            await _close_seats(tx, appointment)
            await _call(tx, sealer, appointment)


async def _leave_kept_places(tx: Tx, sealer: Sealer, case: Case) -> None:
    query = sa.select(Appointment).join(Offer, Offer.hold_id == Appointment.id).where(
        Appointment.state == AppointmentState.ON_HOLD, Offer.ended_at.is_(None),
        Offer.choice_id.in_(questions.about_case(case.id)),
    )  # fmt: skip
    held = (await tx.session.scalars(query)).all()
    out = await barred(tx, [case.id], {hold.host_id for hold in held})
    await displaced.take_back(tx, sealer, [one for one in held if (case.id, one.host_id) in out])


async def _leave_lines(tx: Tx, case: Case) -> None:
    query = (
        sa.select(WaitlistEntry, ReceptionDay.leader_id)
        .join(ReceptionDay, ReceptionDay.id == WaitlistEntry.day_id)
        .where(WaitlistEntry.case_id == case.id, WaitlistEntry.state.in_(OPEN_ENTRIES))
    )
    rows = (await tx.session.execute(query)).all()
    out = await barred(tx, [case.id], {leader_id for _, leader_id in rows})
    for entry, leader_id in rows:
        if (case.id, leader_id) in out:
            await waiting.close(tx, entry)


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
        appointment_id=appointment.id,
    )  # fmt: skip
    await calls.request(tx, sealer, call, unit_id=appointment.unit_id)


def _key(appointment: Appointment) -> str:
    return f"{CallKind.OTHER_SITE}:{appointment.id}:{appointment.site_id}"
