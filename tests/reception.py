"""A centre with a leader who receives, and residents who book, for tests."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

from scheduling import booking, holds
from scheduling.booking import Request
from scheduling.plans import days
from scheduling.plans.recurrence import PlannedDate
from scheduling.tables import ReceptionDay, ReceptionPlan
from server.bootstrap import Services
from server.identity.persons import Declared, Relation, add_own
from server.identity.tables import Account, AccountKind, Official, Person
from server.kernel.actor import SYSTEM, Actor, ActorKind, Membership, Role
from server.kernel.clock import local
from server.kernel.config import Config
from server.kernel.uow import Tx
from server.units.tables import Unit, UnitKind
from tests.units import add_unit


def drawing(config: Config) -> Config:
    """With the switch on by which places are drawn."""
    scheduling = config.scheduling.model_copy(update={"draws": True})
    return config.model_copy(update={"scheduling": scheduling})


def without_rest(tx: Tx) -> Tx:
    """What is given back in this transaction is on the page at once."""
    none = {"rest_least": timedelta(), "rest_most": timedelta()}
    tx.rules = tx.rules.model_copy(update=none)
    return tx


@dataclass(frozen=True)
class Leader:
    account: Account
    official: Official
    unit: Unit


@dataclass(frozen=True)
class Resident:
    account: Account
    person: Person

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.RESIDENT, account_id=self.account.id)


async def add_centre(services: Services, code: str = "ZX") -> Unit:
    async with services.uow.begin(SYSTEM) as tx:
        return await add_unit(tx, code, kind=UnitKind.DISTRICT_CENTRE)


async def add_leader(
    services: Services, unit: Unit, *, rank: int = 1, topics: tuple[str, ...] = ("labour",)
) -> Leader:
    async with services.uow.begin(SYSTEM) as tx:
        account = Account(
            id=uuid4(), kind=AccountKind.STAFF, login=f"leader{rank}", name=f"Leader {rank}",
            created_at=tx.now,
        )  # fmt: skip
        official = Official(
            account_id=account.id, unit_id=unit.id, name=f"Leader {rank}", post="Head",
            division="all things", topics=list(topics), rank=rank,
        )  # fmt: skip
        tx.session.add(account)
        await tx.session.flush()
        tx.session.add(official)
    return Leader(account, official, unit)


def plan_of(leader: Leader, *, today: date, **changes) -> ReceptionPlan:
    values = {
        "id": uuid4(),
        "leader_id": leader.account.id,
        "unit_id": leader.unit.id,
        "kind": "scheduled",
        "rrule": "FREQ=WEEKLY",
        "starts_on": today,
        "begins": time(9),
        "ends": time(11),
        "slot_minutes": 30,
        "break_minutes": 0,
        "capacity": 1,
        "topics": [],
        "review": True,
        "invited_only": False,
        "opens_days_before": 14,
        "opens_at": time(9),
        "closes_hours_before": 24,
        "holiday_rule": "after",
        "document": "No. 1",
        "approver": "the office",
        "approved_on": today,
    }
    return ReceptionPlan(**{**values, **changes})


async def publish_day(
    services: Services, leader: Leader, *, in_days: int = 7, **plan_changes
) -> ReceptionDay:
    """A published day; booking opens by the clock (`runner.run_all_due()`)."""
    async with services.uow.begin(SYSTEM) as tx:
        today = local(tx.now).date()
        plan = plan_of(leader, today=today, **plan_changes)
        tx.session.add(plan)
        await tx.session.flush()
        held = today + timedelta(days=in_days)
        row = days.day_row(plan, PlannedDate(held, held))
        day = ReceptionDay(**row)
        tx.session.add(day)
        await tx.session.flush()
        await days.publish(tx, day, brief_at=time(18))
    return day


async def add_resident(services: Services, n: int = 1) -> Resident:
    """A resident with a declared identity of their own."""
    phone = f"139{n:08d}"
    async with services.uow.begin(SYSTEM) as tx:
        account = Account(
            id=uuid4(), kind=AccountKind.RESIDENT, created_at=tx.now,
            phone=services.sealer.seal(phone, purpose="phone"),
            phone_index=services.sealer.index(phone, purpose="phone"),
        )  # fmt: skip
        tx.session.add(account)
    actor = Actor(ActorKind.RESIDENT, account_id=account.id)
    async with services.uow.begin(actor) as tx:
        declared = Declared(name=f"Resident {n}", id_number=f"3305021990{n:08d}", address="Lane 1")
        known = await add_own(tx, declared, relation=Relation.SELF, sealer=services.sealer)
    return Resident(account, known.person)


def clerk(unit: Unit, *, account_id: UUID | None = None, role: Role = Role.CLERK) -> Actor:
    held = (Membership(role, unit.id, unit.path),)
    return Actor(ActorKind.STAFF, account_id=account_id or uuid4(), memberships=held)


async def book(services: Services, slot_id: UUID, resident: Resident, **changes) -> UUID:
    """A submitted appointment; `changes` go into the form."""
    request = Request(phone="13900000001", sentence="Wages were not paid")
    async with services.uow.begin(resident.actor) as tx:
        held = await holds.hold(tx, slot_id, config=services.config.scheduling)
    async with services.uow.begin(resident.actor) as tx:
        made = await booking.submit(
            tx, services.sealer, held.appointment_id, resident.person.id,
            replace(request, **changes), config=services.config, idempotency_key=None,
        )  # fmt: skip
    assert made is not None
    return made.appointment_id


async def slots_of(services: Services, day: ReceptionDay) -> list[UUID]:
    async with services.uow.begin(SYSTEM) as tx:
        return [slot.id for slot in await days.slots_of(tx, day.id)]


def form(hold_id: UUID | str, resident: Resident, **changes) -> dict:
    """What the page sends at submission."""
    values = {
        "appointment_id": str(hold_id),
        "person_id": str(resident.person.id),
        "phone": "13900000001",
        "sentence": "Wages of three months were not paid",
    }
    return {**values, **changes}


def at(instant: str) -> datetime:
    """A wall-clock time in the district."""
    return datetime.fromisoformat(f"{instant}+08:00")
