"""How far the machine was ours while something was measured: `python -m tests.bench.machine PID`.

with watched() as watch:
    ...                            # the work
    report(..., watch=watch)

A process of its own looks once a second, so that the bench does not do it in the measured time. What
others use is the processor time of all processes that neither are the bench nor descend from it; what
was stolen is the time in which another machine ran on our processors.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

SECOND = os.sysconf("SC_CLK_TCK") * (os.cpu_count() or 1)
"""Ticks of all processors."""

INIT = 1
BUSY_BEFORE, OTHERS, STOLEN = 0.15, 0.05, 0.05
"""Shares above which numbers are not to be trusted."""


class Process(NamedTuple):
    """`ticks` are those of itself and of its children that ended."""

    parent: int
    ticks: int


@dataclass(frozen=True)
class Shares:
    """Of all cores: what others used before, while it was measured and in its worst second; and what
    was stolen from the machine.
    """

    busy_before: float
    others: float = 0.0
    others_worst: float = 0.0
    stolen: float = 0.0

    @property
    def is_trusted(self) -> bool:
        return self.busy_before <= BUSY_BEFORE and self.others <= OTHERS and self.stolen <= STOLEN

    def __str__(self) -> str:
        text = (
            f"others used {self.others:.1%} of the machine, {self.others_worst:.0%} in the worst"
            f" second, {self.busy_before:.0%} before; {self.stolen:.1%} was stolen"
        )
        return text if self.is_trusted else f"{text}: too busy to trust these numbers"


class Strangers:
    """The ticks of those who do not belong to one process; belongs who once descended from it."""

    def __init__(self, own: int) -> None:
        self._root = own
        self._own: set[int] = set()

    def ticks(self, processes: Mapping[int, Process]) -> int:
        self._own = {self._root} | (self._own & processes.keys())
        while found := {
            pid
            for pid, process in processes.items()
            if process.parent in self._own and pid not in self._own
        }:
            self._own |= found
        strangers = processes.keys() - self._own - {INIT}
        return sum(processes[pid].ticks for pid in strangers)


class Watch:
    """Until it is asked."""

    def __init__(self, busy_before: float, process: "subprocess.Popen[str]") -> None:
        self._busy_before, self._process = busy_before, process

    def shares(self) -> Shares:
        told, _ = self._process.communicate("")
        return Shares(self._busy_before, **json.loads(told))


@contextlib.contextmanager
def watched() -> Iterator[Watch]:
    busy_before = _busy_share()
    command = [sys.executable, "-m", "tests.bench.machine", str(os.getpid())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Watch(busy_before, process)
        finally:
            process.kill()


def _busy_share(seconds: float = 1.0) -> float:
    """The share of all cores that is in use before the work begins."""
    idle, total, _ = _machine()
    time.sleep(seconds)
    idle_after, total_after, _ = _machine()
    return 1 - (idle_after - idle) / max(total_after - total, 1)


def _machine() -> tuple[int, int, int]:
    """Ticks of all processors since their start: idle, all, stolen (proc(5), /proc/stat)."""
    fields = [int(part) for part in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return fields[3] + fields[4], sum(fields[:8]), fields[7]


def _processes() -> dict[int, Process]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            found[int(stat.parent.name)] = Process(int(fields[1]), sum(map(int, fields[11:15])))
    return found


def observed(own: int, ended: threading.Event) -> dict[str, float]:
    """Shares until `ended`."""
    strangers, (_, _, stolen_before) = Strangers(own), _machine()
    began = at = time.monotonic()
    ticks, used, worst, ends = strangers.ticks(_processes()), 0, 0.0, False
    while not ends:
        ends = ended.wait(1.0)
        before, ticks = ticks, strangers.ticks(_processes())
        passed, at = time.monotonic() - at, time.monotonic()
        fresh = max(0, ticks - before)  # whom nobody waited for takes its ticks away with it
        used += fresh
        if not ends:
            worst = max(worst, fresh / SECOND / passed)
    seconds = time.monotonic() - began
    stolen = (_machine()[2] - stolen_before) / SECOND / seconds
    return {"others": used / SECOND / seconds, "others_worst": worst, "stolen": stolen}


def main() -> None:
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    print(json.dumps(observed(int(sys.argv[1]), ended)))


if __name__ == "__main__":
    main()
