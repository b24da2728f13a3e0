"""A resident's appointments as views, with the personal link of each."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from scheduling import queries
from scheduling.booking import Submitted
from scheduling.queries import Shown
from scheduling.requests import Held, Request
from scheduling.tables import Appointment, AppointmentState, Invitee, SessionKind, SessionRole
from server.cases.tables import Case
from server.http.booking_views import AppointmentView, appointment_view
from server.http.context import Context
from server.identity.tables import Account, Official, Person
from server.kernel.uow import Tx
from server.units.tables import Unit


async def view_of(ctx: Context, tx: Tx, appointment_id: UUID) -> AppointmentView:
    """The view after what this transaction did."""
    await tx.session.flush()
    [view] = await views_of(ctx, tx, Appointment.id == appointment_id)
    return view


async def submitted_view(
    ctx: Context, tx: Tx, submitted: Submitted, request: Request
) -> AppointmentView:
    """What was just submitted, from what is known of it; anything further along is read."""
    held, case = submitted.held, submitted.case
    if held is None or case is None or not held.review or request.site_id:
        return await view_of(ctx, tx, submitted.appointment_id)
    return appointment_view(
        _shown(submitted, held, case, request),
        Invitee(email=request.email.encode() if request.email else None),
        replaced_by=None,
        now=tx.now,
        sealer=ctx.services.sealer,
        config=ctx.services.config.scheduling,
    )


def _shown(submitted: Submitted, held: Held, case: Case, request: Request) -> Shown:
    appointment = Appointment(
        id=held.id,
        reference=held.reference,
        state=AppointmentState.SUBMITTED,
        session_kind=SessionKind.RECEPTION,
        day_id=held.day_id,
        slot_id=held.slot_id,
        begins_at=held.begins_at,
        ends_at=held.ends_at,
        attend_by=request.attend_by,
        needs=request.needs,
        case_id=case.id,
        review_due_at=submitted.review_due_at,
        sequence=0,
    )
    leader = held.leader
    return Shown(
        appointment=appointment,
        unit=Unit(id=held.unit_id, name=held.unit_name),
        host=Account(id=leader.account_id, name=leader.name),
        official=Official(**vars(leader)),
        site=None,
        case=case,
        person=Person(name=submitted.name),
        replied=False,
    )


async def views_of(
    ctx: Context, tx: Tx, *conditions: sa.ColumnElement[bool]
) -> list[AppointmentView]:
    found = await queries.shown(tx, *conditions)
    ids = [shown.appointment.id for shown in found]
    seats, heirs = await _seats(tx, ids), await _heirs(tx, ids)
    return [
        appointment_view(
            shown,
            seats.get(shown.appointment.id),
            replaced_by=heirs.get(shown.appointment.id),
            now=tx.now,
            sealer=ctx.services.sealer,
            config=ctx.services.config.scheduling,
        )
        for shown in found
    ]


async def _seats(tx: Tx, ids: Sequence[UUID]) -> Mapping[UUID, Invitee]:
    query = (
        sa.select(Invitee)
        .where(
            Invitee.appointment_id.in_(ids),
            Invitee.role == SessionRole.PETITIONER,
            Invitee.removed_at.is_(None),
        )
        .join(Appointment, Appointment.id == Invitee.appointment_id)
    )
    # of several the one whose appointment it is
    query = query.order_by(Invitee.person_id.is_not_distinct_from(Appointment.person_id))
    return {invitee.appointment_id: invitee for invitee in await tx.session.scalars(query)}


async def _heirs(tx: Tx, ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
    query = sa.select(Appointment.moved_from_id, Appointment.id).where(
        Appointment.moved_from_id.in_(ids)
    )
    return {old: new for old, new in (await tx.session.execute(query)).all() if old}
