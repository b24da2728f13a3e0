"""What a recorder's socket gets of a captured room, read by a test."""

import contextlib
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from signaling.capture import Batch, Clock, Media, Record, Turn, read
from tests.media.conftest import Stage, hears, until


class Reader:
    """Binds the socket; reads only when asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left_out = 0
        self._records: list[Record] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(path))

    @property
    def records(self) -> list[Record]:
        """All that came so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                batch: Batch = read(self._socket.recv(1 << 17))
                self.left_out += batch.left_out
                self._records += batch.records
        return self._records

    @property
    def turns(self) -> list[Turn]:
        return [one for one in self.records if isinstance(one, Turn)]

    @property
    def clocks(self) -> list[Clock]:
        return [one for one in self.records if isinstance(one, Clock)]

    def media(self, *members: str, kind: str | None = None) -> list[Media]:
        """Of these, or of everyone."""
        return [
            one
            for one in self.records
            if isinstance(one, Media)
            and (not members or one.stream.member in members)
            and kind in {None, one.stream.kind}
        ]

    def close(self) -> None:
        self._socket.close()
        self.path.unlink(missing_ok=True)


@contextlib.contextmanager
def reading(name: str = "capture") -> Iterator[Reader]:
    with tempfile.TemporaryDirectory(prefix="yt-") as folder:
        reader = Reader(Path(folder) / name)
        try:
            yield reader
        finally:
            reader.close()


def gets(reader: Reader, *members: str, packets: int = 30) -> Callable[[], bool]:
    """Condition: so many more of each one's packets of both kinds than now."""
    goals = {
        (member, kind): len(reader.media(member, kind=kind)) + packets // 2
        for member in members
        for kind in ("audio", "video")
    }

    def reached() -> bool:
        return all(len(reader.media(who, kind=kind)) >= goal for (who, kind), goal in goals.items())

    return reached


async def talk_privately(stage: Stage, reader: Reader) -> None:
    """Two of three leave a captured room for a private one, and one comes back: none of it is given."""
    for name in "ab":
        await stage.move(name, "caucus")
    moved = time.monotonic()
    await until(hears(stage.bots["b"], "a", packets=60))
    await until(gets(reader, "c", packets=60))  # the main room goes on
    assert max(one.arrived for one in reader.media("a", "b")) <= moved
    await stage.move("a", "main")
    await until(gets(reader, "a"))
    assert len({one.stream.epoch for one in reader.media("a")}) == 2
    assert max(one.arrived for one in reader.media("b")) <= moved
