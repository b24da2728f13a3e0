"""A centre with a session due now, and people who take their seats, for tests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from aiohttp import ClientSession, DummyCookieJar, web

from scheduling import codes, invitees
from scheduling.plans import days
from scheduling.plans.recurrence import PlannedDate
from scheduling.tables import Appointment, DayState, ReceptionDay, SessionKind, SessionRole
from server.app.application import application
from server.bootstrap import Services, build
from server.cases.tables import Case
from server.http.gate import Gate
from server.http.socket import GATE, LIMITS, Limits
from server.identity import persons, sessions
from server.identity.tables import Account, Membership, Service
from server.kernel.actor import SYSTEM, Role
from server.kernel.clock import local
from server.kernel.config import Config
from server.units.tables import Unit
from signaling.media.settings import MediaSettings
from signaling.supervisor import EmbeddedEngine
from tests.cases import add_appointment, invite, register
from tests.identity import add_staff
from tests.reception import (
    Leader,
    Resident,
    add_centre,
    add_leader,
    add_resident,
    plan_of,
)
from tests.sockets import Seat

LOOPBACK = MediaSettings(addresses=("127.0.0.1",))


@dataclass
class Hall:
    """One centre, its people, one appointment, and whoever is on the line."""

    services: Services
    base: str
    http: ClientSession
    unit: Unit
    leader: Leader
    appointment: Appointment
    case: Case
    tokens: dict[str, str] = field(default_factory=dict)
    seats: list[Seat] = field(default_factory=list)

    async def staff(self, account: Account, appointment: Appointment | None = None) -> Seat:
        """A member of staff, signed in, not yet on the line."""
        async with self.services.uow.begin(SYSTEM) as tx:
            opened = await sessions.sign_in(tx, account, config=self.services.config.identity)
        cookie = {"Cookie": f"yuntiao-session={opened.token}"}
        at = (appointment or self.appointment).id
        return self._keep(Seat(self.http, self.base, headers=cookie, appointment_id=at))

    def guest(self, name: str) -> Seat:
        """Somebody with a personal link, not yet on the line."""
        return self._keep(Seat(self.http, self.base, headers={"X-Invitation": self.tokens[name]}))

    async def host(self) -> Seat:
        return await (await self.staff(self.leader.account)).connect()

    async def waiting(self, name: str) -> Seat:
        """Checked in and on the line."""
        seat = self.guest(name)
        await seat.check_in()
        return await seat.connect()

    async def inside(self, name: str, host: Seat) -> Seat:
        """Waiting, then let in by the host."""
        seat = await self.waiting(name)
        await host.wait_for("person.joined") if not host.messages else None
        await host.send("admit", participant_id=seat.id, because="known to the leader")
        await seat.wait_for("called")
        return seat

    async def invite(
        self, name: str, role: SessionRole, *, appointment: Appointment | None = None, **more
    ) -> UUID:
        async with self.services.uow.begin(SYSTEM) as tx:
            at = appointment or self.appointment
            row = await invite(self.services, tx, at, role, name, **more)
            self.tokens[name] = invitees.give_link(row, self.services.sealer)
        return row.id

    async def code(self, name: str = "Wang", appointment: Appointment | None = None) -> str:
        """The code of this person's seat."""
        async with self.services.uow.begin(SYSTEM) as tx:
            for seat in await invitees.of(tx, (appointment or self.appointment).id):
                if self.services.sealer.open(seat.name, purpose="name") == name:
                    await codes.give(tx, self.services.sealer, seat)
                    return codes.shown(seat, self.services.sealer) or ""
        raise LookupError(name)

    async def seat_id(self, name: str = "Wang") -> UUID:
        async with self.services.uow.begin(SYSTEM) as tx:
            return next(
                seat.id for seat in await invitees.of(tx, self.appointment.id)
                if self.services.sealer.open(seat.name, purpose="name") == name
            )  # fmt: skip

    async def clerk(self, role: Role = Role.CLERK, login: str = "") -> Account:
        return await add_staff(self.services, self.unit, role, login=login)

    async def operator(self) -> Account:
        account = await self.clerk(Role.OPERATOR)
        async with self.services.uow.begin(SYSTEM) as tx:
            tx.session.add(Service(account_id=account.id, leader_id=self.leader.account.id))
        return account

    def _keep(self, seat: Seat) -> Seat:
        self.seats.append(seat)
        return seat


@asynccontextmanager
async def serving(
    services: Services, *, port: int = 0, limits: Limits | None = None
) -> AsyncIterator[str]:
    """The whole application on a real port, as a process serves it; answers its address."""
    app = application(services)
    if limits is not None:
        app[LIMITS], app[GATE] = limits, Gate(limits.room)
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=3, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_hall(
    services: Services, base: str, *, kind: SessionKind = SessionKind.RECEPTION
) -> AsyncIterator[Hall]:
    """A reception that is due now: "Wang" petitions, "Li" helps; or a mediation of the two."""
    unit = await add_centre(services)
    leader = await add_leader(services, unit)
    await hold(services, leader.account, unit, Role.LEADER)
    resident = await add_resident(services)
    appointment, case = await add_session(services, leader, resident, kind=kind)
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        hall = Hall(services, base, http, unit, leader, appointment, case)
        mediates = kind is SessionKind.MEDIATION
        first = SessionRole.APPLICANT if mediates else SessionRole.PETITIONER
        second = SessionRole.RESPONDENT if mediates else SessionRole.HELPER
        await hall.invite("Wang", first, person_id=resident.person.id)
        await hall.invite("Li", second)
        yield hall
        for seat in hall.seats:
            await seat.close()


@asynccontextmanager
async def life(
    config: Config, *, port: int = 0, media: MediaSettings = LOOPBACK, **ground: Any
) -> AsyncIterator[tuple[Services, str]]:
    """A server from its start to its end, with a media engine whose worker is its own."""
    engine = EmbeddedEngine(media)
    await engine.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(engine.stop)
        services = await stack.enter_async_context(build(config, media=engine, **ground))
        yield services, await stack.enter_async_context(serving(services, port=port))


@asynccontextmanager
async def open_studio(config: Config, **ground: Any) -> AsyncIterator[Hall]:
    """A mediation due now, over a media engine with a worker of its own."""
    async with (
        life(config, **ground) as (services, base),
        open_hall(services, base, kind=SessionKind.MEDIATION) as hall,
    ):
        yield hall


async def add_session(
    services: Services, leader: Leader, resident: Resident | None = None, *,
    kind: SessionKind = SessionKind.RECEPTION, begins_in: timedelta = timedelta(), **more,
) -> tuple[Appointment, Case]:  # fmt: skip
    """A confirmed appointment of the leader."""
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, leader.unit)
        appointment = await add_appointment(
            services, tx, case, host_id=leader.account.id, unit=leader.unit,
            begins_at=tx.now + begins_in,
            account_id=resident.account.id if resident else None,
            person_id=resident.person.id if resident else None, **more,
        )  # fmt: skip
        appointment.session_kind = kind
    return appointment, case


async def hold(services: Services, account: Account, unit: Unit, role: Role) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(Membership(account_id=account.id, unit_id=unit.id, role=role))


async def mark_seen(services: Services, resident_person_id: UUID) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        await persons.compare_card(tx, resident_person_id)


async def add_line(hall: Hall, names: list[str], *, minutes: int) -> list[Appointment]:
    """A reception day of the leader that is held now, one petitioner a slot."""
    async with hall.services.uow.begin(SYSTEM) as tx:
        plan = plan_of(hall.leader, today=local(tx.now).date(), slot_minutes=minutes)
        tx.session.add(plan)
        await tx.session.flush()
        day = ReceptionDay(**days.day_row(plan, PlannedDate(plan.starts_on, plan.starts_on)))
        day.state = DayState.IN_PROGRESS
        tx.session.add(day)
    line = []
    for position, name in enumerate(names):
        appointment, _ = await add_session(
            hall.services, hall.leader, begins_in=timedelta(minutes=minutes * position),
            day_id=day.id,
        )  # fmt: skip
        await hall.invite(name, SessionRole.PETITIONER, appointment=appointment)
        line.append(appointment)
    return line
