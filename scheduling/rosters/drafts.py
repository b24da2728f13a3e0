"""Drafts of a period's roster: asked for, looked at, kept whole or not at all, taken back."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, time, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy import orm as sa_orm

from scheduling import access, claims
from scheduling.plans.cutting import instant
from scheduling.rosters import facts as roster_facts
from scheduling.rosters import presence
from scheduling.rosters.outcome import NewRow, Outcome, outcome
from scheduling.rosters.period import PERIOD, Period, Settings
from scheduling.rosters.posing import pose
from scheduling.rosters.presence import Shift
from scheduling.rosters.shifts import ROSTERED
from scheduling.rosters.tables import DraftState, RosterDraft, RosterShift
from scheduling.rosters.turns.lines import Method, Solved
from server.kernel import driver, state
from server.kernel.actor import Role
from server.kernel.errors import Conflict, FieldError, Invalid, NotFound
from server.kernel.uow import LOST_RACE, Tx
from server.units.calendar import day_of
from server.units.tables import Presence, Unit

SOLVE = "roster.solve"
LONGEST = 60
MEMORY = timedelta(days=60)
"""Older drafts are forgotten when a new one is asked for."""
SILENCE = timedelta(minutes=2)
"""A draft on which nobody worked for so long is not worked on any more."""
READ_BY = (*access.DESK, Role.SUPERVISOR)
Q, R = DraftState.QUEUED, DraftState.RUNNING
DRAFT = {
    (Q, "begin"): R,
    (R, "begin"): R,
    (R, "solve"): DraftState.READY,
    (R, "fail"): DraftState.FAILED,
    (Q, "cancel"): DraftState.CANCELLED,
    (R, "cancel"): DraftState.CANCELLED,
    (R, "stop"): R,
    (DraftState.READY, "cancel"): DraftState.CANCELLED,
    (DraftState.READY, "keep"): DraftState.KEPT,
    (DraftState.KEPT, "undo"): DraftState.UNDONE,
}
BRIEFLY = tuple(
    sa_orm.defer(part) for part in (RosterDraft.problem, RosterDraft.solved, RosterDraft.undo)
)
"""What a list does without: each holds a whole period."""
SOLVED: TypeAdapter[Solved] = TypeAdapter(Solved)


@dataclass(frozen=True)
class Wish:
    """What a clerk asks for."""

    unit_ids: Sequence[UUID]
    first: date
    last: date
    method: Method
    settings: Settings


async def ask(tx: Tx, wish: Wish) -> RosterDraft:
    """Read everything, and have it worked out by a task."""
    _check(tx, wish)
    units = [
        await access.demand_reach(tx, one, *access.DESK) for one in dict.fromkeys(wish.unit_ids)
    ]
    if any(unit.kind not in ROSTERED for unit in units):
        raise Invalid("invalid", fields=(FieldError("unit_ids", "field.invalid"),))
    await tx.session.execute(sa.delete(RosterDraft).where(RosterDraft.asked_at < tx.now - MEMORY))
    facts = await roster_facts.read(tx, units, wish.first, wish.last)
    period = pose(facts, wish.settings)
    assert tx.actor.account_id is not None
    row = RosterDraft(
        id=uuid4(), unit_ids=[unit.id for unit in units], first=wish.first, last=wish.last,
        settings=asdict(wish.settings), method=wish.method, state=DraftState.QUEUED,
        asked_by=tx.actor.account_id, asked_at=tx.now, seen=facts.seen,
        problem=PERIOD.dump_json(period).decode(), stopping=False,
    )  # fmt: skip
    tx.session.add(row)
    tx.schedule(SOLVE, key=f"{SOLVE}:{row.id}", payload={"draft_id": str(row.id)}, max_attempt=2)
    tx.audit("draft", "roster_draft", row.id, units=len(units), first=wish.first, last=wish.last)
    return row


def _check(tx: Tx, wish: Wish) -> None:
    errors = []
    if wish.first <= day_of(tx.now):
        errors.append(FieldError("first", "field.past"))
    if not wish.first <= wish.last < wish.first + timedelta(days=LONGEST):
        errors.append(FieldError("last", "field.before_begin"))
    if errors:
        raise Invalid("invalid", fields=tuple(errors))


async def draft(tx: Tx, draft_id: UUID, *roles: Role) -> RosterDraft:
    """One whose units are all within the actor's reach."""
    found = await tx.session.get(RosterDraft, draft_id, with_for_update=not roles)
    if found is None:
        raise NotFound
    for unit_id in found.unit_ids:
        await access.demand_reach(tx, unit_id, *(roles or access.DESK))
    return found


async def latest(tx: Tx, *, limit: int = 5) -> Sequence[RosterDraft]:
    """The newest ones of units within reach."""
    within = sa.select(Unit.id).where(access.within_reach(tx.actor, *READ_BY))
    ids = set((await tx.session.scalars(within)).all())
    query = sa.select(RosterDraft).order_by(RosterDraft.asked_at.desc()).options(*BRIEFLY)
    rows = await tx.session.scalars(query)
    return [row for row in rows if ids.issuperset(row.unit_ids)][:limit]


def state_of(tx: Tx, row: RosterDraft) -> DraftState:
    """A draft that is not worked on any more has failed."""
    last = row.beat_at or row.asked_at
    if row.state in {Q, R} and tx.now - last > SILENCE:
        return DraftState.FAILED
    return DraftState(row.state)


def cancel(tx: Tx, row: RosterDraft) -> None:
    """It is not worked on any more, or not kept."""
    row.state = state.after(DRAFT, DraftState(row.state), "cancel")
    tx.audit("cancel", "roster_draft", row.id)


def stop(row: RosterDraft) -> None:
    """The best so far will do."""
    row.state = state.after(DRAFT, DraftState(row.state), "stop")
    row.stopping = True


def period_of(row: RosterDraft) -> Period:
    return PERIOD.validate_json(row.problem)


def solved_of(row: RosterDraft) -> Solved:
    if row.solved is None:
        raise Conflict("wrong_state", state=str(row.state), action="read")
    return SOLVED.validate_json(row.solved)


def outcome_of(row: RosterDraft) -> Outcome:
    return outcome(period_of(row), solved_of(row).roster)


async def keep(tx: Tx, row: RosterDraft) -> None:
    """All of it, if the roster is still as it was seen."""
    row.state = state.after(DRAFT, DraftState(row.state), "keep")
    made = outcome_of(row)
    period = period_of(row)
    units = [await tx.session.get_one(Unit, unit_id) for unit_id in row.unit_ids]
    before = await roster_facts.shifts_of(tx, row.unit_ids, row.first, row.last)
    gone = {one.id for one in made.removed}
    leaving = [one for one in before if one.id in gone]
    await _lock(tx, leaving)
    if (await roster_facts.read(tx, units, row.first, row.last)).seen != row.seen:
        raise Conflict(LOST_RACE)
    added = [_plain(period, one) for one in made.added]
    row.undo = {
        "removed": [_told(one) for one in leaving],
        "added": [str(one["id"]) for one in added],
    }
    row.kept_at = tx.now
    await tx.session.execute(sa.delete(RosterShift).where(RosterShift.id.in_(gone)))
    await driver.insert(await tx.driver(), RosterShift, *added)
    tx.audit("keep", "roster_draft", row.id, added=len(added), removed=len(gone))


async def undo(tx: Tx, row: RosterDraft) -> None:
    """As it was before, unless somebody has built on it since."""
    row.state = state.after(DRAFT, DraftState(row.state), "undo")
    assert row.undo is not None
    ids = [UUID(one) for one in row.undo["added"]]
    query = sa.select(RosterShift).where(RosterShift.id.in_(ids), RosterShift.version == 1)
    added = (await tx.session.scalars(query)).all()
    await _lock(tx, added)
    if len(added) != len(ids) or await _built_on(tx, row, added):
        raise Conflict(LOST_RACE)
    await tx.session.execute(sa.delete(RosterShift).where(RosterShift.id.in_(ids)))
    back = [_untold(one) for one in row.undo["removed"]]
    await driver.insert(await tx.driver(), RosterShift, *back)
    if await (await tx.driver()).fetchval(OVERLAPS, [one["id"] for one in back]):
        raise Conflict("shift_overlaps")
    tx.audit("undo", "roster_draft", row.id)


OVERLAPS = """
    SELECT EXISTS (
        SELECT FROM roster_shift a JOIN roster_shift b ON a.account_id = b.account_id
        AND a.day = b.day AND a.id <> b.id AND a.begins < b.ends AND a.ends > b.begins
        WHERE a.id = ANY($1))
    """


async def _built_on(tx: Tx, row: RosterDraft, added: Sequence[RosterShift]) -> bool:
    """Whether a meeting booked since counts on it."""
    days = period_of(row).days
    booked = await roster_facts.booked_of(tx, row.unit_ids, days, since=row.kept_at)
    return any(
        (one.unit_id, half) in booked
        for one in added
        for half in roster_facts.halves_in(
            days, instant(one.day, one.begins), instant(one.day, one.ends)
        )
    )


async def _lock(tx: Tx, rows: Sequence[RosterShift]) -> None:
    """No booking comes in between."""
    by_unit: dict[UUID, list[Shift]] = {}
    for row in rows:
        shift = Shift(
            row.unit_id, row.begins, row.ends, Presence(row.presence), row.seats, row.account_id,
            (row.day.toordinal(),),
        )  # fmt: skip
        by_unit.setdefault(row.unit_id, []).append(shift)
    resources = {one for unit_id, of in by_unit.items() for one in presence.resources(unit_id, of)}
    if resources:
        await claims.lock(await tx.driver(), sorted(resources))


def _plain(period: Period, new: NewRow) -> dict[str, object]:
    return {
        "id": uuid4(), "unit_id": period.unit_ids[new.unit], "day": new.day, "begins": new.begins,
        "ends": new.ends, "presence": new.presence, "seats": new.seats, "account_id": new.person,
        "version": 1,
    }  # fmt: skip


def _told(row: RosterShift) -> dict[str, object]:
    return {
        "id": str(row.id), "unit_id": str(row.unit_id), "day": row.day.isoformat(),
        "begins": row.begins.isoformat(), "ends": row.ends.isoformat(), "presence": row.presence,
        "seats": row.seats, "account_id": str(row.account_id) if row.account_id else None,
        "version": row.version,
    }  # fmt: skip


def _untold(told: dict[str, str]) -> dict[str, object]:
    account = told["account_id"]
    return {
        **told, "id": UUID(told["id"]), "unit_id": UUID(told["unit_id"]),
        "day": date.fromisoformat(told["day"]), "begins": time.fromisoformat(told["begins"]),
        "ends": time.fromisoformat(told["ends"]), "account_id": UUID(account) if account else None,
    }  # fmt: skip
