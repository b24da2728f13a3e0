"""Rosters of departments and sub-centres: who is there when, who is on call, who is on leave."""

from datetime import date, datetime, time
from uuid import UUID

from pydantic import Field

from scheduling.joint import asks, queries
from scheduling.rosters import shifts as rosters
from scheduling.rosters import wishes
from scheduling.rosters.shifts import NewShift
from scheduling.rosters.tables import RosterShift, RosterWish, WishKind
from scheduling.rosters.troubles import ShiftTrouble, troubles
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Instant
from server.http.joint_views import PersonRef
from server.identity.permissions import Permission
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, load_calendar
from server.units.tables import Presence, UnitKind

routes = Routes()


class ShiftView(View):
    """`person` is who is there by name, or who is called when on call."""

    id: UUID
    day: date
    begins: time
    ends: time
    presence: Presence
    seats: int
    person: PersonRef | None
    version: int


class RosterUnit(View):
    unit_id: UUID
    name: str
    name_en: str | None
    kind: UnitKind
    presence: Presence | None
    shifts: list[ShiftView]
    people: list[PersonRef]


class LeaveView(View):
    id: UUID
    person: PersonRef
    begins_at: datetime
    ends_at: datetime


class RosterDay(View):
    date: date
    working: bool


class RosterWishView(View):
    """What somebody said of a half day of the week (Monday is 0, the morning 0)."""

    account_id: UUID
    weekday: int
    half: int
    kind: WishKind
    entered_by: PersonRef
    entered_at: datetime


class RosterView(View):
    days: list[RosterDay]
    units: list[RosterUnit]
    leaves: list[LeaveView]
    wishes: list[RosterWishView]


class RosterQuery(Body):
    first: date
    days: int = Field(7, ge=1, le=31)


class ShiftBody(Body):
    begins: time
    ends: time
    presence: Presence
    seats: int = Field(1, ge=1, le=9)
    account_id: UUID | None = None

    def shift(self) -> NewShift:
        return NewShift(self.begins, self.ends, self.presence, self.seats, self.account_id)


class NewShiftBody(ShiftBody):
    """The same shift on each of these days."""

    unit_id: UUID
    days: list[date] = Field(min_length=1, max_length=31)


class ShiftChange(ShiftBody):
    """`version`: the one that was seen."""

    version: int


class ShiftCheck(NewShiftBody):
    """`shift_id`: the one that is changed."""

    shift_id: UUID | None = None


class ShiftTroubleView(View):
    """`account_id` None: whoever it would be."""

    day: date
    trouble: ShiftTrouble
    account_id: UUID | None


class RosterHalf(Body):
    weekday: int = Field(ge=0, le=6)
    half: int = Field(ge=0, le=1)
    kind: WishKind = WishKind.RATHER_NOT


class RosterWishesBody(Body):
    halves: list[RosterHalf] = Field(max_length=14)


class LeaveBody(Body):
    account_id: UUID
    begins_at: Instant
    ends_at: Instant


@routes.get("/api/roster", permission=Permission.ROSTER_READ)
async def read_roster(ctx: Context, query: RosterQuery) -> RosterView:
    """Some days of the units within reach."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await rosters.read(tx, first=query.first, days=query.days)
        calendar = await load_calendar(tx, around=query.first)
        staff = {one for of in found.staff.values() for one in of}
        named = {shift.account_id for shift in found.shifts}
        said = await wishes.read(tx, staff)
        entered = {one.entered_by for one in said}
        names = (await queries.names(tx, units=(), staff={*staff, *named, *entered})).staff
        wished = [_wish(one, names) for one in said]
    shifts: dict[UUID, list[ShiftView]] = {}
    for row in found.shifts:
        shifts.setdefault(row.unit_id, []).append(_shift(row, names))
    units = [
        RosterUnit(
            unit_id=unit.id, name=unit.name, name_en=unit.name_en, kind=UnitKind(unit.kind),
            presence=Presence(unit.presence) if unit.presence else None,
            shifts=shifts.get(unit.id, []),
            people=[_person(one, names) for one in found.staff.get(unit.id, ())],
        )
        for unit in found.units
    ]  # fmt: skip
    leaves = [
        LeaveView(id=one.id, person=_person(one.account_id, names), begins_at=one.begins_at,
                  ends_at=one.ends_at)
        for one in found.leaves
    ]  # fmt: skip
    return RosterView(days=_days(query, calendar), units=units, leaves=leaves, wishes=wished)


@routes.post("/api/roster/shifts", permission=Permission.ROSTER_WRITE)
async def add_shifts(ctx: Context, body: NewShiftBody) -> list[ShiftView]:
    """A shift of a unit, on one day or several."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        days = sorted(set(body.days))
        rows = await rosters.add(tx, body.unit_id, days, body.shift())
        return await _shifts(tx, rows)


@routes.put("/api/roster/shifts/{shift_id}", permission=Permission.ROSTER_WRITE)
async def change_shift(ctx: Context, shift_id: UUID, body: ShiftChange) -> ShiftView:
    async with ctx.services.uow.begin(ctx.actor) as tx:
        row = await rosters.shift(tx, shift_id)
        await rosters.change(tx, row, body.shift(), version=body.version)
        await tx.session.flush()
        return (await _shifts(tx, [row]))[0]


@routes.delete("/api/roster/shifts/{shift_id}", permission=Permission.ROSTER_WRITE)
async def remove_shift(ctx: Context, shift_id: UUID) -> None:
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await rosters.remove(tx, await rosters.shift(tx, shift_id))


@routes.post("/api/roster/checks", permission=Permission.ROSTER_WRITE)
async def check_shifts(ctx: Context, body: ShiftCheck) -> list[ShiftTroubleView]:
    """What speaks against such a shift, for each of the unit's people; writes nothing."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await troubles(
            tx, body.unit_id, body.days, body.shift(), besides=body.shift_id
        )  # fmt: skip
    return [ShiftTroubleView(**vars(one)) for one in found]


@routes.put("/api/roster/wishes/{account_id}", permission=Permission.ROSTER_WRITE)
async def write_roster_wishes(
    ctx: Context, account_id: UUID, body: RosterWishesBody
) -> list[RosterWishView]:
    """When somebody cannot, would rather not or would like to be there; planning goes by it."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        wanted = {(one.weekday, one.half): one.kind for one in body.halves}
        await wishes.write(tx, account_id, wanted)
        said = await wishes.read(tx, [account_id])
        names = (await queries.names(tx, units=(), staff=[one.entered_by for one in said])).staff
        return [_wish(one, names) for one in said]


@routes.post("/api/roster/leaves", permission=Permission.ROSTER_WRITE)
async def add_leave(ctx: Context, body: LeaveBody) -> LeaveView:
    """Somebody is away: joint interviews get the next of their unit; all else must go elsewhere first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        span = {"begins_at": body.begins_at, "ends_at": body.ends_at}
        await asks.fall_ill(tx, ctx.services.sealer, body.account_id, **span)
        made = await rosters.add_leave(
            tx, body.account_id, begins_at=body.begins_at, ends_at=body.ends_at
        )
        names = (await queries.names(tx, units=(), staff=[body.account_id])).staff
    person = _person(body.account_id, names)
    return LeaveView(id=made, person=person, begins_at=body.begins_at, ends_at=body.ends_at)


@routes.delete("/api/roster/leaves/{leave_id}", permission=Permission.ROSTER_WRITE)
async def end_leave(ctx: Context, leave_id: UUID) -> None:
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await rosters.end_leave(tx, leave_id)


async def _shifts(tx: Tx, rows: list[RosterShift]) -> list[ShiftView]:
    staff = {row.account_id for row in rows}
    names = (await queries.names(tx, units=(), staff=staff)).staff
    return [_shift(row, names) for row in rows]


def _wish(one: RosterWish, names: dict[UUID, str]) -> RosterWishView:
    return RosterWishView(
        account_id=one.account_id, weekday=one.weekday, half=one.half, kind=WishKind(one.kind),
        entered_by=_person(one.entered_by, names), entered_at=one.entered_at,
    )  # fmt: skip


def _shift(row: RosterShift, names: dict[UUID, str]) -> ShiftView:
    return ShiftView(
        id=row.id, day=row.day, begins=row.begins, ends=row.ends,
        presence=Presence(row.presence), seats=row.seats,
        person=_person(row.account_id, names) if row.account_id else None, version=row.version,
    )  # fmt: skip


def _person(account_id: UUID, names: dict[UUID, str]) -> PersonRef:
    return PersonRef(account_id=account_id, name=names.get(account_id, ""))


def _days(query: RosterQuery, calendar: WorkingCalendar) -> list[RosterDay]:
    ordinals = range(query.first.toordinal(), query.first.toordinal() + query.days)
    days = (date.fromordinal(n) for n in ordinals)
    return [RosterDay(date=day, working=calendar.is_working(day)) for day in days]
