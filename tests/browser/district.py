"""A whole district for browser tests: the real server, a clock that can be moved, what was sent."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from shutil import copytree
from typing import TypeVar
from uuid import UUID

import asyncpg

from scheduling.tables import DayState, ReceptionDay
from server.app.process import Flavour, running
from server.bootstrap import Services
from server.demo import people, seed
from server.demo.entrances import Entrances
from server.demo.messages import Message, MessageBook, demo_ports
from server.demo.people import People
from server.demo.run import named
from server.demo.seed import District as Seed
from server.kernel.actor import SYSTEM
from server.kernel.clock import MovableClock
from server.kernel.config import Config
from server.units import seeding
from tests.browser.patience import PATIENCE


@dataclass(frozen=True)
class District:
    address: str
    clock: MovableClock
    services: Services
    book: MessageBook
    people: People

    async def message(self, to: str, *, saying: str, channel: str = "sms") -> Message:
        """The newest message to somebody that says this; waits for it."""

        async def found() -> Message | None:
            for message in await self.book.newest(500):
                if message.to == to and message.channel == channel and saying in message.text:
                    return message
            return None

        return await eventually(found)

    async def day_is(self, day_id: UUID, state: DayState) -> None:
        """Wait until the clock's tasks have brought the day there."""

        async def there() -> bool | None:
            async with self.services.uow.begin(SYSTEM) as tx:
                day = await tx.session.get(ReceptionDay, day_id)
                return True if day and day.state == state else None

        await eventually(there)

    async def code(self, phone: str, *, saying: str = "") -> str:
        """The newest six digits sent to a phone, in a message that says this."""

        async def found() -> str | None:
            for message in await self.book.newest(500):
                digits = re.search(r"(?<!\d)(\d{6})(?!\d)", message.text)
                if message.to == phone and digits and saying in message.text:
                    return digits[1]
            return None

        return await eventually(found)


T = TypeVar("T")


async def eventually(ask: Callable[[], Awaitable[T | None]], within: float = PATIENCE) -> T:
    """Ask until there is an answer; fails after `within` seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while (answer := await ask()) is None:
        assert loop.time() < deadline, f"no answer within {within} s"
        await asyncio.sleep(0.05)
    return answer


@asynccontextmanager
async def open_district(
    folder: Path, *, url: str, start: datetime, media: str = "127.0.0.1"
) -> AsyncIterator[District]:
    """Serve the demo district over an empty, migrated database, from `start` on.

    `media` is the address that pictures and sound go to; the pages stand on loopback.
    """
    units = seeding.district()
    everybody = people.people(units)
    settings = {
        "server": {"data_dir": folder, "port": 0, "host": "127.0.0.1"},
        "media": {"addresses": (media,)},
    }
    config = Config.model_validate(settings)
    config = named(config, name=units[0].name, signature=everybody.signature)
    clock = MovableClock.at(start)
    book = MessageBook(folder / "messages.jsonl", clock)
    made: list[Services] = []

    async def prepare(services: Services, _say: Callable[[str], None]) -> None:
        made.append(services)
        await seed.prepare(services, Seed(units, everybody))

    flavour = Flavour(
        ports=partial(demo_ports, book=book),
        prepare=prepare,
        extend=Entrances(everybody, book).add,
    )
    async with running(config, flavour, url=url, clock=clock) as address:
        yield District(address, clock, made[0], book, everybody)


@dataclass(frozen=True)
class Seeded:
    """The folder and the database of a district that nobody serves."""

    folder: Path
    _: KW_ONLY
    host: str
    database: str
    start: datetime

    @asynccontextmanager
    async def opened(self, folder: Path, worker: str, **more: str) -> AsyncIterator[District]:
        copytree(self.folder, folder, dirs_exist_ok=True)
        name = f"yuntiao_district_{worker}"
        async with (
            fresh_database(self.host, name, template=self.database) as url,
            open_district(folder, url=url, start=self.start, **more) as district,
        ):
            yield district


@asynccontextmanager
async def fresh_database(
    host: str, name: str, *, template: str = "yuntiao_template"
) -> AsyncIterator[str]:
    """A copy of a database that nobody uses; answers its address."""
    admin = await asyncpg.connect(host=host, user="postgres", database="postgres")
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield f"postgresql+asyncpg://postgres@/{name}?host={host}"
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await admin.close()
