"""The rules of a live session, pure: a session and what happens give a session and effects."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from server.kernel.errors import Gone
from server.kernel.state import after
from signaling import caucus, floor, hosting, recording, requests, sharing
from signaling import happenings as h
from signaling.facts import AlarmTaken, Line, SessionEnding
from signaling.model import Effect, RaiseAlarm, Seat, Session, Turn
from signaling.movements import enter, may_enter_alone, moved, settle, wait
from signaling.protocol import Reason
from signaling.requests import Asked
from signaling.rights import check
from signaling.states import OVER, PARTICIPANT, RUNNING, SESSION, Entry, entry_of
from signaling.tables import ParticipantState, RoomKind

ENDING = timedelta(minutes=5)
BACK = {
    RoomKind.WAITING: "back_to_waiting",
    RoomKind.DOOR: "back_to_waiting",
    RoomKind.MAIN: "back_to_main",
    RoomKind.CAUCUS: "back_to_caucus",
}


@dataclass(frozen=True)
class Outcome:
    session: Session
    effects: tuple[Effect, ...]


def decide(
    session: Session, message: Asked, *, actor: UUID, now: datetime, new_id: UUID
) -> Outcome:
    """What a message of a seat leads to. Raises a DomainError when it may not be."""
    seat = session.seat(actor)
    check(session, seat, message.type)
    turn = Turn(session, now, new_id, actor)
    _answer(turn, seat, message)
    _settle(turn, session)
    return Outcome(turn.session, tuple(turn.effects))


def follow(session: Session, happening: h.Happening, *, now: datetime, new_id: UUID) -> Outcome:
    """What something that happened leads to."""
    turn = Turn(session, now, new_id)
    _follow(turn, happening)
    _settle(turn, session)
    return Outcome(turn.session, tuple(turn.effects))


def _settle(turn: Turn, before: Session) -> None:
    """What follows by itself: people move first, then what hung on where they were ends."""
    settle(turn)
    sharing.settle(turn)
    floor.settle(turn, before)
    recording.settle(turn, before)


def _answer(turn: Turn, seat: Seat, message: Asked) -> None:  # noqa: PLR0912  (one per message)
    match message:
        case requests.SayMute(audio=audio, video=video):
            turn.alter(replace(seat, audio=audio, video=video))
        case requests.Hand(up=up):
            turn.alter(replace(seat, hand=up))
        case requests.Leave():
            hosting.leave(turn, seat, reason=Reason.LEFT)
        case requests.Alarm(about=about):
            _raise_alarm(turn, seat, about)
        case requests.SessionStart():
            hosting.start(turn)
        case requests.SessionPause():
            hosting.pause(turn)
        case requests.SessionExtend(minutes=minutes):
            hosting.extend(turn, minutes)
        case requests.SessionClose(result=result):
            hosting.close(turn, result)
        case requests.LetIn():
            hosting.let_in(turn, message)
        case requests.Admit():
            hosting.admit(turn, message)
        case requests.Dismiss():
            hosting.dismiss(turn, message)
        case requests.Mute():
            hosting.mute(turn, message)
        case requests.Floor(participant_id=seat_id, on=on):
            floor.give(turn, seat, seat_id) if on else floor.take_back(turn, seat, seat_id)
        case requests.ShareStart():
            sharing.start(turn, seat)
        case requests.ShareStop(participant_id=sharer_id):
            sharing.stop(turn, seat, sharer_id)
        case requests.ShareLet(participant_id=seat_id, on=on):
            sharing.let(turn, seat_id, on=on)
        case _:
            _answer_private(turn, seat, message)


def _answer_private(turn: Turn, seat: Seat, message: Asked) -> None:
    match message:
        case requests.CaucusOpen():
            caucus.open_room(turn)
        case requests.CaucusInvite(room_id=room_id, participant_id=seat_id):
            caucus.invite(turn, seat, room_id=room_id, seat_id=seat_id)
        case requests.CaucusAnswer(accept=accept):
            caucus.answer(turn, seat, accept=accept)
        case requests.CaucusEnter(room_id=room_id):
            caucus.enter(turn, seat, room_id)
        case requests.CaucusLeave():
            caucus.leave(turn, seat)
        case requests.CaucusClose(room_id=room_id):
            caucus.close(turn, room_id)
        case requests.DoorOpen(participant_id=seat_id):
            caucus.open_door(turn, seat, seat_id)
        case requests.DoorClose(compared=compared):
            caucus.leave_door(turn, seat, compared=compared)
        case requests.RecordingStart():
            recording.start(turn)
        case requests.RecordingStop():
            recording.stop(turn)
        case _:  # media and beats change nothing here
            pass


def _follow(turn: Turn, happening: h.Happening) -> None:
    match happening:
        case h.DoorsOpened():
            _open_doors(turn)
        case h.Connected(seat_id=seat_id, fresh=fresh):
            _connect(turn, turn.seat(seat_id), fresh=fresh)
        case h.Lost(seat_id=seat_id, silence=silence):
            _lose(turn, turn.seat(seat_id), silence)
        case h.SignedOut(seat_id=seat_id):
            hosting.leave(turn, turn.seat(seat_id), reason=Reason.SIGNED_OUT)
        case h.CheckedIn(seat_id=seat_id):
            _check_in(turn, turn.seat(seat_id), happening)
        case h.Compared(seat_id=seat_id):
            turn.log("compared", turn.alter(replace(turn.seat(seat_id), is_seen=True)))
        case h.LineChanged(seat_id=seat_id, line=line):
            _change_line(turn, turn.seat(seat_id), line)
        case h.Closed(result=result):
            hosting.close(turn, result)
        case h.Cancelled():
            hosting.cancel(turn)
        case h.TapeTrouble(is_on=is_on):
            turn.session = replace(turn.session, tape_trouble=is_on)
        case h.AlarmHandled(alarm_id=alarm_id):
            turn.log("alarm.taken", alarm_id=str(alarm_id))
            turn.tell_hosts(AlarmTaken(alarm_id=alarm_id))
        case h.Ticked():
            caucus.expire(turn)
            _warn(turn)


def _change_line(turn: Turn, seat: Seat, line: Line) -> None:
    if seat.line is not line:  # else somebody else noticed it first
        turn.log("line", turn.alter(replace(seat, line=line)), line=line)


def _open_doors(turn: Turn) -> None:
    state = after(SESSION, turn.session.state, "open")
    turn.session = replace(turn.session, state=state, opened_at=turn.now)
    turn.log("opened")


def _connect(turn: Turn, seat: Seat, *, fresh: bool) -> None:
    if turn.session.state in OVER:
        raise Gone("session_over")
    if seat.state is ParticipantState.DISMISSED:
        raise Gone("dismissed")
    if fresh:
        seat = replace(seat, audio=True, video=True)
    if fresh and seat.share is not None:
        seat = sharing.end(turn, seat, why="began_anew")
    seat = turn.alter(replace(seat, is_connected=True))
    room = turn.session.room_of(seat)
    if seat.state is ParticipantState.CONNECTION_LOST and room is not None:
        seat = moved(turn, seat, BACK[room.kind], room_id=room.id)
        turn.log("back", seat)
    elif seat.state is ParticipantState.INVITED:
        seat = moved(turn, seat, "arrive", room_id=None)
        turn.log("arrived", seat)
    if seat.room_id is None:
        _place(turn, seat)


def _place(turn: Turn, seat: Seat) -> None:
    """Where somebody goes who is in no room: staff need no waiting room, others who agreed do."""
    entry = entry_of(turn.session.kind, seat.role, is_staff=seat.is_staff)
    if seat.is_staff and may_enter_alone(turn.session, seat):
        enter(turn, seat)
    elif (seat.is_staff and entry is Entry.WHEN_LIVE) or (
        seat.is_agreed and seat.state is ParticipantState.LEFT
    ):
        wait(turn, seat)


def _lose(turn: Turn, seat: Seat, silence: float) -> None:
    seat = turn.alter(replace(seat, is_connected=False, hand=False))
    if (seat.state, "lose") in PARTICIPANT:
        seat = moved(turn, seat, "lose", room_id=seat.room_id)
        turn.log("lost", seat, silence=round(silence, 1), line=seat.line)


def _check_in(turn: Turn, seat: Seat, answers: h.CheckedIn) -> None:
    if turn.session.state in OVER:
        raise Gone("session_over")
    if seat.state is ParticipantState.DISMISSED:
        raise Gone("dismissed")
    agreed = answers.agreed
    turn.log("checked_in", seat, agreed=agreed, recorded=answers.recorded)
    seat = turn.alter(replace(seat, is_agreed=agreed, may_be_recorded=answers.recorded))
    if not agreed:
        moved(turn, seat, "refuse", room_id=None)
    elif (seat.state, "wait") in PARTICIPANT:
        wait(turn, seat)


def _raise_alarm(turn: Turn, seat: Seat, about: UUID | None) -> None:
    if about is not None:
        turn.seat(about)
    turn.effects.append(RaiseAlarm(seat.id, about))
    turn.session = replace(turn.session, has_alarm=True)
    turn.log("alarm.raised", seat, about=str(about) if about else None)


def _warn(turn: Turn) -> None:
    """Say once, shortly before the end, that the time is nearly up."""
    session = turn.session
    near = turn.now >= session.ends_at - ENDING
    if session.state not in RUNNING or not near or session.warned_for == session.ends_at:
        return
    turn.session = replace(session, warned_for=session.ends_at)
    for seat in session.seats.values():
        if seat.is_connected and session.media_room(seat):
            turn.tell(seat.id, SessionEnding(ends_at=session.ends_at))
