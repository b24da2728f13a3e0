"""Showing one's screen: who may, one at a time, in one's own room, written down; rules and wire."""

import pytest
import sqlalchemy as sa

from scheduling.tables import SessionRole
from server.kernel.actor import SYSTEM
from server.kernel.errors import Conflict, Forbidden, RuleBroken
from signaling import happenings as h
from signaling import requests as r
from signaling.rights import actions
from signaling.states import SHARERS
from signaling.tables import Result, RoomKind, SessionLog
from tests.live.people import Play, mediation, reception, seat, session, who
from tests.media.conftest import until
from tests.media.sharing import SharingBot
from tests.sockets import RefusedError, Seat
from tests.voices import Voice


def table() -> Play:
    """A mediation with everybody in the main room."""
    play = mediation().comes("applicant", "respondent", "recorder", "mediator")
    for name in ("applicant", "respondent"):
        play.ask("mediator", r.Admit, participant_id=who(name))
    return play


def shown(play: Play) -> set[str]:
    """Whose screen the engine passes on."""
    names = {
        who(n): n for n in ("mediator", "applicant", "respondent", "recorder", "leader", "wang")
    }
    return {names[s.id] for s in play.session.seats.values() if play.session.passes_on(s).screen}


def let(play: Play, name: str, *, on: bool = True) -> Play:
    return play.ask("mediator", r.ShareLet, participant_id=who(name), on=on)


def ended(play: Play) -> dict[str, object]:
    [line] = [e for e in play.effects if getattr(e, "kind", "") == "share.ended"]
    return dict(line.facts)


def test_staff_share_and_begin_and_end_are_written_down():
    play = table().ask("mediator", r.ShareStart)
    assert shown(play) == {"mediator"}
    assert play.logged() == ["share.started"]
    play.passes(seconds=90)
    play.ask("mediator", r.ShareStop, participant_id=who("mediator"))
    assert shown(play) == set()
    assert ended(play) == {"seconds": 90}


@pytest.mark.parametrize("role", SessionRole)
@pytest.mark.parametrize("staff", [True, False])
def test_right_hangs_on_the_role_of_staff_alone(role, staff):
    one = seat("wang", role, staff=staff)
    assert one.may_share is (staff and role in SHARERS)
    assert not session(one).passes_on(one).screen


def test_party_shares_only_when_let_and_no_longer_than_that():
    play = table()
    with pytest.raises(Forbidden, match="may_not_share"):
        play.ask("applicant", r.ShareStart)
    assert "share.start" not in actions(play.session, play.seat("applicant"))
    let(play, "applicant").ask("applicant", r.ShareStart)
    assert shown(play) == {"applicant"}
    let(play, "applicant", on=False)
    assert shown(play) == set()
    assert ended(play) == {"seconds": 0, "why": "not_let", "by": str(who("mediator"))}
    with pytest.raises(RuleBroken, match="shares_by_role"):
        let(play, "recorder")
    with pytest.raises(Forbidden, match="only_the_host"):
        play.ask("applicant", r.ShareLet, participant_id=who("applicant"), on=True)


def test_one_at_a_time_and_the_host_takes_it_over_or_ends_it():
    play = let(table(), "applicant").ask("applicant", r.ShareStart)
    with pytest.raises(Conflict, match="somebody_shares"):
        play.ask("recorder", r.ShareStart)
    with pytest.raises(Forbidden, match="only_the_host"):
        play.ask("applicant", r.ShareStop, participant_id=who("mediator"))
    play.ask("mediator", r.ShareStart)
    assert shown(play) == {"mediator"}
    assert ended(play)["why"] == "taken_over"
    assert play.logged() == ["share.ended", "share.started"]
    play.ask("mediator", r.ShareStop, participant_id=who("mediator"))
    play.ask("recorder", r.ShareStart)
    play.ask("mediator", r.ShareStop, participant_id=who("recorder"))
    assert shown(play) == set()
    with pytest.raises(Conflict, match="nobody_shares"):
        play.ask("mediator", r.ShareStop, participant_id=who("recorder"))


def test_share_begun_twice_is_one():
    play = table().ask("mediator", r.ShareStart).ask("mediator", r.ShareStart)
    assert (shown(play), play.logged()) == ({"mediator"}, [])


def caucus(play: Play) -> Play:
    play.ask("mediator", r.CaucusOpen)
    room = next(x for x in play.session.rooms.values() if x.kind is RoomKind.CAUCUS)
    play.ask("mediator", r.CaucusInvite, room_id=room.id, participant_id=who("applicant"))
    return play.ask("applicant", r.CaucusAnswer, accept=True)


def test_share_never_follows_its_owner_into_a_private_room_nor_out_of_it():
    play = caucus(table().ask("mediator", r.ShareStart))
    assert play.where()["mediator"] == "caucus"
    assert shown(play) == set()
    assert ended(play)["why"] == "left_the_room"
    play.ask("mediator", r.ShareStart)
    assert shown(play) == {"mediator"}
    play.ask("mediator", r.CaucusLeave)
    assert play.where()["mediator"] == "main"
    assert shown(play) == set()


def test_each_room_has_a_share_of_its_own():
    play = caucus(table()).ask("mediator", r.ShareStart).ask("recorder", r.ShareStart)
    assert shown(play) == {"mediator", "recorder"}


@pytest.mark.parametrize(
    ("happening", "why"),
    [
        (h.Lost(who("recorder"), 9.0), "line_lost"),
        (h.Connected(who("recorder"), fresh=True), "began_anew"),
        (h.SignedOut(who("recorder")), "left_the_room"),
        (h.Closed(Result.HELD), "session_over"),
        (h.Connected(who("recorder"), fresh=False), None),
    ],
)
def test_share_ends_with_what_it_hung_on(happening, why):
    play = table().ask("recorder", r.ShareStart).happens(happening)
    assert shown(play) == ({"recorder"} if why is None else set())
    if why is not None:
        assert ended(play)["why"] == why


def test_without_a_host_a_party_shows_nothing():
    play = let(table(), "applicant").ask("applicant", r.ShareStart)
    play.happens(h.Lost(who("mediator"), 9.0))
    assert shown(play) == set()
    assert ended(play)["why"] == "suspended"


def test_nobody_shares_outside():
    play = reception().comes("wang", "leader")
    for name in ("wang", "zhao"):
        with pytest.raises((Forbidden, Conflict)):
            play.ask(name, r.ShareStart)
    assert shown(play.ask("leader", r.ShareStart)) == {"leader"}


# --- over the real wire


class Sharer:
    """Somebody on the real socket, with a camera and a screen."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.voice = Voice(seat, make=lambda **more: SharingBot(seat.id, **more))
        assert isinstance(self.voice.bot, SharingBot)
        self.bot = self.voice.bot

    def shown_to(self, other: Voice) -> int:
        heard = other.bot.heard.get(f"{self.seat.id}.screen")
        return heard.video if heard is not None else 0


async def test_shared_screen_reaches_the_room_is_told_and_is_in_the_log(studio):
    host = await studio.host()
    wang = await studio.inside("Wang", host)
    sharer, wangs = Sharer(host), Voice(wang)
    for voice in (sharer.voice, wangs):
        await voice.join()
    await host.send("share.start")
    assert (await wang.wait_for("person.shares"))["on"]
    await sharer.bot.share()
    await until(lambda: sharer.shown_to(wangs) > 30)
    late = await studio.inside("Li", host)
    assert [p["name"] for p in late.people().values() if p["shares"]] == [host_name(late, host)]
    await host.send("share.stop", participant_id=host.id)
    await wang.wait_for("person.shares", on=False)
    came, sent = sharer.shown_to(wangs), sharer.bot.screen_sent
    await until(lambda: sharer.bot.screen_sent > sent + 40)  # on and on, and nobody gets it
    assert sharer.shown_to(wangs) <= came + 5
    assert [kind for kind, _ in await logged(studio)] == ["share.started", "share.ended"]
    for voice in (sharer.voice, wangs):
        await voice.leave()


async def test_forged_screen_of_a_party_is_refused_and_not_forwarded(studio):
    host = await studio.host()
    wang = await studio.inside("Wang", host)
    hosts, forger = Voice(host), Sharer(wang)
    for voice in (hosts, forger.voice):
        await voice.join()
    with pytest.raises(RefusedError, match="may_not_share"):
        await wang.send("share.start")
    await forger.bot.share()  # all the same
    await until(lambda: forger.bot.screen_sent > 40 and hosts.packets(wang) > 40)
    assert (forger.shown_to(hosts), await logged(studio)) == (0, [])
    await host.send("share.let", participant_id=wang.id, on=True)  # the control
    await wang.send("share.start")
    await forger.bot.share()
    await until(lambda: forger.shown_to(hosts) > 30)
    for voice in (hosts, forger.voice):
        await voice.leave()


def host_name(seen_by: Seat, host: Seat) -> str:
    people = seen_by.people().values()
    return next(p["name"] for p in people if p["participant_id"] == host.id)


async def logged(studio) -> list[tuple[str, dict[str, object]]]:
    async with studio.services.uow.begin(SYSTEM) as tx:
        query = sa.select(SessionLog).where(SessionLog.kind.like("share.%")).order_by(SessionLog.id)
        return [(line.kind, line.facts) for line in await tx.session.scalars(query)]
