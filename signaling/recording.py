"""When a session is recorded: a host asked for it, and everybody in the main room may be recorded."""

from dataclasses import replace

from server.kernel.errors import RuleBroken
from signaling.model import Session, Turn
from signaling.states import OVER


def start(turn: Turn) -> None:
    if any(turn.session.unrecordable):
        raise RuleBroken("not_all_agreed_to_recording")
    turn.session = replace(turn.session, recording_since=turn.now)
    turn.log("recording.started")


def stop(turn: Turn) -> None:
    turn.session = replace(turn.session, recording_since=None)
    turn.log("recording.stopped")


def settle(turn: Turn, before: Session) -> None:
    """What a turn means for the recording: one who did not agree has come in, or has gone."""
    if turn.session.recording_since is not None and turn.session.state in OVER:
        stop(turn)
    if before.recording_since is None or turn.session.recording_since is None:
        return
    if before.is_recorded and not turn.session.is_recorded:
        turn.log("recording.paused", trouble=turn.session.tape_trouble)
    elif turn.session.is_recorded and not before.is_recorded:
        turn.log("recording.continued")
