"""What lists and pages of cases are made from; the number of queries does not grow with rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from server.cases.tables import (
    Case,
    CaseClock,
    CaseState,
    Decision,
    Paper,
    Party,
    Rating,
    TimelineEntry,
)
from server.identity.tables import Account, Official, Person
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.tables import Unit

Row = TypeVar("Row", Paper, CaseClock, TimelineEntry, Decision, Rating)
PAGE = 20
PHONE_DIGITS = 11


@dataclass(frozen=True)
class CasePage:
    cases: Sequence[Case]
    clocks: Mapping[UUID, Sequence[CaseClock]]
    units: Mapping[UUID, Unit]
    total: int


@dataclass(frozen=True)
class CaseParts:
    """Everything of one case that its own package knows."""

    case: Case
    parties: Sequence[tuple[Party, Person | None]]
    papers: Sequence[Paper]
    clocks: Sequence[CaseClock]
    entries: Sequence[TimelineEntry]
    decisions: Sequence[Decision]
    ratings: Sequence[Rating]
    units: Mapping[UUID, Unit]
    names: Mapping[UUID, str]


async def search(
    tx: Tx,
    sealer: Sealer,
    allowed: sa.ColumnElement[bool],
    *,
    q: str | None = None,
    state: CaseState | None = None,
    page: int = 1,
) -> CasePage:
    """One page of the allowed cases, newest first. `q`: a number's part, a whole name or phone."""
    found = sa.select(Case).where(allowed)
    if state is not None:
        found = found.where(Case.state == state)
    if q:
        found = found.where(_matches(q, sealer))
    total = await tx.session.scalar(sa.select(sa.func.count()).select_from(found.subquery()))
    rows = found.order_by(Case.registered_at.desc(), Case.number.desc())
    cases = (await tx.session.scalars(rows.limit(PAGE).offset((page - 1) * PAGE))).all()
    clocks = await _running(tx, [case.id for case in cases])
    units = await units_by_id(tx, [case.lead_unit_id for case in cases])
    return CasePage(cases=cases, clocks=clocks, units=units, total=total or 0)


async def parts(tx: Tx, case: Case) -> CaseParts:
    parties = (
        sa.select(Party, Person)
        .join(Person, Person.id == Party.person_id, isouter=True)
        .where(Party.case_id == case.id)
        .order_by(Party.position, Party.id)
    )
    decisions = await _of(tx, Decision, case.id, Decision.decided_at)
    entries = await _of(tx, TimelineEntry, case.id, TimelineEntry.position)
    units = {case.lead_unit_id, case.first_receiver_id, case.place_unit_id, case.subject_unit_id}
    ratings = await _of(tx, Rating, case.id, Rating.at)
    units |= {d.instruction_unit_id for d in decisions} | {r.unit_id for r in ratings}
    people = {e.actor_id for e in entries} | {d.decided_by for d in decisions}
    return CaseParts(
        case=case,
        parties=[(row[0], row[1]) for row in (await tx.session.execute(parties)).all()],
        papers=await _of(tx, Paper, case.id, Paper.added_at),
        clocks=await _of(tx, CaseClock, case.id, CaseClock.due_at),
        entries=entries,
        decisions=decisions,
        ratings=ratings,
        units=await units_by_id(tx, units),
        names=await staff_names(tx, people | {d.recorded_by for d in decisions}),
    )


async def units_by_id(tx: Tx, ids: Iterable[UUID | None]) -> dict[UUID, Unit]:
    query = sa.select(Unit).where(Unit.id.in_({i for i in ids if i}))
    return {unit.id: unit for unit in await tx.session.scalars(query)}


async def staff_names(tx: Tx, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Names of staff by account; residents' accounts have none."""
    query = (
        sa.select(Account.id, sa.func.coalesce(Official.name, Account.name))
        .join(Official, Official.account_id == Account.id, isouter=True)
        .where(Account.id.in_({i for i in ids if i}))
    )
    rows = (await tx.session.execute(query)).all()
    return {account_id: name for account_id, name in rows if name}


def _matches(q: str, sealer: Sealer) -> sa.ColumnElement[bool]:
    """Sealed values are found whole, by their keyed hash."""
    name = sealer.index(q, purpose="name")
    conditions = [Party.name_index == name]
    if len(q) == PHONE_DIGITS and q.isdecimal():
        conditions.append(Party.phone_index == sealer.index(q, purpose="phone"))
    person = sa.select(Party.case_id).where(sa.or_(*conditions))
    return sa.or_(Case.number.icontains(q, autoescape=True), Case.id.in_(person))


async def _running(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, list[CaseClock]]:
    query = (
        sa.select(CaseClock)
        .where(CaseClock.case_id.in_(ids), CaseClock.ended_at.is_(None))
        .order_by(CaseClock.due_at)
    )
    clocks: dict[UUID, list[CaseClock]] = {}
    for clock in await tx.session.scalars(query):
        clocks.setdefault(clock.case_id, []).append(clock)
    return clocks


async def _of(
    tx: Tx, table: type[Row], case_id: UUID, order: InstrumentedAttribute[Any]
) -> Sequence[Row]:
    query = sa.select(table).where(table.case_id == case_id).order_by(order)
    return (await tx.session.scalars(query)).all()
