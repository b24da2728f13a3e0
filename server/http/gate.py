"""How many live sockets are open: in all, of one person, and of those who have not said who they are.

Counted for this process: what a restart forgets, it has closed as well.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

T = TypeVar("T", str, UUID)


@dataclass(frozen=True)
class Room:
    """An address may be a village behind one NAT: it is given room for all of them at once."""

    in_all: int = 12_000
    unnamed: int = 2_000
    unnamed_per_address: int = 300
    per_person: int = 24


class FullError(Exception):
    """No room for another; `address_alone` when there is for others."""

    def __init__(self, *, address_alone: bool) -> None:
        super().__init__()
        self.address_alone = address_alone


@dataclass
class Gate:
    room: Room
    open: int = 0
    unnamed: Counter[str] = field(default_factory=Counter)
    people: Counter[UUID] = field(default_factory=Counter)

    @contextmanager
    def visit(self, address: str) -> Iterator["Visit"]:
        """For as long as a socket is open. Raises FullError before it is."""
        if self.open >= self.room.in_all or self.unnamed.total() >= self.room.unnamed:
            raise FullError(address_alone=False)
        if self.unnamed[address] >= self.room.unnamed_per_address:
            raise FullError(address_alone=True)
        visit = Visit(self, address)
        self.open += 1
        self.unnamed[address] += 1
        try:
            yield visit
        finally:
            self.open -= 1
            visit.end()


@dataclass
class Visit:
    gate: Gate
    address: str
    person: UUID | None = None

    def name(self, person: UUID) -> bool:
        """They have said who they are; false when this person has too many sockets open."""
        if self.gate.people[person] >= self.gate.room.per_person:
            return False
        _less(self.gate.unnamed, self.address)
        self.gate.people[person] += 1
        self.person = person
        return True

    def end(self) -> None:
        if self.person is None:
            _less(self.gate.unnamed, self.address)
        else:
            _less(self.gate.people, self.person)


def _less(counter: Counter[T], key: T) -> None:
    """One less; nothing is kept of who has none."""
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
