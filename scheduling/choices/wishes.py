"""Receptions by appointment: a resident asks, a clerk proposes times, the resident picks one."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from scheduling import calls, claims, complained_of, limits, phoned, replays
from scheduling.calls import NewCall
from scheduling.choices import asking, kept_places, questions
from scheduling.choices.questions import About
from scheduling.choices.states import WISH, WishAction
from scheduling.choices.tables import (
    OPEN_ENTRIES,
    Choice,
    ChoiceKind,
    Chosen,
    WaitlistEntry,
    Wish,
    WishState,
)
from scheduling.choices.wish_times import NOTICE
from scheduling.events import WishDeclined
from scheduling.requests import Request, Who
from scheduling.review_time import daytime_moment, review_due, step_due
from scheduling.tables import BookingChannel, CallKind, ReceptionDay, Slot
from server.identity.tables import Official
from server.kernel import state
from server.kernel.actor import ActorKind
from server.kernel.config import Config, Scheduling
from server.kernel.errors import Conflict, FieldError, Invalid, NotFound
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar
from server.units.tables import Unit

ACTION = "wish.ask"
OVERDUE = "wish.overdue"
MOST_TIMES = 3
AFTER_ANSWER = 1
"""Working days within which a clerk sees to a wish that came back."""


async def ask(
    tx: Tx, sealer: Sealer, person_id: UUID, request: Request, *,
    leader_id: UUID | None, config: Config, idempotency_key: str | None,
) -> UUID | None:  # fmt: skip
    """Ask for a reception with a leader, or with whoever is responsible.

    None: after no-shows a clerk calls instead.
    """
    quick, account_id = await tx.driver(), tx.actor.account_id
    if account_id is None:
        raise NotFound
    await claims.lock(quick, [account_id, person_id])
    if done := await replays.found(quick, account_id, idempotency_key, action=ACTION):
        return done
    who = await asking.own_person(tx, person_id)
    if not await asking.may_ask(tx, sealer, who, request, config=config):
        return None
    wish = await enter(tx, sealer, who, request, leader_id=leader_id, account_id=account_id)
    replays.keep(tx, account_id, idempotency_key, action=ACTION, result_id=wish.id)
    return wish.id


async def enter(
    tx: Tx, sealer: Sealer, who: Who, request: Request, *, leader_id: UUID | None,
    account_id: UUID | None, channel: BookingChannel = BookingChannel.ONLINE,
) -> Wish:  # fmt: skip
    """The desk has it to see to; the person must be locked, and within the limits."""
    unit = await _unit(tx, leader_id)
    calendar = await load_calendar(tx, around=day_of(tx.now))
    due_at = step_due(tx.now, working_days=tx.rules.wish_working_days, calendar=calendar)
    facts = await asking.columns(
        tx, sealer, who, request, unit=unit, host_id=leader_id, account_id=account_id,
        channel=channel,
    )  # fmt: skip
    wish = Wish(**facts, leader_id=leader_id, state=WishState.ASKED, due_at=due_at)
    tx.session.add(wish)
    await tx.session.flush()
    _watch(tx, wish)
    tx.audit("ask", "wish", wish.id, case=wish.case_id, leader=leader_id)
    return wish


async def propose(
    tx: Tx, sealer: Sealer, wish: Wish, slot_ids: Sequence[UUID], *, rules: Scheduling
) -> Choice:
    """Keep up to three places for the resident, who picks one by one tap."""
    proposed = _after(wish, WishAction.PROPOSE)
    if not 1 <= len(set(slot_ids)) <= MOST_TIMES:
        raise Invalid("invalid", fields=(FieldError("slot_ids", "field.invalid"),))
    calendar = await load_calendar(tx, around=day_of(tx.now))
    query = sa.select(Slot).where(Slot.id.in_(slot_ids)).order_by(Slot.begins_at)
    slots = (await tx.session.scalars(query)).all()
    if not slots:
        raise NotFound
    if slots[0].begins_at < tx.now + NOTICE:
        raise Conflict("proposed_time_too_soon")
    due_at = review_due(
        tx.now, slots[0].begins_at, working_days=rules.choice_working_days, calendar=calendar
    )
    await kept_places.lock(tx, slot_ids, wish.person_id)
    await _check(tx, wish, slots, rules=rules)
    kept = [await kept_places.keep(tx, slot.id, until=due_at) for slot in slots]
    if len(kept) < len(set(slot_ids)) or not all(kept):
        raise Conflict("proposed_time_taken")
    wish.state, wish.due_at, wish.rounds = proposed, due_at, wish.rounds + 1
    wish.returned_because = None
    await calls.wish_seen_to(tx, wish.id)
    tx.audit("propose", "wish", wish.id, times=len(kept))
    choice = await questions.ask(
        tx, sealer, _about(wish), [one for one in kept if one],
        tell_at=min(daytime_moment(tx.now), due_at), due_at=due_at,
    )  # fmt: skip
    await asking.phone(tx, sealer, wish, choice)
    return choice


async def _check(tx: Tx, wish: Wish, slots: Sequence[Slot], *, rules: Scheduling) -> None:
    """What nobody could take is not proposed, nor what others wait for; the places are locked."""
    days = {slot.day_id for slot in slots}
    hosts = sa.select(ReceptionDay.leader_id).where(ReceptionDay.id.in_(days))
    await complained_of.check_leader(tx, wish.case_id, *await tx.session.scalars(hosts))
    theirs = await kept_places.standing_of(tx, asking.guest(wish))
    limits.check(theirs, most_open=rules.open_appointments)
    line = sa.exists().where(WaitlistEntry.day_id.in_(days), WaitlistEntry.state.in_(OPEN_ENTRIES))
    if await tx.session.scalar(sa.select(line)):
        raise Conflict("proposed_time_waited_for")


async def decline(tx: Tx, wish: Wish, *, reason: str, right_route: str) -> None:
    """Say no in writing, with the way that leads further."""
    await _end(tx, wish, WishAction.DECLINE)
    wish.decline_reason, wish.right_route = reason, right_route
    tx.audit("decline", "wish", wish.id, reason=reason)
    tx.emit(WishDeclined(wish_id=wish.id))


async def withdraw(tx: Tx, wish: Wish) -> None:
    """The resident does not want it any more; the matter stays registered."""
    await _end(tx, wish, WishAction.WITHDRAW)
    tx.audit("withdraw", "wish", wish.id)


def booked(tx: Tx, wish: Wish, appointment_id: UUID) -> None:
    """One of the times that were proposed; with the proposal the calls were over."""
    wish.state = _after(wish, WishAction.BOOK)
    wish.appointment_id, wish.ended_at = appointment_id, tx.now
    tx.audit("book", "wish", wish.id, appointment=appointment_id)


async def come_back(tx: Tx, sealer: Sealer, wish_id: UUID, because: Chosen) -> None:
    """No time was picked: the desk has it again, and phones, unless it was told on the phone."""
    wish = await tx.session.get_one(Wish, wish_id)
    calendar = await load_calendar(tx, around=day_of(tx.now))
    wish.state, wish.returned_because = _after(wish, WishAction.COME_BACK), because
    wish.due_at = step_due(tx.now, working_days=AFTER_ANSWER, calendar=calendar)
    _watch(tx, wish)
    if because is not Chosen.DECLINE or tx.actor.kind is not ActorKind.STAFF:
        await _call(tx, sealer, wish, kind=CallKind.WISH_OPEN, key=f"wish:{wish.id}:{wish.rounds}")
    tx.audit("come_back", "wish", wish.id, because=because)


async def overdue(tx: Tx, sealer: Sealer, due: Due) -> str | None:
    """The promised step was not taken: it is on the list of calls, where it is seen."""
    wish = await tx.session.get(Wish, UUID(due.payload["wish_id"]))
    if wish is None or wish.state != WishState.ASKED or wish.due_at > tx.now:
        return "skipped"
    await _call(tx, sealer, wish, kind=CallKind.WISH_OVERDUE, key=due.key)
    return None


def _after(wish: Wish, action: WishAction) -> WishState:
    return state.after(WISH, WishState(wish.state), action)


async def _end(tx: Tx, wish: Wish, action: WishAction) -> None:
    wish.state, wish.ended_at = _after(wish, action), tx.now
    await calls.wish_seen_to(tx, wish.id)
    for choice in await questions.open_of(tx, Choice.wish_id == wish.id):
        await questions.close(tx, choice, Chosen.WITHDRAWN)


def _watch(tx: Tx, wish: Wish) -> None:
    key = f"{OVERDUE}:{wish.id}:{wish.rounds}"
    tx.schedule(OVERDUE, key=key, payload={"wish_id": str(wish.id)}, due_at=wish.due_at)


async def _call(tx: Tx, sealer: Sealer, wish: Wish, *, kind: CallKind, key: str) -> None:
    call = NewCall(
        kind=kind, key=key, name=sealer.open(wish.name, purpose="name"),
        case_id=wish.case_id, wish_id=wish.id,
        phone=sealer.open(wish.phone, purpose="phone"),
    )  # fmt: skip
    await calls.request(tx, sealer, call, unit_id=wish.unit_id)


def _about(wish: Wish) -> About:
    return About(
        kind=ChoiceKind.PROPOSED, unit_id=wish.unit_id, name=wish.name,
        phone=phoned.sms_of(wish.needs, wish.phone), account_id=wish.account_id, wish_id=wish.id,
        from_leader_id=wish.leader_id,
    )  # fmt: skip


async def _unit(tx: Tx, leader_id: UUID | None) -> Unit:
    """The desk that finds a time: the wished leader's, else the centre's."""
    if leader_id is None:
        return await calls.centre(tx)
    official = await tx.session.get(Official, leader_id)
    if official is None:
        raise NotFound
    return await tx.session.get_one(Unit, official.unit_id)
