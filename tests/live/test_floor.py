"""The floor: who gives it, how it ends, that it is kept, and that its owner is heard; rules and wire."""

import asyncio
from uuid import UUID

import pytest
import sqlalchemy as sa

from scheduling.tables import SessionRole
from server.kernel.actor import SYSTEM
from server.kernel.errors import Conflict, Forbidden, NotFound
from signaling import happenings as h
from signaling import requests as r
from signaling.rights import actions
from signaling.tables import Participant, Result, RoomKind, SessionLog
from tests.live.people import Play, mediation, who
from tests.media.conftest import until
from tests.sockets import RefusedError
from tests.voices import Voice

QUIET, LOUD = 50, 15


def table() -> Play:
    """A mediation with everybody in the main room."""
    play = mediation().comes("applicant", "respondent", "guardian", "recorder", "mediator")
    for name in ("applicant", "respondent", "guardian"):
        play.ask("mediator", r.Admit, participant_id=who(name))
    return play


def give(play: Play, name: str, *, on: bool = True, by: str = "mediator") -> Play:
    return play.ask(by, r.Floor, participant_id=who(name), on=on)


def owner(play: Play) -> str | None:
    names = {who(n): n for n in ("mediator", "applicant", "respondent", "guardian", "recorder")}
    speaker = next((one for one in play.session.seats.values() if one.has_floor), None)
    return names[speaker.id] if speaker is not None else None


def ended(play: Play) -> dict[str, object]:
    [line] = [e for e in play.effects if getattr(e, "kind", "") == "floor.ended"]
    return dict(line.facts)


def caucus(play: Play, name: str) -> Play:
    play.ask("mediator", r.CaucusOpen)
    room = next(x for x in play.session.rooms.values() if x.kind is RoomKind.CAUCUS)
    play.ask("mediator", r.CaucusInvite, room_id=room.id, participant_id=who(name))
    return play.ask(name, r.CaucusAnswer, accept=True)


def test_host_gives_the_floor_to_one_at_a_time_and_takes_it_back():
    play = give(table(), "applicant")
    assert (owner(play), play.logged()) == ("applicant", ["floor.given"])
    assert play.seat("applicant").is_always_heard
    give(play, "respondent")
    assert (owner(play), play.logged()) == ("respondent", ["floor.ended", "floor.given"])
    assert ended(play)["why"] == "given_on"
    assert not play.seat("applicant").is_always_heard
    give(play, "applicant", on=False)  # who has it not
    assert (owner(play), play.logged()) == ("respondent", [])
    give(play, "respondent", on=False)
    assert (owner(play), ended(play)) == (None, {"by": str(who("mediator"))})
    assert play.seat("mediator").is_always_heard  # by role, with or without


def test_floor_given_twice_is_one():
    assert give(give(table(), "applicant"), "applicant").logged() == []


def test_who_raised_a_hand_or_was_muted_can_speak_at_once():
    play = table().ask("applicant", r.Hand, up=True)
    play.ask("mediator", r.Mute, participant_id=who("applicant"), on=True)
    give(play, "applicant")
    seat = play.seat("applicant")
    assert (seat.hand, seat.muted_by_host) == (False, False)
    assert play.logged() == ["unmuted", "floor.given"]


@pytest.mark.parametrize("name", ["applicant", "respondent", "recorder"])
def test_only_who_leads_gives_the_floor(name):
    play = table()
    for on in (True, False):
        with pytest.raises(Forbidden, match="only_the_host"):
            give(play, "applicant", by=name, on=on)
    assert "floor" not in actions(play.session, play.seat(name))
    assert "floor" in actions(play.session, play.seat("mediator"))


def test_floor_is_given_inside_ones_own_room_only():
    play = caucus(table(), "applicant")
    with pytest.raises(Conflict, match="not_in_your_room"):
        give(play, "respondent")
    assert owner(give(play, "applicant")) == "applicant"
    with pytest.raises(Conflict, match="not_in_your_room"):
        give(mediation().comes("applicant", "mediator"), "applicant")  # who waits outside
    with pytest.raises(NotFound):
        give(play, "stranger")


def test_floor_of_a_private_room_leaves_that_of_the_main_room_alone():
    """Nobody there learns from it what goes on in private."""
    play = caucus(give(table(), "respondent"), "applicant")
    assert give(play, "applicant").logged() == ["floor.given"]
    assert give(play, "respondent", on=False).logged() == []
    assert play.seat("respondent").has_floor
    assert play.seat("applicant").has_floor


@pytest.mark.parametrize(
    ("happening", "why"),
    [
        (h.SignedOut(who("applicant")), "left"),
        (h.Closed(Result.HELD), "left"),
        (h.Lost(who("applicant"), 9.0), None),
        (h.Connected(who("applicant"), fresh=True), None),
        (h.Lost(who("mediator"), 9.0), None),
    ],
)
def test_floor_stays_over_a_lost_line_and_ends_with_its_owners_going(happening, why):
    play = give(table(), "applicant").happens(happening)
    assert owner(play) == ("applicant" if why is None else None)
    if why is not None:
        assert ended(play)["why"] == why


@pytest.mark.parametrize(
    ("message", "fields", "why"),
    [
        (r.Dismiss, {"back": True}, "left_the_room"),
        (r.Dismiss, {"because": "shouts"}, "left"),
        (r.Mute, {"on": True}, "muted"),
    ],
)
def test_floor_ends_when_the_host_sends_out_or_mutes_its_owner(message, fields, why):
    play = give(table(), "applicant")
    play.ask("mediator", message, participant_id=who("applicant"), **fields)
    assert (owner(play), ended(play)["why"]) == (None, why)


def test_floor_goes_along_into_no_private_room():
    play = caucus(give(table(), "applicant"), "applicant")
    assert (owner(play), ended(play)["why"]) == (None, "left_the_room")


# --- over the real wire


async def five(studio) -> tuple:
    """A host who listens, three who talk loudly, one who speaks quietly."""
    host = await studio.host()
    voices = [Voice(host, level=127)]
    for name, level in {"Wang": LOUD, "Li": LOUD, "Zhao": LOUD, "Sun": QUIET}.items():
        if name not in studio.tokens:
            await studio.invite(name, SessionRole.AGENT)
        voices.append(Voice(await studio.inside(name, host), level=level))
    await asyncio.gather(*(voice.join() for voice in voices))
    return host, *voices


def sound(listener: Voice, speaker: Voice) -> int:
    heard = listener.bot.heard.get(speaker.seat.id)
    return heard.audio if heard is not None else 0


async def passes(listener: Voice, speaker: Voice, loud: Voice) -> int:
    """How much of a speaker comes while fifty packets of a loud one do."""
    before, goal = sound(listener, speaker), sound(listener, loud) + 50
    await until(lambda: sound(listener, loud) >= goal)
    return sound(listener, speaker) - before


@pytest.mark.slow
async def test_owner_of_the_floor_is_heard_though_three_talk_louder(studio):
    host, hosts, *loud, quiet = await five(studio)
    await until(lambda: all(sound(hosts, one) > 40 for one in loud))
    assert await passes(hosts, quiet, loud[0]) == 0  # the control: without it they are left out
    wang = loud[0].seat
    with pytest.raises(RefusedError, match="only_the_host"):
        await wang.send("floor", participant_id=quiet.seat.id, on=True)
    await host.send("floor", participant_id=quiet.seat.id, on=True)
    for seat in (host, wang, quiet.seat):
        assert (await seat.wait_for("person.floor"))["participant_id"] == quiet.seat.id
    await until(lambda: sound(hosts, quiet) > 0)
    assert await passes(hosts, quiet, loud[0]) > 30
    assert {await passes(hosts, one, quiet) > 30 for one in loud} == {True}
    await host.send("floor", participant_id=quiet.seat.id, on=False)
    await wang.wait_for("person.floor", on=False)
    assert await passes(hosts, quiet, loud[0]) <= 2  # under way when it was said
    assert await logged(studio) == [("floor.given", quiet.seat.id), ("floor.ended", quiet.seat.id)]
    for voice in (hosts, *loud, quiet):
        await voice.leave()


async def test_floor_is_kept_and_told_to_the_engine_and_to_who_comes_later(table):
    host = await table.host()
    wang = await table.inside("Wang", host)
    engine = table.services.media
    await host.send("floor", participant_id=wang.id, on=True)
    assert engine.favoured == {host.id, wang.id}
    await wang.connect()  # a page that was loaded again
    assert engine.favoured == {host.id, wang.id}
    li = await table.inside("Li", host)
    assert li.people()["Wang"]["floor"] is True
    await host.send("floor", participant_id=li.id, on=True)  # the index allows one at a time
    assert engine.favoured == {host.id, li.id}
    async with table.services.uow.begin(SYSTEM) as tx:
        kept = sa.select(Participant.id).where(Participant.has_floor)
        assert (await tx.session.scalars(kept)).all() == [UUID(li.id)]


async def logged(studio) -> list[tuple[str, str]]:
    async with studio.services.uow.begin(SYSTEM) as tx:
        query = sa.select(SessionLog).where(SessionLog.kind.like("floor.%")).order_by(SessionLog.id)
        return [(line.kind, str(line.participant_id)) for line in await tx.session.scalars(query)]
