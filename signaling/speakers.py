"""Who speaks in each room, as the engine said last: it says so when that changes, and people come between."""

from collections.abc import Collection, Sequence
from uuid import UUID

from signaling.facts import PersonSpeaking
from signaling.lines import Line
from signaling.model import Session


class Speakers:
    def __init__(self) -> None:
        self._of: dict[UUID, Sequence[UUID]] = {}

    def hear(self, room_id: UUID, speakers: Sequence[UUID]) -> None:
        self._of[room_id] = speakers

    def keep(self, rooms: Collection[UUID]) -> None:
        """Forget the rooms that are no more."""
        self._of = {room_id: who for room_id, who in self._of.items() if room_id in rooms}

    def tell(self, line: Line, session: Session) -> None:
        """To one who has just been shown the room where they sit; silence goes without saying."""
        room_id = session.seat(line.seat_id).room_id
        here = {seat.id for seat in session.in_room(room_id)}
        heard = self._of.get(room_id, ()) if room_id else ()
        if speakers := [one for one in heard if one in here]:
            line.tell(PersonSpeaking(participant_ids=speakers))
