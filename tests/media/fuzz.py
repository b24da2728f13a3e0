"""Broken datagrams for as long as you like: `make fuzz` (SECONDS=60), guided by coverage where atheris is."""

import random
import sys
import time
from importlib import import_module
from importlib.util import find_spec

PARSERS = ["signaling.media", "aiortc.rtp", "aioice.stun"]


def main(seconds: float) -> int:
    if find_spec("atheris") is not None:
        return _guided(seconds)
    print("atheris is not here: by chance alone")
    return _by_chance(seconds)


def _by_chance(seconds: float) -> int:
    """Raises what a datagram raised; the start of the run is told, so that it can be repeated."""
    fuzzing = import_module("tests.media.fuzzing")
    start, known, doors = time.time_ns(), fuzzing.seeds(), tuple(fuzzing.Door)
    benches = fuzzing.Bench(), fuzzing.Bench(fuzzing.H264)
    rng, cases, until = random.Random(start), 0, time.monotonic() + seconds
    print(f"random start {start}", flush=True)
    while time.monotonic() < until:
        for _ in range(1_000):
            bench = rng.choice(benches)
            bench.feed(fuzzing.mutated(rng.choice(known), rng), rng.choice(doors))
        cases += 1_000
    print(f"{cases} datagrams, {sum(one.faults for one in benches)} refused, none got out")
    for bench in benches:
        bench.close()
    return 0


def _guided(seconds: float) -> int:
    """Coverage tells which changes lead somewhere new. Never returns: libFuzzer ends the process."""
    atheris = import_module("atheris")
    # What is imported before cannot be watched.
    with atheris.instrument_imports(include=PARSERS):
        fuzzing = import_module("tests.media.fuzzing")
    known, doors = fuzzing.seeds(), tuple(fuzzing.Door)
    benches = fuzzing.Bench(), fuzzing.Bench(fuzzing.H264)

    def one(data: bytes) -> None:
        """To whom, by which door, which capture to begin with, how much of it, what follows."""
        if len(data) >= 3:
            start = known[data[1] % len(known)][: data[2]]
            bench = benches[data[0] >> 7]
            bench.feed(start + data[3:], doors[data[0] % len(doors)])

    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={int(seconds)}",
            "-max_len=1400",
            "-artifact_prefix=build/",
        ],
        one,
    )
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60))
