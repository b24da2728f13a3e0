"""When a session is recorded: only the main room, only while everybody in it agreed to that."""

from dataclasses import replace

import pytest

from server.kernel.errors import Conflict, Forbidden, RuleBroken
from signaling import happenings as h
from signaling import requests as r
from signaling.rights import actions
from signaling.tables import Result
from tests.live.people import Play, mediation, who

PARTIES = ("applicant", "respondent")


def seated(*declines: str) -> Play:
    """A mediation that runs, with both parties in the room; `declines` did not agree to recording."""
    play = mediation()
    seats = {
        key: replace(seat, may_be_recorded=seat.is_staff)
        for key, seat in play.session.seats.items()
    }
    play.session = replace(play.session, seats=seats, can_record=True)
    play.comes("mediator")
    for name in PARTIES:
        play.happens(h.CheckedIn(who(name), agreed=True, recorded=name not in declines))
        play.happens(h.Connected(who(name)))
        play.ask("mediator", r.Admit, participant_id=who(name))
    return play


def test_a_host_has_the_main_room_recorded_and_everybody_is_told():
    play = seated().ask("mediator", r.RecordingStart)
    assert play.session.is_recorded
    assert play.logged() == ["recording.started"]
    assert "recording.stop" in actions(play.session, play.seat("mediator"))
    play.ask("mediator", r.RecordingStop)
    assert not play.session.is_recorded
    assert play.logged() == ["recording.stopped"]


@pytest.mark.parametrize("name", ["applicant", "recorder"])
def test_nobody_but_a_host_may_begin_or_end_it(name):
    play = seated().comes("recorder")
    with pytest.raises(Forbidden, match="only_the_host"):
        play.ask(name, r.RecordingStart)
    play.ask("mediator", r.RecordingStart)
    with pytest.raises(Forbidden, match="only_the_host"):
        play.ask(name, r.RecordingStop)
    assert play.session.is_recorded


def test_it_does_not_begin_with_one_who_did_not_agree():
    play = seated("respondent")
    with pytest.raises(RuleBroken, match="not_all_agreed_to_recording"):
        play.ask("mediator", r.RecordingStart)
    play.ask("mediator", r.Dismiss, participant_id=who("respondent"), back=True)
    play.ask("mediator", r.RecordingStart)  # the control: without them it does
    assert play.session.is_recorded


def test_it_rests_while_one_who_did_not_agree_is_in_the_room():
    play = seated("respondent")
    play.ask("mediator", r.Dismiss, participant_id=who("respondent"), back=True)
    play.ask("mediator", r.RecordingStart)
    play.ask("mediator", r.Admit, participant_id=who("respondent"))
    assert not play.session.is_recorded
    assert "recording.paused" in play.logged()
    play.ask("mediator", r.Dismiss, participant_id=who("respondent"), back=True)
    assert play.session.is_recorded
    assert "recording.continued" in play.logged()


def test_it_rests_when_the_session_does():
    play = seated().ask("mediator", r.RecordingStart)
    play.ask("mediator", r.SessionPause)
    assert not play.session.is_recorded
    play.ask("mediator", r.SessionStart)
    assert play.session.is_recorded
    play.happens(h.Lost(who("mediator"), 9.0))
    assert not play.session.is_recorded


def test_it_rests_while_it_cannot_be_written():
    play = seated().ask("mediator", r.RecordingStart)
    play.happens(h.TapeTrouble(is_on=True))
    assert not play.session.is_recorded
    play.happens(h.TapeTrouble(is_on=False))
    assert play.session.is_recorded


def test_it_ends_with_the_session():
    play = seated().ask("mediator", r.RecordingStart)
    play.ask("mediator", r.SessionClose, result=Result.HELD)
    assert play.session.recording_since is None
    assert "recording.stopped" in play.logged()


def test_where_nothing_can_record_nobody_is_offered_it():
    play = seated()
    assert "recording.start" in actions(play.session, play.seat("mediator"))
    play.session = replace(play.session, can_record=False)
    assert "recording.start" not in actions(play.session, play.seat("mediator"))
    with pytest.raises(Conflict, match="cannot_record"):
        play.ask("mediator", r.RecordingStart)
