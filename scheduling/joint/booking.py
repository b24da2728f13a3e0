"""Booking a joint interview: everybody who is to be there is claimed, or nobody is.

All resources are locked in one go and in one order, then looked at again; the claims' constraint
is the guarantee.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from scheduling import calls, claims, confirmation, replays
from scheduling.claims import Wanted
from scheduling.joint import asks, company, interviews, search
from scheduling.joint.ground import Ground, PartKind, Those, horizon_of, load, resources_of
from scheduling.joint.interviews import TABLE, step
from scheduling.joint.search import Missing, askable, member_at
from scheduling.joint.tables import JointInterview, JointSeat, JointState, Rule, SeatState
from scheduling.joint.wishes import Wishes
from scheduling.mediation.times import main_room
from scheduling.phoned import NO_SMARTPHONE
from scheduling.references import marks
from scheduling.rosters import presence as rosters_presence
from scheduling.rosters.presence import Member
from scheduling.tables import (
    Appointment,
    AppointmentState,
    AttendBy,
    ClaimReason,
    SessionKind,
)
from scheduling.timetable.horizon import CELL
from server.cases.tables import Case
from server.kernel import state
from server.kernel.database import Json
from server.kernel.errors import Conflict, FieldError, Invalid, Plain
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar
from server.units.tables import Presence

ACTION = "joint.book"
OFFERED = 3


@dataclass(frozen=True)
class Choice:
    """A time with those who are to be there. `asked`: units that are asked though their roster says no."""

    begins_at: datetime
    units: tuple[UUID, ...]
    asked: tuple[UUID, ...] = ()
    leader_id: UUID | None = None
    room_unit_id: UUID | None = None

    def narrowed(self, wishes: Wishes) -> Wishes:
        """These very ones on that very day."""
        day = day_of(self.begins_at)
        return replace(
            wishes, fixed=(*self.units, *self.asked), groups=(), optional=(),
            leaders=(self.leader_id,) if self.leader_id else (), preferred_leader=None,
            rooms=(self.room_unit_id,) if self.room_unit_id else (), since=day, until=day,
        )  # fmt: skip

    def plain(self) -> Json:
        written: Json = _CHOICE.dump_python(self, mode="json")
        return written


_CHOICE = TypeAdapter(Choice)


def choice_of(written: Json) -> Choice:
    return _CHOICE.validate_python(written)


class Taken(Conflict):
    """Somebody who is needed cannot be there any more."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        told: list[Plain] = [
            {"kind": str(one.kind), "id": str(one.id), "why": str(one.why) if one.why else None}
            for one in missing
        ]
        super().__init__("joint_taken", details={"missing": told})


@dataclass(frozen=True)
class _Taking:
    """What of each unit is claimed; whom to ask first where nobody is there by name."""

    members: Mapping[UUID, Member]
    first: Mapping[UUID, UUID]


async def book(
    tx: Tx, sealer: Sealer, interview: JointInterview, choice: Choice, *,
    idempotency_key: str | None, rule: Rule | None = None,
) -> JointInterview:  # fmt: skip
    """Claim all of it and invite everybody; the same key gets the same answer.

    `rule`: by which the clock books, in the name of whoever opened it. Raises Taken with who is
    missing; what can be had instead is looked for when the locks are gone (`instead`).
    """
    quick, actor_id = await tx.driver(), tx.actor.account_id or interview.opened_by
    wanted = await interviews.those(tx, interview)
    _check(wanted.wishes, choice)
    those = replace(wanted, wishes=choice.narrowed(wanted.wishes))
    horizon = horizon_of(those.wishes, today=day_of(tx.now))
    shifts = await rosters_presence.read(tx, those.wishes.units, horizon)
    await claims.lock(quick, [actor_id, interview.id, *resources_of(those, shifts)])
    if done := await replays.found(quick, actor_id, idempotency_key, action=ACTION):
        return await tx.session.get_one(JointInterview, done)
    seen = interview.round
    await tx.session.refresh(interview)
    state.after(TABLE, JointState(interview.state), "book")
    if rule is not None and interview.round != seen:
        raise Conflict("wrong_state")  # somebody objected at the last moment
    ground = await load(tx, those, horizon, step=CELL)
    cell = _cell(ground, choice.begins_at)
    taking = _taking(ground, choice, cell)
    if isinstance(taking, list):
        raise Taken(taking)
    appointment = await _appointment(tx, interview, those, choice)
    seats = await _seats(
        tx, interview, appointment, units=those.wishes.units, taking=taking,
        optional=wanted.wishes.optional,
    )  # fmt: skip
    await _claim(tx, those, appointment, seats)
    await company.invite(tx, sealer, appointment, seats)
    interview.appointment_id, interview.room_unit_id = appointment.id, choice.room_unit_id
    interview.rule, interview.due_at, interview.proposal = rule, None, None
    if interview.searched_at is not None:
        await calls.settle_all(tx, key_prefix=interviews.stuck_key(interview))
    await _stand(tx, sealer, interview, appointment)
    for seat in seats:
        if seat.state == SeatState.ASKED:
            await asks.begin(tx, sealer, seat, appointment, taking.first.get(seat.unit_id))
    replays.keep(tx, actor_id, idempotency_key, action=ACTION, result_id=interview.id)
    return interview


async def can_be(tx: Tx, interview: JointInterview, choice: Choice) -> bool:
    """Whether the time is still to come and everybody could be there, as things stand."""
    wanted = await interviews.those(tx, interview)
    those = replace(wanted, wishes=choice.narrowed(wanted.wishes))
    horizon = horizon_of(those.wishes, today=day_of(tx.now))
    is_to_come = choice.begins_at > tx.now
    if not is_to_come or not horizon.within(choice.begins_at, choice.begins_at + CELL):
        return False
    ground = await load(tx, those, horizon, step=CELL)
    return isinstance(_taking(ground, choice, _cell(ground, choice.begins_at)), _Taking)


def _check(wishes: Wishes, choice: Choice) -> None:
    if errors := tuple(_errors(wishes, choice)):
        raise Invalid("invalid", fields=errors)


def _errors(wishes: Wishes, choice: Choice) -> Iterator[FieldError]:
    """A choice must be what was wished for: nobody needed left out, nobody else brought in."""
    coming = {*choice.units, *choice.asked}
    if len(coming) < len(choice.units) + len(choice.asked):
        yield FieldError("units", "field.unit_twice")
    if coming - set(wishes.units) or not set(wishes.fixed) <= coming:
        yield FieldError("units", "field.invalid")
    for group in wishes.groups:
        if len(coming & set(group.units)) != group.needed:
            yield FieldError("units", "field.invalid")
    if (choice.leader_id is None) != (not wishes.leaders):
        yield FieldError("leader_id", "field.missing" if wishes.leaders else "field.invalid")
    elif choice.leader_id and choice.leader_id not in wishes.leaders:
        yield FieldError("leader_id", "field.invalid")
    if (choice.room_unit_id is None) != (not wishes.rooms):
        yield FieldError("room_unit_id", "field.missing" if wishes.rooms else "field.invalid")
    elif choice.room_unit_id and choice.room_unit_id not in wishes.rooms:
        yield FieldError("room_unit_id", "field.invalid")
    day = day_of(choice.begins_at)
    if (wishes.until and day > wishes.until) or (wishes.since and day < wishes.since):
        yield FieldError("begins_at", "field.outside_wishes")


def _cell(ground: Ground, begins_at: datetime) -> int:
    bits = ground.horizon.within(begins_at, begins_at + CELL)
    if not bits:
        raise Invalid("invalid", fields=(FieldError("begins_at", "field.invalid"),))
    return bits.bit_length() - 1


def _taking(ground: Ground, choice: Choice, cell: int) -> _Taking | list[Missing]:
    """What to claim of each; or who cannot be there, if there is anybody."""
    members: dict[UUID, Member] = {}
    first: dict[UUID, UUID] = {}
    missing: list[Missing] = []
    for kind, part in zip(ground.kinds, ground.parts, strict=True):
        [one] = part.among
        if kind is PartKind.UNIT and (able := askable(ground, one, cell)):
            first[one] = able[0]
        if kind is PartKind.UNIT and one in choice.asked and one in first:
            continue
        if kind is PartKind.UNIT and (member := member_at(ground.units[one], cell)):
            members[one] = member
        if not ground.frees[one].starts >> cell & 1:
            why = ground.frees[one].why(cell)
            missing.append(Missing(kind, ground.rooms.get(one, one), why))
    return missing or _Taking(members, first)


async def instead(tx: Tx, interview: JointInterview, taken: Taken) -> Conflict:
    """What is told of it: who is missing, and the next three times that can be had."""
    found = await search.find(tx, await interviews.those(tx, interview))
    alternatives: list[Plain] = [
        {
            "begins_at": other.begins_at.isoformat(),
            "ends_at": other.ends_at.isoformat(),
            "leader_id": str(other.leader_id) if other.leader_id else None,
            "room_unit_id": str(other.room_unit_id) if other.room_unit_id else None,
            "units": [str(comer.unit_id) for comer in other.comers],
        }
        for other in found.possible[:OFFERED]
    ]
    return Conflict(taken.code, details={**taken.details, "alternatives": alternatives})


async def _appointment(
    tx: Tx, interview: JointInterview, those: Those, choice: Choice
) -> Appointment:
    case = await tx.session.get_one(Case, interview.case_id)
    by_phone = those.wishes.no_smartphone
    appointment = Appointment(
        **marks(uuid4(), now=tx.now),
        session_kind=SessionKind.JOINT_INTERVIEW,
        state=AppointmentState.CONFIRMED,
        case_id=case.id,
        host_id=choice.leader_id or those.chair_id,
        unit_id=case.lead_unit_id,
        account_id=case.opened_by,
        person_id=next(iter(those.person_ids), None),
        booked_by=tx.actor.account_id or interview.opened_by,
        begins_at=choice.begins_at,
        ends_at=choice.begins_at + those.wishes.length,
        attend_by=AttendBy.CENTRE if choice.room_unit_id or by_phone else AttendBy.OWN_DEVICE,
        needs={NO_SMARTPHONE: True} if by_phone else {},
    )
    tx.session.add(appointment)
    await tx.session.flush()
    return appointment


async def _seats(
    tx: Tx, interview: JointInterview, appointment: Appointment, *,
    units: Sequence[UUID], taking: _Taking, optional: Sequence[UUID],
) -> list[JointSeat]:  # fmt: skip
    """A seat for each unit; one that is asked although it is not there claims nothing yet."""
    seats = []
    for unit_id in units:
        member, seat_id = taking.members.get(unit_id), uuid4()
        by_name = member.account_id if member else None
        seats.append(
            JointSeat(
                id=seat_id,
                interview_id=interview.id,
                appointment_id=appointment.id,
                unit_id=unit_id,
                resource=member.resource if member else seat_id,
                presence=member.presence if member else Presence.ON_CALL,
                optional=unit_id in optional,
                state=SeatState.PRESENT if by_name else SeatState.ASKED,
                account_id=by_name,
            )
        )
    tx.session.add_all(seats)
    await tx.session.flush()
    return seats


async def _claim(tx: Tx, those: Those, appointment: Appointment, seats: list[JointSeat]) -> None:
    wishes = those.wishes
    resources = {
        appointment.host_id,
        *(seat.resource for seat in seats),
        *(main_room(unit_id) for unit_id in wishes.rooms),
        *those.person_ids,
    }
    times = [Wanted(one, appointment.begins_at, appointment.ends_at) for one in resources]
    if not await claims.take(
        await tx.driver(), times, appointment_id=appointment.id, reason=ClaimReason.BOOKING,
        expires_at=None, now=tx.now,
    ):  # fmt: skip
        raise Taken([])


async def _stand(
    tx: Tx, sealer: Sealer, interview: JointInterview, appointment: Appointment
) -> None:
    """It is booked: links, reminders, notices."""
    step(tx, interview, "book", appointment_id=appointment.id, rule=interview.rule)
    calendar = await load_calendar(tx, around=day_of(appointment.begins_at))
    await confirmation.stand(tx, sealer, appointment, calendar=calendar)
