"""Cases, for staff: find, read, move on, release a reply, take the record away."""

from uuid import UUID

from pydantic import Field

from recordings import sessions
from recordings.export import Exporter
from scheduling import case_access, sites
from server.cases import access, commands, decisions, papers, queries
from server.cases.commands import NewParty
from server.cases.files import clean
from server.cases.states import MOVES, CaseAction
from server.cases.tables import Case, CaseKind, CaseState, PartyRole, PetitionClass
from server.http import case_views
from server.http.case_views import CasePageView, CaseView
from server.http.context import Context, Download, Upload
from server.http.endpoints import Body, Routes
from server.http.fields import PersonName, Telephone, Words
from server.http.matter_views import (
    DecisionView,
    PaperView,
    PartyView,
    decision_view,
    paper_view,
    party_view,
)
from server.identity.permissions import Permission, allows
from server.kernel import state
from server.kernel.uow import Tx

routes = Routes()


class CaseSearch(Body):
    q: str | None = Field(None, max_length=60)
    state: CaseState | None = None
    mine: bool = False
    page: int = Field(1, ge=1, le=10_000)


class CaseMove(Body):
    action: CaseAction
    reason: Words | None = None
    unit_id: UUID | None = None


class Classification(Body):
    """`inspection_unit_id`: who is told of an accusation, beside whoever classifies it."""

    petition_class: PetitionClass
    inspection_unit_id: UUID | None = None


class Subject(Body):
    unit_id: UUID | None


@routes.get("/api/cases", permission=Permission.CASE_READ_UNIT)
async def list_cases(ctx: Context, query: CaseSearch) -> CasePageView:
    """Cases within reach, newest first. `q` finds a number's part, a whole name, a whole phone."""
    sealer = ctx.services.sealer
    allowed = case_access.taking_part(ctx.actor) if query.mine else case_access.readable(ctx.actor)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await queries.search(
            tx, sealer, allowed, q=query.q, state=query.state, page=query.page
        )
        if query.q:
            tx.audit("search", "case", "list", found=found.total)
    return case_views.page_view(
        found, page=query.page, size=queries.PAGE, sealer=sealer, now=tx.now
    )


@routes.get("/api/cases/{case_id}", permission=Permission.CASE_READ_UNIT)
async def read_case(ctx: Context, case_id: UUID) -> CaseView:
    """The whole case; that it was read stands in the audit trail."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        case = await case_access.readable_case(tx, case_id)
        tx.audit("read", "case", case.id)
        return await _view(ctx, tx, case)


@routes.post("/api/cases/{case_id}/moves", permission=Permission.CASE_WRITE_UNIT)
async def move_case(ctx: Context, case_id: UUID, body: CaseMove) -> CaseView:
    """Take the case on: accept, assign, mediate, conclude…"""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        case = await case_access.writable_case(tx, case_id)
        await commands.move(
            tx, ctx.services.sealer, case, body.action, reason=body.reason, unit_id=body.unit_id
        )
        return await _view(ctx, tx, case)


@routes.put("/api/cases/{case_id}/subject", permission=Permission.CASE_WRITE_UNIT)
async def name_subject(ctx: Context, case_id: UUID, body: Subject) -> CaseView:
    """Say which unit the case complains of; its staff cannot reach the case any more."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        case = await case_access.writable_case(tx, case_id)
        await commands.name_subject(tx, ctx.services.sealer, case, body.unit_id)
        await sites.leave_complained_of(tx, ctx.services.sealer, case)
        return await _view(ctx, tx, case)


@routes.put("/api/cases/{case_id}/class", permission=Permission.CASE_WRITE_UNIT)
async def classify_case(ctx: Context, case_id: UUID, body: Classification) -> CaseView:
    """Say what kind of petition it is; an accusation is confided to the asker from then on."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        case = await case_access.writable_case(tx, case_id)
        await commands.classify(
            tx, ctx.services.sealer, case, body.petition_class,
            inspection_unit_id=body.inspection_unit_id,
        )  # fmt: skip
        return await _view(ctx, tx, case)


@routes.post("/api/cases/{case_id}/papers", permission=Permission.CASE_WRITE_UNIT)
async def add_case_paper(ctx: Context, case_id: UUID, upload: Upload) -> PaperView:
    """Put a file onto a case."""
    sealer, uow = ctx.services.sealer, ctx.services.uow
    async with uow.begin(ctx.actor) as tx:
        await case_access.writable_case(tx, case_id)
        await papers.allow(tx, ctx.actor)
    file = await clean(upload.name, upload.data)
    async with uow.begin(ctx.actor) as tx:
        case = await case_access.writable_case(tx, case_id)
        paper = await papers.add(tx, sealer, ctx.services.blobs, ctx.actor, file)
        await papers.attach(tx, sealer, paper_ids=[paper.id], case_id=case.id)
    return paper_view(paper, sealer=sealer)


@routes.get("/api/cases/{case_id}/export", permission=Permission.CASE_EXPORT)
async def export_case(ctx: Context, case_id: UUID) -> Download:
    """The case's whole record as one signed file; that it was taken stands on the timeline."""
    services = ctx.services
    exporter = Exporter(services.sealer, services.blobs, services.texts, services.record_key)
    async with services.uow.begin(ctx.actor) as tx:
        case = await case_access.readable_case(tx, case_id)
        await commands.note_export(tx, services.sealer, case)
        parts = await queries.parts(tx, case)
    record = await exporter.record(
        parts, at=tx.now, by=str(ctx.actor.account_id), language=ctx.language
    )
    return Download(data=record, media_type="application/zip", name=f"{case.number}.zip")


class NewPartyBody(Body):
    role: PartyRole
    name: PersonName
    phone: Telephone | None = None


@routes.post("/api/cases/{case_id}/parties", permission=Permission.CASE_WRITE_UNIT)
async def add_case_party(ctx: Context, case_id: UUID, body: NewPartyBody) -> PartyView:
    """Name somebody the matter is about."""
    sealer = ctx.services.sealer
    async with ctx.services.uow.begin(ctx.actor) as tx:
        case = await case_access.writable_case(tx, case_id)
        party = NewParty(role=body.role, name=body.name, phone=body.phone)
        return party_view(await commands.add_party(tx, sealer, case, party), None, sealer=sealer)


@routes.post("/api/decisions/{decision_id}/release", permission=Permission.DECISION_RELEASE)
async def release_reply(ctx: Context, decision_id: UUID) -> DecisionView:
    """Let the resident read the reply."""
    sealer = ctx.services.sealer
    async with ctx.services.uow.begin(ctx.actor) as tx:
        decision, case = await decisions.with_case(tx, decision_id)
        await access.one(tx, case.id, case_access.readable(ctx.actor))
        await decisions.release_reply(tx, sealer, decision)
        parts = await queries.parts(tx, case)
    return decision_view(decision, parts, sealer=sealer)


async def _view(ctx: Context, tx: Tx, case: Case) -> CaseView:
    parts = await queries.parts(tx, case)
    held = await sessions.of_case(tx, case.id)
    hosts = await queries.staff_names(tx, [s.appointment.host_id for s in held])
    return case_views.case_view(
        parts,
        held,
        hosts=hosts,
        actions=await _actions(ctx, tx, case, parts),
        sealer=ctx.services.sealer,
        now=tx.now,
    )


async def _actions(ctx: Context, tx: Tx, case: Case, parts: queries.CaseParts) -> list[str]:
    """What this person may do with the case now."""
    actions: list[str] = []
    if allows(ctx.actor, Permission.CASE_WRITE_UNIT) and await case_access.may_write(tx, case.id):
        actions += [*state.possible(MOVES, CaseState(case.state)), "add_paper", "add_party"]
        actions.append("name_subject")
        if case.kind == CaseKind.PETITION:
            actions.append("classify")
    is_accusation = case.petition_class == PetitionClass.ACCUSATION
    if allows(ctx.actor, Permission.JOINT_WRITE) and "add_party" in actions and not is_accusation:
        actions.append("make_joint")
    if allows(ctx.actor, Permission.MEDIATION_WRITE):
        actions.append("make_mediation")
    if allows(ctx.actor, Permission.CASE_EXPORT):
        actions.append("export")
    if allows(ctx.actor, Permission.RECORDING_PLAY):
        actions.append("play_recording")
    waiting = any(d.reply and not d.reply_released_at for d in parts.decisions)
    if waiting and allows(ctx.actor, Permission.DECISION_RELEASE):
        actions.append("release")
    return actions
