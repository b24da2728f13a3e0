"""The only way to a case on somebody's behalf. Staff of the unit complained of are shut out.

An accusation is seen by those to whom it is confided alone, whatever else they may reach.
Conditions are kept for the next question of the same actor: to write one takes longer than to ask.
"""

from collections.abc import Collection
from functools import lru_cache
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from server.cases.tables import Case, Decision, PetitionClass
from server.identity.tables import Account, Membership
from server.kernel.actor import Actor, ActorKind, Role
from server.kernel.errors import NotFound
from server.kernel.uow import Tx
from server.units.tables import Unit

BY_UNIT = (Role.CLERK, Role.MEDIATOR, Role.SUPERVISOR)
WRITING = (Role.CLERK, Role.MEDIATOR)
INSPECTING = (Role.CLERK, Role.HANDLER)
Condition = sa.ColumnElement[bool]
Involved = sa.Select[UUID | None]
"""Selects the ids of cases in which somebody takes part; who takes part is known higher up."""


def readable(actor: Actor, *, involved: Involved) -> Condition:
    """Which cases a staff member may read: by unit, by assignment, by taking part."""
    if actor.kind is not ActorKind.STAFF:
        return sa.false()
    reached = sa.or_(
        Case.lead_unit_id.in_(_units(actor, *BY_UNIT)),
        Case.first_receiver_id.in_(_units(actor, Role.CLERK, Role.SUPERVISOR)),
        Case.id.in_(_assigned(actor)),
        Case.id.in_(involved),
        _confided(actor),
    )
    return sa.and_(reached, impartial(actor))


@lru_cache(maxsize=256)
def writable(actor: Actor) -> Condition:
    """Which cases a staff member may change: by unit only."""
    if actor.kind is not ActorKind.STAFF:
        return sa.false()
    reached = sa.or_(
        Case.lead_unit_id.in_(_units(actor, *WRITING)),
        Case.first_receiver_id.in_(_units(actor, Role.CLERK)),
        _confided(actor),
    )
    return sa.and_(reached, impartial(actor))


def own(actor: Actor, *, involved: Involved) -> Condition:
    """A resident's own cases: by account, since an identity number can be typed by anybody."""
    if actor.kind is not ActorKind.RESIDENT or actor.account_id is None:
        return sa.false()
    return sa.or_(Case.opened_by == actor.account_id, Case.id.in_(involved))


@lru_cache(maxsize=256)
def impartial(actor: Actor) -> Condition:
    """Which cases the actor is not shut out of, by whatever way they are reached."""
    if actor.kind is ActorKind.SYSTEM:
        return sa.true()
    is_accusation = Case.petition_class.is_not_distinct_from(PetitionClass.ACCUSATION)
    return sa.and_(sa.not_(_accused(actor)), sa.or_(sa.not_(is_accusation), _confided(actor)))


async def one(tx: Tx, case_id: UUID, allowed: Condition) -> Case:
    """The case, if it is there and allowed; else it is not there."""
    case = await tx.session.scalar(sa.select(Case).where(Case.id == case_id, allowed))
    if case is None:
        raise NotFound
    return case


async def demand_impartial(tx: Tx, case_id: UUID | None) -> None:
    """NotFound when the actor is shut out of the case; what has no case shuts nobody out."""
    if case_id is not None:
        await one(tx, case_id, impartial(tx.actor))


def shut_out(cases: Involved, account_ids: Collection[UUID]) -> sa.Select[UUID, UUID]:
    """Selects pairs of case and account: which of these staff may be near which case no more."""
    held = sa.select(Membership.id).where(Membership.account_id == Account.id).correlate(Account)
    home, subject = aliased(Unit), aliased(Unit)
    accused = (
        held.join(home, home.id == Membership.unit_id)
        .join(subject, sa.func.starts_with(home.path, subject.path))
        .where(subject.id == Case.subject_unit_id)
    )
    inspects = held.where(
        Membership.role.in_(INSPECTING), Membership.unit_id == Case.inspection_unit_id
    )
    strange = sa.and_(
        Case.petition_class == PetitionClass.ACCUSATION,
        Case.confided_to.is_distinct_from(Account.id),
        sa.not_(inspects.correlate(Account, Case).exists()),
    )
    partial = sa.or_(accused.correlate(Account, Case).exists(), strange)
    return (
        sa.select(Case.id.label("case_id"), Account.id.label("account_id"))
        .join(Account, sa.true())
        .where(Case.id.in_(cases), Account.id.in_(account_ids), partial)
    )


def _units(actor: Actor, *roles: Role) -> sa.Select[UUID]:
    paths = {m.unit_path for m in actor.memberships if m.role in roles}
    below = (Unit.path.startswith(path, autoescape=True) for path in sorted(paths))
    return sa.select(Unit.id).where(sa.or_(sa.false(), *below))


def _assigned(actor: Actor) -> sa.Select[UUID]:
    """Cases on which an instruction went to a unit where the actor is a handler."""
    units = _units(actor, Role.HANDLER)
    return sa.select(Decision.case_id).where(Decision.instruction_unit_id.in_(units))


def _confided(actor: Actor) -> Condition:
    """Whether this accusation was confided to the actor, or to the unit they work in."""
    mine = {m.unit_id for m in actor.memberships if m.role in INSPECTING}
    return sa.and_(
        Case.petition_class == PetitionClass.ACCUSATION,
        sa.or_(Case.confided_to == actor.account_id, Case.inspection_unit_id.in_(mine)),
    )


def _accused(actor: Actor) -> Condition:
    """Whether the actor belongs to the unit complained of, or to one below it."""
    subject = aliased(Unit)
    inside = (
        sa.func.starts_with(path, subject.path)
        for path in sorted({m.unit_path for m in actor.memberships})
    )
    query = sa.select(subject.id).where(
        subject.id == Case.subject_unit_id, sa.or_(sa.false(), *inside)
    )
    return query.correlate(Case).exists()
