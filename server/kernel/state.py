"""State machines are tables: {(state, action): state}."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from server.kernel.errors import Conflict

S = TypeVar("S", bound=StrEnum)


def after(table: Mapping[tuple[S, str], S], state: S, action: str) -> S:
    """The state that `action` leads to; Conflict when it is not possible from here."""
    try:
        return table[state, action]
    except KeyError:
        raise Conflict("wrong_state", state=str(state), action=action) from None


def possible(table: Mapping[tuple[S, str], S], state: S) -> tuple[str, ...]:
    return tuple(sorted(action for (s, action) in table if s == state))
