"""One server of the booking benchmark, in a process of its own: `ours` or `bare`."""

import argparse
import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path

import uvloop
from aiohttp import web

from server.app.application import application
from server.app.process import settle, ticking
from server.bootstrap import build
from server.kernel.clock import SystemClock
from server.kernel.config import Config
from tests.bench import bare_booking
from tests.ports import Outbox, SilentEngine

POOL = 20


async def run(options: argparse.Namespace) -> None:
    async with AsyncExitStack() as stack:
        if options.kind == "bare":
            app = web.Application()
            await bare_booking.serve(app, options.url.replace("+asyncpg", ""), pool=POOL)
        else:
            app = await _ours(stack, options)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
        await site.start()
        settle()
        print(runner.addresses[0][1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, input)  # until the parent is gone


async def _ours(stack: AsyncExitStack, options: argparse.Namespace) -> web.Application:
    config = Config.model_validate(
        {
            "server": {"data_dir": Path(options.data)},
            "database": {"pool_size": POOL},
            "scheduling": {"rest_least": timedelta(), "rest_most": timedelta()},
        }
    )
    outbox = Outbox()
    services = await stack.enter_async_context(
        build(
            config, database_url=options.url, clock=SystemClock(), sms=outbox, mailer=outbox,
            media=SilentEngine(),
        )
    )  # fmt: skip
    if options.kind == "clocked":
        await stack.enter_async_context(ticking(services))
    return application(services)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["ours", "clocked", "bare"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--data", required=True)
    with suppress(EOFError, KeyboardInterrupt):
        uvloop.run(run(parser.parse_args()))
