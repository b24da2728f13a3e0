"""The solver's process: takes tasks from its input, one a line, and ends when the input does.

Run as `python -m scheduling.rosters.turns.solver [folder]`; the folder holds OR-tools where Python
itself has none. Nothing outlives whoever started it: an input that ends, ends the process.
"""

import os
import queue
import sys
import threading
import time

from scheduling.rosters.turns import greedy
from scheduling.rosters.turns.lines import STOP, TASK, TOLD, Method, Solved, Task, Told
from scheduling.rosters.turns.stop import Stop
from scheduling.rosters.turns.value import value

NICE = 5
"""Sessions that are on come first."""


def main() -> None:
    os.nice(NICE)
    sys.path += sys.argv[1:]
    tasks: queue.SimpleQueue[tuple[bytes, Stop]] = queue.SimpleQueue()

    def listen() -> None:
        stop = Stop()
        for line in sys.stdin.buffer:
            if line.strip() == STOP:
                stop.ask()
            else:
                stop = Stop()
                tasks.put((line, stop))
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        line, stop = tasks.get()
        _tell(_solve(TASK.validate_json(line), stop))


def _solve(task: Task, stop: Stop) -> Solved:
    if task.method is Method.GREEDY:
        return _quickly(task)
    from scheduling.rosters.turns.search import search

    return search(task, stop, _tell)


def _quickly(task: Task) -> Solved:
    began = time.monotonic()
    roster = greedy.solve(task.problem)
    cost = value(task.problem, roster).cost
    return Solved(roster, cost, bound=0, optimal=cost == 0, seconds=time.monotonic() - began)


def _tell(told: Told) -> None:
    sys.stdout.buffer.write(TOLD.dump_json(told) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
