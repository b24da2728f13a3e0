"""People whose leader or day fell away: each is asked, with places kept that they can take."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling import calls, holds, phoned
from scheduling.alternatives import Alternative
from scheduling.calls import NewCall
from scheduling.choices import kept_places, next_places, questions, waiting, wishes
from scheduling.choices.kept_places import Guest
from scheduling.choices.questions import About
from scheduling.choices.tables import Choice, ChoiceKind, Chosen, Offer
from scheduling.phoned import NO_SMARTPHONE
from scheduling.review_time import daytime_moment, review_due, unhurried_from
from scheduling.tables import (
    NOT_BEGUN,
    Appointment,
    AppointmentState,
    CallKind,
    ReceptionDay,
    SessionKind,
)
from server.kernel.config import Scheduling
from server.kernel.errors import NotFound
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar

LEADER_MISSED = "displaced.leader_missed"
CALLS = {
    ChoiceKind.DAY_CANCELLED: CallKind.DAY_CANCELLED,
    ChoiceKind.LEADER_MISSED: CallKind.LEADER_MISSED,
    ChoiceKind.UNREVIEWED: CallKind.UNREVIEWED,
}


async def ask(
    tx: Tx, sealer: Sealer, day: ReceptionDay, absent_id: UUID, *, rules: Scheduling
) -> None:
    """Everybody on the day: stay, another time with the leader who cannot come, or not at all.

    At short notice a clerk phones too, and at any whom no link reaches.
    """
    query = sa.select(Appointment).where(
        Appointment.day_id == day.id, Appointment.state.in_(NOT_BEGUN)
    )
    booked = (await tx.session.scalars(query.order_by(Appointment.begins_at))).all()
    places = await next_places.of_leader(tx, booked, absent_id) if booked else []
    asked = await _ask(
        tx, sealer, booked, places, ChoiceKind.REPLACED, from_leader_id=absent_id, rules=rules
    )
    is_soon = day.begins_at - tx.now < rules.change_notice
    for appointment in booked:
        if is_soon or appointment.needs.get(NO_SMARTPHONE):
            await call_about(tx, sealer, appointment, choice=asked.get(appointment.id))


async def by_phone(tx: Tx, day_id: UUID) -> int:
    """How many of those booked on the day have no smartphone."""
    query = sa.select(sa.func.count()).where(
        Appointment.day_id == day_id, Appointment.state.in_(NOT_BEGUN),
        Appointment.needs.contains({NO_SMARTPHONE: True}),
    )  # fmt: skip
    return await tx.session.scalar(query) or 0


async def ask_cancelled(
    tx: Tx, sealer: Sealer, cancelled: Sequence[Appointment], *, kind: ChoiceKind,
    rules: Scheduling,
) -> None:  # fmt: skip
    """Whose reception will not be held is phoned, and offered the next places: the same leader's
    first, then those of others who are in charge of the matter.
    """
    if not cancelled:
        return
    leader_id = cancelled[0].host_id
    calendar = await load_calendar(tx, around=day_of(tx.now))
    since = unhurried_from(tx.now, working_days=rules.choice_working_days, calendar=calendar)
    places = await next_places.of_leader_and_others(tx, cancelled, leader_id, others_since=since)
    asked = await _ask(tx, sealer, cancelled, places, kind, from_leader_id=leader_id, rules=rules)
    for appointment in cancelled:
        choice = asked.get(appointment.id)
        await call_about(tx, sealer, appointment, kind=CALLS[kind], choice=choice)


async def leader_missed(tx: Tx, sealer: Sealer, due: Due, *, rules: Scheduling) -> None:
    """Follows the official's no-show: first place next time, and somebody phones.

    A table finds its next time by itself; there the call alone is owed.
    """
    appointment = await tx.session.get_one(Appointment, UUID(due.payload["appointment_id"]))
    if appointment.session_kind != SessionKind.RECEPTION:
        await call_about(tx, sealer, appointment, kind=CallKind.LEADER_MISSED)
        return
    await ask_cancelled(tx, sealer, [appointment], kind=ChoiceKind.LEADER_MISSED, rules=rules)


async def _ask(
    tx: Tx, sealer: Sealer, people: Sequence[Appointment], places: Sequence[Sequence[Alternative]],
    kind: ChoiceKind, *, from_leader_id: UUID, rules: Scheduling,
) -> dict[UUID, Choice]:  # fmt: skip
    """By appointment: each is asked with the places that are for them."""
    calendar = await load_calendar(tx, around=day_of(tx.now))
    await kept_places.lock(tx, [one.slot_id for theirs in places for one in theirs])
    asked = dict[UUID, Choice]()
    for appointment, theirs in zip(people, places, strict=True):
        stands = kind is ChoiceKind.REPLACED
        if not theirs and not stands:
            continue
        soonest = min((one.begins_at for one in theirs), default=appointment.begins_at)
        begins_at = appointment.begins_at if stands else soonest
        due_at = review_due(
            tx.now, begins_at, working_days=rules.choice_working_days, calendar=calendar
        )
        kept = [await kept_places.keep(tx, one.slot_id, until=due_at) for one in theirs]
        about = await _about(tx, appointment, kind, from_leader_id)
        asked[appointment.id] = await questions.ask(
            tx, sealer, about, [one for one in kept if one],
            tell_at=daytime_moment(tx.now) if due_at > daytime_moment(tx.now) else tx.now,
            due_at=due_at,
        )  # fmt: skip
    return asked


async def _about(tx: Tx, appointment: Appointment, kind: ChoiceKind, from_leader_id: UUID) -> About:
    guest = await kept_places.guest_of(tx, appointment)
    return About(
        kind=kind, unit_id=appointment.unit_id, name=guest.name,
        phone=phoned.sms_of(guest.needs, guest.phone), account_id=guest.account_id,
        language=guest.language, appointment_id=appointment.id, from_leader_id=from_leader_id,
    )  # fmt: skip


async def call_about(
    tx: Tx, sealer: Sealer, appointment: Appointment, *, kind: CallKind = CallKind.DAY_CANCELLED,
    choice: Choice | None = None, latest: datetime | None = None,
) -> None:  # fmt: skip
    """A clerk phones: what was arranged is not so any more, and what they choose instead."""
    try:
        guest: Guest | None = await kept_places.guest_of(tx, appointment)
    except NotFound:
        guest = None
    call = NewCall(
        kind=kind,
        key=f"{kind}:{appointment.id}:{appointment.sequence}",
        name=sealer.open(guest.name, purpose="name") if guest else None,
        phone=sealer.open(guest.phone, purpose="phone") if guest and guest.phone else None,
        appointment_id=appointment.id,
        choice_id=choice.id if choice else None,
        latest=latest or (choice.due_at if choice else None),
    )
    await calls.request(tx, sealer, call, unit_id=appointment.unit_id)


async def drop_holds(tx: Tx, sealer: Sealer, day: ReceptionDay) -> None:
    """Places on a day that falls away are kept for nobody; who had been offered one is seen to."""
    query = sa.select(Appointment).where(
        Appointment.day_id == day.id, Appointment.state == AppointmentState.ON_HOLD
    )
    await take_back(tx, sealer, (await tx.session.scalars(query)).all())


async def take_back(tx: Tx, sealer: Sealer, held: Sequence[Appointment]) -> None:
    """Places that are kept for nobody any more; who had been offered one is seen to."""
    offered = sa.select(Offer).where(
        Offer.hold_id.in_([one.id for one in held]), Offer.ended_at.is_(None)
    )
    offers = (await tx.session.scalars(offered)).all()
    for hold in held:
        await holds.drop(tx, hold)
    for offer in offers:
        offer.ended_at = tx.now
    await tx.session.flush()
    for choice_id in {offer.choice_id for offer in offers}:
        await _without_place(tx, sealer, choice_id)


async def _without_place(tx: Tx, sealer: Sealer, choice_id: UUID) -> None:
    """Where nothing is left to choose the question is taken back."""
    choice: Choice = await tx.session.get_one(Choice, choice_id)
    if choice.kind == ChoiceKind.REPLACED or await questions.offers_of(tx, choice_id):
        return
    await questions.close(tx, choice, Chosen.WITHDRAWN)
    if choice.wish_id is not None:
        await wishes.come_back(tx, sealer, choice.wish_id, Chosen.WITHDRAWN)
    if choice.entry_id is not None:
        await waiting.wait_on(tx, choice.entry_id)
