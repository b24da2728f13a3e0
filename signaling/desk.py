"""All live sessions of this process: who comes, what they ask for, what happens to them."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID, uuid4

from server.kernel.actor import SYSTEM, Actor
from server.kernel.config import Identity, Scheduling
from server.kernel.errors import Conflict, NotFound, Unavailable
from signaling import happenings as h
from signaling import media_requests, opening, requests, store
from signaling.dayline import line_of_day, place_in
from signaling.engine import Leg
from signaling.facts import Vitals
from signaling.lines import Line, Peer
from signaling.live import Along, Ground, Live, Sitting, Step
from signaling.meters import Meters
from signaling.pace import Pace
from signaling.protocol import Done, Parting, Reason
from signaling.requests import Asked
from signaling.rights import check
from signaling.session import decide, follow
from signaling.states import SESSION
from signaling.store import Stored
from signaling.tables import Result, SessionState

T = TypeVar("T")


@dataclass
class Desk:
    ground: Ground
    rules: Scheduling
    identity: Identity
    pace: Pace = field(default_factory=Pace)
    monotonic: Callable[[], float] = time.monotonic
    lives: dict[UUID, Live] = field(default_factory=dict)
    is_draining: bool = False
    meters: Meters = field(default_factory=Meters)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    _turns: set[asyncio.Task[object]] = field(default_factory=set)

    async def settle(self) -> None:
        """Wait until every turn that was begun is done."""
        await asyncio.gather(*self._turns, return_exceptions=True)

    # --- lines

    async def attach(
        self, appointment_id: UUID, invitee_id: UUID, peer: Peer, *, actor: Actor, fresh: bool
    ) -> Sitting:
        """Put a socket on its seat: the same seat, whatever went before. Raises DomainError."""
        return await self._wholly(
            self._attach(appointment_id, invitee_id, peer, actor=actor, fresh=fresh)
        )

    async def _attach(
        self, appointment_id: UUID, invitee_id: UUID, peer: Peer, *, actor: Actor, fresh: bool
    ) -> Sitting:
        live = await self.open(appointment_id)
        seat_id = await self._seat(live, invitee_id)
        async with live.lock:
            line = Line(seat_id, actor, peer, heard_at=self.monotonic())
            older = live.lines.get(seat_id)
            live.lines[seat_id] = line
            live.came_by[seat_id] = actor
            try:
                if fresh:
                    await live.forget_media(seat_id)
                connected = h.Connected(seat_id, fresh=fresh)
                await live.take(self._step(connected), actor=actor)
            except BaseException:
                live.lines.pop(seat_id, None)
                raise
            finally:
                if older is not None:
                    older.part(Parting.STOP, Reason.ELSEWHERE)
        await self.tell_places(live.day_id)
        return Sitting(live, line)

    async def receive(self, sitting: Sitting, message: Asked) -> None:
        """Do what a client asks and say `done`. Raises DomainError, which is its `refused`."""
        await self._wholly(self._receive(sitting, message))

    async def _receive(self, sitting: Sitting, message: Asked) -> None:
        live, line = sitting.live, sitting.line
        if self.is_draining:
            raise Unavailable("restarting")
        if live.lines.get(line.seat_id) is not line:
            raise Conflict("seat_taken_elsewhere")
        line.heard_at = self.monotonic()
        if not live.session.seat(line.seat_id).is_connected:
            await self._follow(live, h.Connected(line.seat_id, fresh=False), actor=line.actor)
        if isinstance(message, media_requests.MediaAsked):
            check(live.session, live.session.seat(line.seat_id), message.type)
            if isinstance(message, requests.MediaPublish):
                live.hearing.expect(line.seat_id, Leg.SENDING, now=line.heard_at)
            line.send(await media_requests.carry_out(live, line.seat_id, message))
        elif isinstance(message, requests.Beat):
            await self._measure(live, line, message)
        else:
            await self._decide(live, line, message)

    def detach(self, sitting: Sitting) -> None:
        """The socket is gone; the seat is lost unless another comes within a moment."""
        sitting.line.gone_at = self.monotonic()

    async def cut(self, live: Live, seat_id: UUID, actor: Actor) -> None:
        """Take a seat's line and media from whoever came so, unless it was taken anew since."""
        await self._wholly(self._cut(live, seat_id, actor))

    async def _cut(self, live: Live, seat_id: UUID, actor: Actor) -> None:
        async with live.lock:
            if live.came_by.get(seat_id) == actor:
                await live.take(self._step(h.SignedOut(seat_id)), actor=SYSTEM)
                del live.came_by[seat_id]
        await self.tell_places(live.day_id)

    def drain(self) -> None:
        """Send everybody to the next process: they come back by themselves.

        From here on nothing is changed: nobody is lost because we go.
        """
        self.is_draining = True
        for live in self.lives.values():
            for line in live.lines.values():
                line.part(Parting.RESUME, Reason.DRAINING)
            live.lines.clear()

    async def _decide(self, live: Live, line: Line, message: Asked) -> None:
        new_id, before = uuid4(), live.session.state
        check(live.session, live.session.seat(line.seat_id), message.type)
        if isinstance(message, requests.Admit):
            await self._look_again(live, message.participant_id)
        opened = isinstance(message, requests.CaucusOpen)
        done = Done(ref=message.ref, room_id=new_id if opened else None)
        now = self.ground.clock.now()
        async with live.lock:
            await live.take(
                lambda s: decide(s, message, actor=line.seat_id, now=now, new_id=new_id),
                actor=line.actor,
                then=lambda: line.send(done),
            )
        if live.session.state is not before or isinstance(message, requests.Leave):
            await self.tell_places(live.day_id)

    async def _look_again(self, live: Live, seat_id: UUID) -> None:
        """The card may have been compared at a window meanwhile."""
        seat = live.session.seat(seat_id)
        if not seat.is_seen:
            async with self.ground.uow.begin(SYSTEM) as tx:
                is_seen = await store.is_seen(tx, seat.invitee_id)
            if is_seen:
                await self.follow(live, h.Compared(seat_id))

    async def _measure(self, live: Live, line: Line, beat: requests.Beat) -> None:
        vitals = Vitals.model_validate(beat.model_dump(include=set(Vitals.model_fields)))
        live.measured(line.seat_id, vitals, now=self.monotonic())
        await self.judge(live, line.seat_id, actor=line.actor)
        self.meters.measured(live.session.seat(line.seat_id).role, vitals)
        line.send(Done(ref=beat.ref))

    async def judge(self, live: Live, seat_id: UUID, *, actor: Actor = SYSTEM) -> None:
        """How their line does now, by what was measured and by what is heard of them."""
        quality = live.quality_of(seat_id, now=self.monotonic())
        if quality is not live.session.seat(seat_id).line:
            await self._follow(live, h.LineChanged(seat_id, quality), actor=actor)

    # --- what happens

    async def check_in(
        self, appointment_id: UUID, invitee_id: UUID, *,
        agreed: bool, recorded: bool, actor: Actor, along: Along,
    ) -> None:  # fmt: skip
        live = await self.open(appointment_id)
        seat_id = await self._seat(live, invitee_id)
        live.noticed_at[seat_id] = self.monotonic()
        happening = h.CheckedIn(seat_id, agreed, recorded)
        await self._wholly(self._follow_and_tell(live, happening, actor=actor, along=along))

    async def compared(
        self, appointment_id: UUID, invitee_id: UUID, *, actor: Actor, along: Along
    ) -> None:
        """Staff compared the card of an invitee; `along` writes that down."""
        live = await self.open(appointment_id)
        happening = h.Compared(await self._seat(live, invitee_id))
        await self._wholly(self._follow(live, happening, actor=actor, along=along))

    async def close(
        self, appointment_id: UUID, result: Result, *, actor: Actor, along: Along | None = None
    ) -> None:
        live = await self.open(appointment_id)
        happening = h.Closed(result)
        await self._wholly(self._follow_and_tell(live, happening, actor=actor, along=along))

    async def cancel(self, appointment_id: UUID) -> None:
        """The appointment is off: whoever waits is told."""
        live = self.lives.get(appointment_id)
        if live is not None and (live.session.state, "cancel") in SESSION:
            await self._follow(live, h.Cancelled(), actor=SYSTEM)
            return
        async with self.ground.uow.begin(SYSTEM) as tx:
            await opening.cancel(tx, appointment_id)

    async def move(self, appointment_id: UUID) -> None:
        """Another time: a session that has not begun starts from nothing then."""
        live = self.lives.get(appointment_id)
        if live is not None and live.session.started_at is not None:
            return
        async with self.ground.uow.begin(SYSTEM) as tx:
            await opening.reset(tx, appointment_id)
        if live is not None:
            self.lives.pop(appointment_id)
            for line in live.lines.values():
                line.part(Parting.STOP, Reason.MOVED)

    async def rehost(self, appointment_id: UUID) -> None:
        """Another leader receives at the same time: who waits stays, in the line of the new day."""
        live = self.lives.get(appointment_id)
        if live is not None:
            await self.refresh(live)
            await self.tell_places(live.day_id)

    async def alarm_taken(self, session_id: UUID, alarm_id: UUID) -> None:
        for live in list(self.lives.values()):
            if live.session.id == session_id:
                await self.follow(live, h.AlarmHandled(alarm_id))

    async def tape_trouble(self, session_id: UUID, *, is_on: bool) -> None:
        """What is recorded of a session cannot be written, or can be again."""
        for live in list(self.lives.values()):
            if live.session.id == session_id:
                await self.follow(live, h.TapeTrouble(is_on))

    async def follow(self, live: Live, happening: h.Happening) -> None:
        """Something that time or the engine brings about."""
        await self._follow(live, happening, actor=SYSTEM)

    async def _follow_and_tell(
        self, live: Live, happening: h.Happening, *, actor: Actor, along: Along | None = None
    ) -> None:
        await self._follow(live, happening, actor=actor, along=along)
        await self.tell_places(live.day_id)

    async def _follow(
        self, live: Live, happening: h.Happening, *, actor: Actor, along: Along | None = None
    ) -> None:
        async with live.lock:
            await live.take(self._step(happening), actor=actor, along=along)

    def _step(self, happening: h.Happening) -> Step:
        now, new_id = self.ground.clock.now(), uuid4()
        return lambda session: follow(session, happening, now=now, new_id=new_id)

    async def _wholly(self, turn: Coroutine[None, None, T]) -> T:
        """Do it to its end, even when whoever asked has gone: half a turn would divide memory
        and database."""
        task = asyncio.create_task(turn)
        self._turns.add(task)
        task.add_done_callback(self._turns.discard)
        return await asyncio.shield(task)

    # --- sessions

    async def open(self, appointment_id: UUID) -> Live:
        """The session of an appointment, from memory, or as it stands in the database."""
        if self.is_draining:
            raise Unavailable("restarting")
        async with self._opening:
            live = self.lives.get(appointment_id)
            if live is not None:
                return live
            live = Live.of(await self._load(appointment_id), self.ground)
            if live.session.state is SessionState.SCHEDULED and self._is_time(live):
                await self.follow(live, h.DoorsOpened())
            live.loaded_at = self.monotonic()
            self.lives[appointment_id] = live
            return live

    async def refresh(self, live: Live) -> None:
        """Seats for those invited meanwhile, names as they are now."""
        stored = await self._load(live.session.appointment_id)
        async with live.lock:
            live.add_seats(stored)

    async def tell_places(self, day_id: UUID | None) -> None:
        """Tell everybody who waits on this day where they stand now."""
        lives = [live for live in self.lives.values() if live.day_id == day_id and live.lines]
        if day_id is None or not lives:
            return
        async with self.ground.uow.begin(SYSTEM) as tx:
            line = await line_of_day(tx, day_id, late_after=self.rules.late_after)
        for live in lives:
            live.place = place_in(
                line, live.session.appointment_id,
                now=self.ground.clock.now(), late_after=self.rules.late_after,
            )  # fmt: skip
            live.show()

    async def _load(self, appointment_id: UUID) -> Stored:
        async with self.ground.uow.begin(SYSTEM) as tx:
            appointment = await opening.standing_appointment(tx, appointment_id)
            session = await opening.ensure_session(tx, appointment)
            return await store.load(tx, self.ground.sealer, appointment, session)

    def _is_time(self, live: Live) -> bool:
        return self.ground.clock.now() >= live.session.begins_at - self.rules.doors_before

    async def _seat(self, live: Live, invitee_id: UUID) -> UUID:
        """The seat of an invitee, who may have been invited a moment ago."""
        if live.seat_of(invitee_id) is None:
            await self.refresh(live)
        seat_id = live.seat_of(invitee_id)
        if seat_id is None:
            raise NotFound
        return seat_id
