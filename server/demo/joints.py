"""Joint interviews of the demo district: proposed by the clock, waiting for an office, booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling.joint import by_clock, interviews
from scheduling.joint.by_clock import DECIDE, SEARCH
from scheduling.joint.tables import JointInterview
from scheduling.joint.wishes import Group, Wishes
from scheduling.tables import ReceptionDay
from server.cases.states import RUNNING
from server.cases.tables import Case, Party, PetitionClass
from server.demo.bookings import Desk
from server.demo.hours import OfficeHours
from server.demo.moments import as_staff, at
from server.identity.tables import Service
from server.kernel.actor import SYSTEM, Role
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import day_of
from server.units.tables import Unit, UnitKind

WITHIN = timedelta(days=21)


@dataclass(frozen=True)
class Joints:
    desk: Desk
    office: OfficeHours

    async def seed(self, tx: Tx) -> None:
        """One that the clerk may still object to, one for a leader's office, one that is booked."""
        units = await self._departments(tx)
        cases = await self._cases(tx)
        leader = await self._leader_of_office(tx)
        until = day_of(tx.now + WITHIN)
        plain = Wishes(fixed=units[:2], groups=(Group(units[2:4]), Group(units[4:6])), until=until)
        with_leader = Wishes(fixed=units[:1], leaders=(leader,) if leader else (), until=until)
        for case, wishes, books in zip(
            cases, (plain, with_leader, Wishes(fixed=units[5:6], until=until)),
            (False, False, True), strict=False,
        ):  # fmt: skip
            await self._one(tx, case, wishes, books=books)

    async def _one(self, tx: Tx, case: Case, wishes: Wishes, *, books: bool) -> None:
        clerk = as_staff(self.desk.everybody.worker(Role.CLERK))
        asked_at = self.office.back(tx.now - timedelta(days=1) * books, steps=2)
        made = await interviews.open_on(at(tx, asked_at, clerk), case.id, wishes)
        sealer, rules = self.desk.services.sealer, self.desk.services.config.scheduling
        clock = at(tx, asked_at + timedelta(minutes=15), SYSTEM)
        await by_clock.look(clock, sealer, _due(made, SEARCH), rules=rules)
        if books and made.due_at is not None:
            await by_clock.decide(
                at(tx, made.due_at, SYSTEM), sealer, _due(made, DECIDE), rules=rules
            )

    async def _departments(self, tx: Tx) -> tuple[UUID, ...]:
        query = sa.select(Unit.id).where(Unit.kind == UnitKind.DEPARTMENT).order_by(Unit.code)
        return tuple((await tx.session.scalars(query.limit(8))).all())

    async def _cases(self, tx: Tx) -> Sequence[Case]:
        """The newest that run, no accusation, about no unit, of nobody who books in the demo."""
        residents = [one.person_id for one in self.desk.everybody.residents]
        query = sa.select(Case).where(
            Case.state.in_(RUNNING), Case.subject_unit_id.is_(None),
            Case.petition_class.is_distinct_from(PetitionClass.ACCUSATION),
            Case.id.not_in(sa.select(Party.case_id).where(Party.person_id.in_(residents))),
        )  # fmt: skip
        return (await tx.session.scalars(query.order_by(Case.number.desc()).limit(3))).all()

    async def _leader_of_office(self, tx: Tx) -> UUID | None:
        """The leader whom the demo's office serves; the days ahead are in no arrangement."""
        office = self.desk.everybody.worker(Role.LEADER_OFFICE).id
        leader = await tx.session.scalar(
            sa.select(Service.leader_id).where(Service.account_id == office)
        )
        ahead = sa.update(ReceptionDay).where(
            ReceptionDay.leader_id == leader, ReceptionDay.begins_at > tx.now
        )
        await tx.session.execute(ahead.values(arranged=None))
        return leader


def _due(made: JointInterview, kind: str) -> Due:
    """As the runner hands it over."""
    payload = {"interview_id": str(made.id), "round": made.round}
    return Due(0, kind, "", payload, made.opened_at, 0, 1)
