"""When each packet of a sender came, told back to it (draft-holmer-rmcat-transport-wide-cc-extensions-01)."""

import struct
from collections.abc import Iterator

INTERVAL = 0.055
"""Seconds between two reports at least; the pulse makes it 60 to 80 ms."""

KEPT_SECONDS = 0.5
"""For this long a packet may be told again beside one that comes late."""

LATE, JUMP = 1_000, 8_192
"""Packets older than this are not told; a gap longer than this is another beginning."""

ARRIVALS_LIMIT = 4_000
RECEIVED_LIMIT = 150
"""Arrivals in one report, so that it fits a datagram whatever the gaps are."""

TICKS = 4_000
"""Arrival times count 250 µs, a report's beginning 64 ms, which is 256 of these."""

MISSING, SMALL, LARGE = 0, 1, 2
LONGEST_RUN, VECTOR = 8_191, 7
FARTHEST = 0x7FFF
HEADER = struct.Struct("!BBHLLHHL")
FORMAT, TYPE = 15, 205
OUR_SOURCE = 1

Told = tuple[int, int | None]
"""A sequence number, and when that packet came, in ticks; None: it did not."""


class Feedback:
    """Numbers here are extended: they go on past 65,535."""

    def __init__(self) -> None:
        self._highest: int | None = None
        self._arrivals: dict[int, int] = {}
        self._untold: set[int] = set()
        self._next: int | None = None
        self._told_at = float("-inf")
        self._reports = 0

    def note(self, sequence: int, now: float) -> None:
        number = self._place(sequence)
        if number is None or len(self._arrivals) >= ARRIVALS_LIMIT:
            return
        if number not in self._arrivals:
            self._arrivals[number] = round(now * TICKS)
            self._untold.add(number)

    def due(self, now: float, *, source: int) -> list[bytes]:
        """The reports to send now; `source` is any stream of that sender."""
        if not self._untold or now - self._told_at < INTERVAL:
            return []
        self._told_at = now
        first, last = min(self._untold), max(self._untold)
        if self._next is not None:
            first = min(first, self._next)
        self._next = max(last + 1, self._next or 0)
        self._untold.clear()
        reports = []
        for part in _parts([(n, self._arrivals.get(n)) for n in range(first, last + 1)]):
            reports.append(report(part, count=self._reports, source=source))
            self._reports = (self._reports + 1) & 0xFF
        oldest = (now - KEPT_SECONDS) * TICKS
        self._arrivals = {n: ticks for n, ticks in self._arrivals.items() if ticks >= oldest}
        return reports

    def _place(self, sequence: int) -> int | None:
        if self._highest is None:
            self._highest = sequence + 0x10000
            return self._highest
        ahead = (sequence - self._highest) & 0xFFFF
        number = self._highest + (ahead if ahead < 0x8000 else ahead - 0x10000)
        if number <= self._highest - LATE:
            return None
        if number > self._highest + JUMP:
            self._arrivals.clear()
            self._untold.clear()
            self._next = None
        self._highest = max(self._highest, number)
        return number


def report(told: list[Told], *, count: int, source: int) -> bytes:
    """One report; the last of `told` came, and whatever came, within 8 s of the one before."""
    arrivals = [ticks for _, ticks in told if ticks is not None]
    reference = arrivals[0] >> 8
    symbols, deltas, before = [], b"", reference << 8
    for _, ticks in told:
        if ticks is None:
            symbols.append(MISSING)
            continue
        delta, before = ticks - before, ticks
        symbols.append(SMALL if 0 <= delta < 256 else LARGE)
        deltas += struct.pack("!B", delta) if 0 <= delta < 256 else struct.pack("!h", delta)
    body = b"".join(_chunks(symbols)) + deltas
    body += bytes(-len(body) % 4)
    head = HEADER.pack(
        0x80 | FORMAT, TYPE, (HEADER.size + len(body)) // 4 - 1, OUR_SOURCE, source,
        told[0][0] & 0xFFFF, len(told), (reference & 0xFFFFFF) << 8 | count,
    )  # fmt: skip
    return head + body


def _parts(told: list[Told]) -> Iterator[list[Told]]:
    """Pieces that fit one report each and end with a packet that came."""
    part: list[Told] = []
    received, end, last = 0, 0, 0
    for number, ticks in told:
        is_far = received > 0 and ticks is not None and abs(ticks - last) > FARTHEST
        if is_far or (received == RECEIVED_LIMIT and ticks is not None):
            yield part[:end]
            part, received = part[end:], 0
        part.append((number, ticks))
        if ticks is not None:
            received, end, last = received + 1, len(part), ticks
    yield part[:end]


def _chunks(symbols: list[int]) -> Iterator[bytes]:
    """Long runs by their length, the rest seven at a time."""
    at = 0
    while at < len(symbols):
        run = _run(symbols, at)
        if run >= VECTOR or at + run == len(symbols):
            yield struct.pack("!H", symbols[at] << 13 | run)
            at += run
            continue
        vector = symbols[at : at + VECTOR]
        bits = 0xC000
        for place, symbol in enumerate(vector):
            bits |= symbol << (12 - 2 * place)
        yield struct.pack("!H", bits)
        at += VECTOR


def _run(symbols: list[int], at: int) -> int:
    end = at + 1
    while end < len(symbols) and end - at < LONGEST_RUN and symbols[end] == symbols[at]:
        end += 1
    return end - at
