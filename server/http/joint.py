"""Joint interviews of departments: wishes on a case, ranked times, booking, its seats."""

from uuid import UUID

import sqlalchemy as sa
from pydantic import Field

from scheduling.joint import asks, by_clock, ground, queries, search
from scheduling.joint import booking as joint_booking
from scheduling.joint import interviews as joint_interviews
from scheduling.joint.booking import Choice, Taken
from scheduling.joint.queries import Shown
from scheduling.joint.tables import JointInterview, JointSeat
from server.http.context import Context
from server.http.endpoints import Body, Routes
from server.http.fields import Instant, Line
from server.http.joint_views import (
    JointTimesView,
    JointView,
    PersonRef,
    WishesBody,
    joint_view,
    times_view,
)
from server.identity.permissions import Permission
from server.kernel.errors import NotFound
from server.kernel.uow import Tx

routes = Routes()


class ChoiceBody(Body):
    """`asked`: units that are asked to come though their roster does not have them there."""

    begins_at: Instant
    units: list[UUID] = Field(min_length=1, max_length=6)
    asked: list[UUID] = Field([], max_length=6)
    leader_id: UUID | None = None
    room_unit_id: UUID | None = None

    def choice(self) -> Choice:
        return Choice(
            begins_at=self.begins_at,
            units=tuple(one for one in self.units if one not in self.asked),
            asked=tuple(self.asked),
            leader_id=self.leader_id,
            room_unit_id=self.room_unit_id,
        )


class JointReason(Body):
    reason: Line


class ByClock(Body):
    by_clock: bool


class SeatPerson(Body):
    account_id: UUID


class JointQuery(Body):
    case_id: UUID | None = None


@routes.get("/api/joint-interviews", permission=Permission.JOINT_WRITE)
async def list_joint_interviews(ctx: Context, query: JointQuery) -> list[JointView]:
    """Of cases that the actor may change, the newest first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        of_case = JointInterview.case_id == query.case_id if query.case_id else sa.true()
        return await _views(ctx, tx, of_case)


@routes.post("/api/cases/{case_id}/joint-interviews", permission=Permission.JOINT_WRITE)
async def open_joint_interview(ctx: Context, case_id: UUID, body: WishesBody) -> JointView:
    """Say who is needed; a time is found afterwards."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        made = await joint_interviews.open_on(
            tx, case_id, body.wishes(), by_clock=ctx.services.config.scheduling.joint_by_clock
        )
        return await _one(ctx, tx, made.id)


@routes.get("/api/joint-interviews/{interview_id}", permission=Permission.JOINT_WRITE)
async def read_joint_interview(ctx: Context, interview_id: UUID) -> JointView:
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await joint_interviews.own(tx, interview_id)
        await tx.audit_reading("joint_interview", found.id)
        return await _one(ctx, tx, found.id)


@routes.put("/api/joint-interviews/{interview_id}/wishes", permission=Permission.JOINT_WRITE)
async def change_joint_wishes(ctx: Context, interview_id: UUID, body: WishesBody) -> JointView:
    """Want others, another length or deadline, as long as no time is booked."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await joint_interviews.own(tx, interview_id)
        await joint_interviews.change_wishes(tx, found, body.wishes())
        return await _one(ctx, tx, found.id)


@routes.post("/api/joint-interviews/{interview_id}/veto", permission=Permission.JOINT_WRITE)
async def veto_joint_proposal(ctx: Context, interview_id: UUID, body: JointReason) -> JointView:
    """Not this time: the clock does not book it, and looks for another."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await joint_interviews.own(tx, interview_id)
        by_clock.veto(tx, found, reason=body.reason)
        return await _one(ctx, tx, found.id)


@routes.put("/api/joint-interviews/{interview_id}/clock", permission=Permission.JOINT_WRITE)
async def hand_joint_to_clock(ctx: Context, interview_id: UUID, body: ByClock) -> JointView:
    """Have the clock look for the time, or do it by hand."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await joint_interviews.own(tx, interview_id)
        by_clock.hand_over(tx, found, by_clock=body.by_clock)
        return await _one(ctx, tx, found.id)


@routes.get("/api/joint-interviews/{interview_id}/times", permission=Permission.JOINT_WRITE)
async def find_joint_times(ctx: Context, interview_id: UUID) -> JointTimesView:
    """The best times; and those at which only one is missing, why, and whom to ask."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        interview = await joint_interviews.own(tx, interview_id)
        those = await joint_interviews.those(tx, interview)
        found = await search.find(tx, those)
        names = await queries.names_in(tx, found, leaders=those.wishes.leaders)
    return times_view(found, those.wishes, names)


@routes.post("/api/joint-interviews/{interview_id}/booking", permission=Permission.JOINT_WRITE)
async def book_joint_interview(ctx: Context, interview_id: UUID, body: ChoiceBody) -> JointView:
    """Claim all or nothing; the same Idempotency-Key gets the same answer.

    Whoever else wants one of these people waits no longer than for the claims.
    """
    uow = ctx.services.uow
    try:
        async with uow.begin(ctx.actor) as tx:
            found = await joint_interviews.own(tx, interview_id)
            await joint_booking.book(
                tx, ctx.services.sealer, found, body.choice(), idempotency_key=ctx.idempotency_key
            )
    except Taken as taken:
        async with uow.begin(ctx.actor) as tx:
            found = await joint_interviews.own(tx, interview_id)
            raise await joint_booking.instead(tx, found, taken) from None
    async with uow.begin(ctx.actor) as tx:
        return await _one(ctx, tx, interview_id)


@routes.post("/api/joint-interviews/{interview_id}/cancellation", permission=Permission.JOINT_WRITE)
async def call_off_joint_interview(
    ctx: Context, interview_id: UUID, body: JointReason
) -> JointView:
    """Call the time off; everybody is told, the wishes stay."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await joint_interviews.own(tx, interview_id)
        await joint_interviews.call_off(tx, found, reason=body.reason)
        return await _one(ctx, tx, found.id)


@routes.post("/api/joint-interviews/{interview_id}/end", permission=Permission.JOINT_WRITE)
async def end_joint_interview(ctx: Context, interview_id: UUID, body: JointReason) -> JointView:
    """Give it up; the matter goes on without."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await joint_interviews.own(tx, interview_id)
        await joint_interviews.end(tx, found, reason=body.reason)
        return await _one(ctx, tx, found.id)


@routes.get(
    "/api/joint-interviews/{interview_id}/seats/{seat_id}/people",
    permission=Permission.JOINT_WRITE,
)
async def list_seat_people(ctx: Context, interview_id: UUID, seat_id: UUID) -> list[PersonRef]:
    """Who of the unit could come."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        seat = await _seat(tx, interview_id, seat_id)
        staff = (await ground.staff_of(tx, [seat.unit_id])).get(seat.unit_id, ())
        names = await queries.names(tx, units=(), staff=staff)
    return [PersonRef(account_id=one, name=names.staff.get(one, "")) for one in staff]


@routes.post(
    "/api/joint-interviews/{interview_id}/seats/{seat_id}/person",
    permission=Permission.JOINT_WRITE,
)
async def assign_seat(
    ctx: Context, interview_id: UUID, seat_id: UUID, body: SeatPerson
) -> JointView:
    """The clerk was told on the phone who comes for the unit."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        seat = await _seat(tx, interview_id, seat_id)
        await asks.assign(tx, ctx.services.sealer, seat, body.account_id)
        return await _one(ctx, tx, interview_id)


async def _seat(tx: Tx, interview_id: UUID, seat_id: UUID) -> JointSeat:
    interview = await joint_interviews.own(tx, interview_id)
    seat = await tx.session.get(JointSeat, seat_id)
    if seat is None or seat.interview_id != interview.id:
        raise NotFound
    return seat


async def _one(ctx: Context, tx: Tx, interview_id: UUID) -> JointView:
    await tx.session.flush()
    views = await _views(ctx, tx, JointInterview.id == interview_id)
    if not views:
        raise NotFound
    return views[0]


async def _views(ctx: Context, tx: Tx, condition: sa.ColumnElement[bool]) -> list[JointView]:
    shown = await queries.shown(tx, condition)
    names = await queries.names(tx, units=_units(shown), staff=_staff(shown))
    return [joint_view(ctx, one, names) for one in shown]


def _units(shown: list[Shown]) -> set[UUID]:
    rooms = {one.interview.room_unit_id for one in shown}
    proposed = {unit for one in shown if one.choice for unit in one.choice.units}
    places = {one.choice.room_unit_id for one in shown if one.choice}
    seated = {seat.unit_id for one in shown for seat in one.seats}
    return seated | proposed | {room for room in rooms | places if room}


def _staff(shown: list[Shown]) -> set[UUID | None]:
    hosts: set[UUID | None] = {one.appointment.host_id for one in shown if one.appointment}
    hosts |= {one.choice.leader_id or one.interview.opened_by for one in shown if one.choice}
    seats = [seat for one in shown for seat in one.seats]
    return {*hosts, *(s.asked_id for s in seats), *(s.account_id for s in seats)}
