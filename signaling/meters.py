"""Numbers for Prometheus, by role and by worker: of nobody in particular."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from scheduling.tables import SessionRole
from signaling.engine import Carried
from signaling.facts import Vitals

if TYPE_CHECKING:
    from signaling.live import Live

LOSS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
SECONDS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
KBPS = (50, 100, 300, 600, 1_000, 2_000, 4_000)
WIDTH = (160, 320, 640, 960, 1_280, 1_920)
HEIGHT = (90, 180, 360, 540, 720, 1_080)


class Meters:
    """What people's lines were like since the process began, from what their clients measure."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._loss = self._histogram("loss_ratio", "Packets lost on the way to people", LOSS)
        self._rtt = self._histogram("round_trip_seconds", "There and back", SECONDS)
        self._kbps = self._histogram("received_kbps", "Rate of what people receive", KBPS)
        self._width = self._histogram("picture_width_pixels", "Of the widest picture", WIDTH)
        self._height = self._histogram("picture_height_pixels", "Of the same picture", HEIGHT)
        self._freezes = Counter(
            "yuntiao_line_freezes", "Pictures that stood still", ("role",), registry=self._registry
        )

    def measured(self, role: SessionRole, vitals: Vitals) -> None:
        """One client's numbers of the last seconds; what it does not know counts nowhere."""
        for histogram, value in (
            (self._loss, vitals.loss),
            (self._rtt, None if vitals.rtt is None else vitals.rtt / 1000),
            (self._kbps, vitals.kbps),
            (self._width, vitals.width),
            (self._height, vitals.height),
        ):
            if value is not None:
                histogram.labels(role).observe(value)
        self._freezes.labels(role).inc(vitals.freezes or 0)

    def text(self, lives: Iterable["Live"], carried: Iterable[Carried]) -> bytes:
        """All of it, as Prometheus reads it."""
        now = CollectorRegistry()
        now.register(_Now([*_people(lives), *_engines(list(carried))]))
        return generate_latest(self._registry) + generate_latest(now)

    def _histogram(self, name: str, text: str, steps: tuple[float, ...]) -> Histogram:
        return Histogram(
            f"yuntiao_line_{name}", text, ("role",), buckets=steps, registry=self._registry
        )


class _Now(Collector):
    """What is read at this moment."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _people(lives: Iterable["Live"]) -> Iterator[Metric]:
    sessions = GaugeMetricFamily("yuntiao_sessions_active", "Sessions with somebody on the line")
    people = GaugeMetricFamily("yuntiao_participants", "People on the line", labels=("role",))
    lines = GaugeMetricFamily(
        "yuntiao_lines", "People on the line, by how it does", labels=("role", "line")
    )
    busy = [live for live in lives if live.lines]
    sessions.add_metric((), len(busy))
    seats = [live.session.seat(seat_id) for live in busy for seat_id in live.lines]
    for role in sorted({seat.role for seat in seats}):
        people.add_metric((role,), sum(seat.role is role for seat in seats))
    for pair in sorted({(seat.role, seat.line) for seat in seats}):
        lines.add_metric(pair, sum((seat.role, seat.line) == pair for seat in seats))
    yield from (sessions, people, lines)


def _engines(carried: list[Carried]) -> Iterator[Metric]:
    labels = ("worker",)
    up = GaugeMetricFamily("yuntiao_media_up", "Whether it can be used", labels=labels)
    draining = GaugeMetricFamily(
        "yuntiao_media_draining", "Whether it takes no new rooms", labels=labels
    )
    rooms = GaugeMetricFamily("yuntiao_media_rooms", "Rooms that it carries", labels=labels)
    members = GaugeMetricFamily("yuntiao_media_members", "People that it carries", labels=labels)
    for one in carried:
        up.add_metric((one.engine,), one.is_up)
        draining.add_metric((one.engine,), one.is_draining)
        rooms.add_metric((one.engine,), one.rooms)
        members.add_metric((one.engine,), one.members)
    yield from (up, draining, rooms, members)
    yield from _packets(carried)


def _packets(carried: list[Carried]) -> Iterator[Metric]:
    packets = CounterMetricFamily(
        "yuntiao_media_packets", "Datagrams from and to people", labels=("worker", "direction")
    )
    failed = CounterMetricFamily(
        "yuntiao_media_failed", "Media packets that could not be sent", labels=("worker",)
    )
    faults = CounterMetricFamily(
        "yuntiao_media_faults", "Faults in the part of one member", labels=("worker",)
    )
    dropped = CounterMetricFamily(
        "yuntiao_udp_dropped", "Datagrams that were not believed", labels=("worker", "reason")
    )
    for one in carried:
        for family, names, count in (
            (packets, (one.engine, "in"), one.packets_in),
            (packets, (one.engine, "out"), one.packets_out),
            (failed, (one.engine,), one.packets_failed),
            (faults, (one.engine,), one.faults),
        ):
            if count is not None:
                family.add_metric(names, count)
        for reason, times in one.dropped:
            dropped.add_metric((one.engine, reason), times)
    yield from (packets, failed, faults, dropped)
