"""Matters in every state: registered, moved on, some received by a leader and answered."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scheduling import changes, reviews
from scheduling.booking import Request
from scheduling.calls import NewCall
from scheduling.calls import request as request_call
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import Appointment, AppointmentState, CallKind
from server.cases import commands as cases
from server.cases import decisions
from server.cases.commands import NewParty
from server.cases.states import CaseAction as A
from server.cases.tables import Case, CaseKind, CaseState, PartyRole
from server.demo import held
from server.demo.bookings import Desk, free_slot
from server.demo.hours import STEP, OfficeHours
from server.demo.moments import as_resident, as_staff, at, quiet
from server.demo.people import FOLDER, Resident
from server.kernel import state
from server.kernel.actor import Role
from server.kernel.uow import Tx
from server.units import queries
from server.units.tables import Unit

STEPS: dict[CaseState, tuple[A, ...]] = {
    CaseState.DRAFT: (),
    CaseState.REGISTERED: (),
    CaseState.ACCEPTED: (A.ACCEPT,),
    CaseState.ASSIGNED: (A.ACCEPT, A.ASSIGN),
    CaseState.IN_HANDLING: (A.ACCEPT, A.ASSIGN, A.HANDLE),
    CaseState.IN_MEDIATION: (A.MEDIATE,),
    CaseState.CONCLUDED: (A.ACCEPT, A.HANDLE, A.CONCLUDE),
    CaseState.ARCHIVED: (A.ACCEPT, A.HANDLE, A.CONCLUDE, A.ARCHIVE),
    CaseState.TO_COURT: (A.ACCEPT, A.HANDLE, A.TO_COURT),
    CaseState.NOT_ACCEPTED: (A.NOT_ACCEPT,),
    CaseState.NO_LONGER_ACCEPTED: (A.NO_LONGER_ACCEPT,),
    CaseState.SENT_ELSEWHERE: (A.ACCEPT, A.SEND_ELSEWHERE),
    CaseState.WITHDRAWN: (A.WITHDRAW,),
}
A_DAY = timedelta(days=1)
AN_HOUR = timedelta(hours=1) // STEP
TURNS = 2
"""The first two residents have the entrances; matters are shared out among the others."""


@dataclass(frozen=True)
class Matter:
    category: str
    sentence: str
    people: int
    state: CaseState
    days: int
    kind: CaseKind = CaseKind.PETITION
    other: str | None = None
    reason: str | None = None
    unit: str | None = None
    resident: int | None = None

    @property
    def was_received(self) -> bool:
        """A leader received it and answered."""
        answered = {CaseState.IN_HANDLING, CaseState.CONCLUDED, CaseState.ARCHIVED}
        return self.kind is CaseKind.PETITION and self.state in answered

    @property
    def is_booked(self) -> bool:
        """A reception is asked for, or has been."""
        booked = {
            CaseState.REGISTERED, CaseState.ACCEPTED, CaseState.WITHDRAWN, CaseState.NOT_ACCEPTED,
        }  # fmt: skip
        return self.was_received or self.state in booked


def load() -> dict[str, Any]:
    """What the data file has: matters, texts, calls."""
    return tomllib.loads((FOLDER / "matters.toml").read_text("utf-8"))


def matters(data: dict[str, Any]) -> list[Matter]:
    """The oldest first, as they came."""
    found = [Matter(**_typed(row)) for row in data["matters"]]
    return sorted(found, key=lambda matter: -matter.days)


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    kind = CaseKind(row.get("kind", CaseKind.PETITION))
    return {**row, "state": CaseState(row["state"]), "kind": kind}


@dataclass(frozen=True)
class Registry:
    """Brings matters onto the books of the demo district."""

    desk: Desk
    texts: dict[str, Any]
    office: OfficeHours

    async def seed(self, tx: Tx, data: dict[str, Any]) -> None:
        known = matters(data)
        for number, matter in enumerate(known):
            came = self.office.back(tx.now - matter.days * A_DAY, steps=len(known) - number)
            resident = self._resident(matter, number)
            if matter.is_booked:
                await self._book(tx, matter, resident, came)
            else:
                await self._register(tx, matter, resident, came)
        for number, call in enumerate(data["calls"]):
            await self._call(tx, call["words"], number)

    def _resident(self, matter: Matter, number: int) -> Resident:
        residents = self.desk.everybody.residents
        if matter.resident:
            return residents[matter.resident - 1]
        return residents[TURNS + number % (len(residents) - TURNS)]

    async def _register(self, tx: Tx, matter: Matter, resident: Resident, came: datetime) -> None:
        """At the window, by the clerk."""
        clerk = as_staff(self.desk.everybody.worker(Role.CLERK))
        parties = [NewParty(PartyRole.PETITIONER, resident.name, person_id=resident.person_id,
                            phone=resident.phone)]  # fmt: skip
        if matter.other:
            parties[0] = NewParty(PartyRole.APPLICANT, resident.name, resident.person_id,
                                  resident.phone)  # fmt: skip
            parties.append(NewParty(PartyRole.RESPONDENT, matter.other, phone="13900000099"))
        case = await cases.register(
            quiet(at(tx, came, clerk)), self.desk.services.sealer, kind=matter.kind,
            sentence=matter.sentence, category=matter.category, people=matter.people,
            channel="desk", place_unit_id=resident.village.id,
            first_receiver=await queries.centre(tx), parties=parties, opened_by=resident.id,
        )  # fmt: skip
        if matter.state is CaseState.DRAFT:
            case.state = CaseState.DRAFT
        await self._walk(tx, case, STEPS[matter.state], since=came, until=tx.now,
                         reason=matter.reason)  # fmt: skip

    async def _book(self, tx: Tx, matter: Matter, resident: Resident, came: datetime) -> None:
        """Online, by the resident; what comes of it depends on where the matter stands."""
        past = matter.was_received
        since = came + 3 * A_DAY if past else tx.now + 2 * A_DAY
        slot = await free_slot(tx, since=since, until=since + 10 * A_DAY, topic=matter.category)
        request = Request(phone=resident.phone, sentence=matter.sentence,
                          category=matter.category, people=matter.people)  # fmt: skip
        told = quiet(tx) if past else tx
        appointment = await self.desk.book(told, resident, slot.id, request, when=came)
        case = await tx.session.get_one(Case, appointment.case_id)
        await self._answer(told, matter, appointment, came)
        if past:
            await self._receive(told, matter, appointment, case, came)
        else:
            await self._walk(tx, case, STEPS[matter.state], since=came, until=tx.now,
                             reason=matter.reason)  # fmt: skip

    async def _answer(
        self, tx: Tx, matter: Matter, appointment: Appointment, came: datetime
    ) -> None:
        """What the clerk made of the request, or the resident later."""
        (when,) = self.office.spread(came, min(came + 2 * A_DAY, tx.now), count=1)
        clerk = at(tx, when, as_staff(self.desk.everybody.worker(Role.CLERK)))
        match matter.state:
            case CaseState.REGISTERED:
                return
            case CaseState.NOT_ACCEPTED:
                await reviews.decline(clerk, appointment, reason=self.texts["decline_reason"],
                                      right_route=self.texts["right_route"])  # fmt: skip
            case CaseState.WITHDRAWN:
                asker = self.desk.everybody.resident_of(appointment.account_id)
                await changes.cancel(at(tx, when, as_resident(asker)), appointment,
                                     reason=self.texts["cancel_reason"])  # fmt: skip
            case _:
                await self.desk.confirm(tx, appointment, when=when)

    async def _receive(
        self, tx: Tx, matter: Matter, appointment: Appointment, case: Case, came: datetime
    ) -> None:
        """A leader received them and decided; the reply is released, the matter goes on."""
        steps = STEPS[matter.state]
        before, after = steps[: steps.index(A.HANDLE) + 1], steps[steps.index(A.HANDLE) + 1 :]
        await self._walk(tx, case, before, since=came, until=appointment.begins_at)
        appointment.state = state.after(
            APPOINTMENT, AppointmentState(appointment.state), Action.COMPLETE
        )
        address = self.desk.everybody.resident_of(appointment.account_id).address
        session = await held.hold(tx, self.desk.services, appointment, address=address)
        await self._decide(tx, appointment, case, unit_code=matter.unit)
        await held.close(tx, self.desk.services, session)
        await self._walk(tx, case, after, since=appointment.ends_at, until=tx.now)

    async def _decide(
        self, tx: Tx, appointment: Appointment, case: Case, *, unit_code: str | None
    ) -> None:
        unit = await tx.session.scalar(sa.select(Unit.id).where(Unit.code == unit_code))
        leader = self.desk.everybody.worker_of(appointment.host_id)
        then = at(tx, appointment.ends_at, as_staff(leader))
        await decisions.decide(
            then, self.desk.services.sealer, appointment_id=appointment.id, case_id=case.id,
            result="held", instruction=self.texts["instruction"] if unit else None,
            instruction_unit_id=unit, deadline=appointment.ends_at + 10 * A_DAY,
            reply=self.texts["reply"], release=True, decided_by=leader.id, recorded_by=leader.id,
        )  # fmt: skip
        if unit:
            case.lead_unit_id = unit
        await tx.session.flush()

    async def _walk(
        self, tx: Tx, case: Case, steps: tuple[A, ...], *, since: datetime, until: datetime,
        reason: str | None = None,
    ) -> None:  # fmt: skip
        """Take the case through its steps, evenly over the time."""
        clerk = as_staff(self.desk.everybody.worker(Role.CLERK))
        moments = self.office.spread(since, until, count=len(steps))
        for moment, step in zip(moments, steps, strict=True):
            then = quiet(at(tx, moment, clerk))
            await cases.move(then, self.desk.services.sealer, case, step, reason=reason)

    async def _call(self, tx: Tx, words: str, number: int) -> None:
        """Somebody asked to be phoned."""
        resident = self.desk.everybody.residents[-1 - number]
        call = NewCall(kind=CallKind.CALL_ME, key=f"demo:{number}", name=resident.name,
                       phone=resident.phone, words=words)  # fmt: skip
        asked = self.office.back(tx.now, steps=AN_HOUR * (number + 1))
        then = at(tx, asked, as_resident(resident))
        await request_call(then, self.desk.services.sealer, call)
