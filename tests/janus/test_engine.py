"""The Janus engine against Debian's Janus: the same port, the same rules as the embedded one."""

import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from signaling.engine import Leg, LegUp, Lost, MediaUnavailableError, MemberId, RoomId, View
from signaling.janus.engine import Instance, JanusEngine
from tests.janus.instance import Janus, janus
from tests.media.conftest import Stage, hears, staged_on, total, until

pytestmark = pytest.mark.slow

A, B, C = MemberId("a"), MemberId("b"), MemberId("c")
MAIN, CAUCUS = RoomId("main"), RoomId("caucus")


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[Janus]:
    async with janus() as running:
        yield running


@contextlib.asynccontextmanager
async def staged(server: Janus) -> AsyncIterator[Stage]:
    instance = Instance(
        server.url,
        api_secret=server.secret,
        admin_url=server.admin_url,
        admin_secret=server.secret,
    )
    async with staged_on(JanusEngine(instance)) as stage:
        yield stage


@pytest_asyncio.fixture
async def stage(server: Janus) -> AsyncIterator[Stage]:
    async with staged(server) as made:
        yield made


async def test_people_in_a_room_hear_and_see_each_other(stage):
    for name in "abc":
        await stage.come(name, MAIN)
    for listener in "abc":
        others = set("abc") - {listener}
        await until(hears(stage.bots[listener], *others))
    assert stage.saw(LegUp(A, Leg.SENDING))
    assert stage.saw(LegUp(A, Leg.RECEIVING))


async def test_a_private_talk_is_not_heard_outside(stage):
    for name in "abc":
        await stage.come(name, MAIN)
    a, c = stage.bots["a"], stage.bots["c"]
    await until(hears(c, "a", "b"))
    for name in "ab":
        await stage.engine.revoke(MemberId(name))
    before = total(c, "a") + total(c, "b")
    await stage.engine.grant(A, CAUCUS)
    await stage.engine.grant(B, CAUCUS)
    await until(hears(a, "b", packets=40))
    assert total(c, "a") + total(c, "b") == before
    for name in "ab":
        await stage.move(name, MAIN)
    await until(hears(c, "a", "b"))


async def test_the_muted_are_not_passed_on(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    b = stage.bots["b"]
    await until(hears(b, "a"))
    await stage.engine.permit(A, audio=False, video=True)
    heard = b.heard["a"]
    before = heard.audio
    seen = heard.video
    await until(lambda: heard.video > seen + 40)
    assert heard.audio == before
    await stage.engine.permit(A, audio=True, video=True)
    await until(hears(b, "a"))


async def test_whom_nobody_shows_costs_nothing(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    b = stage.bots["b"]
    await until(hears(b, "a"))
    await stage.engine.view(B, {A: View.NONE})
    heard = b.heard["a"]
    before, audio = heard.video, heard.audio
    await until(lambda: heard.audio > audio + 40)
    assert heard.video <= before + 5


async def test_one_who_begins_anew_is_heard_and_hears_again(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    a, b = stage.bots["a"], stage.bots["b"]
    await until(hears(b, "a"))
    await a.rejoin()
    await until(hears(b, "a"))
    await until(hears(a, "b"))


async def test_numbers_tell_what_each_sends_and_gets(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    await until(hears(stage.bots["b"], "a", packets=150))
    a, b = sorted(await stage.engine.stats(MAIN), key=lambda one: one.member)
    assert (a.member, b.member) == (A, B)
    for one in (a, b):
        assert one.sent_kbps > 10
        assert one.received_kbps > 10
        assert one.forwarded_packets > 100
        assert one.received_loss < 0.2


async def test_a_wrong_secret_opens_nothing(server):
    engine = JanusEngine(Instance(server.url, api_secret="guessed"))
    with pytest.raises(MediaUnavailableError):
        await engine.start()
    await engine.stop()


async def test_the_end_of_an_instance_is_told():
    async with janus() as own, staged(own) as stage:
        await stage.come("a", MAIN)
        own.kill()
        await until(lambda: any(isinstance(event, Lost) for event in stage.events))
        assert not stage.engine.is_up
