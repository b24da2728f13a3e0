"""A place that falls free goes to the next in the drawn order: kept for them alone, for a while."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import takewhile
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import calls, claims, complained_of, phoned
from scheduling.calls import NewCall
from scheduling.choices import questions
from scheduling.choices.questions import About
from scheduling.choices.tables import Choice, ChoiceKind
from scheduling.choices.waiting import NOTICE, Window, window
from scheduling.claims import Wanted
from scheduling.draws import places
from scheduling.draws.tables import Draw, DrawEntry, DrawState, DrawTurn
from scheduling.tables import OPEN_STATES, Appointment, AppointmentState, CallKind, ClaimReason
from server.kernel.config import Scheduling
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar

SERVE, PHONE = "draw.serve", "draw.phone"


async def serve(tx: Tx, sealer: Sealer, *, rules: Scheduling) -> int:
    """Offer every place that is free to the next in its order; answers how many. Any process may."""
    query = sa.select(Draw).where(
        Draw.state == DrawState.DRAWN, Draw.begins_at > tx.now - timedelta(days=1)
    )
    offered = 0
    for draw in (await tx.session.scalars(query.order_by(Draw.id))).all():
        if draw.ends_at > tx.now + NOTICE and await places.free(tx, draw) and await line(tx, draw):
            offered += await _serve(tx, sealer, draw, rules=rules)
    return offered


async def keep_for(
    tx: Tx, sealer: Sealer, draw: Draw, entry: DrawEntry, place: int, *, rules: Scheduling
) -> Choice | None:
    """Keep the place for this one, who is asked; the host must be locked. None: no time is left."""
    begins_at = draw.time_of(place)
    calendar = await load_calendar(tx, around=day_of(tx.now))
    times = window(tx.now, begins_at, lasting=rules.waitlist_offer, calendar=calendar)
    hold_id = await _hold(tx, draw, place, times) if times else None
    if times is None or hold_id is None:
        return None
    sms = phoned.sms_of(entry.needs, entry.phone)
    about = About(
        kind=ChoiceKind.DRAWN_FREED, unit_id=draw.unit_id, name=entry.name, phone=sms,
        account_id=entry.account_id, draw_entry_id=entry.id,
    )  # fmt: skip
    choice = await questions.ask(
        tx, sealer, about, [hold_id], tell_at=times.tell_at, due_at=times.due_at
    )
    if sms is None:
        await phone(tx, sealer, draw, entry, choice=choice)
    else:
        half = times.tell_at + (times.due_at - times.tell_at) / 2
        payload = {"choice_id": str(choice.id)}
        tx.schedule(PHONE, key=f"{PHONE}:{choice.id}", payload=payload, due_at=half)
    return choice


async def unanswered(tx: Tx, sealer: Sealer, due: Due) -> str | None:
    """Half of the time is over and no answer came: a clerk phones while the place is kept."""
    choice = await tx.session.get_one(Choice, UUID(due.payload["choice_id"]))
    if choice.answered_at is not None or choice.draw_entry_id is None:
        return "skipped"
    entry = await tx.session.get_one(DrawEntry, choice.draw_entry_id)
    draw = await tx.session.get_one(Draw, entry.draw_id)
    await phone(tx, sealer, draw, entry, choice=choice)
    return None


async def phone(
    tx: Tx, sealer: Sealer, draw: Draw, entry: DrawEntry, *, choice: Choice | None
) -> None:
    """A clerk calls, while the place is kept if one is."""
    call = NewCall(
        kind=CallKind.DRAW_PLACE, key=places.call_key(entry.id),
        name=sealer.open(entry.name, purpose="name"),
        phone=sealer.open(entry.phone, purpose="phone"), latest=choice.due_at if choice else None,
        choice_id=choice.id if choice else None, case_id=entry.case_id,
    )  # fmt: skip
    await calls.request(tx, sealer, call, unit_id=draw.unit_id)


async def line(tx: Tx, draw: Draw) -> list[DrawEntry]:
    """Who waits still, in the order that was drawn: each is asked once."""
    asked = sa.select(DrawTurn.entry_id).where(
        DrawTurn.draw_id == draw.id, DrawTurn.choice_id.is_not(None)
    )
    query = sa.select(DrawEntry).where(
        DrawEntry.draw_id == draw.id, DrawEntry.place > draw.places,
        DrawEntry.ended_at.is_(None), DrawEntry.id.not_in(asked),
    )  # fmt: skip
    return list((await tx.session.scalars(query.order_by(DrawEntry.place))).all())


async def _serve(tx: Tx, sealer: Sealer, draw: Draw, *, rules: Scheduling) -> int:
    """In the order that was drawn; who has another appointment is passed over, and keeps the place."""
    await claims.lock(await tx.driver(), [draw.host_id])
    waiting, offered = await line(tx, draw), 0
    busy = await _busy(tx, draw, waiting)
    for place in await places.free(tx, draw):
        over = list(takewhile(lambda one: one.person_id in busy, waiting))
        if len(over) == len(waiting):
            break
        able = waiting[len(over)]
        choice = await keep_for(tx, sealer, draw, able, place, rules=rules)
        if choice is not None:
            for one in over:
                await note(tx, draw, one, place, None)
            await note(tx, draw, able, place, choice)
            waiting.remove(able)
            offered += 1
    return offered


async def _busy(tx: Tx, draw: Draw, line: Sequence[DrawEntry]) -> set[UUID]:
    """Who has an appointment that is open, whatever it is about, or from whose matter the host
    keeps out.
    """
    out = await complained_of.barred(tx, {entry.case_id for entry in line}, [draw.host_id])
    barred = {entry.person_id for entry in line if (entry.case_id, draw.host_id) in out}
    query = sa.select(Appointment.person_id).where(
        Appointment.person_id.in_([entry.person_id for entry in line]),
        Appointment.state.in_(OPEN_STATES),
    )
    return barred | {one for one in await tx.session.scalars(query) if one}


async def _hold(tx: Tx, draw: Draw, place: int, times: Window) -> UUID | None:
    """Keep the host's time for nobody else; None: it is not free any more."""
    hold = await places.appointment(
        tx, draw, place, state=AppointmentState.ON_HOLD, booked_by=draw.announced_by
    )
    hold.held_until = times.due_at
    await tx.session.flush()
    if await claims.take(
        await tx.driver(), [Wanted(draw.host_id, hold.begins_at, hold.ends_at)],
        appointment_id=hold.id, reason=ClaimReason.HOLD, expires_at=times.due_at, now=tx.now,
    ):  # fmt: skip
        return hold.id
    await tx.session.delete(hold)
    await tx.session.flush()
    return None


async def note(tx: Tx, draw: Draw, entry: DrawEntry, place: int, choice: Choice | None) -> None:
    """For everybody to check: whose turn it was, and whether they were asked or passed over."""
    last = sa.select(sa.func.max(DrawTurn.step)).where(DrawTurn.draw_id == draw.id)
    turn = DrawTurn(
        id=uuid4(), draw_id=draw.id, entry_id=entry.id, place=place, at=tx.now,
        step=(await tx.session.scalar(last) or 0) + 1, choice_id=choice.id if choice else None,
    )  # fmt: skip
    tx.session.add(turn)
    await tx.session.flush()
    if choice is not None:
        tx.audit("pass_on", "draw", draw.id, number=entry.number, place=place)


async def turns_of(tx: Tx, draw_id: UUID) -> Sequence[tuple[DrawTurn, Choice | None]]:
    """Who was asked, or passed over, one after another, with the question."""
    query = (
        sa.select(DrawTurn, Choice)
        .outerjoin(Choice, Choice.id == DrawTurn.choice_id)
        .where(DrawTurn.draw_id == draw_id)
        .order_by(DrawTurn.step)
    )
    return [(turn, choice) for turn, choice in (await tx.session.execute(query)).all()]
