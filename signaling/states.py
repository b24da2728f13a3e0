"""The tables of a live session: what may follow what, who enters how."""

from collections.abc import Mapping
from enum import StrEnum

from scheduling.tables import SessionKind, SessionRole
from signaling.tables import ParticipantState, SessionState

S, P, R = SessionState, ParticipantState, SessionRole

SESSION: Mapping[tuple[SessionState, str], SessionState] = {
    (S.SCHEDULED, "open"): S.OPEN,
    (S.SCHEDULED, "cancel"): S.CANCELLED,
    (S.OPEN, "cancel"): S.CANCELLED,
    (S.OPEN, "start"): S.LIVE,
    (S.OPEN, "close"): S.CLOSED,
    (S.LIVE, "pause"): S.PAUSED,
    (S.LIVE, "suspend"): S.SUSPENDED,
    (S.LIVE, "close"): S.CLOSED,
    (S.PAUSED, "start"): S.LIVE,
    (S.PAUSED, "close"): S.CLOSED,
    (S.SUSPENDED, "resume"): S.LIVE,
    (S.SUSPENDED, "close"): S.CLOSED,
    (S.CLOSED, "archive"): S.ARCHIVED,
}

_HERE = (P.WAITING, P.IN_ROOM, P.IN_CAUCUS)

PARTICIPANT: Mapping[tuple[ParticipantState, str], ParticipantState] = {
    (P.INVITED, "arrive"): P.TESTING,
    **{(s, "wait"): P.WAITING for s in (P.INVITED, P.TESTING, P.REFUSED, P.LEFT)},
    **{(s, "refuse"): P.REFUSED for s in (P.INVITED, P.TESTING, P.WAITING, P.REFUSED, P.LEFT)},
    **{(s, "enter"): P.IN_ROOM for s in (P.INVITED, P.TESTING, P.WAITING, P.LEFT)},
    (P.IN_ROOM, "send_back"): P.WAITING,
    (P.IN_ROOM, "withdraw"): P.IN_CAUCUS,
    (P.IN_CAUCUS, "return"): P.IN_ROOM,
    **{(s, "lose"): P.CONNECTION_LOST for s in _HERE},
    (P.CONNECTION_LOST, "back_to_waiting"): P.WAITING,
    (P.CONNECTION_LOST, "back_to_main"): P.IN_ROOM,
    (P.CONNECTION_LOST, "back_to_caucus"): P.IN_CAUCUS,
    **{(s, "leave"): P.LEFT for s in (P.TESTING, *_HERE, P.CONNECTION_LOST)},
    **{(s, "dismiss"): P.DISMISSED for s in (*_HERE, P.CONNECTION_LOST)},
    **{(s, "miss"): P.NO_SHOW for s in (P.INVITED, P.TESTING)},
}

RUNNING = frozenset({S.LIVE, S.PAUSED, S.SUSPENDED})
OVER = frozenset({S.CLOSED, S.ARCHIVED, S.CANCELLED})

HOSTS = frozenset({R.HOST, R.CO_HOST, R.OPERATOR})
"""They lead; the operator works the leader's screen and has the same hands."""

ALWAYS_HEARD = HOSTS | {R.INTERPRETER}
"""Never left out of the sound when many talk at once: who leads, and who speaks for another."""

PRINCIPALS = frozenset({R.PETITIONER, R.APPLICANT, R.RESPONDENT, R.REPRESENTATIVE, R.AGENT})
"""Whom the session is about; a leader meets them only after their card was compared."""

COMPANIONS = frozenset({R.GUARDIAN, R.INTERPRETER})
"""They come along with whom they serve."""

SHARERS = HOSTS | {R.RECORDER, R.HANDLER}
"""Of staff: they may show their screen; everybody else when a host lets them."""

ALARM = HOSTS | {R.RECORDER, R.HANDLER, R.SUPPORT}

ONE_BY_ONE_KINDS = frozenset({SessionKind.RECEPTION, SessionKind.JOINT_INTERVIEW})


class Entry(StrEnum):
    """How somebody comes from the door into the main room."""

    AT_ONCE = "at_once"
    WHEN_LIVE = "when_live"
    WHEN_LET_IN = "when_let_in"
    ONE_BY_ONE = "one_by_one"
    NEVER = "never"


_OF_STAFF = {
    R.HOST: Entry.AT_ONCE,
    R.CO_HOST: Entry.AT_ONCE,
    R.OPERATOR: Entry.AT_ONCE,
    R.RECORDER: Entry.AT_ONCE,
    R.HANDLER: Entry.WHEN_LIVE,
    R.SUPPORT: Entry.NEVER,
}
_NEVER_BY_THEMSELVES = frozenset({R.WITNESS, R.EXPERT, R.OBSERVER, R.HANDLER})


def entry_of(kind: SessionKind, role: SessionRole, *, is_staff: bool) -> Entry:
    """A leader's reception admits one by one; witnesses, experts, guests never enter alone."""
    if is_staff and role in _OF_STAFF:
        return _OF_STAFF[role]
    if kind in ONE_BY_ONE_KINDS or role in _NEVER_BY_THEMSELVES:
        return Entry.ONE_BY_ONE
    return Entry.WHEN_LET_IN
