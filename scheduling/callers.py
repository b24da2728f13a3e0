"""Who rings in unasked: what is open with whoever left this number, though nobody was to call them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from scheduling import access, desk_queries
from scheduling.choices.tables import OPEN_ENTRIES, OPEN_WISHES, Choice, WaitlistEntry, Wish
from scheduling.draws import standing
from scheduling.draws.tables import Draw, DrawEntry
from scheduling.tables import OPEN_STATES, Appointment, CallTask, Invitee, SessionRole
from server.cases import access as cases
from server.cases.tables import Case
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.tables import Unit

LOOKED_THROUGH = 2000


@dataclass(frozen=True)
class OpenWith:
    """What waits for a caller's word, or for which they wait; by id but for calls and questions.

    `calls`: each with the name of whoever took it.
    """

    calls: Sequence[tuple[CallTask, str | None]]
    choices: Sequence[Choice]
    wishes: Collection[UUID]
    entries: Collection[UUID]
    drawn: Collection[UUID]
    appointments: Collection[UUID]

    @property
    def ids(self) -> dict[str, list[UUID]]:
        """What was found, by kind."""
        return {
            "calls": sorted(task.id for task, _ in self.calls),
            "choices": sorted(one.id for one in self.choices), "wishes": sorted(self.wishes),
            "entries": sorted(self.entries), "drawn": sorted(self.drawn),
            "appointments": sorted(self.appointments),
        }  # fmt: skip

    @property
    def count(self) -> int:
        return sum(map(len, self.ids.values()))


async def open_with(tx: Tx, sealer: Sealer, phone: str) -> OpenWith:
    """Within the desk's reach. Numbers are sealed: what is open is looked through, the newest first."""

    def theirs(rows: Iterable[Sequence[UUID | bytes | None]]) -> set[UUID]:
        return {
            key for key, sealed in rows
            if isinstance(key, UUID) and isinstance(sealed, bytes)
            and sealer.open(sealed, purpose="phone") == phone
        }  # fmt: skip

    calls = [
        (task, name)
        for task, name in await desk_queries.calls_by_phone(tx, most=LOOKED_THROUGH)
        if task.phone and sealer.open(task.phone, purpose="phone") == phone
    ]  # fmt: skip
    wishes = theirs(await _wishes(tx))
    entries = theirs(await _entries(tx))
    drawn = theirs(await _drawn(tx))
    appointments = theirs(await _appointments(tx))
    asked = [*await _choices(tx)]
    named = theirs([(one.id, one.phone) for one in asked])
    named |= {task.choice_id for task, _ in calls if task.choice_id}
    about = wishes | entries | drawn | appointments
    choices = [
        one for one in asked
        if one.id in named
        or about & {one.wish_id, one.entry_id, one.draw_entry_id, one.appointment_id}
    ]  # fmt: skip
    choices.sort(key=lambda one: one.due_at)
    return OpenWith(calls, choices, wishes, entries, drawn, appointments)


async def _choices(tx: Tx) -> Sequence[Choice]:
    """Questions that can be answered still."""
    query = (
        sa.select(Choice)
        .where(Choice.answered_at.is_(None), Choice.due_at > tx.now)
        .where(Choice.unit_id.in_(_units(tx)), access.impartial_choices(tx.actor))
        .order_by(Choice.asked_at.desc())
        .limit(LOOKED_THROUGH)
    )
    return (await tx.session.scalars(query)).all()


async def _wishes(tx: Tx) -> Sequence[sa.Row[UUID, bytes]]:
    query = (
        sa.select(Wish.id, Wish.phone)
        .where(
            Wish.state.in_(OPEN_WISHES),
            Wish.unit_id.in_(_units(tx)),
            Wish.case_id.in_(_matters(tx)),
        )
        .order_by(Wish.asked_at.desc())
    )
    return (await tx.session.execute(query.limit(LOOKED_THROUGH))).all()


async def _entries(tx: Tx) -> Sequence[sa.Row[UUID, bytes]]:
    query = sa.select(WaitlistEntry.id, WaitlistEntry.phone).where(
        WaitlistEntry.state.in_(OPEN_ENTRIES), WaitlistEntry.unit_id.in_(_units(tx)),
        WaitlistEntry.case_id.in_(_matters(tx)),
    ).order_by(WaitlistEntry.asked_at.desc())  # fmt: skip
    return (await tx.session.execute(query.limit(LOOKED_THROUGH))).all()


async def _drawn(tx: Tx) -> Sequence[sa.Row[UUID, bytes]]:
    """None where places are not drawn."""
    query = (
        sa.select(DrawEntry.id, DrawEntry.phone)
        .join(Draw, Draw.id == DrawEntry.draw_id)
        .where(standing.stands(tx), DrawEntry.unit_id.in_(_units(tx)))
        .where(DrawEntry.case_id.in_(_matters(tx)))
        .order_by(DrawEntry.asked_at.desc())
        .limit(LOOKED_THROUGH)
    )
    return (await tx.session.execute(query)).all() if tx.rules.draws else []


async def _appointments(tx: Tx) -> Sequence[sa.Row[UUID, bytes | None]]:
    query = (
        sa.select(Appointment.id, Invitee.phone)
        .join(Invitee, Invitee.appointment_id == Appointment.id)
        .where(Appointment.state.in_(OPEN_STATES), Appointment.ends_at > tx.now)
        .where(Appointment.unit_id.in_(_units(tx)), access.impartial(tx.actor))
        .where(Invitee.role == SessionRole.PETITIONER, Invitee.removed_at.is_(None))
        .order_by(Appointment.created_at.desc())
    )
    return (await tx.session.execute(query.limit(LOOKED_THROUGH))).all()


def _units(tx: Tx) -> sa.Select[UUID]:
    return sa.select(Unit.id).where(access.within_reach(tx.actor, *access.DESK))


def _matters(tx: Tx) -> sa.Select[UUID]:
    return sa.select(Case.id).where(cases.impartial(tx.actor))
