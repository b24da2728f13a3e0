"""Submitting a request: the hold becomes a claim, the matter becomes a case."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from scheduling import (
    calls,
    claims,
    comers,
    complained_of,
    confirmation,
    earlier,
    holds,
    invitees,
    limits,
    replays,
    requests,
    topic_days,
)
from scheduling.calls import NewCall
from scheduling.events import AppointmentSubmitted
from scheduling.invitees import NewInvitee
from scheduling.requests import Held, Other, Request, Who
from scheduling.review_time import review_due
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import Appointment, AttendBy, CallKind, Invitee, SessionRole
from server.cases import commands as cases
from server.cases import papers
from server.cases.commands import NewParty
from server.cases.tables import Case, CaseKind, PartyRole
from server.identity.tables import IdentityLevel
from server.kernel import driver, state
from server.kernel.actor import ActorKind
from server.kernel.config import Config
from server.kernel.driver import Driver, count
from server.kernel.errors import Conflict, FieldError, Gone, Invalid, NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar
from server.units.tables import Unit

__all__ = ["Other", "Request", "Submitted", "complete", "submit"]
ACTION = "appointment.submit"
SUBMIT = """
    UPDATE appointment SET state = $2, person_id = $3, attend_by = $4, site_id = $5,
           needs = $6, review_due_at = $7, case_id = $8, held_until = NULL, version = version + 1
    WHERE id = $1 AND state = 'on_hold'
    """


@dataclass(frozen=True)
class Submitted:
    """`case` is None for what was answered before: it is to be read anew."""

    appointment_id: UUID
    held: Held | None = None
    case: Case | None = None
    name: bytes = b""
    review_due_at: datetime | None = None


async def submit(
    tx: Tx,
    sealer: Sealer,
    hold_id: UUID,
    person_id: UUID,
    request: Request,
    *,
    config: Config,
    idempotency_key: str | None,
) -> Submitted | None:
    """Submit the hold of the signed-in resident; the same key gets the same answer.

    None: after no-shows a clerk calls instead; the call is noted with this transaction.
    """
    quick, account_id = await tx.driver(), tx.actor.account_id
    if account_id is None:
        raise NotFound
    await claims.lock(quick, [account_id, person_id])
    if done := await replays.found(quick, account_id, idempotency_key, action=ACTION):
        return Submitted(done)
    held, who = await requests.held(quick, hold_id, person_id=person_id)
    if held is None or who is None or held.account_id != account_id:
        raise NotFound
    holds.check_alive(held.state, held.held_until, now=tx.now)
    if who.level is IdentityLevel.PHONE:
        raise RuleBroken("identity_not_declared")
    if not await may_book(tx, sealer, who, request, config=config):
        return None
    replays.keep(tx, account_id, idempotency_key, action=ACTION, result_id=held.id)
    return await complete(tx, sealer, held, who, request, config=config)


async def complete(
    tx: Tx, sealer: Sealer, held: Held, who: Who, request: Request, *, config: Config
) -> Submitted:
    """Turn a hold into a request: claims, people, case, and the review's deadline.

    All is written when it returns.
    """
    quick = await tx.driver()
    calendar = await load_calendar(tx, around=day_of(tx.now))
    site_id = await site_of(tx, request)
    comers.check(
        request.company, people=request.people, papers=request.paper_ids,
        most_representatives=config.scheduling.representatives,
    )  # fmt: skip
    await _keep_claims(tx, quick, held, who)
    people = _people(sealer, held, who, request)
    receiver = Unit(id=held.unit_id, code=held.unit_code)
    case = await matter(tx, sealer, receiver, who, request, calendar=calendar)
    topic_days.check(tx, held.kind, held.topics, case.category)
    await complained_of.check(tx, case, leader_id=held.leader.account_id, site_id=site_id)
    days = config.scheduling.review_working_days
    due = review_due(tx.now, held.begins_at, calendar=calendar, working_days=days)
    due_at = due if held.review else None
    done = await quick.execute(
        SUBMIT, held.id, state.after(APPOINTMENT, held.state, Action.SUBMIT), who.person_id,
        request.attend_by, site_id, driver.as_json(request.needs),
        due_at, case.id,
    )  # fmt: skip
    if count(done) != 1:
        raise Conflict("changed_meanwhile")
    await papers.attach(tx, sealer, paper_ids=request.paper_ids, case_id=case.id)
    tx.write(Invitee, *invitees.rows(sealer, held.id, people))
    tx.audit("submit", "appointment", held.id, case=case.id)
    tx.emit(AppointmentSubmitted(appointment_id=held.id))
    await tx.flush()
    if not held.review:
        appointment = await tx.session.get_one(Appointment, held.id, populate_existing=True)
        await confirmation.confirm(tx, sealer, appointment, calendar=calendar)
    return Submitted(held.id, held, case, who.name, due_at)


async def _keep_claims(tx: Tx, quick: Driver, held: Held, who: Who) -> None:
    """The hold's claim becomes a booking's, and the person is taken for that time too."""
    done = await claims.keep(quick, held.id, person_id=who.person_id, now=tx.now)
    if done.kept == 0:
        raise Gone("hold_expired")
    if done.taken < done.kept:
        raise Conflict("person_busy_then")


async def may_book(tx: Tx, sealer: Sealer, who: Who, request: Request, *, config: Config) -> bool:
    """False: a clerk calls instead. Raises RuleBroken when the person has enough open."""
    theirs = await limits.standing(
        await tx.driver(), who.person_id, case_id=request.case_id, now=tx.now
    )
    limits.check(theirs, most_open=config.scheduling.open_appointments)
    limits.check_cooldown(theirs, now=tx.now, pause=config.scheduling.cancel_cooldown)
    if not limits.must_be_called(theirs):
        return True
    call = NewCall(
        kind=CallKind.NO_SHOWS,
        key=f"no_shows:{who.person_id}:{day_of(tx.now)}",
        name=sealer.open(who.name, purpose="name"),
        phone=request.phone,
        words=request.sentence,
    )
    await calls.request_anew(tx, sealer, call)
    return False


async def site_of(tx: Tx, request: Request) -> UUID | None:
    if request.attend_by is not AttendBy.SITE:
        return None
    unit = await tx.session.get(Unit, request.site_id) if request.site_id else None
    if unit is None or not unit.is_site:
        raise Invalid("invalid", fields=(FieldError("site_id", "field.not_a_site"),))
    return unit.id


def _people(sealer: Sealer, held: Held, who: Who, request: Request) -> list[NewInvitee]:
    leader = held.leader
    return [
        NewInvitee(role=SessionRole.HOST, name=leader.name, account_id=leader.account_id),
        NewInvitee(
            role=SessionRole.PETITIONER,
            name=sealer.open(who.name, purpose="name"),
            person_id=who.person_id,
            phone=request.phone,
            email=request.email,
        ),
        *(
            NewInvitee(one.role, one.name, phone=one.phone, letter_id=one.letter_id)
            for one in request.company
        ),
    ]


async def matter(
    tx: Tx,
    sealer: Sealer,
    receiver: Unit,
    who: Who,
    request: Request,
    *,
    calendar: WorkingCalendar,
) -> Case:
    """The matter's case: the one meant, or a new one, which the unit that receives leads."""
    if request.case_id:
        return await earlier.known(tx, request.case_id, who.person_id)
    name = sealer.open(who.name, purpose="name")
    parties = [NewParty(PartyRole.PETITIONER, name, who.person_id, request.phone)]
    parties += [NewParty(PartyRole.CONCERNED, o.name, phone=o.phone) for o in request.others]
    return await cases.register(
        tx,
        sealer,
        kind=CaseKind.PETITION,
        sentence=request.sentence,
        category=request.category,
        people=request.people,
        channel="online" if tx.actor.kind is ActorKind.RESIDENT else "desk",
        place_unit_id=request.site_id if request.attend_by is AttendBy.SITE else None,
        first_receiver=receiver,
        parties=parties,
        subject_unit_id=request.subject_unit_id,
        opened_by=tx.actor.account_id,
        calendar=calendar,
    )
