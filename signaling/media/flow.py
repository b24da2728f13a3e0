"""How much one link carries, and whether that is more than any browser sends."""

from signaling.media.link import Link

MOST_PACKETS, MOST_KBPS = 2_500, 16_000
"""A second from one peer: several times what camera, screen and probes of a browser come to."""

EXCESS_REPORTS = 3

FAULT_LIMIT, FAULTS_FORGIVEN = 1_000, 1
"""Malformed packets inside valid encryption come from a broken or hostile program; so many a second
are forgotten, or a small flaw of a browser would end a long session."""


class Flow:
    """What one link carried so far, and how fast since the last report."""

    def __init__(
        self, *, at: float | None = None, packets_in: int = 0, packets_out: int = 0,
        octets_in: int = 0, octets_out: int = 0, packets_failed: int = 0, faults: int = 0,
    ) -> None:  # fmt: skip
        self.kbps_in = self.kbps_out = 0.0
        self.came = self.went = self.failed = 0
        self._at = at
        self._packets_in = packets_in
        self._packets_out = packets_out
        self._octets_in = octets_in
        self._octets_out = octets_out
        self._packets_failed = packets_failed
        self._faults = faults
        self._faults_held = float(faults)
        self._times_over = 0

    @property
    def is_excessive(self) -> bool:
        """No browser sends so much for so long, nor so much that is malformed."""
        return self._times_over >= EXCESS_REPORTS or self._faults_held >= FAULT_LIMIT

    def after(self, link: Link, now: float) -> "Flow":
        later = Flow(
            at=now, packets_in=link.packets_in, packets_out=link.packets_out,
            octets_in=link.octets_in, octets_out=link.octets_out,
            packets_failed=link.packets_failed, faults=link.faults,
        )  # fmt: skip
        later.came = link.packets_in - self._packets_in
        later.went = link.packets_out - self._packets_out
        later.failed = link.packets_failed - self._packets_failed
        if self._at is not None and now > self._at:
            kept = max(0.0, self._faults_held - FAULTS_FORGIVEN * (now - self._at))
            later._faults_held = kept + link.faults - self._faults
            bits_per_octet = 8 / 1000 / (now - self._at)
            later.kbps_in = (link.octets_in - self._octets_in) * bits_per_octet
            later.kbps_out = (link.octets_out - self._octets_out) * bits_per_octet
            is_over = later.came / (now - self._at) > MOST_PACKETS or later.kbps_in > MOST_KBPS
            later._times_over = self._times_over + 1 if is_over else 0
        return later
