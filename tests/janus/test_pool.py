"""Several engines as one: rooms stay whole, the lost are moved, the draining take nobody new."""

import os
import signal
from collections.abc import Sequence

import pytest

from server.kernel.config import Media
from signaling.engine import Carried, Leg, LegDown, MediaUnavailableError, MemberId, RoomId
from signaling.engines import running
from signaling.janus.engine import Instance, JanusEngine
from signaling.meters import Meters
from signaling.pool import Pool
from signaling.supervisor import START_SECONDS, STARTS_IN_VAIN, EmbeddedEngine
from tests.janus.instance import janus
from tests.janus.pools import at_work, pooled
from tests.media.conftest import LOOPBACK, hears, total, until

pytestmark = pytest.mark.slow

MAIN, OTHER, CAUCUS = RoomId("main"), RoomId("other"), RoomId("caucus")


async def test_rooms_are_spread_and_stay_whole():
    workers = [EmbeddedEngine(LOOPBACK, name=name) for name in ("one", "two")]
    async with pooled(*workers) as (pool, stage):
        for name in "ab":
            await stage.come(name, MAIN)
        for name in "cd":
            await stage.come(name, OTHER)
        assert pool.load() == {"one": 2, "two": 2}
        await until(hears(stage.bots["a"], "b"))
        await until(hears(stage.bots["c"], "d"))
        await pool.revoke(MemberId("a"))
        await pool.grant(MemberId("a"), CAUCUS)  # a private talk stays where the session is
        assert pool.load() == {"one": 2, "two": 2}


async def test_whoever_goes_to_a_room_elsewhere_begins_anew_there():
    workers = [EmbeddedEngine(LOOPBACK, name=name) for name in ("one", "two")]
    async with pooled(*workers) as (pool, stage):
        await stage.come("a", MAIN)
        await stage.come("c", OTHER)
        await pool.revoke(MemberId("a"))
        await pool.grant(MemberId("a"), OTHER)
        await until(hears(stage.bots["c"], "a"))
        await until(hears(stage.bots["a"], "c"))
        assert pool.load() == {"one": 0, "two": 2}


async def test_a_draining_engine_takes_no_new_rooms(tmp_path):
    file = tmp_path / "draining"
    config = Media(addresses=("127.0.0.1",), workers=2, draining_file=file)
    async with running(config) as engine, at_work(engine) as stage:
        await stage.come("a", MAIN)
        (busy,) = [one.engine for one in await engine.carried() if one.rooms]
        file.write_text("worker 1\nworker 2\n".replace(busy, "ws://elsewhere"))
        await drains(engine, other(busy))
        await stage.come("c", OTHER)
        await stage.come("b", MAIN)
        assert rooms(await engine.carried()) == {busy: 2, other(busy): 0}
        text = Meters().text([], await engine.carried()).decode()
        assert f'yuntiao_media_draining{{worker="{other(busy)}"}} 1.0' in text
        file.unlink()
        await drains(engine)
        await stage.come("d", CAUCUS)
        assert rooms(await engine.carried()) == {busy: 2, other(busy): 1}


def other(name: str) -> str:
    return "worker 2" if name == "worker 1" else "worker 1"


def rooms(carried: Sequence[Carried]) -> dict[str, int]:
    return {one.engine: one.rooms for one in carried}


async def drains(pool: Pool, *names: str) -> None:
    await until(lambda: names == tuple(p.engine.name for p in pool._places if p.is_draining))


async def test_the_rooms_of_a_dead_instance_go_on_elsewhere():
    async with janus() as first, janus(first=22_000) as second:
        engines = [JanusEngine(Instance(one.url, one.secret)) for one in (first, second)]
        async with pooled(*engines) as (pool, stage):
            for name in "ab":
                await stage.come(name, MAIN)
            await until(hears(stage.bots["a"], "b"))
            home = first if pool.load()[first.url] else second
            home.kill()
            await until(hears(stage.bots["a"], "b"))
            await until(hears(stage.bots["b"], "a"))
            assert pool.load()[home.url] == 0


async def test_people_are_back_by_themselves_when_the_only_instance_is():
    async with janus() as only:
        engine = JanusEngine(Instance(only.url, only.secret))
        async with pooled(engine) as (pool, stage):
            for name in "ab":
                await stage.come(name, MAIN)
            await pool.permit(MemberId("b"), audio=True, video=False)
            await until(lambda: total(stage.bots["a"], "b") > 30)
            only.kill()
            await until(lambda: not engine.is_up)
            stage.bot("c")
            await pool.grant(MemberId("c"), MAIN)  # comes while nobody is there
            with pytest.raises(MediaUnavailableError):
                await pool.publish(MemberId("c"), "")
            async with janus(port=only.port):
                a, b, c = (stage.bots[name] for name in "abc")
                await until(lambda: "c" in b.heard and "b" in a.heard)
                await until(hears(c, "a"))
                await until(hears(b, "a", "c"))
                sound, picture = a.heard["b"].audio, a.heard["b"].video
                await until(lambda: a.heard["b"].audio > sound + 40)
                assert a.heard["b"].video == picture


async def test_a_room_is_whole_again_after_every_instance_was_away():
    async with janus() as first, janus(first=22_000) as second:
        engines = [JanusEngine(Instance(one.url, one.secret)) for one in (first, second)]
        async with pooled(*engines) as (pool, stage):
            for name in "ab":
                await stage.come(name, MAIN)
            await until(hears(stage.bots["a"], "b"))
            home = first if pool.load()[first.url] else second
            other = second if home is first else first
            for one in (home, other):
                one.kill()
            await until(lambda: not any(engine.is_up for engine in engines))
            stage.bot("c")
            await pool.grant(MemberId("c"), MAIN)
            await pool.revoke(MemberId("b"))  # obeyed, though there is nobody to obey
            async with janus(port=other.port):
                await until(lambda: "c" in stage.bots["a"].heard)
                await until(hears(stage.bots["c"], "a"))
                assert pool.load() == {home.url: 0, other.url: 2}
                assert "b" not in stage.bots["c"].heard
                async with janus(port=home.port, first=22_000):
                    await pool.grant(MemberId("b"), MAIN)
                    await until(hears(stage.bots["b"], "a", "c"))
                    assert pool.load() == {home.url: 0, other.url: 3}


async def test_the_rooms_of_a_worker_that_cannot_come_back_go_to_another_and_stay_there():
    lame, other = (EmbeddedEngine(LOOPBACK, name=name) for name in ("lame", "other"))
    async with pooled(lame, other) as (pool, stage):
        for name in "ab":
            await stage.come(name, MAIN)
        assert pool.load() == {"lame": 2, "other": 0}
        await until(hears(stage.bots["a"], "b"))
        lame.start_within = 0.01
        os.kill(lame.pid, signal.SIGKILL)
        await until(lambda: pool.load() == {"lame": 0, "other": 2})
        await until(hears(stage.bots["a"], "b"))
        await until(hears(stage.bots["b"], "a"))
        resets, lame.start_within = stage.restarts, START_SECONDS
        await until(lambda: lame.is_up)
        await stage.come("c", OTHER)  # it is used again, and knows of nobody else
        assert pool.load() == {"lame": 1, "other": 2}
        assert [one.members for one in await lame.carried()] == [1]
        assert stage.restarts == resets


async def test_a_room_that_kills_its_worker_kills_no_other():
    deadly, other = (EmbeddedEngine(LOOPBACK, name=name) for name in ("deadly", "other"))
    pool = Pool([deadly, other])
    await pool.start()
    try:
        unharmed = other.pid
        await pool.grant(MemberId("first"), MAIN)
        for death in range(STARTS_IN_VAIN + 1):
            os.kill(deadly.pid, signal.SIGKILL)
            await until(lambda: not deadly.is_up)
            await pool.grant(MemberId(f"m{death}"), MAIN)  # comes while it is away
            await until(lambda: deadly.is_up)
        people = STARTS_IN_VAIN + 2
        assert pool.load() == {"deadly": people, "other": 0}
        assert [(one.rooms, one.members) for one in await pool.carried()] == [(1, people), (0, 0)]
        assert other.pid == unharmed
    finally:
        await pool.stop()


async def test_who_comes_while_the_only_worker_is_away_is_brought_when_one_is_up():
    only = EmbeddedEngine(LOOPBACK)
    async with pooled(only) as (pool, stage):
        os.kill(only.pid, signal.SIGKILL)
        await until(lambda: not only.is_up)
        for name in "ab":
            stage.bot(name)
            await pool.grant(MemberId(name), MAIN)
        await until(hears(stage.bots["a"], "b"))


async def test_the_only_worker_is_begun_again_until_it_comes_up():
    only = EmbeddedEngine(LOOPBACK)
    async with pooled(only) as (pool, stage):
        for name in "ab":
            await stage.come(name, MAIN)
        only.start_within = 0.01
        os.kill(only.pid, signal.SIGKILL)
        await until(lambda: LegDown(MemberId("a"), Leg.SENDING, "engine lost") in stage.events)
        with pytest.raises(MediaUnavailableError):
            await pool.publish(MemberId("a"), "")
        only.start_within = START_SECONDS
        await until(hears(stage.bots["a"], "b"))
        await until(hears(stage.bots["b"], "a"))


async def test_favour_goes_along_to_another_worker():
    """A host who says little is heard beside the loudest three, wherever the room is."""
    workers = [EmbeddedEngine(LOOPBACK, name=name) for name in ("one", "two")]
    async with pooled(*workers) as (pool, stage):
        await stage.come("h", MAIN, level=80)
        await pool.favour(MemberId("h"), on=True)
        for name in ("a", "b", "c", "z"):
            await stage.come(name, OTHER, level=127 if name == "z" else 20)
        assert pool.load() == {"one": 1, "two": 4}
        await pool.revoke(MemberId("h"))
        await pool.grant(MemberId("h"), OTHER)
        assert pool.load() == {"one": 0, "two": 5}
        listener = stage.bots["z"]
        await until(hears(listener, "h", "a", "b", "c"))
        await pool.favour(MemberId("h"), on=False)  # the control: else it is the fourth
        loud = listener.heard["a"].audio
        await until(lambda: listener.heard["a"].audio > loud + 20)
        quiet, loud = listener.heard["h"].audio, listener.heard["a"].audio
        await until(lambda: listener.heard["a"].audio > loud + 60)
        assert listener.heard["h"].audio == quiet
