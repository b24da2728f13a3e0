"""Joint bookings on hot times: what clerks see of one department's only seat is one seat's behaviour."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from datetime import date
from datetime import time as at
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from scheduling.joint import booking
from scheduling.joint import ground as joint_ground
from scheduling.joint import interviews as joint_interviews
from scheduling.joint.booking import Choice
from scheduling.joint.tables import JointInterview, JointState
from scheduling.joint.wishes import Group, Wishes
from scheduling.plans.cutting import instant
from scheduling.rosters.tables import RosterShift
from scheduling.tables import Appointment
from server.bootstrap import Services
from server.kernel.actor import SYSTEM, Actor, Role
from server.kernel.errors import Conflict
from server.units.tables import Presence, UnitKind
from tests.cases import register
from tests.histories import checker
from tests.histories.checker import Kind, Operation, Result
from tests.identity import add_staff
from tests.reception import add_centre, clerk
from tests.units import add_unit
from tests.unprotected import demand_found_wrong

CLIENTS, STEPS = 5, 5
DAY = date(2026, 11, 24)
TIMES = (instant(DAY, at(10)), instant(DAY, at(14)))


@dataclass
class Table:
    """One seat that everybody wants with any of two others, at two times; and what happened."""

    services: Services
    hot: UUID
    others: tuple[UUID, UUID]
    clerks: list[Actor]
    interviews: list[list[UUID]]
    history: list[Operation] = field(default_factory=list)

    async def play(self, seed: int) -> None:
        work = (self._client(n, random.Random(f"{seed}/{n}")) for n in range(CLIENTS))
        await asyncio.gather(*work)

    async def _client(self, client: int, pick: random.Random) -> None:
        has: set[int] = set()
        for _ in range(STEPS):
            place = pick.randrange(len(TIMES))
            if pick.random() < 0.2:
                await self._note(client, Kind.READ, place, self._read(client, place))
            elif place in has:
                has.remove(place)
                await self._note(client, Kind.CANCEL, place, self._cancel(client, place))
            elif await self._note(client, Kind.BOOK, place, self._book(client, place, pick)):
                has.add(place)

    async def _note(self, client: int, kind: Kind, place: int, what) -> bool:
        begin = time.monotonic()
        result = await what
        self.history.append(Operation(client, kind, place, begin, time.monotonic(), result))
        return result is Result.OK

    async def _read(self, client: int, place: int) -> Result:
        async with self.services.uow.begin(self.clerks[client]) as tx:
            wishes = Wishes(fixed=(self.hot,), since=DAY, until=DAY)
            horizon = joint_ground.horizon_of(wishes, today=DAY)
            those = joint_ground.Those(wishes, self.clerks[client].account_id)
            ground = await joint_ground.load(tx, those, horizon)
            cells = horizon.touching(TIMES[place], TIMES[place] + joint_ground.STEP)
            free = ground.frees[self.hot].starts & cells
        return Result.FREE if free else Result.TAKEN

    async def _book(self, client: int, place: int, pick: random.Random) -> Result:
        choice = Choice(TIMES[place], (self.hot, pick.choice(self.others)))
        try:
            async with self.services.uow.begin(self.clerks[client]) as tx:
                interview = await joint_interviews.own(tx, self.interviews[client][place])
                await booking.book(
                    tx, self.services.sealer, interview, choice, idempotency_key=None
                )
        except Conflict as conflict:
            if conflict.code != "joint_taken":  # a ring of waiting, or a race that was lost
                raise
            return Result.REFUSED
        return Result.OK

    async def _cancel(self, client: int, place: int) -> Result:
        async with self.services.uow.begin(self.clerks[client]) as tx:
            interview = await joint_interviews.own(tx, self.interviews[client][place])
            await joint_interviews.call_off(tx, interview, reason="another time")
        return Result.OK

    async def holders(self, place: int) -> list[int]:
        query = sa.select(JointInterview.id).join(
            Appointment, Appointment.id == JointInterview.appointment_id
        )
        booked = query.where(
            JointInterview.state == JointState.BOOKED, Appointment.begins_at == TIMES[place]
        )
        async with self.services.uow.begin(SYSTEM) as tx:
            found = set((await tx.session.scalars(booked)).all())
        return [n for n, mine in enumerate(self.interviews) if mine[place] in found]

    async def is_sound(self) -> bool:
        holders = [await self.holders(place) for place in range(len(TIMES))]
        return checker.is_sound(self.history, holders)


async def prepared(services: Services) -> Table:
    centre = await add_centre(services)
    async with services.uow.begin(SYSTEM) as tx:
        units = [
            await add_unit(tx, code, parent=centre, kind=UnitKind.DEPARTMENT)
            for code in ("hot", "one", "two")
        ]
        tx.session.add_all(
            RosterShift(
                id=uuid4(), unit_id=unit.id, day=DAY, begins=at(9), ends=at(17),
                presence=Presence.WHOLE, seats=1 if place == 0 else 9,
            )
            for place, unit in enumerate(units)
        )  # fmt: skip
    hot, *others = (unit.id for unit in units)
    wishes = Wishes(fixed=(hot,), groups=(Group(tuple(others)),))
    clerks, interviews = [], []
    for n in range(CLIENTS):
        account = await add_staff(services, centre, Role.CLERK, login=f"clerk{n}")
        actor = clerk(centre, account_id=account.id)
        async with services.uow.begin(actor) as tx:
            cases = [await register(services, tx, centre) for _ in TIMES]
            interviews.append(
                [(await joint_interviews.open_on(tx, case.id, wishes)).id for case in cases]
            )
        clerks.append(actor)
    return Table(services, hot, (others[0], others[1]), clerks, interviews)


@pytest.mark.parametrize("seed", range(6))
async def test_joint_bookings_of_a_hot_time_happened_in_some_order(services, seed):
    table = await prepared(services)
    await table.play(seed)
    assert await table.is_sound(), sorted(table.history, key=lambda one: one.begin)
    assert any(one.result is Result.REFUSED for one in table.history)


async def test_without_constraint_and_locks_the_checker_finds_a_double_joint_booking(
    request, services
):
    """The control: the same clerks on a database of its own, without what protects it."""
    await demand_found_wrong(request.config.sockets, services, prepared)
