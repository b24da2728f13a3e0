"""The recorder process, kept alive: who asks for a recording speaks to this, and hears of its files."""

import asyncio
import contextlib
import logging
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from recordings.recorder import messages
from recordings.recorder.messages import News, Note, Order, Start, Stop, Stopped
from signaling.channel import Channel, ChannelClosedError

log = logging.getLogger(__name__)
ROOT = Path(__file__).parents[1]
STOP_SECONDS = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
NEWS_LIMIT = 10_000


class Recorders:
    """Begins its process with the first recording; after a death all that ran go on in new files."""

    def __init__(self, *, reserve: int) -> None:
        self._reserve = reserve
        self._sockets: tempfile.TemporaryDirectory[str] | None = None
        self._running: dict[str, Start] = {}
        self._stopping: dict[str, asyncio.Event] = {}
        self._news: asyncio.Queue[News] = asyncio.Queue(NEWS_LIMIT)
        self._channel: Channel | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self, name: str, folder: Path) -> Path:
        """Record into this folder what comes at the socket whose path is returned."""
        if self._sockets is None:
            self._sockets = tempfile.TemporaryDirectory(
                prefix="yt-rec-", ignore_cleanup_errors=True
            )
        listen = Path(self._sockets.name) / f"{name}.sock"
        order = self._running[name] = Start(name, str(folder), str(listen), self._reserve)
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())
        self._say(order)
        return listen

    def note(self, name: str, event: str, **facts: str) -> None:
        """For the list beside the files."""
        self._say(Note(name, event, tuple(facts.items())))

    async def stop(self, name: str) -> bool:
        """Everything is closed, hashed and listed when this returns True."""
        if name not in self._running:
            return True
        stopped = self._stopping.setdefault(name, asyncio.Event())
        self._say(Stop(name))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), STOP_SECONDS)
        self._running.pop(name, None)
        self._stopping.pop(name, None)
        return stopped.is_set()

    async def news(self) -> AsyncIterator[News]:
        """In order; for one consumer."""
        while True:
            yield await self._news.get()

    async def close(self) -> None:
        """The process seals what it has and ends."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._sockets is not None:
            self._sockets.cleanup()

    def _say(self, order: Order) -> None:
        """Without a process there is nobody to tell: the next begins with what runs."""
        if self._channel is not None:
            with contextlib.suppress(ChannelClosedError):
                self._channel.send(messages.to_plain(order))

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._life()
            except OSError as end:
                log.error("recorder: %r", end)
            is_steady = asyncio.get_running_loop().time() - began > LONGEST_PAUSE
            pause = FIRST_PAUSE if is_steady else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _life(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "recordings.recorder", str(theirs.fileno())),
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                start_new_session=True,
            )
        channel = Channel(*await asyncio.open_unix_connection(sock=ours))
        self._process, self._channel = process, channel
        try:
            for order in self._running.values():
                self._say(order)
            for name in self._stopping:
                self._say(Stop(name))
            with contextlib.suppress(ChannelClosedError):
                while True:
                    self._hear(messages.from_plain(await channel.receive()))
            log.error("the recorder ended; another one begins")
        finally:
            self._channel = self._process = None
            channel.close()
            await _buried(process)

    def _hear(self, news: object) -> None:
        if isinstance(news, Stopped) and news.name in self._stopping:
            self._stopping[news.name].set()
        if isinstance(news, News):
            with contextlib.suppress(asyncio.QueueFull):
                self._news.put_nowait(news)


async def _buried(process: asyncio.subprocess.Process) -> None:
    """It seals what it has, but not for ever."""
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
