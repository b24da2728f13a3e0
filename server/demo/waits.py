"""People who wait in the demo district: for proposed times, on a full day's list, for their answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from scheduling import desk
from scheduling.choices import waiting, wish_times, wishes
from scheduling.choices.tables import Wish
from scheduling.desk import OnBehalf
from scheduling.plans import days, stand_ins, substitution
from scheduling.requests import Request
from scheduling.tables import OPEN_STATES, Appointment, DayState, ReceptionDay
from server.demo.bookings import Desk
from server.demo.hours import OfficeHours
from server.demo.moments import as_resident, as_staff, at, quiet
from server.demo.people import Resident
from server.identity.persons import Declared
from server.kernel.actor import Role
from server.kernel.config import Config
from server.kernel.uow import Tx

MANY = 9
"""Demo residents wait for more than a real one may."""
WISHED = 4
"""The place in official order of the leader somebody asks for."""
TOWN = 18


@dataclass(frozen=True)
class Waits:
    desk: Desk
    texts: Mapping[str, Any]
    office: OfficeHours

    async def seed(self, tx: Tx) -> None:
        """A leader replaced, two wishes, one with times to pick from, and a day with a line."""
        await self._replace(tx)
        await self._wish(tx, self._residents[5], 0, leader=None)
        mine = await self._wish(tx, self._residents[0], 1, leader=WISHED)
        await self._propose(tx, mine)
        await self._line(tx)

    @property
    def _residents(self) -> tuple[Resident, ...]:
        return self.desk.everybody.residents

    @property
    def _config(self) -> Config:
        whole = self.desk.services.config
        rules = whole.scheduling.model_copy(update={"open_appointments": MANY})
        return whole.model_copy(update={"scheduling": rules})

    def _clerk(self, tx: Tx) -> Tx:
        return at(
            tx, self.office.back(tx.now, steps=3), as_staff(self.desk.everybody.worker(Role.CLERK))
        )

    async def _replace(self, tx: Tx) -> None:
        """The first booked day far enough ahead whose leader somebody can stand in for."""
        booked = sa.select(Appointment.day_id).where(
            Appointment.state.in_(OPEN_STATES), Appointment.account_id == self._residents[0].id
        )
        query = sa.select(ReceptionDay).where(
            ReceptionDay.id.in_(booked), ReceptionDay.begins_at > tx.now + timedelta(hours=30)
        )
        for day in await tx.session.scalars(query.order_by(ReceptionDay.begins_at)):
            can = [one for one in await stand_ins.candidates(tx, day) if one.why is None]
            if can:
                await substitution.substitute(
                    self._clerk(tx), self.desk.services.sealer, day,
                    can[-1].leader.account_id, reason=self.texts["waits"]["reason"],
                    rules=self._config.scheduling,
                )  # fmt: skip
                return

    async def _wish(self, tx: Tx, resident: Resident, number: int, *, leader: int | None) -> Wish:
        """Asked yesterday, from the residents' form."""
        when = self.office.back(tx.now - timedelta(days=1), steps=number)
        wished = self.desk.everybody.leaders[leader].worker.id if leader is not None else None
        made = await wishes.ask(
            at(tx, when, as_resident(resident)), self.desk.services.sealer, resident.person_id,
            self._request(resident, self.texts["waits"]["wishes"][number]), leader_id=wished,
            config=self._config, idempotency_key=None,
        )  # fmt: skip
        await tx.session.flush()
        return await tx.session.get_one(Wish, made)

    async def _propose(self, tx: Tx, wish: Wish) -> None:
        found = await wish_times.find(tx, wish)
        times = [time.slot_id for one in found[:2] for time in one.times[:2]][: wishes.MOST_TIMES]
        await wishes.propose(
            self._clerk(tx), self.desk.services.sealer, wish, times, rules=self._config.scheduling
        )

    async def _line(self, tx: Tx) -> None:
        """The town's next open day, booked out by the clerk; two wait for it."""
        town = self.desk.everybody.leaders[TOWN].worker.id
        query = sa.select(ReceptionDay).where(
            ReceptionDay.leader_id == town, ReceptionDay.state == DayState.BOOKING_OPEN,
            ReceptionDay.booking_closes_at > tx.now + timedelta(hours=1),
        )  # fmt: skip
        day = (await tx.session.scalars(query.order_by(ReceptionDay.begins_at).limit(1))).first()
        if day is None:
            return
        await self._fill(tx, day)
        for number, resident in enumerate((self._residents[7], self._residents[0])):
            when = self.office.back(tx.now, steps=1 - number)
            await waiting.join(
                at(tx, when, as_resident(resident)), self.desk.services.sealer, day.id,
                resident.person_id, self._request(resident, self.texts["waits"]["line"][number]),
                config=self._config, idempotency_key=None,
            )  # fmt: skip

    async def _fill(self, tx: Tx, day: ReceptionDay) -> None:
        names, booked = self.texts["waits"]["names"], self.texts["waits"]["booked"]
        for number, slot in enumerate(await days.slots_of(tx, day.id)):
            name = names[number % len(names)]
            request = Request(phone=f"1380000{number:04}", sentence=booked[number % len(booked)])
            await self._try(
                quiet(self._clerk(tx)),
                slot.id,
                Declared(name=name, id_number=None, address=None),
                request,
            )

    async def _try(self, tx: Tx, slot_id: UUID, who: Declared, request: Request) -> None:
        """One that is booked already is as full as one that is booked now."""
        taken = sa.select(Appointment.id).where(
            Appointment.slot_id == slot_id, Appointment.state.in_(OPEN_STATES)
        )
        if await tx.session.scalar(taken) is None:
            await desk.book(
                tx, self.desk.services.sealer, OnBehalf(slot_id, who), request,
                config=self._config, idempotency_key=None,
            )  # fmt: skip

    def _request(self, resident: Resident, words: Mapping[str, str]) -> Request:
        return Request(phone=resident.phone, sentence=words["sentence"], category=words["category"])
