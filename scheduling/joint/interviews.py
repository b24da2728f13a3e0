"""A joint interview on a case: opened with wishes, booked, called off, held or ended."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import case_access, changes
from scheduling.joint import asks
from scheduling.joint import wishes as joint_wishes
from scheduling.joint.ground import Those
from scheduling.joint.tables import JointInterview, Rule
from scheduling.joint.tables import JointState as S
from scheduling.joint.wishes import Wishes
from scheduling.tables import Appointment, CallKind
from server.cases import access as cases
from server.cases.tables import Case, PartyRole, PetitionClass
from server.identity.tables import Account, Official
from server.kernel import state
from server.kernel.errors import Conflict, FieldError, Invalid, NotFound, RuleBroken
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import day_of
from server.units.tables import Unit, UnitKind

TABLE: Mapping[tuple[S, str], S] = {
    (S.OPEN, "propose"): S.PROPOSED,
    (S.PROPOSED, "withdraw"): S.OPEN,
    (S.OPEN, "book"): S.BOOKED,
    (S.PROPOSED, "book"): S.BOOKED,
    (S.OPEN, "end"): S.ENDED,
    (S.PROPOSED, "end"): S.ENDED,
    (S.BOOKED, "call_off"): S.OPEN,
    (S.BOOKED, "adjourn"): S.OPEN,
    (S.BOOKED, "hold"): S.HELD,
}
RUNNING = (S.OPEN, S.PROPOSED, S.BOOKED)
UNBOOKED = (S.OPEN, S.PROPOSED)
SEARCH = "joint.search"
PATIENCE = timedelta(minutes=15)
"""So long whoever opened it may choose a time before the clock looks for one."""
ATTENDING = frozenset(
    {
        UnitKind.DEPARTMENT, UnitKind.SUB_CENTRE, UnitKind.COMMITTEE, UnitKind.STUDIO,
        UnitKind.TRIBUNAL, UnitKind.CENTRE, UnitKind.SERVICE,
    }
)  # fmt: skip
ROOMS = frozenset(
    {UnitKind.DISTRICT_CENTRE, UnitKind.SUB_CENTRE, UnitKind.OFFICE, UnitKind.TRIBUNAL}
)
BROUGHT_BY = (PartyRole.PETITIONER, PartyRole.APPLICANT)
BROUGHT = """
    SELECT DISTINCT person_id FROM party
    WHERE case_id = $1 AND role = ANY($2) AND person_id IS NOT NULL
    """


async def open_on(
    tx: Tx, case_id: UUID, wishes: Wishes, *, by_clock: bool = True
) -> JointInterview:
    """Note what is wanted; a time is found afterwards. One a case at a time."""
    case = await case_access.writable_case(tx, case_id)
    await tx.session.refresh(case, with_for_update=True)
    if case.petition_class == PetitionClass.ACCUSATION:
        raise RuleBroken("joint_accusation")
    if await tx.session.scalar(_running_on(case.id)) is not None:
        raise Conflict("joint_open")
    await check(tx, case, wishes)
    interview = JointInterview(
        id=uuid4(),
        case_id=case.id,
        unit_id=case.lead_unit_id,
        state=S.OPEN,
        wishes=wishes.plain(),
        opened_by=tx.actor.account_id,
        opened_at=tx.now,
        by_clock=by_clock,
        round=0,
        avoided=[],
    )
    tx.session.add(interview)
    await tx.session.flush()
    seek(tx, interview, Rule.OPEN_REQUEST, after=PATIENCE)
    tx.audit("open", "joint_interview", interview.id, case_id=case.id)
    return interview


async def own(tx: Tx, interview_id: UUID) -> JointInterview:
    """A joint interview on a case that the actor may change."""
    query = (
        sa.select(JointInterview)
        .join(Case, Case.id == JointInterview.case_id)
        .where(JointInterview.id == interview_id, cases.writable(tx.actor))
    )
    found = await tx.session.scalar(query)
    if found is None:
        raise NotFound
    return found


async def change_wishes(tx: Tx, interview: JointInterview, wishes: Wishes) -> None:
    """Want something else, as long as no time is booked."""
    if interview.state not in UNBOOKED:
        raise Conflict("wrong_state")
    await check(tx, await tx.session.get_one(Case, interview.case_id), wishes)
    interview.wishes, interview.avoided = wishes.plain(), []
    tx.audit("change", "joint_interview", interview.id)
    if interview.state == S.PROPOSED:
        step(tx, interview, "withdraw")
    seek(tx, interview, Rule.OPEN_REQUEST, after=PATIENCE)


def stuck_key(interview: JointInterview) -> str:
    """What the keys of calls begin with that no time is found for it."""
    return f"{CallKind.JOINT_STUCK}:{interview.id}:"


def seek(
    tx: Tx, interview: JointInterview, rule: Rule, *, after: timedelta = timedelta(), vain: int = 0
) -> None:
    """Have the clock look for a time, unless somebody does it by hand; earlier searches are void.

    `vain`: so many searches one after another found none.
    """
    interview.round += 1
    interview.proposal, interview.awaits_office, interview.accepted_by = None, False, None
    interview.rule = rule if interview.by_clock else None
    interview.due_at = tx.now + after if interview.by_clock else None
    if interview.due_at is not None:
        payload = {"interview_id": str(interview.id), "round": interview.round, "vain": vain}
        key = f"{SEARCH}:{interview.id}:{interview.round}"
        tx.schedule(SEARCH, key=key, payload=payload, due_at=interview.due_at)


async def those(tx: Tx, interview: JointInterview) -> Those:
    """Whom the interview is to bring together; without a leader, whoever opened it presides."""
    people = await (await tx.driver()).fetch(BROUGHT, interview.case_id, BROUGHT_BY)
    return Those(
        joint_wishes.of(interview.wishes), await _chair(tx, interview),
        tuple(row["person_id"] for row in people),
    )  # fmt: skip


async def may_preside(tx: Tx, interview: JointInterview) -> bool:
    """Whether whoever opened it still works here."""
    opener = await tx.session.get_one(Account, interview.opened_by)
    return opener.disabled_at is None


async def _chair(tx: Tx, interview: JointInterview) -> UUID:
    """The same for everybody who looks; once that account is shut, the clerk who takes it over."""
    if tx.actor.account_id is None or await may_preside(tx, interview):
        return interview.opened_by
    return tx.actor.account_id


async def call_off(tx: Tx, interview: JointInterview, *, reason: str) -> None:
    """The time is off and everybody is told; the wishes stay, so that another can be found."""
    if interview.appointment_id is None or interview.state != S.BOOKED:
        raise RuleBroken("joint_not_booked")
    appointment = await tx.session.get_one(Appointment, interview.appointment_id)
    await changes.cancel(tx, appointment, reason=reason)
    await free(tx, interview, "call_off", reason=reason)
    seek(tx, interview, Rule.REPLACEMENT, after=PATIENCE)


async def end(tx: Tx, interview: JointInterview, *, reason: str) -> None:
    """No joint interview any more; the matter goes on by itself."""
    interview.ended_because, interview.due_at, interview.proposal = reason, None, None
    interview.round += 1
    step(tx, interview, "end", reason=reason)


async def appointment_off(tx: Tx, due: Due) -> str | None:
    """Follows a cancelled appointment: somebody called it off elsewhere."""
    interview = await _booked_by(tx, UUID(due.payload["appointment_id"]))
    if interview is None:
        return "skipped"
    await free(tx, interview, "call_off")
    seek(tx, interview, Rule.REPLACEMENT)
    return None


async def session_over(tx: Tx, appointment_id: UUID, *, goes_on: bool) -> None:
    """The session is closed: held, or another time is looked for."""
    interview = await _booked_by(tx, appointment_id)
    if interview is None:
        return
    if goes_on:
        await free(tx, interview, "adjourn")
        seek(tx, interview, Rule.OPEN_REQUEST, after=PATIENCE)
    else:
        step(tx, interview, "hold")


def step(
    tx: Tx, interview: JointInterview, action: str, *, reason: str | None = None, **facts: object
) -> None:
    interview.state = state.after(TABLE, S(interview.state), action)
    tx.audit(action, "joint_interview", interview.id, reason=reason, **facts)


async def free(
    tx: Tx, interview: JointInterview, action: str, *, reason: str | None = None
) -> None:
    """Nobody is kept for it any more; the clock does not come back to the same day."""
    appointment = await tx.session.get_one(Appointment, interview.appointment_id)
    interview.avoided = [*interview.avoided, day_of(appointment.begins_at).isoformat()]
    step(tx, interview, action, reason=reason)
    await asks.release(tx, interview.id)
    interview.appointment_id = interview.room_unit_id = None


async def _booked_by(tx: Tx, appointment_id: UUID) -> JointInterview | None:
    query = sa.select(JointInterview).where(
        JointInterview.appointment_id == appointment_id, JointInterview.state == S.BOOKED
    )
    return (await tx.session.scalars(query)).one_or_none()


def _running_on(case_id: UUID) -> sa.Select[UUID]:
    return sa.select(JointInterview.id).where(
        JointInterview.case_id == case_id, JointInterview.state.in_(RUNNING)
    )


async def check(tx: Tx, case: Case, wishes: Wishes) -> None:
    """Raises Invalid with all that cannot be wished for on this case."""
    joint_wishes.check(wishes)
    ids = {*wishes.units, *wishes.rooms}
    known = {u.id: u for u in await tx.session.scalars(sa.select(Unit).where(Unit.id.in_(ids)))}
    officials = sa.select(Official.account_id).where(Official.account_id.in_(wishes.leaders))
    leaders = set((await tx.session.scalars(officials)).all())
    subject = await tx.session.get(Unit, case.subject_unit_id) if case.subject_unit_id else None
    pairs = cases.shut_out(sa.select(Case.id).where(Case.id == case.id), wishes.leaders)
    shut_out = {account for _, account in (await tx.session.execute(pairs)).all()}
    errors = [*_unit_errors(wishes, known, subject)]
    if wishes.until and wishes.until < day_of(tx.now):
        errors.append(FieldError("until", "field.in_the_past"))
    if set(wishes.leaders) - leaders:
        errors.append(FieldError("leaders", "field.invalid"))
    if shut_out:
        errors.append(FieldError("leaders", "field.complained_of"))
    if errors:
        raise Invalid("invalid", fields=tuple(errors))


def _unit_errors(
    wishes: Wishes, known: Mapping[UUID, Unit], subject: Unit | None
) -> Iterator[FieldError]:
    """Units that are none, or that the matter is about."""
    for field, ids in _fields(wishes):
        kinds = ROOMS if field == "rooms" else ATTENDING
        if any(one not in known or known[one].kind not in kinds for one in ids):
            yield FieldError(field, "field.invalid")
        elif subject and any(known[one].path.startswith(subject.path) for one in ids):
            yield FieldError(field, "field.complained_of")


def _fields(wishes: Wishes) -> Iterator[tuple[str, Collection[UUID]]]:
    yield "fixed", wishes.fixed
    for place, group in enumerate(wishes.groups):
        yield f"groups.{place}.units", group.units
    yield "optional", wishes.optional
    yield "rooms", wishes.rooms
