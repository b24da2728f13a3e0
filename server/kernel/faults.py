"""What may be said of an error where it is kept: its kind and place, never the values it met."""

import traceback
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from server.kernel.errors import DomainError
from server.kernel.outside import NotDelivered

DEEPEST = 12


def kind_of(error: BaseException) -> str:
    """One line. Messages of errors hold what was sent or stored, so only codes are taken over."""
    match error:
        case DomainError():
            return f"{type(error).__name__} {error.code}"
        case NotDelivered():
            return f"NotDelivered {error}"
        case DBAPIError():
            state = getattr(error.orig, "sqlstate", None)
            cause = error.orig.__cause__ if error.orig is not None else None
            constraint = getattr(cause, "constraint_name", None)
            return " ".join(filter(None, (type(error).__name__, state, constraint)))
        case OSError(errno=int() as number):
            return f"{type(error).__name__} {number}"
        case _:
            return type(error).__name__


def places_of(error: BaseException) -> list[str]:
    """Where it came from, innermost last: file, line, function."""
    frames = traceback.extract_tb(error.__traceback__)[-DEEPEST:]
    return [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
