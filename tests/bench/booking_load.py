"""What is done to a booking server: bookings side by side, and the rush at the opening."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from scheduling.tables import DayState
from tests.bench.booking_district import Client, District, Place
from tests.bench.joint_hot import Meeting
from tests.bench.wire import Answer, Wire

ROUNDS = 4
CLIENTS = 50
SPREAD_BOOKINGS = 600
HOT_BOOKINGS = 150
WARM_UP = 100
ENOUGH_SECONDS = 75
RUSH = 2000
RUSH_SECONDS = 1.0
LONGEST = 5.0
SEED = 20261123
JOINT_REFUSED = ("joint_taken", "taken")
"""Ours with who is missing, the bare one with nothing; any other answer is an error."""
UNSEALED = """SELECT count(*) FROM audit_line l
              WHERE NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.line_id = l.id)"""


@dataclass
class Phases:
    """All of one kind: how many bookings were acknowledged in how many seconds, and each one's."""

    booked: int = 0
    seconds: float = 0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.booked / self.seconds


@dataclass
class Side:
    """One server with its database, and what was measured of it."""

    port: int
    district: District
    url: str
    clients: list[Client]
    acknowledged: list[str] = field(default_factory=list)
    refused: list[Place] = field(default_factory=list)
    joint_booked: int = 0
    joint_refused: int = 0
    joint_errors: int = 0
    spread: Phases = field(default_factory=Phases)
    hot: Phases = field(default_factory=Phases)
    failed: int = 0


@dataclass
class Rush:
    winners: int = 0
    errors: int = 0
    slowest: float = 0


async def book(wire: Wire, client: Client, place: Place) -> tuple[Answer, Answer | None]:
    """Hold, then submit, as the page does."""
    held = await wire.post("/api/holds", {"slot_id": str(place.slot_id)}, cookie=client.token)
    if held.status != 200:
        return held, None
    form = {
        "appointment_id": held.body["appointment_id"],
        "person_id": str(client.person_id),
        "phone": "13900000001",
        "sentence": "Wages of three months were not paid",
    }
    return held, await wire.post("/api/appointments", form, cookie=client.token)


async def phase(side: Side, places: list[Place], *, into: Phases) -> None:
    """Fifty clients book these places as quickly as they are answered."""
    await _all(side, [_one(side, side.clients.pop(), place, into) for place in places], into=into)


async def hot_phase(side: Side, places: list[Place], meetings: list[Meeting]) -> None:
    """The places of one leader, whom joint interviews want at some of the same times.

    All of these are asked for first. At half of their times the places are asked for beside them,
    and who is quicker has them; at the other half last, when most of them are gone.
    """
    late = [one for one in places if any(other.touches(one.begins_at) for other in meetings[::2])]
    early = [one for one in places if one not in late]
    wanted = [_one(side, side.clients.pop(), place, side.hot) for place in (*late, *early)]
    wanted += [_meet(side, meeting) for meeting in meetings]
    await _all(side, wanted, into=side.hot)


Attempt = Callable[[Wire], Awaitable[bool]]


async def _all(side: Side, queue: list[Attempt], *, into: Phases) -> None:
    async def work() -> None:
        wire = Wire(side.port)
        while queue:
            attempt = queue.pop()
            began = time.perf_counter()
            is_booked = await attempt(wire)
            into.booked += is_booked
            into.latencies.append(time.perf_counter() - began)
        wire.close()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CLIENTS)))
    into.seconds += time.perf_counter() - began


def _one(side: Side, client: Client, place: Place, into: Phases) -> Attempt:
    """Only a joint interview may have been quicker, and of those there are none elsewhere."""

    async def attempt(wire: Wire) -> bool:
        held, done = await book(wire, client, place)
        if done is not None and done.status == 200:
            side.acknowledged.append(done.body["id"])
            return True
        if into is side.hot and held.status == 409:
            side.refused.append(place)
        else:
            side.failed += 1
        return False

    return attempt


def _meet(side: Side, meeting: Meeting) -> Attempt:
    async def attempt(wire: Wire) -> bool:
        path = f"/api/joint-interviews/{meeting.interview_id}/booking"
        key = meeting.interview_id.hex
        answer = await wire.post(path, meeting.choice, cookie=meeting.token, key=key)
        if answer.status == 200:
            side.joint_booked += 1
        elif answer.status == 409 and answer.body["code"] in JOINT_REFUSED:
            side.joint_refused += 1
        else:
            side.joint_errors += 1
        return answer.status == 200

    return attempt


async def measure(sides: list[Side]) -> None:
    """Both sides in turns, so that what the machine does beside hits both."""
    pick = random.Random(SEED)
    for side in sides:
        pick.shuffle(side.district.spread)
        await phase(side, [side.district.spread.pop() for _ in range(WARM_UP)], into=Phases())
        side.acknowledged = []
    began = time.perf_counter()
    for number in range(ROUNDS):
        for side in sides if number % 2 else sides[::-1]:
            spread = [side.district.spread.pop() for _ in range(SPREAD_BOOKINGS)]
            await phase(side, spread, into=side.spread)
            places = side.district.hot[number][:HOT_BOOKINGS]
            pick.shuffle(places)
            await hot_phase(side, places, side.district.meetings[number])
        if time.perf_counter() - began > ENOUGH_SECONDS:
            break


async def rush(side: Side, day_id: object) -> Rush:
    """Two thousand residents at the second when booking opens."""
    opened = Wire(side.port)
    for _ in range(600):
        day = await opened.get(f"/api/days/{day_id}")
        if day.body["state"] == DayState.BOOKING_OPEN:
            break
        await asyncio.sleep(0.05)
    pick, found = random.Random(SEED), Rush()

    async def one(client: Client, place: Place, after: float) -> None:
        await asyncio.sleep(after)
        wire = Wire(side.port)
        began = time.perf_counter()
        try:
            held, done = await asyncio.wait_for(book(wire, client, place), 30)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            found.errors += 1
            return
        finally:
            wire.close()
        took = time.perf_counter() - began
        found.slowest = max(found.slowest, took)
        if done is not None and done.status == 200:
            found.winners += 1
        elif not refused_kindly(done or held) or took > LONGEST:
            found.errors += 1

    places = side.district.rush
    await asyncio.gather(
        *(
            one(side.clients.pop(), places[n % len(places)], pick.random() * RUSH_SECONDS)
            for n in range(RUSH)
        )
    )
    return found


def refused_kindly(answer: Answer) -> bool:
    return answer.status == 409 and len(answer.body["details"]["alternatives"]) > 0


async def open_soon(url: str, day_id: object) -> None:
    """Have the clock open the rush day in three seconds, as publication would have.

    What the bookings before have left for the clock to send and to seal is not part of the rush.
    """
    db = await asyncpg.connect(url.replace("+asyncpg", ""))
    await db.execute("DELETE FROM task WHERE done_at IS NULL")
    for _ in range(60):
        if await db.fetchval(UNSEALED) == 0:
            break
        await asyncio.sleep(1)
    await db.execute(
        """INSERT INTO task (kind, key, due_at, payload) VALUES ('day.step', $1,
           now() + interval '3 seconds', jsonb_build_object('day_id', $2::text, 'action', 'open'))""",
        f"day:{day_id}:open:rush", str(day_id),
    )  # fmt: skip
    await db.close()


@dataclass(frozen=True)
class Serving:
    port: int
    process: asyncio.subprocess.Process


@asynccontextmanager
async def server(kind: str, *, url: str, folder: Path) -> AsyncIterator[Serving]:
    """A server process of this test's own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.booking_server", kind, "--url", url,
        "--data", str(folder), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        port = int(await asyncio.wait_for(process.stdout.readline(), 60))
        yield Serving(port, process)
    finally:
        process.stdin.close()
        if process.returncode is None:
            process.terminate()
        await process.wait()
