"""Whose processor time it was while a benchmark measured."""

import subprocess
import sys
import threading

from tests.bench.machine import INIT, Process, Shares, Strangers, observed


def test_descendants_stay_the_benchs_own_when_their_parent_is_gone():
    strangers = Strangers(10)
    before = {
        INIT: Process(0, 500), 10: Process(INIT, 90), 11: Process(10, 40), 12: Process(11, 7),
        20: Process(INIT, 3),
    }  # fmt: skip
    assert strangers.ticks(before) == 3
    after = {
        INIT: Process(0, 547), 10: Process(INIT, 99), 12: Process(INIT, 9),
        20: Process(INIT, 4), 21: Process(20, 6),
    }  # fmt: skip
    assert strangers.ticks(after) == 10


def test_the_number_of_one_that_ended_may_be_a_strangers_next():
    strangers = Strangers(10)
    assert strangers.ticks({10: Process(INIT, 1), 11: Process(10, 1)}) == 0
    assert strangers.ticks({10: Process(INIT, 1)}) == 0
    assert strangers.ticks({10: Process(INIT, 1), 11: Process(INIT, 8)}) == 8


def test_what_others_use_is_seen():
    ended = threading.Event()
    idle = [sys.executable, "-c", "input()"]
    with (
        subprocess.Popen(idle, stdin=subprocess.PIPE) as bench,
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other,
    ):
        threading.Timer(0.5, ended.set).start()
        shares = observed(bench.pid, ended)
        other.kill()
        bench.communicate(b"\n")
    assert shares["others"] > 0.05


def test_numbers_are_trusted_only_of_a_machine_that_was_the_benchs_own():
    assert Shares(0.1, others=0.02, others_worst=0.4, stolen=0.01).is_trusted
    busy = (Shares(0.2), Shares(0.0, others=0.1), Shares(0.0, stolen=0.1))
    assert not any(shares.is_trusted for shares in busy)
    assert all("too busy to trust" in str(shares) for shares in busy)
