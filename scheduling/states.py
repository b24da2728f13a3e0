"""What can happen to a reception day and to an appointment, as tables."""

from collections.abc import Mapping
from enum import StrEnum

from scheduling.tables import AppointmentState as A
from scheduling.tables import DayState as D
from scheduling.tables import SessionKind
from server.kernel import state


class DayAction(StrEnum):
    PUBLISH = "publish"
    OPEN = "open"
    CLOSE = "close"
    BEGIN = "begin"
    FINISH = "finish"
    ARCHIVE = "archive"
    CANCEL = "cancel"
    SWAP = "swap"
    MOVE = "move"


DAY: Mapping[tuple[D, str], D] = {
    (D.DRAFT, DayAction.PUBLISH): D.PUBLISHED,
    (D.DRAFT, DayAction.CANCEL): D.CANCELLED,
    (D.DRAFT, DayAction.MOVE): D.DRAFT,
    (D.PUBLISHED, DayAction.OPEN): D.BOOKING_OPEN,
    (D.PUBLISHED, DayAction.CANCEL): D.CANCELLED,
    (D.PUBLISHED, DayAction.SWAP): D.SWAPPED,
    (D.PUBLISHED, DayAction.MOVE): D.PUBLISHED,
    (D.BOOKING_OPEN, DayAction.CLOSE): D.BOOKING_CLOSED,
    (D.BOOKING_OPEN, DayAction.CANCEL): D.CANCELLED,
    (D.BOOKING_OPEN, DayAction.SWAP): D.SWAPPED,
    (D.BOOKING_OPEN, DayAction.MOVE): D.BOOKING_OPEN,
    (D.BOOKING_CLOSED, DayAction.BEGIN): D.IN_PROGRESS,
    (D.BOOKING_CLOSED, DayAction.CANCEL): D.CANCELLED,
    (D.BOOKING_CLOSED, DayAction.SWAP): D.SWAPPED,
    (D.BOOKING_CLOSED, DayAction.MOVE): D.BOOKING_CLOSED,
    (D.IN_PROGRESS, DayAction.FINISH): D.DONE,
    (D.IN_PROGRESS, DayAction.CANCEL): D.CANCELLED,
    (D.DONE, DayAction.ARCHIVE): D.ARCHIVED,
}


class Action(StrEnum):
    SUBMIT = "submit"
    CONFIRM = "confirm"
    DIVERT = "divert"
    DECLINE = "decline"
    MOVE = "move"
    CANCEL = "cancel"
    EXPIRE = "expire"
    CHECK_IN = "check_in"
    BEGIN = "begin"
    COMPLETE = "complete"
    MISS = "miss"
    RESCHEDULE = "reschedule"


APPOINTMENT: Mapping[tuple[A, str], A] = {
    (A.ON_HOLD, Action.SUBMIT): A.SUBMITTED,
    (A.ON_HOLD, Action.CANCEL): A.CANCELLED,
    (A.ON_HOLD, Action.EXPIRE): A.EXPIRED,
    (A.SUBMITTED, Action.CONFIRM): A.CONFIRMED,
    (A.SUBMITTED, Action.DIVERT): A.DIVERTED,
    (A.SUBMITTED, Action.DECLINE): A.DECLINED,
    (A.SUBMITTED, Action.MOVE): A.SUBMITTED,
    (A.SUBMITTED, Action.CANCEL): A.CANCELLED,
    (A.SUBMITTED, Action.EXPIRE): A.EXPIRED,
    (A.CONFIRMED, Action.DIVERT): A.DIVERTED,
    (A.CONFIRMED, Action.MOVE): A.CONFIRMED,
    (A.CONFIRMED, Action.CANCEL): A.CANCELLED,
    (A.CONFIRMED, Action.CHECK_IN): A.CHECKED_IN,
    (A.CONFIRMED, Action.BEGIN): A.IN_SESSION,
    (A.CONFIRMED, Action.COMPLETE): A.COMPLETED,
    (A.CONFIRMED, Action.MISS): A.NO_SHOW,
    (A.CHECKED_IN, Action.BEGIN): A.IN_SESSION,
    (A.CHECKED_IN, Action.COMPLETE): A.COMPLETED,
    (A.CHECKED_IN, Action.MISS): A.NO_SHOW,
    (A.CHECKED_IN, Action.MOVE): A.CONFIRMED,
    (A.CHECKED_IN, Action.CANCEL): A.CANCELLED,
    (A.CHECKED_IN, Action.RESCHEDULE): A.RESCHEDULED,
    (A.CONFIRMED, Action.RESCHEDULE): A.RESCHEDULED,
    (A.IN_SESSION, Action.COMPLETE): A.COMPLETED,
}
"""`move` keeps the entry in people's calendars; `divert` and `reschedule` lead to a new one."""
BY_SLOT = frozenset({Action.MOVE, Action.DIVERT})
"""Only a reception has a slot: the time of other sessions is found with all who are to come."""


def possible(at: A, kind: SessionKind) -> list[str]:
    """What people can do with a session of this kind where its appointments are changed."""
    found = state.possible(APPOINTMENT, at)
    return [one for one in found if kind is SessionKind.RECEPTION or one not in BY_SLOT]
