"""Who sees what: over many random sessions, nobody is shown or told what is not theirs."""

import json
import random
from collections.abc import Iterator
from uuid import UUID

import pytest

from scheduling.tables import SessionRole
from server.kernel.errors import DomainError
from signaling import happenings as h
from signaling import requests as r
from signaling.facts import Line, Place
from signaling.model import Session
from signaling.rights import actions
from signaling.sight import difference, sight_of
from signaling.tables import Result, RoomKind
from tests.live.people import Play, mediation, reception, who
from tests.sockets import apply

PLACE = Place(number=1, before_me=0, minutes=None)
SEEDS = range(12)
STEPS = 80


def moves(play: Play, chance: random.Random) -> Iterator[tuple]:
    """Random things that people do, mostly what they may, and that happen to them, for ever."""
    while True:
        seats = list(play.session.seats.values())
        wanted = [s for s in seats if s.is_host or s.summons or s.role is SessionRole.SUPPORT]
        actor = chance.choice(wanted if chance.random() < 0.7 else seats)
        here = [s for s in seats if s.is_connected and not s.is_host]
        other = chance.choice(here if here and chance.random() < 0.8 else seats).id
        if chance.random() < 0.2:
            yield (chance.choice(happenings(other, chance)),)
            continue
        rooms = list(play.session.rooms)
        room = chance.choice([*rooms, *rooms[2:] * 4])
        asked = requests(other, room, chance)
        may = [one for one in asked if one[0].model_fields["type"].default in
               actions(play.session, actor)]  # fmt: skip
        yield (actor.id, *chance.choice(may if may and chance.random() < 0.9 else asked))


def happenings(other: UUID, chance: random.Random) -> list:
    return [
        h.CheckedIn(other, agreed=chance.random() < 0.95),
        h.Connected(other, fresh=chance.random() < 0.5),
        h.Connected(other),
        h.Lost(other, 9.0),
        h.LineChanged(other, chance.choice(list(Line))),
        h.Ticked(),
    ]


def requests(other: UUID, room: UUID, chance: random.Random) -> list[tuple]:
    return [
        (r.Admit, {"participant_id": other, "because": "known"}),
        (r.Dismiss, {"participant_id": other, "back": True}),
        (r.Mute, {"participant_id": other, "on": chance.random() < 0.5}),
        (r.Admit, {"participant_id": other, "because": "known"}),
        (r.Hand, {"up": chance.random() < 0.5}),
        (r.SayMute, {"audio": chance.random() < 0.5, "video": True}),
        (r.SessionStart, {}),
        (r.SessionPause, {}),
        (r.CaucusOpen, {}),
        (r.CaucusInvite, {"room_id": room, "participant_id": other}),
        (r.CaucusInvite, {"room_id": room, "participant_id": other}),
        (r.CaucusAnswer, {"accept": chance.random() < 0.8}),
        (r.CaucusAnswer, {"accept": True}),
        (r.CaucusAnswer, {"accept": True}),
        (r.CaucusEnter, {"room_id": room}),
        (r.CaucusLeave, {}),
        (r.Floor, {"participant_id": other, "on": chance.random() < 0.7}),
        (r.ShareStart, {}),
        (r.ShareStop, {"participant_id": other}),
        (r.ShareLet, {"participant_id": other, "on": chance.random() < 0.7}),
        (r.CaucusClose, {"room_id": room}),
        (r.DoorOpen, {"participant_id": other}),
        (r.DoorClose, {"compared": True}),
    ]


def step(play: Play, move: tuple) -> None:
    if len(move) == 1:
        play.happens(move[0])
    else:
        actor, message, fields = move
        play.ask(next(n for n in NAMES if who(n) == actor), message, **fields)


NAMES = ("leader", "wang", "li", "clerk", "zhao", "mediator", "applicant", "respondent",
         "guardian", "recorder", "witness")  # fmt: skip


def sights(session: Session) -> dict:
    names = {who(n): f"name of {n}" for n in NAMES}
    return {
        seat_id: sight_of(session, seat_id, names=names, place=PLACE) for seat_id in session.seats
    }


def histories(seed: int) -> Iterator[tuple[Session, Session]]:
    """A session before and after each move that was possible."""
    chance = random.Random(seed)
    play = chance.choice((reception, mediation))()
    seats = [name for name in NAMES if who(name) in play.session.seats]
    play.comes(*chance.sample(seats, chance.randint(1, len(seats))))
    stream = moves(play, chance)
    for _ in range(STEPS):
        before = play.session
        try:
            step(play, next(stream))
        except DomainError:
            assert play.session is before, "a refused move changes nothing"
        yield before, play.session


def as_client(sight) -> dict:
    plain = json.loads(sight.model_dump_json())
    plain["people"] = {person["participant_id"]: person for person in plain["people"]}
    return plain


@pytest.mark.parametrize("seed", SEEDS)
def test_facts_lead_every_client_to_what_it_may_see(seed):
    for before, after in histories(seed):
        old, new = sights(before), sights(after)
        for seat_id in after.seats:
            client = as_client(old[seat_id])
            for fact in difference(old[seat_id], new[seat_id], session=after, me=seat_id):
                apply(client, json.loads(fact.model_dump_json()))
            assert client == as_client(new[seat_id])


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_but_staff_sees_beyond_their_room(seed):
    for before, after in histories(seed):
        old, new = sights(before), sights(after)
        for me in after.seats.values():
            if me.is_host or me.role is SessionRole.SUPPORT:
                continue
            room = after.room_of(me)
            shares = room is not None and room.kind is not RoomKind.WAITING
            mine = {s.id for s in after.seats.values() if shares and s.room_id == me.room_id}
            assert {p.participant_id for p in new[me.id].people} == mine | {me.id}
            told = difference(old[me.id], new[me.id], session=after, me=me.id)
            known = {p.participant_id for p in (*old[me.id].people, *new[me.id].people)}
            known |= {i.by for i in (new[me.id].invitation,) if i is not None}
            for name in set(NAMES) - {n for n in NAMES if who(n) in known}:
                assert f"name of {name}" not in "".join(f.model_dump_json() for f in told)
                assert str(who(name)) not in "".join(f.model_dump_json() for f in told)


@pytest.mark.parametrize("seed", SEEDS)
def test_rooms_hold_whom_they_may(seed):
    """A waiting person is nowhere for the engine; a door holds two; the states fit the rooms."""
    for _, after in histories(seed):
        for room in after.rooms.values():
            inside = list(after.in_room(room.id))
            if room.kind is RoomKind.WAITING:
                assert all(after.media_room(seat) is None for seat in inside)
            if room.kind is RoomKind.DOOR:
                assert sorted(seat.is_staff for seat in inside) == [False, True]
            if room.kind is RoomKind.CAUCUS and inside:
                assert any(seat.is_host for seat in inside)
        for seat in after.seats.values():
            assert seat.room_id is None or seat.room_id in after.rooms
            if seat.is_connected and seat.state in {"in_room", "in_caucus", "waiting"}:
                assert seat.room_id is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_one_screen_at_most_is_shown_in_a_room_by_who_may_and_where_it_began(seed):
    for _, after in histories(seed):
        shown = [seat for seat in after.seats.values() if after.passes_on(seat).screen]
        assert len({seat.room_id for seat in shown}) == len(shown)
        for seat in after.seats.values():
            if seat.share is not None:
                assert seat in shown
                assert (seat.share.room_id, seat.may_share) == (seat.room_id, True)
                assert after.media_room(seat) is not None


def test_histories_bring_people_into_every_kind_of_room():
    """The control of the four above: their histories hold what could leak."""
    assert any(
        seat.share is not None
        for seed in SEEDS
        for _, after in histories(seed)
        for seat in after.seats.values()
    )
    crowded = {
        room.kind
        for seed in SEEDS
        for _, after in histories(seed)
        for room in after.rooms.values()
        if len(list(after.in_room(room.id))) > 1
    }
    assert crowded == set(RoomKind)


def test_party_in_main_is_told_that_somebody_is_in_private_but_not_who_refused():
    play = mediation().comes("applicant", "respondent", "mediator")
    for name in ("applicant", "respondent"):
        play.ask("mediator", r.Admit, participant_id=who(name))
    play.ask("mediator", r.CaucusOpen)
    room = next(x for x in play.session.rooms.values() if x.kind is RoomKind.CAUCUS)

    def told(then) -> list[dict]:
        before = sights(play.session)[who("respondent")]
        then()
        after = sights(play.session)[who("respondent")]
        facts = difference(before, after, session=play.session, me=who("respondent"))
        return [json.loads(fact.model_dump_json()) for fact in facts]

    def invite() -> None:
        play.ask("mediator", r.CaucusInvite, room_id=room.id, participant_id=who("applicant"))

    assert told(invite) == []
    assert told(lambda: play.ask("applicant", r.CaucusAnswer, accept=False)) == []
    invite()
    gone = told(lambda: play.ask("applicant", r.CaucusAnswer, accept=True))
    assert {(f["kind"], f["because"]) for f in gone} == {("person.left", "private")}
    back = told(lambda: play.ask("mediator", r.CaucusClose, room_id=room.id))
    assert {f["kind"] for f in back} == {"person.joined"}


def test_close_leaves_nobody_in_sight_of_anybody():
    play = reception().comes("wang", "leader")
    play.ask("leader", r.Admit, participant_id=who("wang"))
    play.ask("leader", r.SessionClose, result=Result.HELD)
    assert [p.participant_id for p in sights(play.session)[who("wang")].people] == [who("wang")]
