"""What an answer, or silence, does: one tap that books, moves, gives back or keeps."""

from uuid import UUID

from scheduling import calls, changes, claims, resting, sites
from scheduling.choices import kept_places, questions, waiting, wishes
from scheduling.choices.asking import guest
from scheduling.choices.states import EntryAction
from scheduling.choices.tables import (
    Choice,
    ChoiceKind,
    Chosen,
    Offer,
    WaitlistEntry,
    Wish,
)
from scheduling.draws.tables import DrawEntry
from scheduling.slots import look_up
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import Appointment, AppointmentState
from server.cases.tables import Case
from server.kernel import state
from server.kernel.config import Scheduling
from server.kernel.errors import Conflict, Gone, NotFound
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx

REBOOKED = (ChoiceKind.DAY_CANCELLED, ChoiceKind.LEADER_MISSED, ChoiceKind.UNREVIEWED)


async def keep(tx: Tx, choice_id: UUID) -> None:
    """Stay with the leader who receives now."""
    choice = await _open(tx, choice_id)
    if choice.kind != ChoiceKind.REPLACED:
        raise Conflict("wrong_state")
    await questions.close(tx, choice, Chosen.KEEP)
    await calls.spare(tx, choice.id)


async def decline(tx: Tx, sealer: Sealer, choice_id: UUID) -> None:
    """None of it: the appointment is called off, the wish goes back, the next in line is asked."""
    choice = await _open(tx, choice_id)
    await questions.close(tx, choice, Chosen.DECLINE)
    if choice.kind in REBOOKED:  # another time is owed still: whoever was to phone them does
        await calls.question_over(tx, choice.id)
    else:
        await calls.spare(tx, choice.id)
    if choice.kind == ChoiceKind.REPLACED:
        appointment = await tx.session.get_one(Appointment, choice.appointment_id)
        await changes.call_off(tx, appointment, reason=None)
    if choice.wish_id is not None:
        await wishes.come_back(tx, sealer, choice.wish_id, Chosen.DECLINE)
    if choice.entry_id is not None:
        entry = await tx.session.get_one(WaitlistEntry, choice.entry_id)
        waiting.end(tx, entry, EntryAction.LEAVE)


async def take(
    tx: Tx, sealer: Sealer, choice_id: UUID, offer_id: UUID, *, rules: Scheduling
) -> None:
    """The kept place is theirs."""
    choice = await _open(tx, choice_id)
    offer = await tx.session.get(Offer, offer_id)
    if offer is None or offer.choice_id != choice.id or offer.ended_at is not None:
        raise NotFound
    hold = await kept_places.alive(tx, offer.hold_id)
    if choice.kind == ChoiceKind.REPLACED:
        await _move(tx, sealer, choice, hold)
    elif choice.kind in REBOOKED:
        await _rebook(tx, sealer, choice, hold, rules=rules)
    else:
        await _book(tx, sealer, choice, hold, rules=rules)
    await questions.close(tx, choice, Chosen.TAKE, taken=hold.id)
    await calls.spare(tx, choice.id)
    if hold.case_id is not None:
        await sites.leave_complained_of(tx, sealer, await tx.session.get_one(Case, hold.case_id))


async def lapse(tx: Tx, sealer: Sealer, due: Due) -> str | None:
    """Nobody answered: who has a time stays, a wish goes back, the next in line is asked."""
    try:
        choice = await questions.locked(tx, UUID(due.payload["choice_id"]))
    except (Conflict, NotFound):
        return "skipped"
    await questions.close(tx, choice, Chosen.SILENCE)
    if choice.wish_id is not None:
        await wishes.come_back(tx, sealer, choice.wish_id, Chosen.SILENCE)
    if choice.entry_id is not None:
        entry = await tx.session.get_one(WaitlistEntry, choice.entry_id)
        waiting.end(tx, entry, EntryAction.LAPSE)
    return None


async def _open(tx: Tx, choice_id: UUID) -> Choice:
    choice = await questions.locked(tx, choice_id)
    if choice.due_at <= tx.now:
        raise Gone("choice_over")
    return choice


async def _move(tx: Tx, sealer: Sealer, choice: Choice, hold: Appointment) -> None:
    """Their appointment goes to the kept place, and to its leader; the entry follows by its UID."""
    appointment = await tx.session.get_one(
        Appointment, choice.appointment_id, with_for_update=True, populate_existing=True
    )
    moved = state.after(APPOINTMENT, AppointmentState(appointment.state), Action.MOVE)
    if appointment.begins_at <= tx.now:
        raise Conflict("wrong_state")
    slot_id = hold.slot_id
    if slot_id is None or appointment.slot_id is None:
        raise NotFound
    more = [appointment.person_id] if appointment.person_id else []
    await kept_places.lock(tx, [slot_id, appointment.slot_id], *more)
    await kept_places.let_go(tx, [hold.id])
    await kept_places.release(tx, appointment)
    await resting.begin(tx, appointment.slot_id, left_by=appointment.id)
    facts = await look_up(await tx.driver(), slot_id, now=tx.now)
    if facts is None:
        raise NotFound
    await changes.occupy(tx, appointment, facts, facts.free)
    await changes.rehost(tx, sealer, appointment, facts.leader.account_id)
    appointment.state, appointment.sequence = moved, appointment.sequence + 1
    await changes.tell_of_move(tx, appointment)


async def _rebook(
    tx: Tx, sealer: Sealer, choice: Choice, hold: Appointment, *, rules: Scheduling
) -> None:
    """In place of one that was not held; what no clerk has seen yet is reviewed as others are."""
    old = await tx.session.get_one(Appointment, choice.appointment_id)
    await _locked_for(tx, hold, old.person_id)
    await kept_places.bring_company(tx, old, hold)
    given = await kept_places.guest_of(tx, old)
    most = rules.open_appointments
    is_new = choice.kind == ChoiceKind.UNREVIEWED
    promised = rules.review_working_days if is_new else None
    days = await kept_places.review_days(tx, hold, promised=promised)
    await kept_places.book(tx, sealer, hold, given, review_days=days, most_open=most)
    hold.moved_from_id, choice.appointment_id = old.id, hold.id


async def _book(
    tx: Tx, sealer: Sealer, choice: Choice, hold: Appointment, *, rules: Scheduling
) -> None:
    """A wish was looked at by the clerk who proposed; who stood in line is reviewed as others are."""
    most = rules.open_appointments
    if choice.wish_id is not None:
        wish = await tx.session.get_one(Wish, choice.wish_id)
        await _locked_for(tx, hold, wish.person_id)
        await kept_places.book(tx, sealer, hold, guest(wish), review_days=None, most_open=most)
        wishes.booked(tx, wish, hold.id)
    if choice.entry_id is not None:
        entry = await tx.session.get_one(WaitlistEntry, choice.entry_id)
        await _locked_for(tx, hold, entry.person_id)
        promised = await kept_places.review_days(tx, hold, promised=rules.review_working_days)
        await kept_places.book(tx, sealer, hold, guest(entry), review_days=promised, most_open=most)
        entry.appointment_id = hold.id
        waiting.end(tx, entry, EntryAction.BOOK)
    if choice.draw_entry_id is not None:
        await _give_drawn(tx, sealer, choice.draw_entry_id, hold, most_open=most)
    choice.appointment_id = hold.id


async def _give_drawn(
    tx: Tx, sealer: Sealer, entry_id: UUID, hold: Appointment, *, most_open: int
) -> None:
    """A place by lot that fell free: theirs without a review, as it would have been when drawn."""
    drawn = await tx.session.get_one(DrawEntry, entry_id)
    await claims.lock(await tx.driver(), [hold.host_id, drawn.person_id])
    await kept_places.book(tx, sealer, hold, guest(drawn), review_days=None, most_open=most_open)
    drawn.appointment_id = hold.id
    tx.audit("give", "draw", drawn.draw_id, number=drawn.number, appointment=hold.id)


async def _locked_for(tx: Tx, hold: Appointment, person_id: UUID | None) -> None:
    slots = [hold.slot_id] if hold.slot_id else []
    await kept_places.lock(tx, slots, *([person_id] if person_id else []))
