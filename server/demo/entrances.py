"""The demo's pages: one-click entrances and what was sent. They exist under `demo` only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from aiohttp import web
from pydantic import Field

from server.demo import due
from server.demo.messages import MessageBook
from server.demo.people import People, Worker
from server.demo.today import DEMO_LEADER
from server.http.context import Context
from server.http.dispatch import DEMO, add_endpoints
from server.http.endpoints import Body, Routes, View
from server.http.identity import enter
from server.http.identity_views import Me
from server.identity import sessions
from server.identity.permissions import Permission
from server.identity.tables import Account
from server.kernel.actor import Role
from server.kernel.errors import NotFound
from server.kernel.uow import Tx


class Entrance(StrEnum):
    """Whoever may be entered as; staff by their role."""

    RESIDENT = "resident"
    NEIGHBOUR = "neighbour"
    LEADER = "leader"
    OPERATOR = "operator"
    LEADER_OFFICE = "leader_office"
    CLERK = "clerk"
    MEDIATOR = "mediator"
    RECORDER = "recorder"
    HANDLER = "handler"
    VILLAGE_WORKER = "village_worker"
    DUTY_OFFICER = "duty_officer"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMIN = "admin"


RESIDENTS = {Entrance.RESIDENT: 0, Entrance.NEIGHBOUR: 1}
FIRST_PAGES = {
    Entrance.RESIDENT: "/my",
    Entrance.NEIGHBOUR: "/my",
    Entrance.LEADER: "/staff/desk",
    Entrance.OPERATOR: "/staff/desk",
    Entrance.MEDIATOR: "/staff/mediations",
    Entrance.VILLAGE_WORKER: "/staff/site",
    Entrance.DUTY_OFFICER: "/staff/duty",
    Entrance.AUDITOR: "/staff/audit",
}


class EntranceView(View):
    role: Entrance
    name: str
    login: str
    goes_to: str


class Entered(View):
    me: Me
    goes_to: str


class MessageQuery(Body):
    most: int = Field(100, ge=1, le=1000)


class MessageView(View):
    key: str
    at: str
    channel: str
    to: str
    subject: str
    text: str
    calendar: str | None


class WayView(View):
    appointment_id: UUID
    session_kind: str
    begins_at: datetime
    role: str
    name: str
    login: str | None
    path: str


@dataclass(frozen=True)
class Entrances:
    """The pages over the people of the demo district."""

    people: People
    book: MessageBook

    def add(self, app: web.Application) -> None:
        app[DEMO] = True
        add_endpoints(app, self.routes())

    def routes(self) -> Routes:
        routes = Routes()
        routes.get("/demo/entrances", permission=Permission.PUBLIC)(self.read_entrances)
        routes.post("/demo/enter/{role}", permission=Permission.PUBLIC)(self.enter_demo)
        routes.get("/demo/due", permission=Permission.PUBLIC)(self.read_due)
        routes.get("/demo/messages", permission=Permission.PUBLIC)(self.read_messages)
        return routes

    async def read_entrances(self, ctx: Context) -> list[EntranceView]:
        """Whom one may enter as."""
        del ctx
        return [
            EntranceView(role=role, name=self.name_of(role), login=self.login_of(role),
                         goes_to=page_of(role))
            for role in Entrance
        ]  # fmt: skip

    async def enter_demo(self, ctx: Context, role: Entrance) -> Entered:
        """Sign in at once."""
        config = ctx.services.config.identity
        async with ctx.services.uow.begin(ctx.actor) as tx:
            account = await _account(tx, ctx, self.login_of(role))
            opened = await sessions.rotate(tx, account, config=config)
            return Entered(me=await enter(ctx, tx, opened), goes_to=page_of(role))

    async def read_due(self, ctx: Context) -> list[WayView]:
        """What begins soon, with the personal link of everybody who has one."""
        async with ctx.services.uow.begin(ctx.actor) as tx:
            found = await due.ways(tx, ctx.services.sealer)
        return [WayView.model_validate(way, from_attributes=True) for way in found]

    async def read_messages(self, ctx: Context, query: MessageQuery) -> list[MessageView]:
        """What was sent, the newest first."""
        del ctx
        found = await self.book.newest(query.most)
        return [MessageView.model_validate(message, from_attributes=True) for message in found]

    def name_of(self, role: Entrance) -> str:
        if role in RESIDENTS:
            return self.people.residents[RESIDENTS[role]].name
        return self._worker(role).name

    def login_of(self, role: Entrance) -> str:
        """A login name for staff, a phone for residents."""
        if role in RESIDENTS:
            return self.people.residents[RESIDENTS[role]].phone
        return self._worker(role).login

    def _worker(self, role: Entrance) -> Worker:
        number = DEMO_LEADER if role is Entrance.LEADER else 1
        return self.people.worker(Role(role), number)


def page_of(role: Entrance) -> str:
    return FIRST_PAGES.get(role, "/staff")


async def _account(tx: Tx, ctx: Context, login: str) -> Account:
    index = ctx.services.sealer.index(login, purpose="phone")
    query = sa.select(Account).where(sa.or_(Account.login == login, Account.phone_index == index))
    account = (await tx.session.scalars(query)).one_or_none()
    if account is None:
        raise NotFound
    return account
