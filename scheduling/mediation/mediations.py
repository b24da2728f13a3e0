"""Mediation: ask the other side, find a time, invite both; the same room as any session."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import case_access
from scheduling.events import MediationAnswered, MediationAsked
from scheduling.invitees import LINK
from scheduling.tables import (
    Mediation,
)
from scheduling.tables import MediationState as S
from server.cases.tables import Case, Party
from server.identity.tables import Account, Membership
from server.kernel import state
from server.kernel.actor import Role
from server.kernel.errors import Conflict, FieldError, Gone, Invalid, NotFound
from server.kernel.sealing import Sealer, new_token, token_hash
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import add_working_days, day_of, load_calendar

ANSWER_WORKING_DAYS = 3
LAPSE = "mediation.lapse"


class Answer(StrEnum):
    AGREE = "agree"
    REFUSE = "refuse"
    ANOTHER_MEDIATOR = "another_mediator"


TABLE: Mapping[tuple[S, str], S] = {
    (S.ASKING, Answer.AGREE): S.AGREED,
    (S.ASKING, Answer.REFUSE): S.REFUSED,
    (S.ASKING, Answer.ANOTHER_MEDIATOR): S.REASSIGNED,
    (S.ASKING, "lapse"): S.ENDED,
    (S.REASSIGNED, "hand_over"): S.AGREED,
    (S.AGREED, "schedule"): S.SCHEDULED,
    (S.SCHEDULED, "call_off"): S.AGREED,
    (S.SCHEDULED, "adjourn"): S.AGREED,
    (S.SCHEDULED, "end"): S.ENDED,
    (S.AGREED, "end"): S.ENDED,
    (S.REASSIGNED, "end"): S.ENDED,
}
OPEN = tuple(s for s in S if s not in {S.REFUSED, S.ENDED})


async def ask(
    tx: Tx, sealer: Sealer, case_id: UUID, *, other_party_id: UUID, phone: str | None
) -> Mediation:
    """Begin by asking the other side, who has three working days to answer by a link."""
    case = await case_access.readable_case(tx, case_id)
    await tx.session.refresh(case, with_for_update=True)
    party = await tx.session.get(Party, other_party_id)
    if party is None or party.case_id != case.id:
        raise Invalid("invalid", fields=(FieldError("other_party_id", "field.invalid"),))
    if phone:
        party.phone = sealer.seal(phone, purpose="phone")
    if party.phone is None:
        raise Invalid("invalid", fields=(FieldError("phone", "field.missing"),))
    if await tx.session.scalar(_open_on(case.id)) is not None:
        raise Conflict("mediation_open")
    mediation = await _asked(tx, sealer, case, party)
    tx.emit(MediationAsked(mediation_id=mediation.id))
    return mediation


def _open_on(case_id: UUID) -> sa.Select[UUID]:
    return sa.select(Mediation.id).where(Mediation.case_id == case_id, Mediation.state.in_(OPEN))


async def _asked(tx: Tx, sealer: Sealer, case: Case, party: Party) -> Mediation:
    token = new_token()
    calendar = await load_calendar(tx, around=day_of(tx.now))
    due_at = add_working_days(tx.now, ANSWER_WORKING_DAYS, calendar=calendar)
    mediation = Mediation(
        id=uuid4(),
        case_id=case.id,
        mediator_id=tx.actor.account_id,
        state=S.ASKING,
        other_party_id=party.id,
        token_hash=token_hash(token),
        link=sealer.seal(token, purpose=LINK),
        asked_at=tx.now,
        answer_due_at=due_at,
    )
    tx.session.add(mediation)
    await tx.session.flush()
    payload = {"mediation_id": str(mediation.id)}
    tx.schedule(LAPSE, key=f"{LAPSE}:{mediation.id}", payload=payload, due_at=due_at)
    tx.audit("ask", "mediation", mediation.id, case_id=case.id)
    return mediation


async def asked_by(tx: Tx, token: str) -> Mediation:
    """The mediation that a link asks about; NotFound for a link that never was."""
    query = sa.select(Mediation).where(Mediation.token_hash == token_hash(token))
    mediation = (await tx.session.scalars(query)).one_or_none()
    if mediation is None:
        raise NotFound
    return mediation


async def answer(
    tx: Tx, sealer: Sealer, mediation: Mediation, given: Answer, *, words: str | None
) -> None:
    """The other side answers, once."""
    if mediation.state != S.ASKING:
        raise Gone("ask_answered")
    if tx.now >= mediation.answer_due_at:
        raise Gone("ask_lapsed")
    mediation.state = state.after(TABLE, S.ASKING, given)
    mediation.answered_at = tx.now
    mediation.words = sealer.seal(words, purpose="text") if words else None
    tx.audit("answer", "mediation", mediation.id, answer=given)
    await tx.session.flush()
    tx.emit(MediationAnswered(mediation_id=mediation.id))


async def lapse(tx: Tx, due: Due) -> str | None:
    """Nobody answered in time: the mediation ends, the other ways stay open."""
    mediation = await tx.session.get(Mediation, UUID(due.payload["mediation_id"]))
    if mediation is None or mediation.state != S.ASKING:
        return "skipped"
    mediation.state = state.after(TABLE, S.ASKING, "lapse")
    tx.audit("lapse", "mediation", mediation.id)
    await tx.session.flush()
    tx.emit(MediationAnswered(mediation_id=mediation.id))
    return None


async def hand_over(tx: Tx, mediation: Mediation, mediator_id: UUID) -> None:
    """The other side wants another mediator: one of the same units takes over."""
    if mediator_id not in {one.id for one in await colleagues(tx)}:
        raise Invalid("invalid", fields=(FieldError("mediator_id", "field.invalid"),))
    step(tx, mediation, "hand_over", mediator_id=mediator_id)
    mediation.mediator_id = mediator_id


async def end(tx: Tx, mediation: Mediation, *, reason: str) -> None:
    """No agreement on going on; a session that is planned is called off first."""
    step(tx, mediation, "end", reason=reason)


async def colleagues(tx: Tx) -> Sequence[Account]:
    """Other mediators of the units in which the actor is one."""
    units = [m.unit_id for m in tx.actor.memberships if m.role == Role.MEDIATOR]
    held = sa.select(Membership.account_id).where(
        Membership.role == Role.MEDIATOR, Membership.unit_id.in_(units)
    )
    query = sa.select(Account).where(
        Account.id.in_(held), Account.id != tx.actor.account_id, Account.disabled_at.is_(None)
    )
    return (await tx.session.scalars(query.order_by(Account.name))).all()


def step(
    tx: Tx, mediation: Mediation, action: str, *, reason: str | None = None, **facts: object
) -> None:
    mediation.state = state.after(TABLE, S(mediation.state), action)
    tx.audit(action, "mediation", mediation.id, reason=reason, **facts)
