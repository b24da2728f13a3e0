"""The draw when applying has closed: the order is computed, the first are booked, all are told."""

from uuid import UUID

from scheduling import claims, complained_of, confirmation, limits
from scheduling.choices import asking, kept_places
from scheduling.claims import Wanted
from scheduling.draws import announcing, applying, lottery, passing_on, places
from scheduling.draws.announcing import SEED
from scheduling.draws.tables import Draw, DrawEntry, DrawState
from scheduling.events import DrawLost
from scheduling.tables import AppointmentState, ClaimReason
from server.kernel.config import Scheduling
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar


async def close(tx: Tx, sealer: Sealer, due: Due, *, rules: Scheduling) -> str | None:
    """Draw once: the seed is published with the order that follows from it and the list alone."""
    draw = await tx.session.get(Draw, UUID(due.payload["draw_id"]), with_for_update=True)
    if draw is None or draw.state != DrawState.ANNOUNCED:
        return "skipped"
    entries = {entry.number: entry for entry in await applying.entries_of(tx, draw.id)}
    listed = [(entry.number, entry.total) for entry in entries.values()]
    order = lottery.drawn(sealer.open(draw.seed, purpose=SEED), listed)
    announcing.step(draw, "draw")
    draw.drawn_at, draw.digest = tx.now, lottery.digest(listed)
    await announcing.give_back(tx, draw)
    tx.audit("draw", "draw", draw.id, digest=draw.digest, applications=len(order))
    for place, number in enumerate(order, start=1):
        entries[number].place = place
        if place <= draw.places:
            await _book(tx, sealer, draw, entries[number], rules=rules)
        else:
            tx.emit(DrawLost(entry_id=entries[number].id))
    tx.schedule(passing_on.SERVE, key=f"{passing_on.SERVE}:{draw.id}", payload={})
    return None


async def _book(tx: Tx, sealer: Sealer, draw: Draw, entry: DrawEntry, *, rules: Scheduling) -> None:
    """The place is theirs; who has something else at that time, or enough open, is asked, and phoned.

    Of a host who keeps out of the matter it goes to the next.
    """
    assert entry.place is not None
    who = asking.guest(entry)
    quick = await tx.driver()
    people = [draw.host_id, entry.person_id]
    await claims.lock(quick, people)
    if await complained_of.barred(tx, [who.case_id], [draw.host_id]):
        await passing_on.phone(tx, sealer, draw, entry, choice=None)
        return
    theirs = await kept_places.standing_of(tx, who)
    if limits.broken(theirs, most_open=rules.open_appointments) is not None:
        await _ask(tx, sealer, draw, entry, rules=rules)
        return
    appointment = await places.appointment(
        tx, draw, entry.place, state=AppointmentState.CONFIRMED, person_id=who.person_id,
        account_id=who.account_id, case_id=who.case_id, booked_by=who.booked_by,
        attend_by=who.attend_by, site_id=who.site_id, needs=who.needs,
    )  # fmt: skip
    times = [Wanted(one, appointment.begins_at, appointment.ends_at) for one in people]
    if not await claims.take(
        quick, times, appointment_id=appointment.id, reason=ClaimReason.BOOKING, expires_at=None,
        now=tx.now,
    ):  # fmt: skip
        await claims.release(quick, appointment.id)
        await tx.session.delete(appointment)
        await tx.session.flush()
        await _ask(tx, sealer, draw, entry, rules=rules)
        return
    entry.appointment_id = appointment.id
    await kept_places.invite(tx, sealer, appointment, who)
    calendar = await load_calendar(tx, around=day_of(tx.now))
    await confirmation.stand(tx, sealer, appointment, calendar=calendar)
    tx.audit("give", "draw", draw.id, number=entry.number, appointment=appointment.id)


async def _ask(tx: Tx, sealer: Sealer, draw: Draw, entry: DrawEntry, *, rules: Scheduling) -> None:
    """They won it and cannot have it as things are: kept for a while, and a clerk phones."""
    assert entry.place is not None
    choice = await passing_on.keep_for(tx, sealer, draw, entry, entry.place, rules=rules)
    if choice is not None:
        await passing_on.note(tx, draw, entry, entry.place, choice)
    await passing_on.phone(tx, sealer, draw, entry, choice=choice)
