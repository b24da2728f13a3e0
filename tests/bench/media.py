"""`make bench-media`: what it costs to pass one packet on, beside Janus and the naive server.

Each server runs alone on one core, the people who send and receive on another. Everybody sees
everybody; microseconds are processor time of the server's process for each packet that arrived, and
`cores` that time for each second: ours passes on the sound of the loudest three only, Janus all. The
people do what browsers do (`callers.py`), to both servers alike: levels, numbers of the connection,
reports of senders and receivers, arrivals told back, and one packet in 200 that is asked for again.

Latency is from the sender's stamp, made before encryption, to the kernel's own note of the arrival
at the receiver's socket. How late the callers, who all share one core, read it is not the server's.
"""

import asyncio
import os
import statistics
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, fields
from pathlib import Path

import uvloop

from tests.bench.callers import SOUND_SECONDS, Caller, loss, mark, repaired
from tests.bench.janus_room import janus_room
from tests.bench.machine import watched
from tests.bench.report import percentile, report
from tests.bench.rooms import Room, embedded_room, naive_room

SERVER_CORE, PEOPLE_CORE = 0, 1
SIZES = (4, 8, 16, 20)
COMPARED = 16
RUNS = 3
SETTLE, SECONDS, LATE = 2.0, 8.0, 0.5
PATIENCE, CALM = 10.0, 0.01
GOALS = {
    "ratio_to_janus_16": "goal <= 0.7", "loss_16": "goal <= 0.001",
    "latency_p95_ms_16": "goal <= 1.5", "mb_per_participant_16": "goal <= 1.5",
}  # fmt: skip
MakeRoom = Callable[[], AbstractAsyncContextManager[Room]]


@dataclass(frozen=True)
class Measured:
    """µs of processor per arrived packet, cores used, share lost, share that came when it was asked
    for again, latency in ms, MB a person, packets/s, people heard at once.
    """

    us: float
    cores: float
    loss: float
    repaired: float
    p50_ms: float
    p95_ms: float
    mb: float
    per_s: float
    voices: float


async def measure(make_room: MakeRoom, size: int) -> Measured:
    async with make_room() as room:
        os.sched_setaffinity(room.pid, {SERVER_CORE})
        for thread in os.listdir(f"/proc/{room.pid}/task"):
            os.sched_setaffinity(int(thread), {SERVER_CORE})
        empty = _memory_mb(room.pid)
        await room.fill(size)
        await asyncio.sleep(SETTLE)
        await _calm()
        callers = [caller for caller in room.callers if isinstance(caller, Caller)]
        arrived, used, since = _arrived(room), _used(room.pid), mark(callers)
        for caller in callers:
            caller.count_anew()
        await asyncio.sleep(SECONDS)
        arrived, used, until = _arrived(room) - arrived, _used(room.pid) - used, mark(callers)
        memory = (_memory_mb(room.pid) - empty) / size
        delays = [delay for caller in callers for delay in caller.tally.delays]
        await asyncio.sleep(LATE)
        return Measured(
            us=used / arrived * 1e6,
            cores=used / SECONDS,
            loss=loss(callers, since, until),
            repaired=repaired(callers),
            p50_ms=percentile(delays, 0.5) * 1e3 if delays else 0.0,
            p95_ms=percentile(delays, 0.95) * 1e3 if delays else 0.0,
            mb=memory,
            per_s=arrived / SECONDS,
            voices=(until.sounds_came - since.sounds_came) / size * SOUND_SECONDS / SECONDS,
        )


async def _calm() -> None:
    """Wait, not for ever, until the callers have caught up with what came while all joined."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    late = PATIENCE
    while late > CALM and loop.time() < deadline:
        due = loop.time() + CALM
        await asyncio.sleep(CALM)
        late = loop.time() - due


def _arrived(room: Room) -> int:
    callers = [c.tally.arrived for c in room.callers if isinstance(c, Caller)]
    return sum(callers) or sum(h.packets for bot in room.callers for h in bot.heard.values())


def _used(pid: int) -> float:
    """Processor seconds of all threads that live now, from the scheduler's own clock."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def _memory_mb(pid: int) -> float:
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def compare() -> dict[str, float]:
    os.sched_setaffinity(0, {PEOPLE_CORE})
    numbers: dict[str, float] = {}
    for size in SIZES:
        runs = [await _both(size) for _ in range(RUNS if size == COMPARED else 1)]
        for place, name in enumerate(("embedded", "janus")):
            numbers |= _middle([run[place] for run in runs], name, size)
    ratio = numbers[f"embedded_us_{COMPARED}"] / numbers[f"janus_us_{COMPARED}"]
    cores_ratio = numbers[f"embedded_cores_{COMPARED}"] / numbers[f"janus_cores_{COMPARED}"]
    one_loop = await measure(lambda: janus_room(arguments=("-e", "1")), COMPARED)
    by_python = await measure(lambda: embedded_room(compiled=False), COMPARED)
    naive = await measure(naive_room, 4)
    own = {key: numbers[f"embedded_{key}_{COMPARED}"] for key in ("loss", "p50_ms", "p95_ms", "mb")}
    return {
        "ratio_to_janus_16": ratio,
        "embedded_us_16": numbers["embedded_us_16"],
        "janus_us_16": numbers["janus_us_16"],
        "cores_ratio_to_janus_16": cores_ratio,
        "naive_us_4": naive.us,
        "latency_p95_ms_16": own["p95_ms"],
        "latency_p50_ms_16": own["p50_ms"],
        "loss_16": own["loss"],
        "mb_per_participant_16": own["mb"],
        "janus_one_loop_us_16": one_loop.us,
        "embedded_python_us_16": by_python.us,
        **numbers,
    }


async def _both(size: int) -> tuple[Measured, Measured]:
    return await measure(embedded_room, size), await measure(janus_room, size)


def _middle(runs: list[Measured], name: str, size: int) -> dict[str, float]:
    return {
        f"{name}_{key.name}_{size}": statistics.median(getattr(run, key.name) for run in runs)
        for key in fields(Measured)
    }


def main() -> None:
    baseline = "Janus 1.1.2 videoroom, same run"
    with watched() as watch:
        report("media", uvloop.run(compare()), baseline=baseline, goals=GOALS, watch=watch)


if __name__ == "__main__":
    main()
