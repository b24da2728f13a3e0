"""The brief of a reception: one page, to read and to print."""

from datetime import datetime
from typing import Any
from uuid import UUID

from scheduling import briefs
from scheduling.briefs import Brief, Earlier
from scheduling.tables import AttendBy
from server.cases.tables import CaseKind, CaseState
from server.http.context import Context
from server.http.desk_views import CompanionView, companion_view
from server.http.endpoints import Routes, View
from server.http.matter_views import (
    ClockView,
    DecisionView,
    PaperView,
    PartyView,
    clock_view,
    decision_view,
    paper_view,
    party_view,
)
from server.identity import numbers
from server.identity.permissions import Permission
from server.identity.tables import IdentityLevel
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

routes = Routes()


class BriefPerson(View):
    name: str
    level: IdentityLevel
    id_number_masked: str | None
    address: str | None


class EarlierReply(View):
    released_at: datetime
    text: str


class EarlierCase(View):
    id: UUID
    number: str
    kind: CaseKind
    state: CaseState
    category: str | None
    sentence: str
    registered_at: datetime
    replies: list[EarlierReply]


class BriefView(View):
    appointment_id: UUID
    reference: str
    begins_at: datetime
    ends_at: datetime
    attend_by: AttendBy
    site_name: str | None
    needs: dict[str, Any]
    leader_name: str
    case_id: UUID
    number: str
    kind: CaseKind
    state: CaseState
    category: str | None
    sentence: str
    people: int
    registered_at: datetime
    place_name: str | None
    person: BriefPerson | None
    company: list[CompanionView]
    urgency: str | None
    parties: list[PartyView]
    earlier: list[EarlierCase]
    decisions: list[DecisionView]
    papers: list[PaperView]
    clocks: list[ClockView]


@routes.get("/api/appointments/{appointment_id}/brief", permission=Permission.BRIEF_READ)
async def read_brief(ctx: Context, appointment_id: UUID) -> BriefView:
    """The matter on one page, for the leader of the reception."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        brief = await briefs.of_appointment(tx, appointment_id)
        return _view(tx, brief, ctx.services.sealer)


@routes.get("/api/reception-days/{day_id}/briefs", permission=Permission.BRIEF_READ)
async def read_day_briefs(ctx: Context, day_id: UUID) -> list[BriefView]:
    """All briefs of a reception day, in the order of its line."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await briefs.of_day(tx, day_id)
        return [_view(tx, brief, ctx.services.sealer) for brief in found]


def _view(tx: Tx, brief: Brief, sealer: Sealer) -> BriefView:
    appointment, parts = brief.appointment, brief.parts
    case = parts.case
    tx.audit("read", "case", case.id, brief=appointment.id)
    return BriefView(
        appointment_id=appointment.id,
        reference=appointment.reference,
        begins_at=appointment.begins_at,
        ends_at=appointment.ends_at,
        attend_by=AttendBy(appointment.attend_by),
        site_name=brief.site.name if brief.site is not None else None,
        needs=appointment.needs,
        leader_name=brief.host_name,
        case_id=case.id,
        number=case.number,
        kind=CaseKind(case.kind),
        state=CaseState(case.state),
        category=case.category,
        sentence=sealer.open(case.sentence, purpose="text"),
        people=case.people,
        registered_at=case.registered_at,
        place_name=parts.units[case.place_unit_id].name if case.place_unit_id else None,
        person=_person(brief, sealer),
        company=[companion_view(one, sealer) for one in brief.company],
        urgency=appointment.urgency,
        parties=[party_view(party, person, sealer=sealer) for party, person in parts.parties],
        earlier=[_earlier(earlier, sealer) for earlier in brief.earlier],
        decisions=[decision_view(decision, parts, sealer=sealer) for decision in parts.decisions],
        papers=[paper_view(paper, sealer=sealer) for paper in parts.papers],
        clocks=[clock_view(clock, now=tx.now) for clock in parts.clocks],
    )


def _person(brief: Brief, sealer: Sealer) -> BriefPerson | None:
    person = brief.person
    if person is None:
        return None
    number = sealer.open(person.id_number, purpose="id_number") if person.id_number else None
    return BriefPerson(
        name=sealer.open(person.name, purpose="name"),
        level=IdentityLevel(person.level),
        id_number_masked=numbers.mask_id_number(number) if number else None,
        address=sealer.open(person.address, purpose="address") if person.address else None,
    )


def _earlier(earlier: Earlier, sealer: Sealer) -> EarlierCase:
    case = earlier.case
    return EarlierCase(
        id=case.id,
        number=case.number,
        kind=CaseKind(case.kind),
        state=CaseState(case.state),
        category=case.category,
        sentence=sealer.open(case.sentence, purpose="text"),
        registered_at=case.registered_at,
        replies=[
            EarlierReply(
                released_at=decision.reply_released_at,
                text=sealer.open(decision.reply, purpose="text"),
            )
            for decision in earlier.replies
            if decision.reply and decision.reply_released_at
        ],
    )
