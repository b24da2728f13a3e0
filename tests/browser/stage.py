"""Who is where: phones, desks and callers of one journey, over one district."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
from playwright.async_api import Browser, Page, Playwright, ViewportSize

from server.identity import sessions
from server.identity.tables import Account
from server.kernel.actor import SYSTEM
from tests.browser import senses
from tests.browser.callers import Caller
from tests.browser.district import District
from tests.browser.people import DESK, PHONE, Guest, Resident, Someone, Staff
from tests.media.browsers import UNASKED, chromium, firefox
from tests.sockets import Seat

TOUCHED = {"is_mobile": True, "has_touch": True, "accept_downloads": True}
MOST = 4
"""Browsers at once; whoever else comes is a caller."""


@dataclass
class Stage:
    """One Chromium, a Firefox when somebody needs it, and people without a browser."""

    district: District
    playwright: Playwright
    browser: Browser
    http: ClientSession
    exits: AsyncExitStack
    people: dict[str, Someone] = field(default_factory=dict)
    foxes: Browser | None = None

    async def resident(self, name: str = "resident") -> Resident:
        page = await self._page(self.browser, PHONE, **TOUCHED)
        return self._keep(name, Resident(page, self.district))

    async def desk(self, name: str) -> Staff:
        return self._keep(name, Staff(await self._page(self.browser, DESK), self.district))

    async def desk_in_firefox(self, name: str) -> Staff:
        return self._keep(name, Staff(await self._page(await self._firefox(), DESK), self.district))

    async def guest_in_firefox(self, name: str) -> Guest:
        return self._keep(
            name, Guest(await self._page(await self._firefox(), PHONE), self.district)
        )

    async def goes(self, person: Someone) -> None:
        """Closes the browser and is gone, so that somebody else may come."""
        [name] = [name for name, one in self.people.items() if one is person]
        del self.people[name]
        await person.device.close()

    def caller(self, path: str) -> Caller:
        """Somebody with a personal link and no browser."""
        token = path.rpartition("/")[2]
        return self._caller(Seat(self.http, self.district.address, headers={"X-Invitation": token}))

    async def staff_caller(self, login: str, appointment_id) -> Caller:
        """A member of staff without a browser, signed in."""
        services = self.district.services
        async with services.uow.begin(SYSTEM) as tx:
            worker = next(w for w in self.district.people.workers if w.login == login)
            account = await tx.session.get_one(Account, worker.id)
            opened = await sessions.sign_in(tx, account, config=services.config.identity)
        cookie = {"Cookie": f"yuntiao-session={opened.token}"}
        seat = Seat(self.http, self.district.address, headers=cookie, appointment_id=appointment_id)
        return self._caller(seat)

    @asynccontextmanager
    async def evidence(self) -> AsyncIterator[None]:
        """What everybody sees, kept when something fails."""
        try:
            yield
        except BaseException:
            for name, person in self.people.items():
                await person.picture(f"failed-{name}")
            raise

    def _caller(self, seat: Seat) -> Caller:
        caller = Caller(seat)
        self.exits.push_async_callback(caller.leave)
        return caller

    async def _firefox(self) -> Browser:
        if self.foxes is None:
            self.foxes = await self.exits.enter_async_context(firefox(self.playwright))
        return self.foxes

    async def _page(self, browser: Browser, viewport: ViewportSize, **device: Any) -> Page:
        """Of a device of their own."""
        assert len(self.people) < MOST, f"too many browsers at once: {[*self.people]}"
        context = await browser.new_context(viewport=viewport, locale="zh-CN", **device)
        await context.add_init_script(senses.EARS)
        return await context.new_page()

    def _keep(self, name: str, person):
        self.people[name] = person
        return person


@asynccontextmanager
async def open_stage(district: District, playwright: Playwright) -> AsyncIterator[Stage]:
    async with (
        ClientSession(cookie_jar=DummyCookieJar()) as http,
        chromium(playwright, UNASKED) as browser,
        AsyncExitStack() as exits,
    ):
        yield Stage(district, playwright, browser, http, exits)
