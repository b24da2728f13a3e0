"""A leader with two seats at one time: residents take one each, a joint interview takes the leader."""

import asyncio
import random
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import date, timedelta
from datetime import time as at
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from scheduling import booking, changes, holds
from scheduling.booking import Request
from scheduling.joint import booking as joint_booking
from scheduling.joint import interviews
from scheduling.joint.booking import Choice
from scheduling.joint.wishes import Wishes
from scheduling.plans.cutting import instant
from scheduling.rosters.tables import RosterShift
from scheduling.tables import OPEN_STATES, Appointment, ReceptionDay
from server.bootstrap import Services
from server.kernel.actor import SYSTEM, Actor, Role
from server.kernel.errors import Conflict
from server.units.tables import Presence, UnitKind
from tests.cases import register
from tests.histories.checker import Kind, Operation, Result, is_possible
from tests.identity import add_staff
from tests.reception import (
    Resident,
    add_centre,
    add_leader,
    add_resident,
    clerk,
    publish_day,
    slots_of,
    without_rest,
)
from tests.units import add_unit
from tests.unprotected import demand_found_wrong

CLERKS, RESIDENTS, STEPS, SEATS = 2, 4, 5, 2
DAY = date(2026, 11, 24)
TIMES = (instant(DAY, at(9)), instant(DAY, at(10, 30)))
"""Apart, since a joint interview leaves minutes free before and after."""
Having = frozenset[int]
"""The clients who have a time: the first are clerks, for a joint interview."""


def after(having: Having, operation: Operation) -> list[Having]:
    client, is_joint = operation.client, operation.client < CLERKS
    has_room = (
        not having if is_joint else len(having) < SEATS and min(having, default=CLERKS) >= CLERKS
    )
    match operation.kind, operation.result:
        case Kind.BOOK, Result.OK:
            return [having | {client}] if has_room else []
        case Kind.BOOK, Result.REFUSED:
            return [] if has_room else [having]
        case _:
            return [having - {client}] if client in having else []


@dataclass
class Table:
    """What the clients have and did."""

    services: Services
    leader_id: UUID
    unit_id: UUID
    slots: list[UUID]
    clerks: list[Actor]
    interviews: list[list[UUID]]
    residents: list[Resident]
    has: dict[tuple[int, int], UUID] = field(default_factory=dict)
    history: list[Operation] = field(default_factory=list)

    async def play(self, seed: int) -> None:
        clients = range(CLERKS + RESIDENTS)
        await asyncio.gather(*(self._client(n, random.Random(f"{seed}/{n}")) for n in clients))

    async def _client(self, client: int, pick: random.Random) -> None:
        for _ in range(STEPS):
            place = pick.randrange(len(TIMES))
            cancels = (client, place) in self.has
            book = self._book_joint if client < CLERKS else self._book
            kind, act = (Kind.CANCEL, self._cancel) if cancels else (Kind.BOOK, book)
            await self._note(client, kind, place, act(client, place))

    async def _note(self, client: int, kind: Kind, place: int, act: Awaitable[Result]) -> None:
        begin = time.monotonic()
        result = await act
        self.history.append(Operation(client, kind, place, begin, time.monotonic(), result))

    async def _book_joint(self, client: int, place: int) -> Result:
        choice = Choice(TIMES[place], (self.unit_id,), leader_id=self.leader_id)
        try:
            async with self.services.uow.begin(self.clerks[client]) as tx:
                interview = await interviews.own(tx, self.interviews[client][place])
                await joint_booking.book(
                    tx, self.services.sealer, interview, choice, idempotency_key=None
                )
        except Conflict as conflict:
            if conflict.code != "joint_taken":
                raise
            return Result.REFUSED
        self.has[client, place] = interview.id
        return Result.OK

    async def _book(self, client: int, place: int) -> Result:
        resident, services = self.residents[client - CLERKS], self.services
        rules = services.config.scheduling.model_copy(update={"cancel_cooldown": timedelta()})
        config = services.config.model_copy(update={"scheduling": rules})
        request = Request(phone="13900000001", sentence="Wages were not paid")
        try:
            async with services.uow.begin(resident.actor) as tx:
                kept = await holds.hold(tx, self.slots[place * SEATS], config=rules)
        except Conflict:
            return Result.REFUSED
        async with services.uow.begin(resident.actor) as tx:
            made = await booking.submit(
                tx, services.sealer, kept.appointment_id, resident.person.id, request,
                config=config, idempotency_key=None,
            )  # fmt: skip
        assert made is not None
        self.has[client, place] = made.appointment_id
        return Result.OK

    async def _cancel(self, client: int, place: int) -> Result:
        having = self.has.pop((client, place))
        who = self.clerks[client] if client < CLERKS else self.residents[client - CLERKS].actor
        async with self.services.uow.begin(who) as tx:
            if client < CLERKS:
                await interviews.call_off(
                    tx, await interviews.own(tx, having), reason="another time"
                )
            else:
                appointment = await tx.session.get_one(Appointment, having)
                await changes.cancel(without_rest(tx), appointment, reason=None)
        return Result.OK

    async def holders(self, place: int) -> Having:
        """Who has the time in the end, by the table of appointments."""
        query = sa.select(Appointment.booked_by).where(
            Appointment.begins_at == TIMES[place], Appointment.state.in_(OPEN_STATES)
        )
        known = [one.account_id for one in (*self.clerks, *(one.actor for one in self.residents))]
        async with self.services.uow.begin(SYSTEM) as tx:
            return frozenset(known.index(one) for one in await tx.session.scalars(query))

    async def is_sound(self) -> bool:
        for place in range(len(TIMES)):
            history = [one for one in self.history if one.slot == place]
            final = await self.holders(place)
            if not is_possible(history, final=final, start=frozenset(), model=after):
                return False
        return True


async def prepared(services: Services) -> Table:
    centre = await add_centre(services)
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader, in_days=1, capacity=SEATS)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(ReceptionDay).values(state="booking_open"))
        later = day.begins_at - timedelta(minutes=1)
        await tx.connection.execute(sa.update(ReceptionDay).values(booking_closes_at=later))
        unit = await add_unit(tx, "housing", parent=centre, kind=UnitKind.DEPARTMENT)
        shift = RosterShift(
            id=uuid4(), unit_id=unit.id, day=DAY, begins=at(9), ends=at(17),
            presence=Presence.WHOLE, seats=9,
        )  # fmt: skip
        tx.session.add(shift)
    wishes = Wishes(
        fixed=(unit.id,), leaders=(leader.account.id,), minutes=30, since=DAY, until=DAY
    )
    clerks = []
    for n in range(CLERKS):
        account = await add_staff(services, centre, Role.CLERK, login=f"clerk{n}")
        clerks.append(clerk(centre, account_id=account.id))
    opened = [await _opened(services, centre, one, wishes) for one in clerks]
    residents = [await add_resident(services, n + 1) for n in range(RESIDENTS)]
    slots = await slots_of(services, day)
    return Table(
        services, leader.account.id, unit.id, [*slots[:SEATS], *slots[-SEATS:]], clerks, opened,
        residents,
    )  # fmt: skip


async def _opened(services: Services, centre, actor: Actor, wishes: Wishes) -> list[UUID]:
    """A joint interview for each time, to be booked by hand."""
    async with services.uow.begin(actor) as tx:
        cases = [await register(services, tx, centre) for _ in TIMES]
        return [(await interviews.open_on(tx, case.id, wishes)).id for case in cases]


@pytest.mark.parametrize("seed", range(6))
async def test_seats_and_joint_interviews_of_a_leader_happened_in_some_order(services, seed):
    table = await prepared(services)
    await table.play(seed)
    assert await table.is_sound(), sorted(table.history, key=lambda one: one.begin)
    assert any(one.result is Result.REFUSED for one in table.history)


async def test_without_constraint_and_locks_the_checker_finds_a_leader_in_two_meetings(
    request, services
):
    """The control: the same clients on a database of its own, without what protects it."""
    await demand_found_wrong(request.config.sockets, services, prepared)
