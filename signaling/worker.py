"""One media worker, as its parent sees it: born, asked, buried. A process, or a task in this one."""

import asyncio
import contextlib
import itertools
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from signaling.channel import Channel, ChannelClosedError
from signaling.engine import (
    Encodings,
    LegDown,
    LegUp,
    MediaEvent,
    MediaRefusedError,
    MediaUnavailableError,
    Offer,
    OfferAgain,
    Pictures,
    Silent,
    Speaking,
)
from signaling.media import messages
from signaling.media.messages import Command, Result
from signaling.media.settings import MediaSettings
from signaling.media.worker import serve

ROOT = Path(__file__).parents[1]
FAREWELL_SECONDS = 1.0


class WorkerGoneError(Exception):
    """The worker ended before it answered."""


class Process(Protocol):
    """What asyncio's own processes can, too."""

    @property
    def pid(self) -> int: ...

    def kill(self) -> None: ...

    async def wait(self) -> object: ...


class _Inside:
    """A worker without a process of its own: it shares our loop, and our fate."""

    def __init__(self, fd: int) -> None:
        self.pid = os.getpid()
        self._task = asyncio.create_task(serve(fd), name="media worker")

    def kill(self) -> None:
        self._task.cancel()

    async def wait(self) -> None:
        await asyncio.wait({self._task})


class Worker:
    """Ends when its channel ends; `bury` makes sure of it."""

    def __init__(self, process: Process, channel: Channel) -> None:
        self._process = process
        self._channel = channel
        self._refs = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Result]] = {}

    @classmethod
    async def spawn(cls, settings: MediaSettings, *, inside: bool = False) -> "Worker":
        ours, theirs = socket.socketpair()
        with theirs:
            channel = await _opened(ours)
            try:
                process = _Inside(theirs.detach()) if inside else await _process(theirs.fileno())
            except BaseException:
                channel.close()
                raise
        channel.send(messages.to_plain(settings))
        return cls(process, channel)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def port(self) -> int:
        """The UDP port, once it listens; raises MediaUnavailableError when it cannot."""
        first = messages.from_plain(await self._channel.receive())
        if isinstance(first, messages.Ready):
            return first.port
        reason = first.reason if isinstance(first, messages.Failed) else repr(first)
        raise MediaUnavailableError(reason)

    def tell(self, command: Command) -> int:
        """Send a command; its answer may be awaited or not."""
        ref = next(self._refs)
        try:
            self._channel.send(messages.to_plain(messages.Call(ref, command)))
        except ChannelClosedError as closed:
            raise WorkerGoneError from closed
        return ref

    async def ask(self, command: Command) -> Result:
        ref = self.tell(command)
        waiter: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[ref] = waiter
        try:
            return await waiter
        finally:
            self._waiting.pop(ref, None)

    async def listen(self, hear: Callable[[MediaEvent], None]) -> None:
        """Settle answers and pass events on, until the worker is gone."""
        while True:
            match messages.from_plain(await self._channel.receive()):
                case messages.Done(ref, result):
                    self._settle(ref, result)
                case messages.Refused(ref, refusal):
                    self._settle(ref, MediaRefusedError(refusal))
                case messages.Broken(ref, fault):
                    self._settle(ref, MediaUnavailableError(fault))
                case (
                    Offer() | LegUp() | LegDown() | Silent() | Speaking() | Encodings()
                    | OfferAgain() | Pictures()
                ) as event:  # fmt: skip
                    hear(event)
                case unknown:
                    raise ChannelClosedError(f"not a message: {unknown!r}")

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def bury(self) -> None:
        """Let it say goodbye to its peers, but not for long."""
        self._channel.close()
        try:
            await asyncio.wait_for(self._process.wait(), FAREWELL_SECONDS)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        for waiter in self._waiting.values():
            if not waiter.done():
                waiter.set_exception(WorkerGoneError())

    def _settle(self, ref: int, outcome: Result | Exception) -> None:
        waiter = self._waiting.get(ref)
        if waiter is None or waiter.done():
            return
        if isinstance(outcome, Exception):
            waiter.set_exception(outcome)
        else:
            waiter.set_result(outcome)


async def _opened(ours: socket.socket) -> Channel:
    try:
        return Channel(*await asyncio.open_unix_connection(sock=ours))
    except BaseException:
        ours.close()
        raise


async def _process(fd: int) -> Process:
    """Of its own session: what interrupts us does not reach it."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "signaling.media.worker", str(fd)),
        pass_fds=[fd],
        cwd=ROOT,
        start_new_session=True,
    )
