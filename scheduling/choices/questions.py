"""Questions to one person, answered by one tap: keep, take one of the kept places, or decline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import calls, resting
from scheduling.choices import kept_places
from scheduling.choices.tables import Choice, ChoiceKind, Chosen, Offer, WaitlistEntry, Wish
from scheduling.draws.tables import DrawEntry
from scheduling.events import ChoiceAnswered
from scheduling.invitees import LINK
from scheduling.tables import Appointment
from server.kernel.errors import Conflict, NotFound
from server.kernel.sealing import Sealer, new_token, token_hash
from server.kernel.uow import Tx

LAPSE, TELL = "choice.lapse", "notice.choice_asked"


@dataclass(frozen=True)
class About:
    """Whom the question goes to, and what about. Name and phone are sealed."""

    kind: ChoiceKind
    unit_id: UUID
    name: bytes
    phone: bytes | None
    account_id: UUID | None = None
    language: str = "zh-CN"
    appointment_id: UUID | None = None
    wish_id: UUID | None = None
    entry_id: UUID | None = None
    draw_entry_id: UUID | None = None
    from_leader_id: UUID | None = None


async def ask(
    tx: Tx,
    sealer: Sealer,
    about: About,
    hold_ids: Sequence[UUID],
    *,
    tell_at: datetime,
    due_at: datetime,
) -> Choice:
    """Put the question; the link is told at `tell_at`, silence counts from `due_at`."""
    token = new_token()
    choice = Choice(
        id=uuid4(), **vars(about), token_hash=token_hash(token),
        link=sealer.seal(token, purpose=LINK), asked_at=tx.now, tell_at=tell_at, due_at=due_at,
    )  # fmt: skip
    tx.session.add(choice)
    await tx.session.flush()
    tx.session.add_all(
        Offer(choice_id=choice.id, hold_id=hold_id, position=place)
        for place, hold_id in enumerate(hold_ids)
    )
    await tx.session.flush()
    payload = {"choice_id": str(choice.id)}
    tx.schedule(TELL, key=f"{TELL}:{choice.id}", payload=payload, due_at=max(tell_at, tx.now))
    tx.schedule(LAPSE, key=f"{LAPSE}:{choice.id}", payload=payload, due_at=due_at)
    tx.audit("ask", "choice", choice.id, kind=about.kind, offers=len(hold_ids), due=due_at)
    return choice


async def by_token(tx: Tx, token: str) -> Choice:
    """The question behind a link, answered or not."""
    found = await tx.session.scalar(sa.select(Choice).where(Choice.token_hash == token_hash(token)))
    if found is None:
        raise NotFound
    return found


async def locked(tx: Tx, choice_id: UUID) -> Choice:
    """The question while nobody else answers it. Raises Conflict when it is answered."""
    found = await tx.session.get(Choice, choice_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    _demand_open(found)
    return found


def _demand_open(choice: Choice) -> None:
    if choice.answered_at is not None:
        raise Conflict("answered_already")


async def offers_of(tx: Tx, choice_id: UUID) -> list[Offer]:
    """The places that are kept for it still."""
    query = sa.select(Offer).where(Offer.choice_id == choice_id, Offer.ended_at.is_(None))
    return list((await tx.session.scalars(query.order_by(Offer.position))).all())


async def close(tx: Tx, choice: Choice, answer: Chosen, *, taken: UUID | None = None) -> None:
    """Note the answer; places that were not taken are free again, for the page after they have
    rested, and nobody phones to ask any more. Raises Conflict when it is answered.
    """
    _demand_open(choice)
    choice.answer, choice.answered_at = answer, tx.now
    offers = await offers_of(tx, choice.id)
    for offer in offers:
        offer.ended_at = tx.now
    await tx.session.flush()
    left = await kept_places.let_go(tx, [one.hold_id for one in offers if one.hold_id != taken])
    await resting.begin_all(tx, [(hold.slot_id, hold.id) for hold in left])
    await calls.question_over(tx, choice.id)
    await tx.session.flush()
    tx.audit("answer", "choice", choice.id, answer=answer)
    tx.emit(ChoiceAnswered(choice_id=choice.id))


async def open_of(tx: Tx, *conditions: sa.ColumnElement[bool]) -> list[Choice]:
    """Questions nobody has answered, the one due first first."""
    query = sa.select(Choice).where(Choice.answered_at.is_(None), *conditions)
    return list((await tx.session.scalars(query.order_by(Choice.due_at))).all())


def about_case(case_id: UUID) -> sa.Select[UUID]:
    """Selects the open questions about a matter, whatever came of it so far."""
    own = [
        column.in_(sa.select(table.id).where(table.case_id == case_id))
        for column, table in (
            (Choice.appointment_id, Appointment), (Choice.wish_id, Wish),
            (Choice.entry_id, WaitlistEntry), (Choice.draw_entry_id, DrawEntry),
        )
    ]  # fmt: skip
    return sa.select(Choice.id).where(Choice.answered_at.is_(None), sa.or_(*own))


async def withdraw_about(tx: Tx, appointment_id: UUID) -> None:
    """What was asked about it is settled otherwise."""
    for choice in await open_of(tx, Choice.appointment_id == appointment_id):
        await close(tx, choice, Chosen.WITHDRAWN)
