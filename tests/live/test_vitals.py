"""How people's lines do: told to who looks after the session, and in sums to Prometheus."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.app.metrics import token_of
from server.kernel.config import ConfigError, Metrics
from signaling import uplinks
from signaling.engine import Arriving, Carried, MemberId, MemberStats, RoomId
from signaling.facts import Vitals
from signaling.meters import Meters
from tests.hall import open_hall, serving
from tests.media.conftest import until
from tests.ports import SilentEngine
from tests.sockets import Message, RefusedError, Seat

NUMBERS = {
    "loss": 0.03, "rtt": 120.0, "width": 640, "height": 360, "kbps": 812.5, "freezes": 2, "unseen": 0,
}  # fmt: skip
TOKEN_TEXT = "the monitoring's token, long enough"


async def test_hosts_are_told_what_everybody_receives_and_nobody_else_is(hall):
    host = await hall.host()
    li = await hall.inside("Li", host)
    wang = await hall.inside("Wang", host)
    await wang.send("beat", **NUMBERS)
    told = {**NUMBERS, "sent_loss": None}
    await host.wait_for("person.vitals", participant_id=wang.id, vitals=told)
    # and an engine that sees less of the line by itself
    assert (wang.id, Arriving(0.03, 0.12, 812.5)) in hall.services.media.arriving
    await li.send("beat")
    await host.wait_for("person.vitals", participant_id=li.id, vitals=dict.fromkeys(told))
    for guest in (li, wang):
        await guest.send("hand", up=True)
        assert guest.facts("person.vitals") == []


@pytest.mark.parametrize("wrong", [{"loss": 2}, {"freezes": -1}, {"kbps": -1}, {"name": "x"}])
async def test_numbers_that_cannot_be_are_refused(hall, wrong):
    host = await hall.host()
    with pytest.raises((RefusedError, ConnectionError)):
        await host.send("beat", **wrong)


async def metrics(hall, **headers: str) -> tuple[int, str]:
    async with hall.http.get(f"{hall.base}/metrics", headers=headers) as answer:
        return answer.status, await answer.text()


@pytest.fixture
def watched(services, config, tmp_path):
    """The services with settings for monitoring."""

    def with_(**keys):
        metrics = Metrics.model_validate(keys)
        object.__setattr__(services, "config", config.model_copy(update={"metrics": metrics}))
        return services

    yield with_
    object.__setattr__(services, "config", config)


async def test_nobody_may_read_metrics_unless_named(hall):
    assert hall.services.config.metrics == Metrics()
    assert (await metrics(hall))[0] == 404
    assert (await metrics(hall, Authorization="Bearer "))[0] == 404
    assert (await metrics(hall, Authorization=f"Bearer {TOKEN_TEXT}"))[0] == 404


async def test_the_token_opens_metrics_and_no_other_does(watched, tmp_path):
    (tmp_path / "token").write_text(TOKEN_TEXT + "\n")
    services = watched(token_file=tmp_path / "token", networks=["10.0.0.0/8"])
    async with serving(services) as base, open_hall(services, base) as hall:
        assert (await metrics(hall, Authorization=f"Bearer {TOKEN_TEXT}"))[0] == 200
        for wrong in ("Bearer x", f"Basic {TOKEN_TEXT}", "Bearer", f"Bearer {TOKEN_TEXT}x", ""):
            assert (await metrics(hall, Authorization=wrong))[0] == 404
        forwarded = {"X-Forwarded-For": "10.0.0.1"}
        assert (await metrics(hall, **forwarded))[0] == 404


async def test_metrics_are_sums_by_role_and_name_nobody(watched):
    services = watched(networks=["127.0.0.0/8"])
    async with serving(services) as base, open_hall(services, base) as hall:
        host = await hall.host()
        wang = await hall.inside("Wang", host)
        await wang.send("beat", **NUMBERS)
        code, text = await metrics(hall)
        assert code == 200
        lines = text.splitlines()
        for line in (
            'yuntiao_line_loss_ratio_count{role="petitioner"} 1.0',
            'yuntiao_line_loss_ratio_sum{role="petitioner"} 0.03',
            'yuntiao_line_round_trip_seconds_sum{role="petitioner"} 0.12',
            'yuntiao_line_received_kbps_sum{role="petitioner"} 812.5',
            'yuntiao_line_freezes_total{role="petitioner"} 2.0',
            'yuntiao_participants{role="host"} 1.0',
            'yuntiao_lines{line="good",role="petitioner"} 1.0',
            "yuntiao_sessions_active 1.0",
            'yuntiao_media_up{worker="silent"} 1.0',
            'yuntiao_media_members{worker="silent"} 2.0',
            'yuntiao_media_failed_total{worker="silent"} 3.0',
            'yuntiao_media_faults_total{worker="silent"} 0.0',
        ):
            assert line in lines
        for canary in ("Wang", wang.id, host.id, str(hall.appointment.id), str(hall.case.id)):
            assert canary not in text


def test_packets_that_nobody_counted_are_not_told_as_none():
    carried = [Carried("janus", is_up=True, rooms=1, members=2), Carried("own", True, packets_in=0)]
    lines = Meters().text([], carried).decode().splitlines()
    assert 'yuntiao_media_members{worker="janus"} 2.0' in lines
    counted = [
        line for line in lines if line.startswith(("yuntiao_media_packets", "yuntiao_media_f"))
    ]
    assert counted == ['yuntiao_media_packets_total{direction="in",worker="own"} 0.0']


def test_a_token_that_could_be_guessed_is_refused(tmp_path):
    (tmp_path / "token").write_text("short")
    for file in (tmp_path / "token", tmp_path / "missing"):
        with pytest.raises(ConfigError, match=r"^metrics\.token_file: "):
            token_of(Metrics(token_file=file))
    assert token_of(Metrics()) == ""


async def test_freezes_are_told_of_the_last_minute(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    live = hall.services.desk.lives[hall.appointment.id]
    await wang.send("beat")  # from here on nothing beats for it
    told = []
    for now, count in ((0.0, 2), (5.0, None), (50.0, 1), (61.0, 0)):
        live.measured(UUID(wang.id), Vitals(freezes=count, kbps=now), now=now)
        told.append((await told_of(host, wang, kbps=now))["freezes"])
    assert told == [2, None, 3, 1]


async def told_of(host: Seat, seat: Seat, **numbers: float) -> Message:
    """The first vitals of a seat with these numbers; heartbeats without any come in between."""

    def found() -> Message | None:
        told = [f["vitals"] for f in host.facts("person.vitals") if f["participant_id"] == seat.id]
        return next((vitals for vitals in told if numbers.items() <= vitals.items()), None)

    await host.until(found)
    vitals = found()
    assert vitals is not None
    return vitals


def stats(seat, *, sent_loss: float) -> MemberStats:
    return MemberStats(
        MemberId(seat.id), sent_loss=sent_loss, sent_kbps=300.0, received_loss=0.0,
        received_kbps=300.0, round_trip=None, last_packet_age=0.0, forwarded_packets=1,
    )  # fmt: skip


async def test_a_room_of_which_nothing_is_heard_keeps_no_other_waiting():
    engine = SilentEngine()
    deaf, other = (
        SimpleNamespace(
            session=SimpleNamespace(id=seat), granted={seat: room}, lines={seat: None},
            ground=SimpleNamespace(engine=engine), uplinks={seat: 0.9},
        )
        for seat, room in ((uuid4(), uuid4()), (uuid4(), uuid4()))
    )  # fmt: skip
    for one in (deaf, other):
        for seat_id, room_id in one.granted.items():
            told = stats(SimpleNamespace(id=str(seat_id)), sent_loss=0.1)
            engine.numbers[RoomId(str(room_id))] = (told,)
    engine.deaf = {RoomId(str(room_id)) for room_id in deaf.granted.values()}
    desk: Any = SimpleNamespace(pace=SimpleNamespace(uplinks_every=0.01), lives={1: deaf, 2: other})
    watching = asyncio.create_task(uplinks.watch(desk))
    try:
        await until(lambda: list(other.uplinks.values()) == [0.1], within=uplinks.PATIENCE - 1)
        await until(lambda: deaf.uplinks == {})  # what was known is too old by now
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_loss_of_what_somebody_sends_is_told_and_counts_for_their_line(hall):
    desk = hall.services.desk
    desk.pace = replace(desk.pace, uplinks_every=0.05)
    host = await hall.host()
    wang, li = await hall.inside("Wang", host), await hall.inside("Li", host)
    live = desk.lives[hall.appointment.id]
    hall.services.media.numbers[RoomId(wang.room["id"])] = (
        stats(wang, sent_loss=0.3), stats(li, sent_loss=0.0)
    )  # fmt: skip
    watching = asyncio.create_task(uplinks.watch(desk))
    try:
        await until(lambda: len(live.uplinks) == 2)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    for seat, lost, line in ((wang, 0.3, "bad"), (li, 0.0, "good")):
        await seat.send("beat", loss=0.0)
        await told_of(host, seat, sent_loss=lost, loss=0.0)
        assert live.session.seat(UUID(seat.id)).line == line
    clerk = await hall.staff(await hall.clerk())
    [shown] = await clerk.get("/api/line/troubled")
    assert [one["vitals"]["sent_loss"] for one in shown["people"]] == [0.3]
