"""Whether what clients saw of one slot can have happened in some order (Wing and Gong).

An operation takes effect at one instant between its call and its answer. One that was never
answered may have taken effect at any time after its call, or never.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class Kind(StrEnum):
    BOOK = "book"
    CANCEL = "cancel"
    READ = "read"


class Result(StrEnum):
    OK = "ok"
    REFUSED = "refused"
    FREE = "free"
    TAKEN = "taken"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Operation:
    """`begin` and `end` by one clock; `end` is infinite for an unknown result."""

    client: int
    kind: Kind
    slot: int
    begin: float
    end: float
    result: Result


State = Hashable
Model = Callable[[State, Operation], Sequence[State]]
FREE = -1
"""The state of a slot is the client who has it, or nobody."""


def after(state: int, operation: Operation) -> list[int]:
    """The states in which the slot may be after the operation; empty when it contradicts."""
    is_free, is_mine = state == FREE, state == operation.client
    mine = operation.client
    match operation.kind, operation.result:
        case Kind.BOOK, Result.OK:
            found = [mine] if is_free else []
        case (Kind.BOOK, Result.REFUSED) | (Kind.READ, Result.TAKEN):
            found = [] if is_free else [state]
        case Kind.CANCEL, Result.OK:
            found = [FREE] if is_mine else []
        case Kind.READ, Result.FREE:
            found = [state] if is_free else []
        case Kind.BOOK, _:
            found = [mine, state] if is_free else [state]
        case _:
            found = [FREE, state] if is_mine and operation.kind is Kind.CANCEL else [state]
    return found


def is_possible(
    history: Sequence[Operation], *, final: State, start: State = FREE, model: Model = after
) -> bool:
    """Whether one order explains every answer and ends with `final` having the slot.

    `model`: the states that may follow from a state by an operation.
    """
    whole = (1 << len(history)) - 1

    @cache
    def search(done: int, state: State) -> bool:
        if done == whole:
            return state == final
        left = [n for n in range(len(history)) if not done >> n & 1]
        horizon = min(history[n].end for n in left)
        return any(
            search(done | 1 << n, following)
            for n in left
            if history[n].begin <= horizon
            for following in model(state, history[n])
        )

    return search(0, start)


def is_sound(history: Sequence[Operation], holders: Sequence[Sequence[int]]) -> bool:
    """Of each slot at most one holder in the end, and an order that explains all answers."""
    return all(
        len(who) <= 1
        and is_possible([one for one in history if one.slot == slot], final=(*who, FREE)[0])
        for slot, who in enumerate(holders)
    )
