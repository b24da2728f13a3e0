"""The Janus engine against Debian's Janus: the same port, the same rules as the embedded one."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from signaling.engine import (
    Carried,
    Leg,
    LegDown,
    LegUp,
    Lost,
    MediaEvent,
    MediaUnavailableError,
    MemberId,
    Reset,
    RoomId,
    Speaking,
    View,
)
from signaling.janus.engine import Instance, JanusEngine
from signaling.janus.handles import Handles
from signaling.janus.people import Person, Publishing, Subscribing
from signaling.janus.publications import Publications
from signaling.janus.session import Answer, JanusError, Json, Session
from signaling.janus.subscriptions import Subscriptions
from signaling.media.sdp import Description, Section
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
    await stage.engine.grant(A, CAUCUS)
    await stage.engine.grant(B, CAUCUS)
    await until(hears(a, "b", packets=10))  # whatever was under way to c has arrived
    before = total(c, "a") + total(c, "b")
    await until(hears(a, "b", packets=40))
    assert total(c, "a") + total(c, "b") == before
    for name in "ab":
        await stage.move(name, MAIN)
    await until(hears(c, "a", "b"))


async def test_two_rooms_begun_apart_become_one(stage):
    """As after a restart during a private talk: each room was made for itself."""
    await stage.come("a", MAIN)
    await stage.come("b", CAUCUS)
    await stage.move("b", MAIN)
    await until(lambda: stage.saw(Reset((B,))))
    await stage.bots["b"].rejoin()
    await until(hears(stage.bots["a"], "b"))
    await until(hears(stage.bots["b"], "a"))


async def test_who_is_silenced_before_a_camera_is_allowed_stays_silent(stage):
    """Moved before anything was published."""
    await stage.come("b", MAIN)
    await stage.engine.grant(A, CAUCUS)
    await stage.engine.permit(A, audio=False, video=True)
    await stage.move("a", MAIN)
    await stage.bot("a").join()
    heard = stage.bots["b"].heard
    await until(lambda: "a" in heard and heard["a"].video > 40)
    assert heard["a"].audio == 0


def spoken(stage: Stage) -> list[Speaking]:
    return [event for event in stage.events if isinstance(event, Speaking)]


async def test_who_comes_later_is_told_who_speaks(stage):
    await stage.come("a", MAIN)
    await stage.come("b", MAIN, level=127)
    await until(hears(stage.bots["b"], "a"))
    await until(lambda: stage.saw(Speaking(MAIN, (A,))))
    stage.events.clear()
    await stage.engine.grant(C, MAIN)
    await until(lambda: spoken(stage) == [Speaking(MAIN, (A,))])
    await stage.come("c", MAIN, level=127)  # the line comes after the place
    await until(lambda: stage.saw(LegUp(C, Leg.RECEIVING)))
    line = stage.events.index(LegUp(C, Leg.RECEIVING))
    await until(lambda: Speaking(MAIN, (A,)) in stage.events[line:])


async def test_whoever_leaves_while_speaking_speaks_no_more(stage):
    await stage.come("a", MAIN)
    await stage.come("b", MAIN, level=127)
    await until(hears(stage.bots["a"], "b"))
    await until(lambda: stage.saw(Speaking(MAIN, (A,))))
    stage.events.clear()
    await stage.engine.permit(A, audio=False, video=True)
    await stage.engine.permit(A, audio=True, video=True)
    await stage.move("a", CAUCUS)
    await stage.engine.close(A)
    nobody, a = (), (A,)
    told = [(MAIN, nobody), (MAIN, a), (MAIN, nobody), (CAUCUS, a), (CAUCUS, nobody)]
    await until(lambda: len(spoken(stage)) >= len(told))
    assert spoken(stage) == [Speaking(room, names) for room, names in told]


async def test_a_room_ends_with_the_last_who_leaves(server, stage):
    for name in "ab":
        await stage.come(name, MAIN)
    await until(hears(stage.bots["b"], "a"))
    (home,) = {person.home for person in stage.engine._people.values()}
    await stage.engine.revoke(A)
    await stage.engine.grant(A, CAUCUS)
    await stage.engine.close(A)
    assert await exists(server, home)
    assert await carries(stage) == Carried(server.url, is_up=True, rooms=1, members=1)
    await stage.engine.close(B)
    assert not await exists(server, home)
    assert await carries(stage) == Carried(server.url, is_up=True)
    await stage.clear()
    for name in "ab":
        await stage.come(name, MAIN)
    await until(hears(stage.bots["b"], "a"))


async def test_rooms_of_a_connection_that_broke_end_with_the_next(server):
    engine = JanusEngine(Instance(server.url, api_secret=server.secret))
    await engine.start()
    stage = Stage(engine)
    await stage.come("a", MAIN)
    (home,) = {person.home for person in engine._people.values()}
    await engine._handles.session.socket.close()
    await until(lambda: not engine.is_up)
    await engine.stop()
    assert await exists(server, home)
    await engine.start()
    assert not await exists(server, home)
    await stage.clear()
    await engine.stop()


async def test_a_room_that_could_not_be_made_is_made_for_the_next():
    """Its first maker may have been too early or heard no answer."""
    session = Stumbling(create=[JanusError("no answer"), None, JanusError("exists", code=427)])
    handles = Handles(session, {})
    person = Person(A, home="home")
    with pytest.raises(MediaUnavailableError):
        await handles.join(person, 1)
    await handles.join(person, 1)
    await handles.join(person, 1)
    assert session.said == ["create", "create", "join", "join"]
    assert len(set(session.secrets)) == 1
    again = Handles(session, {"home": session.secrets[0]})
    await again.join(person, 1)
    assert session.said[4:] == ["create", "join"]


async def test_what_could_not_begin_is_begun_anew_and_leaves_no_handle():
    session = Stumbling(join=[JanusError("no such feed", code=428)])
    handles = Handles(session, {})
    description = Description(sections=[Section("audio", False, (111,), mid="0")])
    a = Person(A, MAIN, home="home", publishing=Publishing(98, description, is_up=True))
    b = Person(B, MAIN, home="home", publishing=Publishing(99, description, is_up=True))
    subscriptions = Subscriptions(handles, {A: a, B: b}, lambda _: None)
    with pytest.raises(MediaUnavailableError):
        await subscriptions.refresh([a], of=a)
    assert not session.attached
    await subscriptions.refresh([a])
    assert session.said == ["join", "detach", "join"]
    assert a.subscribing is not None
    c = Person(C, MAIN, home="home")
    session.faults["publish"] = [JanusError("no answer")]
    with pytest.raises(MediaUnavailableError):
        await Publications(handles).publish(c, "", description)
    assert session.attached == {a.subscribing.handle}


def listening(person: Person, handle: int, to: Person) -> Person:
    """They are subscribed to what the other sends."""
    section = {"type": "audio", "mid": "0", "feed_id": to.id, "feed_mid": "0", "active": True}
    person.subscribing = Subscribing(handle, "1", is_joined=True, sections=[section])
    return person


async def test_a_listener_whose_change_fails_is_cut_off_and_fails_nobody_elses_turn():
    session = Stumbling()
    sends = Description(sections=[Section("audio", False, (111,), mid="0")])
    a, b, c = people = [
        Person(one, MAIN, home="home", publishing=Publishing(90 + place, sends, is_up=True))
        for place, one in enumerate((A, B, C))
    ]
    told: list[MediaEvent] = []
    handles = Handles(session, {})
    subscriptions = Subscriptions(handles, {one.id: one for one in people}, told.append)
    for listener in (b, c):
        listening(listener, await handles.attach(listener, Leg.RECEIVING), a)
    a.room = None  # revoked
    session.faults["update"] = [JanusError("no answer"), None]
    await subscriptions.refresh(people)
    assert session.said.count("update") == 2
    assert b.subscribing is None
    assert session.attached == {c.subscribing.handle}
    catching_up = asyncio.create_task(subscriptions.catch_up())
    try:
        await until(lambda: b.subscribing is not None)  # and hears who is there
    finally:
        catching_up.cancel()
        await asyncio.gather(catching_up, return_exceptions=True)
    session.is_deaf = True
    listening(b, b.subscribing.handle, a)
    session.faults["update"] = [JanusError("no answer")]
    with pytest.raises(MediaUnavailableError):  # then it cannot be said that it holds
        await subscriptions.refresh(people)


class Stumbling:
    """Fails as it was told to, by what it is asked, and no more."""

    is_open = True
    is_deaf = False
    """Never says that a handle is gone."""

    def __init__(self, **faults: list[JanusError | None]) -> None:
        self.faults = faults
        self.said: list[str] = []
        self.secrets: list[str] = []
        self.attached: set[int] = set()
        self._numbers = itertools.count(1)

    async def attach(self) -> int:
        self.attached.add(number := next(self._numbers))
        return number

    async def detach(self, handle: int) -> bool:
        self.said.append("detach")
        if self.is_deaf:
            return False
        self.attached.discard(handle)
        return True

    async def ask(self, handle: int, body: Json) -> Answer:
        self.secrets.append(body["secret"])
        return await self.say(handle, body)

    async def say(self, handle: int, body: Json, *, jsep: Json | None = None) -> Answer:
        self.said.append(body["request"])
        faults = self.faults.get(body["request"])
        if faults and (fault := faults.pop(0)):
            raise fault
        return Answer({})


async def carries(stage: Stage) -> Carried:
    (one,) = await stage.engine.carried()
    return one


async def exists(server: Janus, home: str) -> bool:
    """As Janus tells it to anybody who has its key."""
    async with Session.opened(server.url, on_event=print, secret=server.secret) as session:
        handle = await session.attach()
        answer = await session.ask(handle, {"request": "exists", "room": home})
        return bool(answer.data["exists"])


async def test_the_muted_are_not_passed_on(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    b = stage.bots["b"]
    await until(hears(b, "a"))
    await stage.engine.permit(A, audio=False, video=True)
    heard = b.heard["a"]
    seen = heard.video
    await until(lambda: heard.video > seen + 10)  # whatever was under way has arrived
    before = heard.audio
    await until(lambda: heard.video > seen + 50)
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


async def test_camera_that_nobody_watches_rests_and_is_back(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    a, b = stage.bots["a"], stage.bots["b"]
    await until(hears(b, "a"))
    await stage.engine.view(B, {A: View.NONE})
    await until(lambda: a.rests)
    assert not b.rests  # whom the other watches
    await stage.engine.view(B, {})
    await until(lambda: not a.rests)
    await until(hears(b, "a"))
    await stage.engine.revoke(B)
    await until(lambda: a.rests and b.rests)


async def test_one_who_begins_anew_is_heard_and_hears_again(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    a, b = stage.bots["a"], stage.bots["b"]
    await until(hears(b, "a"))
    await a.rejoin()
    await until(hears(b, "a"))
    await until(hears(a, "b"))


async def test_a_newcomer_hears_the_others_while_ones_line_is_gone(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    await until(hears(stage.bots["a"], "b"))
    await stage.bots["b"].sending.close()
    await until(lambda: any(isinstance(event, LegDown) for event in stage.events))
    await stage.come("c", MAIN)
    await until(hears(stage.bots["c"], "a"))
    await stage.bots["b"].rejoin()
    await until(hears(stage.bots["c"], "b"))
    await until(hears(stage.bots["a"], "b"))


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


async def test_an_instance_that_asks_for_signed_tokens_opens_to_its_own_key_only():
    async with janus(token_secret="long and secret") as own:
        right = Instance(own.url, token_secret="long and secret")
        for key in ("guessed", None):
            assert "403" in await refused_at(replace(right, token_secret=key))
        async with staged_on(JanusEngine(right)) as stage:
            for name in "ab":
                await stage.come(name, MAIN)
            await until(hears(stage.bots["a"], "b"))


async def test_an_instance_that_numbers_its_rooms_is_refused_at_the_start():
    async with janus(string_ids=False) as own:
        assert "room should be a" in await refused_at(Instance(own.url, own.secret))


async def refused_at(instance: Instance) -> str:
    engine = JanusEngine(instance)
    with pytest.raises(MediaUnavailableError) as refused:
        await engine.start()
    assert not engine.is_up
    await engine.stop()
    return str(refused.value)


async def test_the_end_of_an_instance_is_told():
    async with janus() as own, staged(own) as stage:
        await stage.come("a", MAIN)
        own.kill()
        await until(lambda: any(isinstance(event, Lost) for event in stage.events))
        assert not stage.engine.is_up
