"""Who speaks in which room, from what Janus tells each publisher of their own voice."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from signaling.engine import MediaEvent, MemberId, RoomId, Speaking
from signaling.janus.people import Person


@dataclass(frozen=True)
class Speakers:
    """Tells everybody in the room, the last to begin first."""

    people: Mapping[MemberId, Person]
    tell: Callable[[MediaEvent], None]
    _turns: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def note(self, person: Person, *, speaks: bool) -> None:
        if speaks != bool(person.spoke):
            person.spoke = next(self._turns) if speaks else 0
            self._tell(person.room)

    def permitted(self, person: Person) -> None:
        """Whom the host muted speaks to nobody."""
        if person.spoke:
            self._tell(person.room)

    def moved(self, person: Person, *, before: RoomId | None) -> None:
        if person.spoke and before != person.room:
            self._tell(before)
        self.came(person)

    def came(self, person: Person) -> None:
        """Who comes or comes back is told who speaks there already."""
        if person.room is not None and self._in(person.room):
            self._tell(person.room)

    def _tell(self, room: RoomId | None) -> None:
        if room is not None:
            self.tell(Speaking(room, self._in(room)))

    def _in(self, room: RoomId) -> tuple[MemberId, ...]:
        here = [one for one in self.people.values() if one.room == room and one.spoke]
        heard = [one for one in here if "audio" in one.permitted]
        return tuple(one.id for one in sorted(heard, key=lambda one: one.spoke, reverse=True))
