"""Packets of one stream in their order: who is late is waited for half a second."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
WAIT = 0.5


class Window(Generic[T]):
    """Numbers are extended: they only grow."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._waiting: dict[int, tuple[float, T]] = {}

    def put(self, number: int, item: T, *, now: float) -> None:
        if self._next is None:
            self._next = number
        if number >= self._next:
            self._waiting.setdefault(number, (now, item))

    def ready(self, *, now: float) -> Iterator[T | None]:
        """What can go on now; None stands where something never came."""
        while self._waiting and self._next is not None:
            found = self._waiting.pop(self._next, None)
            if found is not None:
                self._next += 1
                yield found[1]
                continue
            first = min(self._waiting)
            if now - self._waiting[first][0] < WAIT:
                return
            self._next = first
            yield None
