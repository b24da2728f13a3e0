"""Waiting lists of full days: a freed place goes to the next in line, never back to the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import claims, phoned, public_days, queries, replays, topic_days
from scheduling.choices import asking, kept_places, questions
from scheduling.choices.questions import About
from scheduling.choices.states import ENTRY, EntryAction
from scheduling.choices.tables import OPEN_ENTRIES as OPEN
from scheduling.choices.tables import Choice, ChoiceKind, Chosen, EntryState, WaitlistEntry
from scheduling.events import WaitlistEnded
from scheduling.requests import Request, Who
from scheduling.review_time import daytime_moment, office_due, office_moment
from scheduling.slots import GENERAL
from scheduling.tables import BookingChannel, DayState, ReceptionDay, Slot
from server.cases.tables import Case
from server.kernel import state
from server.kernel.config import Config, Scheduling
from server.kernel.driver import Row
from server.kernel.errors import NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar
from server.units.tables import Unit

ACTION = "waitlist.join"
SERVE = "waitlist.serve"
NOTICE = timedelta(hours=2)
"""A place that begins sooner is of no use to anybody who has to get ready."""
LEAST = timedelta(minutes=30)
"""Nobody is asked to answer within less."""
AHEAD = (DayState.PUBLISHED, DayState.BOOKING_OPEN, DayState.BOOKING_CLOSED)

# One statement for the whole line: of a place that is freed meanwhile nobody knows yet, or those
# behind would be offered what came free after those before them were passed over.
FREE = f"""
    SELECT w.id AS entry_id, s.id, s.begins_at FROM waitlist_entry w
    JOIN slot s ON s.day_id = w.day_id AND s.begins_at > $2
    WHERE w.day_id = $1 AND w.state = 'waiting' AND {GENERAL.format(now="$3")}
    AND NOT EXISTS (
        SELECT 1 FROM claim c WHERE c.resource IN (s.resource, w.person_id) AND c.seats @> s.seat
        AND c.during && tstzrange(s.begins_at, s.ends_at)
        AND (c.expires_at IS NULL OR c.expires_at > $3))
    ORDER BY s.begins_at, s.seat
    """  # noqa: S608  (our own words)


@dataclass(frozen=True)
class Window:
    """When the next in line is told, and until when the place is theirs."""

    tell_at: datetime
    due_at: datetime


def window(
    now: datetime, begins_at: datetime, *, lasting: timedelta, calendar: WorkingCalendar
) -> Window | None:
    """In office time; for a place that is near, in daytime. None: there is no time left to ask."""
    due_at, latest = office_due(now, lasting, calendar=calendar), begins_at - NOTICE
    if due_at <= latest:
        return Window(office_moment(now, calendar=calendar), due_at)
    tell_at = daytime_moment(now)
    due_at = min(tell_at + lasting, latest)
    return Window(tell_at, due_at) if due_at - tell_at >= LEAST else None


async def join(
    tx: Tx, sealer: Sealer, day_id: UUID, person_id: UUID, request: Request, *,
    config: Config, idempotency_key: str | None,
) -> UUID | None:  # fmt: skip
    """Stand in line for a day that is full; one place a person and matter.

    None: after no-shows a clerk calls instead.
    """
    account_id = tx.actor.account_id
    if account_id is None:
        raise NotFound
    day = await locked(tx, day_id, account_id, person_id)
    if done := await replays.found(await tx.driver(), account_id, idempotency_key, action=ACTION):
        return done
    await check_full(tx, day)
    who = await asking.own_person(tx, person_id)
    if not await asking.may_ask(tx, sealer, who, request, config=config):
        return None
    entry = await enter(tx, sealer, day, who, request, account_id=account_id)
    replays.keep(tx, account_id, idempotency_key, action=ACTION, result_id=entry.id)
    return entry.id


async def enter(
    tx: Tx, sealer: Sealer, day: ReceptionDay, who: Who, request: Request, *,
    account_id: UUID | None, channel: BookingChannel = BookingChannel.ONLINE,
) -> WaitlistEntry:  # fmt: skip
    """At the end of the line; the day must be locked and full, the person within the limits."""
    await _check_once(tx, who.person_id, request.case_id)
    unit = await tx.session.get_one(Unit, day.unit_id)
    facts = await asking.columns(
        tx, sealer, who, request, unit=unit, host_id=day.leader_id, account_id=account_id,
        channel=channel,
    )  # fmt: skip
    entry = WaitlistEntry(**facts, day_id=day.id, state=EntryState.WAITING)
    case = await tx.session.get_one(Case, entry.case_id)
    topic_days.check(tx, day.kind, day.topics, case.category)
    tx.session.add(entry)
    await tx.session.flush()
    tx.audit("join", "waitlist_entry", entry.id, day=day.id, case=entry.case_id)
    return entry


async def serve(tx: Tx, sealer: Sealer, *, rules: Scheduling) -> int:
    """Offer every place that is free to the next in its line; answers how many. Any process may."""
    waits = sa.select(WaitlistEntry.day_id).where(WaitlistEntry.state == EntryState.WAITING)
    query = sa.select(ReceptionDay).where(
        ReceptionDay.id.in_(waits), ReceptionDay.state.in_(AHEAD),
        ReceptionDay.ends_at > tx.now + NOTICE,
    )  # fmt: skip
    days = {day.id: day for day in await tx.session.scalars(query.order_by(ReceptionDay.id))}
    counts = await queries.counts_of(tx, list(days))
    calendar = await load_calendar(tx, around=day_of(tx.now))
    offered = 0
    for day_id, day in days.items():
        if counts.get(day_id, (0, 0))[0]:
            offered += await _serve(tx, sealer, day, rules=rules, calendar=calendar)
    return offered


async def _serve(
    tx: Tx, sealer: Sealer, day: ReceptionDay, *, rules: Scheduling, calendar: WorkingCalendar
) -> int:
    """In the order of asking; who is busy at every free time is passed over, and keeps the place."""
    seats = sa.select(Slot.resource).distinct().where(Slot.day_id == day.id)
    await claims.lock(await tx.driver(), (await tx.session.scalars(seats)).all())
    query = sa.select(WaitlistEntry).where(
        WaitlistEntry.day_id == day.id, WaitlistEntry.state == EntryState.WAITING
    )
    line = query.order_by(WaitlistEntry.number).with_for_update()
    entries = (await tx.session.scalars(line.execution_options(populate_existing=True))).all()
    places: dict[UUID, list[Row]] = {entry.id: [] for entry in entries}
    for row in await (await tx.driver()).fetch(FREE, day.id, tx.now + NOTICE, tx.now):
        places[row["entry_id"]].append(row)
    offered, tried = 0, set[UUID]()
    for entry in entries:
        for place in places[entry.id]:
            if place["id"] in tried:
                continue
            tried.add(place["id"])
            if await _offer(tx, sealer, day, entry, place, rules=rules, calendar=calendar):
                offered += 1
                break
    return offered


async def _offer(
    tx: Tx, sealer: Sealer, day: ReceptionDay, entry: WaitlistEntry, place: Row, *,
    rules: Scheduling, calendar: WorkingCalendar,
) -> bool:  # fmt: skip
    """Whether the place could be kept for them alone."""
    times = window(tx.now, place["begins_at"], lasting=rules.waitlist_offer, calendar=calendar)
    hold_id = await kept_places.keep(tx, place["id"], until=times.due_at) if times else None
    if times is None or hold_id is None:
        return False
    _step(entry, EntryAction.OFFER)
    about = About(
        kind=ChoiceKind.PLACE_FREED, unit_id=day.unit_id, name=entry.name,
        phone=phoned.sms_of(entry.needs, entry.phone), account_id=entry.account_id,
        entry_id=entry.id, from_leader_id=day.leader_id,
    )  # fmt: skip
    choice = await questions.ask(
        tx, sealer, about, [hold_id], tell_at=times.tell_at, due_at=times.due_at
    )
    await asking.phone(tx, sealer, entry, choice)
    return True


async def wait_on(tx: Tx, entry_id: UUID) -> None:
    """What was offered fell away through no fault of theirs: they stand where they stood."""
    _step(await tx.session.get_one(WaitlistEntry, entry_id), EntryAction.WAIT_ON)


def end(tx: Tx, entry: WaitlistEntry, action: EntryAction) -> None:
    _step(entry, action)
    entry.ended_at = tx.now
    tx.audit("end", "waitlist_entry", entry.id, day=entry.day_id, state=entry.state)
    if entry.state in {EntryState.LAPSED, EntryState.CLOSED}:
        tx.emit(WaitlistEnded(entry_id=entry.id))


async def leave(tx: Tx, entry: WaitlistEntry) -> None:
    """Out of the line; a place that was kept for them goes to the next."""
    end(tx, entry, EntryAction.LEAVE)
    for choice in await questions.open_of(tx, Choice.entry_id == entry.id):
        await questions.close(tx, choice, Chosen.DECLINE)


async def close_day(tx: Tx, day_id: UUID) -> None:
    """The day begins, or is off: nobody waits for it any more."""
    for entry in await line_of(tx, day_id):
        await close(tx, entry)


async def close(tx: Tx, entry: WaitlistEntry) -> None:
    """What they wait for cannot come any more."""
    end(tx, entry, EntryAction.CLOSE)
    for choice in await questions.open_of(tx, Choice.entry_id == entry.id):
        await questions.close(tx, choice, Chosen.WITHDRAWN)


async def follow_day(tx: Tx, old_id: UUID, new_id: UUID) -> None:
    """Another leader receives at the same times: the line stands as it stood."""
    for entry in await line_of(tx, old_id):
        entry.day_id = new_id
    await tx.session.flush()


async def line_of(tx: Tx, day_id: UUID) -> Sequence[WaitlistEntry]:
    query = sa.select(WaitlistEntry).where(
        WaitlistEntry.day_id == day_id, WaitlistEntry.state.in_(OPEN)
    )
    return (await tx.session.scalars(query.order_by(WaitlistEntry.number))).all()


async def place_of(tx: Tx, entry: WaitlistEntry) -> int:
    """The place in line, from 1."""
    query = sa.select(sa.func.count()).where(
        WaitlistEntry.day_id == entry.day_id, WaitlistEntry.state.in_(OPEN),
        WaitlistEntry.number <= entry.number,
    )  # fmt: skip
    return await tx.session.scalar(query) or 1


def _step(entry: WaitlistEntry, action: EntryAction) -> None:
    entry.state = state.after(ENTRY, EntryState(entry.state), action)


async def locked(tx: Tx, day_id: UUID, *more: UUID) -> ReceptionDay:
    """A day that was published, while nobody else takes its places, nor whatever else is named."""
    day = await tx.session.get(ReceptionDay, day_id)
    if day is None or day.state == DayState.DRAFT:
        raise NotFound
    seats = sa.select(Slot.resource).distinct().where(Slot.day_id == day_id)
    await claims.lock(await tx.driver(), [*more, *(await tx.session.scalars(seats)).all()])
    return day


async def _check_once(tx: Tx, person_id: UUID, case_id: UUID | None) -> None:
    query = sa.select(WaitlistEntry.id).where(
        WaitlistEntry.person_id == person_id, WaitlistEntry.case_id == case_id,
        WaitlistEntry.state.in_(OPEN),
    )  # fmt: skip
    if case_id is not None and await tx.session.scalar(query) is not None:
        raise RuleBroken("one_line_a_matter")


async def check_full(tx: Tx, day: ReceptionDay) -> None:
    """Raises RuleBroken."""
    if day.state != DayState.BOOKING_OPEN or day.invited_only or day.booking_closes_at <= tx.now:
        raise RuleBroken("waitlist_closed")
    free, _ = (await queries.counts_of(tx, [day.id])).get(day.id, (0, 0))
    if not free or await line_of(tx, day.id):
        return
    card = await public_days.one(tx, day.id)
    raise RuleBroken("day_has_room" if card and card.free else "day_place_rests")
