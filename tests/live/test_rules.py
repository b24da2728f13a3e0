"""The rules of a live session, as values."""

import itertools
from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from scheduling.tables import SessionKind, SessionRole
from server.kernel import state
from server.kernel.errors import Conflict, DomainError, Forbidden, Gone, Invalid, RuleBroken
from signaling import happenings as h
from signaling import requests as r
from signaling.facts import Called, CaucusAnswered, SessionEnding
from signaling.model import MarkSeen, Part, RaiseAlarm, Tell
from signaling.requests import Asked
from signaling.rights import ALLOWED, actions
from signaling.session import decide
from signaling.states import HOSTS, PARTICIPANT, SESSION, Entry, entry_of
from signaling.tables import ParticipantState, Result, RoomKind, SessionState
from tests.live.people import NOW, mediation, reception, unseen, who

SESSION_ACTIONS = sorted({action for _, action in SESSION})
SEAT_ACTIONS = sorted({action for _, action in PARTICIPANT})


def admit(play, name, **more):
    host = "leader" if who("leader") in play.session.seats else "mediator"
    return play.ask(host, r.Admit, participant_id=who(name), **more)


@pytest.mark.parametrize(
    ("table", "pair"),
    [(SESSION, p) for p in itertools.product(SessionState, SESSION_ACTIONS)]
    + [(PARTICIPANT, p) for p in itertools.product(ParticipantState, SEAT_ACTIONS)],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "table",
)
def test_table_leads_on_or_refuses(table, pair):
    if pair in table:
        assert state.after(table, *pair) is table[pair]
    else:
        with pytest.raises(Conflict, match="wrong_state"):
            state.after(table, *pair)


def test_closed_and_cancelled_never_open_again():
    over = {SessionState.CLOSED, SessionState.ARCHIVED, SessionState.CANCELLED}
    leads_out = {(s, a): to for (s, a), to in SESSION.items() if s in over and to not in over}
    assert leads_out == {}


def test_every_message_has_its_guards():
    schema = TypeAdapter(Asked).json_schema()
    types = {d["properties"]["type"]["const"] for d in schema["$defs"].values()
             if "type" in d.get("properties", {})}  # fmt: skip
    assert types == ALLOWED.keys()


@pytest.mark.parametrize(
    ("kind", "role", "staff", "entry"),
    [
        ("reception", "host", True, Entry.AT_ONCE),
        ("reception", "operator", True, Entry.AT_ONCE),
        ("reception", "handler", True, Entry.WHEN_LIVE),
        ("reception", "handler", False, Entry.ONE_BY_ONE),
        ("reception", "petitioner", False, Entry.ONE_BY_ONE),
        ("reception", "helper", False, Entry.ONE_BY_ONE),
        ("mediation", "applicant", False, Entry.WHEN_LET_IN),
        ("mediation", "recorder", False, Entry.WHEN_LET_IN),
        ("mediation", "witness", False, Entry.ONE_BY_ONE),
        ("mediation", "expert", False, Entry.ONE_BY_ONE),
        ("mediation", "observer", False, Entry.ONE_BY_ONE),
        ("mediation", "support", True, Entry.NEVER),
    ],
)
def test_entry_hangs_on_kind_and_role(kind, role, staff, entry):
    assert entry_of(SessionKind(kind), SessionRole(role), is_staff=staff) is entry


def test_reception_admits_one_by_one_and_the_first_begins_it():
    play = reception().comes("wang", "li", "leader", "zhao")
    assert play.where() == {"leader": "main", "wang": "waiting", "li": "waiting",
                            "clerk": None, "zhao": "waiting"}  # fmt: skip
    admit(play, "wang")
    assert play.where() == {"leader": "main", "wang": "main", "li": "waiting",
                            "clerk": None, "zhao": "main"}  # fmt: skip
    assert play.session.state is SessionState.LIVE
    assert play.session.started_at == NOW
    assert Tell(who("wang"), Called()) in play.effects


def test_leader_meets_nobody_whose_card_was_not_compared_but_for_a_reason():
    play = unseen(reception().comes("wang", "leader"), "wang")
    with pytest.raises(RuleBroken, match="not_seen"):
        admit(play, "wang")
    admit(play, "wang", because="known to the whole village")
    assert play.where()["wang"] == "main"
    admitted = next(e for e in play.effects if getattr(e, "kind", "") == "admitted")
    assert admitted.facts == {
        "by": str(who("leader")), "seen": False, "because": "known to the whole village",
    }  # fmt: skip


def test_helper_and_mediation_parties_need_no_compared_card():
    assert admit(unseen(reception().comes("li", "leader"), "li"), "li").where()["li"] == "main"
    play = unseen(mediation().comes("applicant", "mediator"), "applicant")
    assert admit(play, "applicant").where()["applicant"] == "main"


def test_nobody_is_admitted_who_is_not_waiting_on_the_line():
    play = reception().comes("leader")
    with pytest.raises(RuleBroken, match="not_agreed"):
        admit(reception().comes("leader").happens(h.CheckedIn(who("wang"), agreed=False)), "wang")
    play.happens(h.CheckedIn(who("wang"), agreed=True))
    with pytest.raises(Conflict, match="not_waiting"):
        admit(play, "wang")
    with pytest.raises(RuleBroken, match="stays_at_the_door"):
        admit(play, "clerk")


def test_who_declines_is_refused_and_may_think_again():
    play = reception().happens(h.CheckedIn(who("wang"), agreed=False))
    assert play.seat("wang").state is ParticipantState.REFUSED
    play.comes("wang")
    assert play.where()["wang"] == "waiting"


def test_role_let_in_enters_by_itself_while_live_but_witnesses_never():
    play = mediation().comes("applicant", "witness", "recorder", "mediator")
    assert play.where()["recorder"] == "main"
    play.ask("mediator", r.LetIn, role="applicant", on=True)
    assert play.where()["applicant"] == "waiting"
    play.ask("mediator", r.SessionStart)
    assert play.where()["applicant"] == "main"
    assert play.where()["witness"] == "waiting"
    with pytest.raises(RuleBroken, match="admitted_one_by_one"):
        play.ask("mediator", r.LetIn, role="witness", on=True)


def test_receptions_let_no_role_in():
    play = reception().comes("leader")
    with pytest.raises(RuleBroken, match="admitted_one_by_one"):
        play.ask("leader", r.LetIn, role="petitioner", on=True)


def test_seat_is_kept_over_a_lost_line_and_a_reload():
    play = admit(reception().comes("wang", "leader"), "wang")
    play.happens(h.Lost(who("wang"), 9.0))
    assert play.seat("wang").state is ParticipantState.CONNECTION_LOST
    assert play.where()["wang"] == "main"
    play.happens(h.Connected(who("wang")))
    assert play.seat("wang").state is ParticipantState.IN_ROOM
    assert play.logged() == ["back"]


def test_last_host_losing_the_line_suspends_and_coming_back_resumes():
    play = admit(reception().comes("wang", "leader"), "wang")
    play.happens(h.Lost(who("leader"), 9.0))
    assert play.session.state is SessionState.SUSPENDED
    play.happens(h.Connected(who("leader")))
    assert play.session.state is SessionState.LIVE


def test_leaving_is_not_losing_and_one_may_come_back():
    play = admit(reception().comes("wang", "leader"), "wang").ask("wang", r.Leave)
    assert play.seat("wang").state is ParticipantState.LEFT
    assert play.where()["wang"] is None
    assert [e.seat_id for e in play.effects if isinstance(e, Part)] == [who("wang")]
    play.happens(h.Connected(who("wang")))
    assert play.where()["wang"] == "main"


def test_dismissed_stays_out_and_sent_back_waits_again():
    play = admit(reception().comes("wang", "li", "leader"), "wang")
    admit(play, "li")
    play.ask("leader", r.Dismiss, participant_id=who("li"), back=True)
    assert (play.where()["li"], play.seat("li").admitted_at) == ("waiting", None)
    with pytest.raises(Invalid):
        play.ask("leader", r.Dismiss, participant_id=who("wang"))
    play.ask("leader", r.Dismiss, participant_id=who("wang"), because="shouts at everybody")
    assert play.seat("wang").state is ParticipantState.DISMISSED
    for again in (h.Connected(who("wang")), h.CheckedIn(who("wang"), agreed=True)):
        with pytest.raises(Gone, match="dismissed"):
            play.happens(again)


def caucus(play):
    """The mediator opens a private room and takes the applicant in."""
    play.ask("mediator", r.CaucusOpen)
    room = next(x for x in play.session.rooms.values() if x.kind is RoomKind.CAUCUS)
    play.ask("mediator", r.CaucusInvite, room_id=room.id, participant_id=who("applicant"))
    return room


def full_table():
    play = mediation().comes("applicant", "respondent", "guardian", "mediator", "recorder")
    for name in ("applicant", "respondent", "guardian"):
        admit(play, name)
    return play


def test_caucus_is_entered_by_invitation_with_the_guardian_and_the_mediator():
    play = full_table()
    caucus(play)
    assert set(play.where().values()) == {"main", None}
    play.ask("applicant", r.CaucusAnswer, accept=True)
    assert play.where() == {
        "mediator": "caucus", "applicant": "caucus", "guardian": "caucus",
        "respondent": "main", "recorder": "main", "witness": None,
    }  # fmt: skip
    assert (
        Tell(who("mediator"), CaucusAnswered(participant_id=who("applicant"), accepted=True))
        in play.effects
    )


def test_refused_or_unanswered_invitation_moves_nobody():
    for answer in ("refuse", "silence"):
        play = full_table()
        caucus(play)
        if answer == "refuse":
            play.ask("applicant", r.CaucusAnswer, accept=False)
        else:
            play.passes(seconds=119)
            assert play.seat("applicant").summons is not None
            play.passes(seconds=1)
        assert play.seat("applicant").summons is None
        assert "caucus" not in play.where().values()
        with pytest.raises(Conflict, match="no_invitation"):
            play.ask("applicant", r.CaucusAnswer, accept=True)


def test_last_host_leaving_a_caucus_brings_everybody_back():
    play = full_table()
    caucus(play)
    play.ask("applicant", r.CaucusAnswer, accept=True).ask("mediator", r.CaucusLeave)
    assert set(play.where().values()) == {"main", None}
    assert [x.kind for x in play.session.rooms.values()] == [RoomKind.WAITING, RoomKind.MAIN]


def test_party_may_leave_a_caucus_at_any_time_with_the_guardian():
    play = full_table()
    caucus(play)
    play.ask("applicant", r.CaucusAnswer, accept=True).ask("applicant", r.CaucusLeave)
    assert play.where() == {
        "mediator": "caucus", "applicant": "main", "guardian": "main",
        "respondent": "main", "recorder": "main", "witness": None,
    }  # fmt: skip


def test_host_lost_in_a_caucus_keeps_it_open_for_the_return():
    play = full_table()
    room = caucus(play)
    play.ask("applicant", r.CaucusAnswer, accept=True)
    play.happens(h.Lost(who("mediator"), 9.0))
    assert play.session.state is SessionState.SUSPENDED
    play.happens(h.Connected(who("mediator")))
    assert play.seat("mediator").room_id == room.id
    assert play.seat("mediator").state is ParticipantState.IN_CAUCUS


def test_nobody_is_invited_from_the_waiting_room_or_twice():
    play = full_table()
    room = caucus(play)
    with pytest.raises(Conflict, match="already_invited"):
        play.ask("mediator", r.CaucusInvite, room_id=room.id, participant_id=who("applicant"))
    with pytest.raises(Conflict, match="not_in_main_room"):
        play.ask("mediator", r.CaucusInvite, room_id=room.id, participant_id=who("witness"))


def test_door_is_a_room_for_two_and_marks_seen():
    play = unseen(reception().comes("wang", "li", "leader", "clerk"), "wang")
    play.ask("clerk", r.DoorOpen, participant_id=who("wang"))
    assert play.where() == {"leader": "main", "wang": "door", "li": "waiting",
                            "clerk": "door", "zhao": None}  # fmt: skip
    with pytest.raises(Conflict, match="at_the_door"):
        admit(play, "wang")
    play.ask("clerk", r.DoorClose, compared=True)
    assert (play.where()["wang"], play.where()["clerk"]) == ("waiting", None)
    assert play.seat("wang").is_seen
    assert MarkSeen(who("wang"), who("clerk")) in play.effects
    assert admit(play, "wang").where()["wang"] == "main"


def test_door_closes_when_staff_leave_and_nobody_is_marked():
    play = unseen(reception().comes("wang", "clerk"), "wang")
    play.ask("clerk", r.DoorOpen, participant_id=who("wang")).ask("clerk", r.Leave)
    assert play.where()["wang"] == "waiting"
    assert not play.seat("wang").is_seen


def test_close_ends_everything_and_notes_who_never_came():
    play = admit(reception().comes("wang", "leader"), "wang")
    play.ask("leader", r.SessionClose, result=Result.HELD)
    assert play.session.state is SessionState.CLOSED
    assert set(play.where().values()) == {None}
    assert play.seat("wang").state is ParticipantState.LEFT
    assert play.seat("li").state is ParticipantState.NO_SHOW
    assert {e.seat_id for e in play.effects if isinstance(e, Part)} == set(play.session.seats)
    with pytest.raises(Gone, match="session_over"):
        play.happens(h.Connected(who("wang")))


def test_end_is_announced_once_and_again_after_an_extension():
    play = admit(reception().comes("wang", "leader"), "wang")
    play.passes(minutes=24)
    assert play.effects == ()
    play.passes(minutes=1)
    ending = SessionEnding(ends_at=NOW + timedelta(minutes=30))
    assert {e.seat_id for e in play.effects if e == Tell(e.seat_id, ending)} == {
        who("wang"), who("leader"),
    }  # fmt: skip
    assert play.passes(minutes=1).effects == ()
    play.ask("leader", r.SessionExtend, minutes=10)
    assert play.session.ends_at == NOW + timedelta(minutes=40)
    assert play.passes(minutes=9).effects != ()


def test_alarm_is_raised_without_a_word_to_the_parties():
    play = admit(reception().comes("wang", "leader"), "wang")
    play.ask("leader", r.Alarm, about=who("wang"))
    assert [e for e in play.effects if isinstance(e, RaiseAlarm)] == [
        RaiseAlarm(who("leader"), who("wang"))
    ]
    assert not [e for e in play.effects if isinstance(e, Tell | Part)]
    with pytest.raises(Forbidden, match="only_staff"):
        play.ask("wang", r.Alarm)


LEADS = [
    (r.SessionStart, {}), (r.SessionPause, {}), (r.SessionExtend, {"minutes": 10}),
    (r.SessionClose, {"result": "held"}), (r.LetIn, {"role": "applicant", "on": True}),
    (r.Admit, {"participant_id": who("li")}),
    (r.Dismiss, {"participant_id": who("wang"), "back": True}),
    (r.Mute, {"participant_id": who("li"), "on": True}), (r.CaucusOpen, {}),
    (r.CaucusInvite, {"participant_id": who("li"), "room_id": who("main")}),
    (r.CaucusEnter, {"room_id": who("main")}), (r.CaucusClose, {"room_id": who("main")}),
]  # fmt: skip


@pytest.mark.parametrize(("message", "fields"), LEADS, ids=lambda v: getattr(v, "__name__", ""))
def test_only_hosts_lead(message, fields):
    play = admit(reception().comes("wang", "li", "leader", "zhao"), "wang")
    for name in ("wang", "li", "zhao"):
        with pytest.raises(Forbidden, match="only_the_host"):
            play.ask(name, message, **fields)


def test_actions_offered_are_those_that_are_not_refused():
    """The client repeats no rule: what `actions` names passes the guards, the rest does not."""
    play = admit(reception().comes("wang", "li", "leader", "clerk", "zhao"), "wang")
    for name in ("leader", "wang", "li", "clerk", "zhao"):
        offered = set(actions(play.session, play.seat(name)))
        for message, fields in LEADS:
            kind = message.model_fields["type"].default
            try:
                decide(play.session, message(ref=1, **fields), actor=who(name), now=NOW,
                       new_id=who("new"))  # fmt: skip
            except DomainError as error:
                barred = error.code in {"only_the_host", "wrong_state", "session_not_running"}
                assert (kind in offered) != barred
            else:
                assert kind in offered


def test_only_hosts_are_host_roles():
    assert {SessionRole.HOST, SessionRole.CO_HOST, SessionRole.OPERATOR} == HOSTS
