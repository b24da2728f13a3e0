"""The recorder: `python -m recordings.recorder FD`. It ends, everything sealed, with its channel."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path

from recordings.recorder import messages
from recordings.recorder.messages import News, Note, Order, Start, Started, Stop, Stopped, Trouble
from recordings.recorder.recording import Clocks, Recording
from signaling.channel import Channel, ChannelClosedError

BEAT = 0.1
SYNC_BEATS = 50
LONGEST = 1 << 17
READS = 200
"""Datagrams taken from one socket before the others have their turn."""


class Recorder:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._running: dict[str, tuple[Recording, socket.socket]] = {}

    async def obey(self, order: Order) -> None:
        match order:
            case Start(name):
                try:
                    await self._start(order)
                except OSError as wrong:
                    self._tell(Trouble(name, "not_started", str(wrong)))
            case Stop(name):
                await self._stop(name)
            case Note(name, event, facts):
                if name in self._running:
                    self._running[name][0].note(event, dict(facts))

    async def run(self) -> None:
        beats = 0
        while True:
            await asyncio.sleep(BEAT)
            beats += 1
            for recording, _ in list(self._running.values()):
                recording.beat()
                if beats % SYNC_BEATS == 0:
                    await recording.sync()

    async def end(self) -> None:
        for name in list(self._running):
            await self._stop(name)

    async def _start(self, order: Start) -> None:
        if order.name in self._running:
            return
        recording = Recording(
            order.name,
            Path(order.folder),
            reserve=order.reserve,
            clocks=Clocks(time.monotonic, time.time),
            tell=self._tell,
        )
        await recording.start()
        listening = _listening_at(order.listen)
        self._running[order.name] = (recording, listening)
        asyncio.get_running_loop().add_reader(listening, _read, listening, recording)
        self._tell(Started(order.name))

    async def _stop(self, name: str) -> None:
        found = self._running.pop(name, None)
        if found is None:
            return
        recording, listening = found
        _read(listening, recording)
        asyncio.get_running_loop().remove_reader(listening)
        with contextlib.suppress(OSError):
            os.unlink(listening.getsockname())
        listening.close()
        await recording.stop()
        self._tell(Stopped(name))

    def _tell(self, news: News) -> None:
        with contextlib.suppress(ChannelClosedError):
            self._channel.send(messages.to_plain(news))


def main() -> None:
    # Ctrl-C is for the parent; the end of the channel ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="recorder: %(message)s")
    os.umask(0o077)
    asyncio.run(_serve(int(sys.argv[1])))


async def _serve(fd: int) -> None:
    channel = Channel(*await asyncio.open_unix_connection(sock=socket.socket(fileno=fd)))
    recorder = Recorder(channel)
    tasks = [asyncio.create_task(recorder.run()), asyncio.create_task(_listen(channel, recorder))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        done.pop().result()  # raises what should not have happened
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await recorder.end()
        channel.close()


async def _listen(channel: Channel, recorder: Recorder) -> None:
    with contextlib.suppress(ChannelClosedError):
        while True:
            order = messages.from_plain(await channel.receive())
            if isinstance(order, Order):
                await recorder.obey(order)


def _listening_at(path: str) -> socket.socket:
    """In the place of one who listened there before."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.bind(path)
    return made


def _read(listening: socket.socket, recording: Recording) -> None:
    with contextlib.suppress(BlockingIOError):
        for _ in range(READS):
            recording.take(listening.recv(LONGEST))


if __name__ == "__main__":
    main()
