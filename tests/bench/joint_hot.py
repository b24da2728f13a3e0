"""Joint interviews that want a hot day's leader too, with departments and a room of their own."""

import itertools
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.joint.tables import JointInterview, JointState
from scheduling.joint.wishes import Wishes
from scheduling.plans.cutting import instant
from scheduling.rosters.tables import RosterShift
from server.cases.tables import Case, CaseKind, CaseState, Party, PartyRole
from server.identity.tables import Account, Membership, Person, WebSession
from server.kernel.actor import Role
from server.kernel.sealing import Sealer, new_token, token_hash
from server.units.tables import Unit, UnitKind

DEPARTMENTS, MINUTES = 3, 30
ROSTER = (time(8), time(18))
TIMES = (time(9), time(10), time(14), time(15))
EACH = 2
"""So many interviews want each of the times, with another pair of the departments."""


@dataclass(frozen=True)
class Meeting:
    """A joint interview that waits to be booked. `token` is its clerk's sign-in."""

    interview_id: UUID
    token: str
    choice: dict[str, object]
    begins_at: datetime

    def touches(self, begins_at: datetime) -> bool:
        """Whether who is received then would stand in its way, with the time between."""
        between = timedelta(minutes=10)
        ends_at = self.begins_at + timedelta(minutes=MINUTES)
        return self.begins_at - between <= begins_at < ends_at + between


@dataclass(frozen=True)
class _Made:
    """Writes one day's interviews; `number` tells the days' departments apart."""

    connection: AsyncConnection
    sealer: Sealer
    number: int
    centre: UUID
    now: datetime

    async def add(self, table: type[Any], **values: object) -> UUID:
        row = {"id": uuid4(), **values}
        await self.connection.execute(sa.insert(table), [row])
        return row["id"]

    async def unit(self, name: str, kind: UnitKind) -> UUID:
        code = f"{name}{self.number}"
        return await self.add(
            Unit, code=code, kind=kind, name=code, parent_id=self.centre, path=f"/ZX/{code}/"
        )

    async def staff(self, login: str, unit_id: UUID, role: Role) -> UUID:
        login = f"{login}-{self.number}"
        account = await self.add(
            Account, kind="staff", login=login, name=login, created_at=self.now
        )
        await self.add(Membership, account_id=account, unit_id=unit_id, role=role)
        return account

    async def department(self, place: int, day: date) -> UUID:
        """There all day, by name."""
        unit_id = await self.unit(f"D{place}-", UnitKind.DEPARTMENT)
        handler = await self.staff(f"handler{place}", unit_id, Role.HANDLER)
        await self.add(
            RosterShift, unit_id=unit_id, day=day, begins=ROSTER[0], ends=ROSTER[1],
            presence="rotating", seats=1, account_id=handler, version=1,
        )  # fmt: skip
        return unit_id

    async def case(self, place: int) -> UUID:
        name = self.sealer.seal("Resident", purpose="name")
        person = await self.add(Person, name=name, level="declared", created_at=self.now)
        case_id = await self.add(
            Case, number=f"J-{self.number}-{place}", kind=CaseKind.PETITION,
            state=CaseState.REGISTERED, sentence=self.sealer.seal("Wages", purpose="text"),
            channel="window", first_receiver_id=self.centre, lead_unit_id=self.centre,
            registered_at=self.now, version=1,
        )  # fmt: skip
        await self.add(
            Party, case_id=case_id, role=PartyRole.PETITIONER, person_id=person, name=name,
            name_index=name,
        )  # fmt: skip
        return case_id

    async def clerk(self, place: int) -> tuple[UUID, str]:
        clerk, token = await self.staff(f"clerk{place}", self.centre, Role.CLERK), new_token()
        await self.add(
            WebSession, token_hash=token_hash(token), account_id=clerk, created_at=self.now,
            seen_at=self.now + timedelta(minutes=30), expires_at=self.now + timedelta(days=1),
        )  # fmt: skip
        return clerk, token

    async def meeting(self, place: int, wishes: Wishes, begins_at: datetime) -> Meeting:
        clerk, token = await self.clerk(place)
        interview_id = await self.add(
            JointInterview, case_id=await self.case(place), unit_id=self.centre,
            state=JointState.OPEN, wishes=wishes.plain(), opened_by=clerk, opened_at=self.now,
            version=1,
        )  # fmt: skip
        choice = {
            "begins_at": begins_at.isoformat(), "units": [str(one) for one in wishes.fixed],
            "leader_id": str(wishes.leaders[0]), "room_unit_id": str(wishes.rooms[0]),
        }  # fmt: skip
        return Meeting(interview_id, token, choice, begins_at)


async def seed(
    connection: AsyncConnection, sealer: Sealer, *, number: int, centre: UUID, leader: UUID,
    day: date, now: datetime,
) -> list[Meeting]:  # fmt: skip
    """Those of one hot day, which take the leader from each other and from those who book."""
    made = _Made(connection, sealer, number, centre, now)
    room = await made.unit("R", UnitKind.OFFICE)
    units = [await made.department(place, day) for place in range(DEPARTMENTS)]
    pairs = list(itertools.combinations(units, 2))
    meetings = []
    for place, begins in enumerate(TIMES * EACH):
        pair = pairs[(place + place // len(TIMES)) % len(pairs)]
        wishes = Wishes(fixed=pair, leaders=(leader,), rooms=(room,), minutes=MINUTES)
        meetings.append(await made.meeting(place, wishes, instant(day, begins)))
    return meetings
