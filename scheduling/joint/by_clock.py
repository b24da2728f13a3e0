"""The clock looks for a time, proposes the best, and books it unless somebody objects in time."""

from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from scheduling import calls
from scheduling.calls import NewCall
from scheduling.events import JointProposed
from scheduling.joint import booking, interviews, search
from scheduling.joint.booking import Choice
from scheduling.joint.ground import RECEIVING
from scheduling.joint.interviews import SEARCH, seek, step
from scheduling.joint.search import Time
from scheduling.joint.tables import JointInterview, JointState, Rule
from scheduling.joint.wishes import of as wishes_of
from scheduling.review_time import office_due, office_moment
from scheduling.tables import CallKind, ReceptionDay
from server.cases.states import RUNNING
from server.cases.tables import Case, PetitionClass
from server.identity.tables import Official
from server.kernel.config import Scheduling
from server.kernel.errors import Conflict, Invalid
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import day_of, end_of, load_calendar

DECIDE = "joint.decide"
NOTICE = timedelta(hours=24)
"""So long before it begins a time must stand: people are still to be asked and told."""
AGAIN = timedelta(hours=4)
"""Office time after which rosters may have changed."""
TRIES = 6
"""Two working days of looking in vain, as long as a review may take: then the desk is called."""
LAST = timedelta(hours=4)
"""Without the office's word so shortly before, another time is looked for."""


async def look(tx: Tx, sealer: Sealer, due: Due, *, rules: Scheduling) -> str | None:
    """Propose the best time there is; without any, look again later."""
    interview = await _at(tx, due, JointState.OPEN)
    if interview is None or not rules.joint_by_clock:
        return "skipped"
    if not await _may_go_on(tx, interview):
        await _give_up(tx, sealer, interview)
        return "stopped"
    interview.searched_at = tx.now
    calendar = await load_calendar(tx, around=day_of(tx.now))
    books_at = office_due(tx.now, rules.joint_veto, calendar=calendar)
    refused = {date.fromisoformat(one) for one in interview.avoided}
    those = await interviews.those(tx, interview)
    best = await search.best(tx, those, since=books_at + NOTICE, avoided=refused)
    if best is None:
        return await _later(tx, sealer, interview, vain=due.payload.get("vain", 0) + 1)
    await _propose(tx, interview, choice_at(best), books_at=books_at)
    return None


def choice_at(time: Time) -> Choice:
    return Choice(
        begins_at=time.begins_at,
        units=tuple(comer.unit_id for comer in time.comers),
        leader_id=time.leader_id,
        room_unit_id=time.room_unit_id,
    )


async def decide(tx: Tx, sealer: Sealer, due: Due, *, rules: Scheduling) -> str | None:
    """Nobody objected: book all of it; what is gone meanwhile is looked for again."""
    interview = await _at(tx, due, JointState.PROPOSED)
    if interview is None or interview.proposal is None or not rules.joint_by_clock:
        return "skipped"
    choice = booking.choice_of(interview.proposal)
    if interview.awaits_office:
        return await _urge(tx, sealer, interview, choice)
    if not await _may_go_on(tx, interview) or not await booking.can_be(tx, interview, choice):
        _drop(tx, interview, Rule(interview.rule or Rule.OPEN_REQUEST), reason=None)
        return "gone"
    rule = Rule(interview.rule) if interview.rule else None
    await booking.book(tx, sealer, interview, choice, idempotency_key=None, rule=rule)
    return None


def veto(tx: Tx, interview: JointInterview, *, reason: str) -> None:
    """A clerk, or the leader's office, does not want this time: another is looked for at once."""
    if interview.state != JointState.PROPOSED:
        raise Conflict("wrong_state")
    _drop(tx, interview, Rule(interview.rule or Rule.OPEN_REQUEST), reason=reason)


async def accept(tx: Tx, interview: JointInterview) -> None:
    """The leader's office agrees; the clock books it when the time to object is over."""
    if interview.state != JointState.PROPOSED or not interview.awaits_office:
        raise Conflict("wrong_state")
    interview.awaits_office, interview.accepted_by = False, tx.actor.account_id
    interview.due_at = max(interview.due_at or tx.now, tx.now)
    await calls.settle(tx, f"{CallKind.JOINT_OFFICE}:{interview.id}:{interview.round}")
    tx.audit("accept", "joint_interview", interview.id)
    _schedule(tx, interview, "accepted", due_at=interview.due_at)


def hand_over(tx: Tx, interview: JointInterview, *, by_clock: bool) -> None:
    """The clock looks for the time from now on, or leaves it to people."""
    if interview.state not in interviews.UNBOOKED:
        raise Conflict("wrong_state")
    interview.by_clock = by_clock
    tx.audit("by_clock" if by_clock else "by_hand", "joint_interview", interview.id)
    if interview.state == JointState.PROPOSED:
        step(tx, interview, "withdraw")
    seek(tx, interview, Rule.OPEN_REQUEST)


async def _at(tx: Tx, due: Due, state: JointState) -> JointInterview | None:
    """The interview, when it still stands where the task was written for."""
    found = await tx.session.get(JointInterview, UUID(due.payload["interview_id"]))
    if found is None or found.state != state or found.round != due.payload["round"]:
        return None
    return found


async def _may_go_on(tx: Tx, interview: JointInterview) -> bool:
    """The case runs, what is wished for may still be wished for on it, and somebody can preside."""
    case = await tx.session.get_one(Case, interview.case_id)
    if case.state not in RUNNING or case.petition_class == PetitionClass.ACCUSATION:
        return False
    wishes = wishes_of(interview.wishes)
    if not wishes.leaders and not await interviews.may_preside(tx, interview):
        return False
    try:
        await interviews.check(tx, case, wishes)
    except Invalid:
        return False
    return True


async def _propose(
    tx: Tx, interview: JointInterview, choice: Choice, *, books_at: datetime
) -> None:
    await calls.settle_all(tx, key_prefix=interviews.stuck_key(interview))
    interview.proposal, interview.due_at = choice.plain(), books_at
    interview.awaits_office = not await _is_arranged(tx, interview, choice)
    step(
        tx, interview, "propose", rule=interview.rule, begins_at=choice.begins_at,
        office=interview.awaits_office,
    )  # fmt: skip
    _schedule(tx, interview, "decide", due_at=books_at)
    tx.emit(JointProposed(interview_id=interview.id, round=interview.round))


def _schedule(tx: Tx, interview: JointInterview, stage: str, *, due_at: datetime) -> None:
    payload = {"interview_id": str(interview.id), "round": interview.round}
    key = f"{DECIDE}:{interview.id}:{interview.round}:{stage}"
    tx.schedule(DECIDE, key=key, payload=payload, due_at=due_at)


async def _is_arranged(tx: Tx, interview: JointInterview, choice: Choice) -> bool:
    """For leaders the clock books only within hours that their approved arrangement gives."""
    if choice.leader_id is None:
        return True
    ends_at = choice.begins_at + wishes_of(interview.wishes).length
    query = sa.select(ReceptionDay.id).where(
        ReceptionDay.leader_id == choice.leader_id, ReceptionDay.state.in_(RECEIVING),
        ReceptionDay.begins_at <= choice.begins_at, ReceptionDay.ends_at >= ends_at,
        ReceptionDay.arranged.contains(Range(choice.begins_at, ends_at)),
    )  # fmt: skip
    return await tx.session.scalar(query.limit(1)) is not None


async def _urge(tx: Tx, sealer: Sealer, interview: JointInterview, choice: Choice) -> str:
    """No word of the leader's office: a clerk phones; in the end another time is looked for."""
    last = choice.begins_at - LAST
    if tx.now >= last:
        _drop(tx, interview, Rule(interview.rule or Rule.OPEN_REQUEST), reason=None)
        return "unanswered"
    leader = await tx.session.get(Official, choice.leader_id) if choice.leader_id else None
    key = f"{CallKind.JOINT_OFFICE}:{interview.id}:{interview.round}"
    call = NewCall(
        kind=CallKind.JOINT_OFFICE,
        key=key,
        name=leader.name if leader else None,
        interview_id=interview.id,
        latest=last,
    )
    await calls.request(tx, sealer, call, unit_id=interview.unit_id)
    _schedule(tx, interview, "last", due_at=last)
    return "waits"


def _drop(tx: Tx, interview: JointInterview, rule: Rule, *, reason: str | None) -> None:
    assert interview.proposal is not None
    refused = day_of(booking.choice_of(interview.proposal).begins_at).isoformat()
    interview.avoided = [*interview.avoided, refused]
    step(tx, interview, "withdraw", reason=reason)
    seek(tx, interview, rule)


async def _later(tx: Tx, sealer: Sealer, interview: JointInterview, *, vain: int) -> str:
    """Rosters change: look again, as long as there are days left.

    Also when the desk was called: it may wish for less, yet what comes free is seen here first.
    """
    calendar = await load_calendar(tx, around=day_of(tx.now))
    again = office_moment(tx.now + AGAIN, calendar=calendar)
    until = wishes_of(interview.wishes).until
    if until is not None and day_of(again + NOTICE) > until:
        await _give_up(tx, sealer, interview)
        return "stuck"
    if vain == TRIES:
        await _call_desk(tx, sealer, interview)
    rule = Rule(interview.rule or Rule.OPEN_REQUEST)
    seek(tx, interview, rule, after=again - tx.now, vain=vain)
    return "none"


async def _give_up(tx: Tx, sealer: Sealer, interview: JointInterview) -> None:
    """Nothing that the clock may do is left: it stands on the desk's list."""
    interview.due_at, interview.by_clock = None, False
    await _call_desk(tx, sealer, interview)


async def _call_desk(tx: Tx, sealer: Sealer, interview: JointInterview) -> None:
    tx.audit("stuck", "joint_interview", interview.id, rule=interview.rule)
    case = await tx.session.get_one(Case, interview.case_id)
    key = f"{interviews.stuck_key(interview)}{interview.round}"
    until = wishes_of(interview.wishes).until
    call = NewCall(
        kind=CallKind.JOINT_STUCK, key=key, name=case.number, interview_id=interview.id,
        latest=end_of(until) if until else None,
    )  # fmt: skip
    await calls.request(tx, sealer, call, unit_id=interview.unit_id)


__all__ = [
    "DECIDE",
    "SEARCH",
    "accept",
    "choice_at",
    "decide",
    "hand_over",
    "look",
    "veto",
]
