"""The web process of the district benchmark: sessions due now, served whole; it notes its own lag.

One line of JSON at the start says where it is and who comes to which session by what; each line it
reads is answered with the lag of its event loop since the last one.
"""

import argparse
import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import uvloop
from aiohttp import web

from scheduling import invitees
from scheduling.tables import SessionRole
from server.app.application import application
from server.app.process import ticking
from server.bootstrap import Services, build
from server.identity import sessions
from server.kernel.actor import SYSTEM, Role
from server.kernel.clock import SystemClock
from server.kernel.config import Config
from server.units.tables import Unit
from signaling import engines
from tests.bench.lag import Lag
from tests.cases import invite
from tests.hall import add_session, hold
from tests.ports import Outbox
from tests.reception import add_centre, add_leader


async def run(options: argparse.Namespace) -> None:
    outbox, loop = Outbox(), asyncio.get_running_loop()
    config = Config.model_validate(
        {
            "server": {"data_dir": Path(options.data)},
            "media": {"addresses": ("127.0.0.1",), "port": 0, "workers": options.workers},
        }
    )
    async with AsyncExitStack() as stack:
        media = await stack.enter_async_context(engines.running(config.media))
        services = await stack.enter_async_context(
            build(
                config, database_url=options.url, clock=SystemClock(), media=media, sms=outbox,
                mailer=outbox,
            )
        )  # fmt: skip
        await stack.enter_async_context(ticking(services))
        runner = web.AppRunner(application(services), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        unit = await add_centre(services)
        meetings = [
            await _meeting(services, unit, number, people=options.people)
            for number in range(1, options.sessions + 1)
        ]
        print(json.dumps({"port": runner.addresses[0][1], "sessions": meetings}), flush=True)
        lag = Lag()
        watching = asyncio.create_task(lag.watch())
        while await loop.run_in_executor(None, _line):
            print(json.dumps(lag.taken()), flush=True)
        watching.cancel()


def _line() -> bool:
    try:
        input()
    except EOFError:
        return False
    return True


async def _meeting(services: Services, unit: Unit, number: int, *, people: int) -> dict[str, Any]:
    """A reception due now: its leader's sign-in, and the personal links of the others."""
    leader = await add_leader(services, unit, rank=number)
    await hold(services, leader.account, unit, Role.LEADER)
    appointment, _ = await add_session(services, leader)
    roles = [SessionRole.PETITIONER, *[SessionRole.HELPER] * (people - 2)]
    async with services.uow.begin(SYSTEM) as tx:
        opened = await sessions.sign_in(tx, leader.account, config=services.config.identity)
        guests = [
            await invite(services, tx, appointment, role, f"Guest {number}.{place}")
            for place, role in enumerate(roles)
        ]
        tokens = [invitees.give_link(guest, services.sealer) for guest in guests]
    return {"appointment": str(appointment.id), "leader": opened.token, "guests": tokens}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--data", required=True)
    for name in ("sessions", "people", "workers"):
        parser.add_argument(f"--{name}", type=int, required=True)
    uvloop.run(run(parser.parse_args()))
