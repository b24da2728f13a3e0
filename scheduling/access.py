"""The only way to get a row of scheduling on somebody's behalf; what is not theirs is not there."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from scheduling.choices.tables import Choice, WaitlistEntry, Wish
from scheduling.draws.tables import DrawEntry
from scheduling.tables import (
    Appointment,
    CallTask,
    Invitee,
    Mediation,
    ReceptionDay,
    ReceptionPlan,
)
from server.cases import access as cases
from server.cases.tables import Case
from server.identity.tables import Service
from server.kernel.actor import Actor, ActorKind, Role
from server.kernel.errors import NotFound
from server.kernel.uow import Tx
from server.units.tables import Unit

DESK = (Role.CLERK,)
OFFICE = (Role.LEADER_OFFICE,)


async def plan(tx: Tx, plan_id: UUID, *roles: Role) -> ReceptionPlan:
    found = await tx.session.get(ReceptionPlan, plan_id)
    if found is None:
        raise NotFound
    await demand_reach(tx, found.unit_id, *(roles or DESK))
    return found


async def day(tx: Tx, day_id: UUID, *roles: Role) -> ReceptionDay:
    found = await tx.session.get(ReceptionDay, day_id)
    if found is None:
        raise NotFound
    await demand_reach(tx, found.unit_id, *(roles or DESK))
    return found


async def day_to_replace(tx: Tx, day_id: UUID) -> ReceptionDay:
    """A day of the desk's units; for a leader's office, one of a leader whom they serve."""
    found = await tx.session.get(ReceptionDay, day_id, with_for_update=True)
    if found is None:
        raise NotFound
    if tx.actor.has(Role.LEADER_OFFICE) and found.leader_id in await hosts_of(tx, tx.actor):
        return found
    await demand_reach(tx, found.unit_id, *DESK)
    return found


async def desk_wish(tx: Tx, wish_id: UUID) -> Wish:
    """A wish for a reception that this desk finds a time for."""
    found = await tx.session.get(Wish, wish_id, with_for_update=True)
    if found is None:
        raise NotFound
    await demand_reach(tx, found.unit_id, *DESK)
    await cases.demand_impartial(tx, found.case_id)
    return found


async def own_wish(tx: Tx, wish_id: UUID) -> Wish:
    found = await tx.session.get(Wish, wish_id, with_for_update=True)
    if found is None or tx.actor.account_id is None or found.account_id != tx.actor.account_id:
        raise NotFound
    return found


async def own_entry(tx: Tx, entry_id: UUID) -> WaitlistEntry:
    """A place on a waiting list that the signed-in resident stands on."""
    found = await tx.session.get(WaitlistEntry, entry_id, with_for_update=True)
    if found is None or tx.actor.account_id is None or found.account_id != tx.actor.account_id:
        raise NotFound
    return found


async def desk_entry(tx: Tx, entry_id: UUID) -> WaitlistEntry:
    """A place on the waiting list of a day of this desk's."""
    found = await tx.session.get(WaitlistEntry, entry_id, with_for_update=True)
    if found is None:
        raise NotFound
    await demand_reach(tx, found.unit_id, *DESK)
    await cases.demand_impartial(tx, found.case_id)
    return found


async def desk_draw_entry(tx: Tx, entry_id: UUID) -> DrawEntry:
    """An application for a place by lot with somebody of this desk's units."""
    found = await tx.session.get(DrawEntry, entry_id, with_for_update=True)
    if found is None:
        raise NotFound
    await demand_reach(tx, found.unit_id, *DESK)
    await cases.demand_impartial(tx, found.case_id)
    return found


async def desk_choice(tx: Tx, choice_id: UUID) -> Choice:
    """A question whose answer a clerk heard on the phone."""
    found = await tx.session.get(Choice, choice_id)
    if found is None:
        raise NotFound
    await demand_reach(tx, found.unit_id, *DESK)
    for case_id in await tx.session.scalars(_matters_of(found)):
        await cases.demand_impartial(tx, case_id)
    return found


def _matters_of(choice: Choice) -> sa.CompoundSelect[UUID | None]:
    """Whatever the question is about, it is one person's matter."""
    queries: list[sa.Select[UUID | None]] = [
        sa.select(Appointment.case_id).where(Appointment.id == choice.appointment_id),
        sa.select(Wish.case_id).where(Wish.id == choice.wish_id),
        sa.select(WaitlistEntry.case_id).where(WaitlistEntry.id == choice.entry_id),
        sa.select(DrawEntry.case_id).where(DrawEntry.id == choice.draw_entry_id),
    ]
    return sa.union_all(*queries)


def impartial_choices(actor: Actor) -> sa.ColumnElement[bool]:
    """A condition on `Choice`: those on matters that the actor is not shut out of."""
    allowed = sa.select(Case.id).where(cases.impartial(actor))
    return sa.or_(
        Choice.appointment_id.in_(
            sa.select(Appointment.id).where(Appointment.case_id.in_(allowed))
        ),
        Choice.wish_id.in_(sa.select(Wish.id).where(Wish.case_id.in_(allowed))),
        Choice.entry_id.in_(sa.select(WaitlistEntry.id).where(WaitlistEntry.case_id.in_(allowed))),
        Choice.draw_entry_id.in_(sa.select(DrawEntry.id).where(DrawEntry.case_id.in_(allowed))),
    )


def impartial(actor: Actor) -> sa.ColumnElement[bool]:
    """A condition on `Appointment`: those on cases that the actor is not shut out of."""
    allowed = sa.select(Case.id).where(cases.impartial(actor))
    return sa.or_(Appointment.case_id.is_(None), Appointment.case_id.in_(allowed))


def shut_out(
    appointment_ids: Collection[UUID], account_ids: Collection[UUID]
) -> sa.Select[UUID, UUID]:
    """Selects pairs of appointment and account, as `cases.shut_out` of the cases behind them."""
    known = sa.select(Appointment.case_id).where(
        Appointment.id.in_(appointment_ids), Appointment.case_id.is_not(None)
    )
    pairs = cases.shut_out(known, account_ids).subquery()
    return (
        sa.select(Appointment.id, pairs.c.account_id)
        .join(pairs, pairs.c.case_id == Appointment.case_id)
        .where(Appointment.id.in_(appointment_ids))
    )


async def call_task(tx: Tx, task_id: UUID) -> CallTask:
    found = await tx.session.get(CallTask, task_id)
    if found is None:
        raise NotFound
    await demand_reach(tx, found.unit_id, *DESK)
    if found.appointment_id is not None:
        about = await tx.session.get_one(Appointment, found.appointment_id)
        await cases.demand_impartial(tx, about.case_id)
    if found.choice_id is not None:
        await desk_choice(tx, found.choice_id)
    if found.case_id is not None:
        await cases.demand_impartial(tx, found.case_id)
    return found


async def own_appointment(tx: Tx, appointment_id: UUID) -> Appointment:
    """An appointment that the signed-in resident booked, or that was booked for them."""
    found = await tx.session.get(Appointment, appointment_id)
    account_id = tx.actor.account_id
    if found is None or account_id is None or found.account_id != account_id:
        raise NotFound
    return found


async def desk_appointment(tx: Tx, appointment_id: UUID, *roles: Role) -> Appointment:
    """An appointment within reach of the staff member's desk, or booked by themselves."""
    found = await tx.session.get(Appointment, appointment_id)
    if found is None:
        raise NotFound
    if found.booked_by != tx.actor.account_id or not tx.actor.has(Role.VILLAGE_WORKER):
        await demand_reach(tx, found.unit_id, *(roles or DESK))
    await cases.demand_impartial(tx, found.case_id)
    return found


async def own_invitation(tx: Tx) -> Invitee:
    """The seat behind the personal link that came with the request."""
    found = await tx.session.get(Invitee, tx.actor.invitee_id) if tx.actor.invitee_id else None
    if found is None or found.removed_at:
        raise NotFound
    return found


async def hosted_appointment(tx: Tx, appointment_id: UUID) -> Appointment:
    """An appointment whose host the actor is, or serves; not on a case about their own unit."""
    found = await tx.session.get(Appointment, appointment_id)
    if found is None or found.host_id not in await hosts_of(tx, tx.actor):
        raise NotFound
    await cases.demand_impartial(tx, found.case_id)
    return found


async def hosts_of(tx: Tx, actor: Actor) -> frozenset[UUID]:
    """The actor, and the leaders whom the actor serves."""
    if actor.kind is not ActorKind.STAFF or actor.account_id is None:
        return frozenset()
    served = sa.select(Service.leader_id).where(Service.account_id == actor.account_id)
    return frozenset({actor.account_id, *(await tx.session.scalars(served)).all()})


async def demand_reach(tx: Tx, unit_id: UUID, *roles: Role) -> Unit:
    """The unit, when one of the roles is held in it or above it; else it is not there."""
    unit = await tx.session.get(Unit, unit_id)
    if unit is None or not tx.actor.reaches(unit.path, *roles):
        raise NotFound
    return unit


def within_reach(actor: Actor, *roles: Role) -> sa.ColumnElement[bool]:
    """A condition on `Unit`: the units that the actor's roles reach."""
    paths = {m.unit_path for m in actor.memberships if m.role in roles}
    return sa.or_(sa.false(), *(Unit.path.startswith(path, autoescape=True) for path in paths))


async def own_mediation(tx: Tx, mediation_id: UUID) -> Mediation:
    """A mediation that the actor leads."""
    found = await tx.session.get(Mediation, mediation_id)
    if found is None or found.mediator_id != tx.actor.account_id:
        raise NotFound
    await cases.demand_impartial(tx, found.case_id)
    return found
