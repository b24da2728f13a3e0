"""One live session in memory: carries out its turns in the order that lets nobody hear too much."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from server.kernel.actor import SYSTEM, Actor
from server.kernel.clock import Clock
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx, UnitOfWork
from signaling import consequences, store
from signaling.engine import Arriving, MediaEngine, MediaUnavailableError, MemberId, RoomId
from signaling.facts import Line as Quality
from signaling.facts import PersonVitals, Place, Vitals
from signaling.hearing import Hearing
from signaling.lines import Line
from signaling.model import Effect, Logged, Part, Passed, Seat, Session, Tell
from signaling.quality import line_of
from signaling.relays import Relays
from signaling.session import Outcome
from signaling.sight import HERE, looks_after, sight_of
from signaling.speakers import Speakers
from signaling.store import Stored
from signaling.tapes import Tape, Tapes

log = logging.getLogger("yuntiao.live")

Step = Callable[[Session], Outcome]
Along = Callable[[Tx], Awaitable[None]]
Then = Callable[[], None]


AT_FIRST = Passed(audio=True, video=True, screen=False)
"""What an engine passes on of whom it was told nothing yet."""

MINUTE = 60.0
MOST_BEATS = 60
"""Of one seat that are remembered; a client sends 24 in a minute."""


def _nothing() -> None:
    """Nothing is to be said after the facts."""


@dataclass(frozen=True)
class Ground:
    """What live sessions stand on."""

    uow: UnitOfWork
    engine: MediaEngine
    sealer: Sealer
    clock: Clock
    relays: Relays | None = None
    tapes: Tapes | None = None


@dataclass
class Live:
    """`granted` is what the engine was told; `lines` are the seats that can be reached now;
    `came_by` is what each seat was taken with, which must hold as long as it has a line or media.
    """

    ground: Ground
    session: Session
    names: dict[UUID, str]
    day_id: UUID | None
    lines: dict[UUID, Line] = field(default_factory=dict)
    came_by: dict[UUID, Actor] = field(default_factory=dict)
    granted: dict[UUID, UUID] = field(default_factory=dict)
    permitted: dict[UUID, Passed] = field(default_factory=dict)
    favoured: set[UUID] = field(default_factory=set)
    vitals: dict[UUID, Vitals] = field(default_factory=dict)
    uplinks: dict[UUID, float | None] = field(default_factory=dict)
    """The share that the engine misses of what each seat sends; None while that is nothing."""

    hearing: Hearing = field(default_factory=Hearing)
    speakers: Speakers = field(default_factory=Speakers)

    freezes: dict[UUID, deque[tuple[float, int]]] = field(default_factory=dict)
    place: Place | None = None
    tape: Tape = field(default_factory=Tape)
    loaded_at: float = 0.0
    noticed_at: dict[UUID, float] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of(cls, stored: Stored, ground: Ground) -> "Live":
        session = replace(stored.session, can_record=ground.tapes is not None)
        return cls(ground, session, dict(stored.names), stored.day_id)

    def seat_of(self, invitee_id: UUID) -> UUID | None:
        seats = self.session.seats.values()
        return next((seat.id for seat in seats if seat.invitee_id == invitee_id), None)

    def counts_as_here(self, seat: Seat) -> bool:
        """Whether the others believe this one is here; after a restart nobody has come yet."""
        return seat.is_connected or seat.state in HERE

    def add_seats(self, stored: Stored) -> None:
        new = {key: s for key, s in stored.session.seats.items() if key not in self.session.seats}
        self.session = replace(self.session, seats={**self.session.seats, **new})
        self.names.update(stored.names)
        self.day_id = stored.day_id
        self.show()

    async def take(
        self, step: Step, *, actor: Actor, along: Along | None = None, then: Then = _nothing
    ) -> None:
        """One turn: the engine revokes, the database commits, the engine grants, facts go out.

        An engine that does not revoke, or a failed commit, restores the old rooms. `along` works in the same transaction, `then`
        comes after the facts and before lines are closed. The caller holds the lock.
        """
        before = self.session
        outcome = step(before)
        if outcome.session is before and not outcome.effects and along is None:
            then()
            return
        wanted = self._wanted(outcome.session)
        leaving = {seat: room for seat, room in self.granted.items() if wanted.get(seat) != room}
        effects = [*outcome.effects, *await self._connections(outcome.session, leaving)]
        try:
            for seat_id in leaving:
                await self.ground.engine.revoke(member(seat_id))
            await self._keep(before, outcome.session, effects, actor=actor, along=along)
        except BaseException:
            await self._restore(leaving)
            raise
        self.session = outcome.session
        self.speakers.keep(self.session.rooms)
        for seat_id in leaving:
            self.granted.pop(seat_id, None)
            if seat_id not in wanted:
                await self.forget_media(seat_id)
        await self._permit(wanted)
        await self.tape.follow(
            self.session, self.ground
        )  # before anybody comes in who is not to be on it
        await self._grant(wanted)
        await self._favour(wanted)
        self._push(effects, then)

    async def _restore(self, leaving: dict[UUID, UUID]) -> None:
        """Everybody where they were; one whom the engine cannot bring back holds up nobody else."""
        for seat_id, room_id in leaving.items():
            try:
                await self.ground.engine.grant(member(seat_id), RoomId(str(room_id)))
            except MediaUnavailableError as away:
                log.warning("media of seat %s: %s", seat_id, away)

    def _wanted(self, session: Session) -> dict[UUID, UUID]:
        """Where the engine is to have whom; one whose line is lost keeps what was granted."""
        wanted = {}
        for seat in session.seats.values():
            room_id = session.media_room(seat)
            if room_id is not None and (seat.is_connected or seat.id in self.granted):
                wanted[seat.id] = room_id
        return wanted

    async def _keep(
        self, before: Session, after: Session, effects: list[Effect], *,
        actor: Actor, along: Along | None,
    ) -> None:  # fmt: skip
        if along is None and not store.changes(before, after, effects):
            return

        async def write(tx: Tx) -> None:
            await store.save(tx, before, after, effects)
            await consequences.carry(tx, before, after, effects)
            if along is not None:
                await along(tx)

        # memory says how the session stands, so a row that the clock touched meanwhile is no news
        await self.ground.uow.settle(actor, write)

    async def _connections(self, after: Session, leaving: dict[UUID, UUID]) -> list[Logged]:
        """How the lines of those who leave for good have been, for the log."""
        gone = {s: room for s, room in leaving.items() if after.seats[s].room_id is None}
        facts: list[Logged] = []
        for room_id in set(gone.values()):
            try:
                numbers = await self.ground.engine.stats(RoomId(str(room_id)))
            except MediaUnavailableError:
                continue
            facts.extend(
                Logged("connection", UUID(one.member), room_id, {
                    "sent_loss": None if one.sent_loss is None else round(one.sent_loss, 4),
                    "received_loss": round(one.received_loss, 4),
                    "sent_kbps": round(one.sent_kbps),
                    "received_kbps": round(one.received_kbps),
                    "round_trip_ms": round(one.round_trip * 1000) if one.round_trip else None,
                })
                for one in numbers
                if UUID(one.member) in gone
            )  # fmt: skip
        return facts

    async def _permit(self, wanted: Iterable[UUID]) -> None:
        """What the engine passes on of each: nothing of whom the host muted, or of whom nobody
        leads. Of who is not to be with it, it is told nothing: it would keep them.
        """
        for seat_id in wanted:
            allowed = self.session.passes_on(self.session.seat(seat_id))
            if self.permitted.get(seat_id, AT_FIRST) != allowed:
                self.permitted[seat_id] = allowed
                await self.ground.engine.permit(member(seat_id), **allowed._asdict())

    async def _grant(self, wanted: dict[UUID, UUID]) -> None:
        for seat_id, room_id in wanted.items():
            if self.granted.get(seat_id) != room_id:
                self.granted[seat_id] = room_id
                await self.ground.engine.grant(member(seat_id), RoomId(str(room_id)))

    async def _favour(self, wanted: Iterable[UUID]) -> None:
        for seat_id in wanted:
            is_favoured = self.session.seat(seat_id).is_always_heard
            if is_favoured != (seat_id in self.favoured):
                (self.favoured.add if is_favoured else self.favoured.discard)(seat_id)
                await self.ground.engine.favour(member(seat_id), on=is_favoured)

    def noted(self, seat_id: UUID, kind: str, facts: Mapping[str, object]) -> Logged:
        """Something about a seat that changes nothing, where it is now."""
        return Logged(kind, seat_id, self.session.seat(seat_id).room_id, facts)

    async def log(self, line: Logged) -> None:
        async with self.ground.uow.begin(SYSTEM) as tx:
            await store.save(tx, self.session, self.session, [line])

    async def forget_media(self, seat_id: UUID) -> None:
        """Take down both peer connections of a seat."""
        self.granted.pop(seat_id, None)
        self.permitted.pop(seat_id, None)
        self.favoured.discard(seat_id)
        self.vitals.pop(seat_id, None)
        self.uplinks.pop(seat_id, None)
        self.freezes.pop(seat_id, None)
        self.hearing.forget(seat_id)
        await self.ground.engine.close(member(seat_id))

    def _push(self, effects: Iterable[Effect], then: Then) -> None:
        for effect in effects:
            if isinstance(effect, Tell) and effect.seat_id in self.lines:
                self.lines[effect.seat_id].tell(effect.fact)
        self.show()
        then()
        for effect in effects:
            if isinstance(effect, Part) and (line := self.lines.pop(effect.seat_id, None)):
                line.part(effect.action, effect.reason)

    def measured(self, seat_id: UUID, vitals: Vitals, *, now: float) -> None:
        """Remember how somebody's line does, and tell who looks after the session."""
        if vitals.freezes is not None:
            recent = self.freezes.setdefault(seat_id, deque(maxlen=MOST_BEATS))
            recent.append((now, vitals.freezes))
            in_minute = sum(count for at, count in recent if now - at < MINUTE)
            vitals = vitals.model_copy(update={"freezes": in_minute})
        vitals = vitals.model_copy(update={"sent_loss": self.uplinks.get(seat_id)})
        self.vitals[seat_id] = vitals
        self.ground.engine.measured(member(seat_id), _arriving(vitals))
        for line in self.lines.values():
            if looks_after(self.session.seat(line.seat_id)):
                line.tell(PersonVitals(participant_id=seat_id, vitals=vitals))

    def quality_of(self, seat_id: UUID, *, now: float) -> Quality:
        """A client that goes on telling good numbers may have no media all the same."""
        if self.hearing.misses(seat_id, now=now):
            return Quality.BAD
        vitals = self.vitals.get(seat_id, Vitals())
        return line_of(loss=max(vitals.loss or 0.0, vitals.sent_loss or 0.0), rtt=vitals.rtt)

    def show(self) -> None:
        """Tell every seat what has changed for it."""
        now = self.ground.clock.now()
        for line in self.lines.values():
            sight = sight_of(self.session, line.seat_id, names=self.names, place=self.place)
            before = line.room_id
            line.show(sight, session=self.session, now=now)
            if line.room_id != before:
                self.speakers.tell(line, self.session)


def member(seat_id: UUID) -> MemberId:
    return MemberId(str(seat_id))


def _arriving(vitals: Vitals) -> Arriving:
    round_trip = None if vitals.rtt is None else vitals.rtt / 1000
    return Arriving(vitals.loss, round_trip, vitals.kbps)


@dataclass(frozen=True)
class Sitting:
    """Where a socket sits, for as long as its line is the seat's line."""

    live: Live
    line: Line
