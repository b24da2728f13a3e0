"""What can be done with a case."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from server.cases import clocks, states, timeline
from server.cases.clocks import ClockKind
from server.cases.events import CaseMoved, CaseRegistered
from server.cases.numbers import next_number
from server.cases.states import CaseAction
from server.cases.tables import (
    Case,
    CaseClock,
    CaseKind,
    CaseState,
    Party,
    PartyRole,
    PetitionClass,
    TimelineEntry,
)
from server.kernel import driver, state
from server.kernel.driver import NewRows
from server.kernel.errors import Conflict, FieldError, Invalid
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar
from server.units.tables import Unit, UnitKind


@dataclass(frozen=True)
class NewParty:
    """Somebody the case is about; `person_id` is absent for one who is only named."""

    role: PartyRole
    name: str
    person_id: UUID | None = None
    phone: str | None = None


async def register(
    tx: Tx,
    sealer: Sealer,
    *,
    kind: CaseKind,
    sentence: str,
    category: str | None,
    people: int,
    channel: str,
    place_unit_id: UUID | None,
    first_receiver: Unit,
    parties: Sequence[NewParty],
    opened_by: UUID | None,
    subject_unit_id: UUID | None = None,
    calendar: WorkingCalendar | None = None,
) -> Case:
    """Open a case: number, parties, clocks, first entry. Call it late: the number is a lock."""
    quick = await tx.driver()
    number = await next_number(tx, quick, first_receiver.code)
    row = driver.filled(
        Case,
        {
            "number": number,
            "kind": kind,
            "state": CaseState.REGISTERED,
            "category": category,
            "sentence": sealer.seal(sentence, purpose="text"),
            "people": people,
            "channel": channel,
            "place_unit_id": place_unit_id,
            "first_receiver_id": first_receiver.id,
            "lead_unit_id": first_receiver.id,
            "subject_unit_id": subject_unit_id,
            "opened_by": opened_by,
            "registered_at": tx.now,
        },
    )
    case = driver.attach(tx.session, Case, row)
    made = (_party(sealer, case.id, party, n) for n, party in enumerate(parties))
    facts = {"number": number, "kind": kind, "channel": channel, "people": people}
    entry = timeline.first(tx, sealer, case_id=case.id, kind="registered", facts=facts)
    calendar = calendar or await load_calendar(tx, around=day_of(tx.now))
    rows: NewRows = {
        Case: [row],
        Party: [driver.row_of(party) for party in made],
        TimelineEntry: [driver.row_of(entry)],
        CaseClock: clocks.started(tx, case.id, clocks.AT_REGISTRATION[kind], calendar=calendar),
    }
    await driver.insert_together(quick, rows)
    tx.audit("register", "case", case.id, channel=channel)
    tx.emit(CaseRegistered(case_id=case.id))
    return case


async def move(
    tx: Tx,
    sealer: Sealer,
    case: Case,
    action: CaseAction,
    *,
    reason: str | None = None,
    unit_id: UUID | None = None,
) -> Case:
    """Take the case to its next state; `unit_id` is the unit that leads from here on."""
    if action in states.NEEDS_REASON and not reason:
        raise Invalid("invalid", fields=(FieldError("reason", "field.missing"),))
    if unit_id is not None:
        await _hand_over(tx, case, unit_id)
    came_from = case.state
    case.state = state.after(states.MOVES, CaseState(case.state), action)
    await tx.session.flush()
    await timeline.append(
        tx, sealer, case_id=case.id, kind="moved", key=f"case:{case.id}:moved:{case.version}",
        facts={"from": came_from, "to": case.state, "action": action, "unit_id": str(case.lead_unit_id)},
        personal={"reason": reason} if reason else None, for_resident=True,
    )  # fmt: skip
    await _turn_clocks(tx, case, action)
    tx.audit("move", "case", case.id, by=action, to=case.state)
    tx.emit(CaseMoved(case_id=case.id, action=action))
    return case


async def name_subject(tx: Tx, sealer: Sealer, case: Case, unit_id: UUID | None) -> None:
    """Say which unit is complained of; its staff are shut out from this moment."""
    if unit_id == case.lead_unit_id:  # somebody else must lead first
        raise Invalid("invalid", fields=(FieldError("unit_id", "field.unit_not_possible"),))
    if unit_id is not None and await tx.session.get(Unit, unit_id) is None:
        raise Invalid("invalid", fields=(FieldError("unit_id", "field.invalid"),))
    case.subject_unit_id = unit_id
    await tx.session.flush()
    await timeline.append(
        tx, sealer, case_id=case.id, kind="subject", key=f"subject:{case.id}:{case.version}",
        facts={"unit_id": str(unit_id) if unit_id else None},
    )  # fmt: skip
    tx.audit("name_subject", "case", case.id, unit_id=unit_id)


async def write_down(
    tx: Tx, sealer: Sealer, case: Case, *, sentence: str, category: str | None
) -> None:
    """What it is about, as it was told on the phone, once: a case that says so stays as it is."""
    if sealer.open(case.sentence, purpose="text"):
        raise Conflict("matter_told_already")
    case.sentence, case.category = sealer.seal(sentence, purpose="text"), category
    await tx.session.flush()
    await timeline.append(
        tx, sealer, case_id=case.id, kind="told", key=f"told:{case.id}",
        facts={"category": category}, personal={"sentence": sentence},
    )  # fmt: skip
    tx.audit("write_down", "case", case.id)


async def note_export(tx: Tx, sealer: Sealer, case: Case) -> None:
    """That the record was taken away, and by whom, is part of the record."""
    at = tx.now.isoformat()
    await timeline.append(
        tx, sealer, case_id=case.id, kind="exported",
        key=f"exported:{case.id}:{tx.actor.account_id}:{at}", facts={"at": at},
    )  # fmt: skip
    tx.audit("export", "case", case.id)


async def _hand_over(tx: Tx, case: Case, unit_id: UUID) -> None:
    if unit_id == case.subject_unit_id or await tx.session.get(Unit, unit_id) is None:
        raise Invalid("invalid", fields=(FieldError("unit_id", "field.unit_not_possible"),))
    case.lead_unit_id = unit_id


async def _turn_clocks(tx: Tx, case: Case, action: CaseAction) -> None:
    told = (ClockKind.REGISTER_AND_FORWARD, ClockKind.TELL_ACCEPTANCE, ClockKind.FIRST_FEEDBACK)
    match action:
        case CaseAction.ACCEPT:
            await clocks.end(tx, case.id, *told)
            if case.kind == CaseKind.PETITION:
                await clocks.start(tx, case.id, [ClockKind.CONCLUDE])
        case CaseAction.MEDIATE:
            await clocks.end(tx, case.id, *told)
            await clocks.start(tx, case.id, [ClockKind.MEDIATION])
        case CaseAction.CONCLUDE:
            await clocks.end(tx, case.id, *ClockKind)
            await clocks.start(tx, case.id, [ClockKind.RETURN_VISIT])
        case CaseAction.ASSIGN | CaseAction.HANDLE | CaseAction.REGISTER:
            pass
        case _:
            await clocks.end(tx, case.id, *ClockKind)


async def add_party(tx: Tx, sealer: Sealer, case: Case, party: NewParty) -> Party:
    """Add somebody to a case that is there."""
    count = sa.select(sa.func.count()).where(Party.case_id == case.id)
    row = _party(sealer, case.id, party, await tx.session.scalar(count) or 0)
    tx.session.add(row)
    await tx.session.flush()
    facts = {"party_id": str(row.id), "role": row.role}
    await timeline.append(
        tx, sealer, case_id=case.id, kind="party", key=f"party:{row.id}", facts=facts
    )
    tx.audit("add_party", "case", case.id, party_id=row.id, role=row.role)
    return row


def _party(sealer: Sealer, case_id: UUID, party: NewParty, position: int) -> Party:
    return Party(
        case_id=case_id,
        role=party.role,
        person_id=party.person_id,
        name=sealer.seal(party.name, purpose="name"),
        name_index=sealer.index(party.name, purpose="name"),
        phone=sealer.seal(party.phone, purpose="phone") if party.phone else None,
        phone_index=sealer.index(party.phone, purpose="phone") if party.phone else None,
        position=position,
    )


async def classify(
    tx: Tx, sealer: Sealer, case: Case, to: PetitionClass, *, inspection_unit_id: UUID | None
) -> None:
    """Say what kind of petition it is. An accusation is confided to whoever says so, and to the
    unit of discipline inspection; everybody else is shut out from this moment.
    """
    is_accusation = to is PetitionClass.ACCUSATION
    if case.kind != CaseKind.PETITION:
        raise Invalid("invalid", fields=(FieldError("petition_class", "field.invalid"),))
    unit = await tx.session.get(Unit, inspection_unit_id) if inspection_unit_id else None
    if is_accusation and (unit is None or unit.kind != UnitKind.DEPARTMENT):
        raise Invalid("invalid", fields=(FieldError("inspection_unit_id", "field.invalid"),))
    case.petition_class = to
    case.confided_to = tx.actor.account_id if is_accusation else None
    case.inspection_unit_id = inspection_unit_id if is_accusation else None
    await tx.session.flush()
    await timeline.append(
        tx, sealer, case_id=case.id, kind="classified", key=f"class:{case.id}:{case.version}",
        facts={"petition_class": to},
    )  # fmt: skip
    tx.audit("classify", "case", case.id, petition_class=to)
