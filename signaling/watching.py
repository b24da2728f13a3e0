"""What time and scheduling do to sessions: doors open, nobody came, called off, another time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from scheduling import unmet
from scheduling.joint import interviews
from scheduling.mediation import mediations
from scheduling.mediation import session as mediation_session
from scheduling.runner import Effect, Work
from scheduling.tables import Appointment, AppointmentState, SessionKind
from server.kernel.actor import SYSTEM
from server.kernel.config import Scheduling
from server.kernel.errors import Conflict, Gone
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from signaling.desk import Desk
from signaling.doors import doors_at
from signaling.opening import STANDING
from signaling.tables import LiveSession, Result

WATCH, DOORS = "live.watch", "live.doors"
OVERDUE, UNMET, DESERTED = "live.overdue", "live.unmet", "live.deserted"
CANCEL, MOVE, REHOST = "live.cancel", "live.move", "live.rehost"
MEDIATED, MEDIATION_OFF = "mediation.session_over", "mediation.appointment_off"
JOINED, JOINT_OFF = "joint.session_over", "joint.appointment_off"
AHEAD = frozenset({AppointmentState.CONFIRMED, AppointmentState.CHECKED_IN})
GOES_ON = frozenset({Result.ADJOURNED, Result.NOBODY_CAME, Result.ABORTED})


@dataclass(frozen=True)
class Watch:
    """The task handlers, by kind."""

    desk: Desk
    rules: Scheduling

    @property
    def work(self) -> dict[str, Work]:
        return {
            WATCH: self.watch,
            MEDIATED: _mediated,
            MEDIATION_OFF: mediation_session.appointment_off,
            mediations.LAPSE: mediations.lapse,
            JOINED: _joined,
            JOINT_OFF: interviews.appointment_off,
        }

    @property
    def effects(self) -> dict[str, Effect]:
        return {
            DOORS: self.open_doors,
            OVERDUE: self.close_if_nobody_came,
            UNMET: self.close_if_nobody_received,
            DESERTED: self.close_if_deserted,
            CANCEL: self.cancel,
            MOVE: self.move,
            REHOST: self.rehost,
        }

    async def watch(self, tx: Tx, due: Due) -> str | None:
        """The time stands: note when its doors open, and when it is over and nobody may be left."""
        appointment = await tx.session.get(Appointment, _id(due))
        if appointment is None or appointment.state not in STANDING:
            return "skipped"
        payload = {"appointment_id": str(appointment.id), "sequence": appointment.sequence}
        for kind, due_at in (
            (DOORS, doors_at(appointment, rules=self.rules)),
            (OVERDUE, appointment.ends_at),
            (DESERTED, appointment.ends_at + unmet.IN_VAIN),
        ):
            key = f"{kind}:{appointment.id}:{appointment.sequence}"
            tx.schedule(kind, key=key, payload=payload, due_at=due_at)
        return None

    async def open_doors(self, due: Due) -> str | None:
        if await self._standing(due) is None:
            return "skipped"
        try:
            await self.desk.open(_id(due))
        except Gone:
            return "skipped"
        return None

    async def close_if_nobody_came(self, due: Due) -> str | None:
        """The time is over. Of a reception day the day sees to whoever came and waits still."""
        appointment = await self._standing(due)
        if appointment is None:
            return "skipped"
        try:
            live = await self.desk.open(appointment.id)
            if live.session.has_come or appointment.state == AppointmentState.CHECKED_IN:
                if appointment.day_id is None:
                    await self._look_again(appointment, at=appointment.ends_at + unmet.IN_VAIN)
                return "somebody_came"
            await self.desk.close(appointment.id, Result.NOBODY_CAME, actor=SYSTEM)
        except (Conflict, Gone):
            return "skipped"
        return None

    async def close_if_nobody_received(self, due: Due) -> str | None:
        """They came, the time is long over, and no session was begun.

        Where a host was there for a while a table lacked somebody else: that is nobody's no-show.
        """
        appointment = await self._standing(due)
        if appointment is None:
            return "skipped"
        try:
            live = await self.desk.open(appointment.id)
            if live.session.is_led:
                await self._look_again(appointment, at=self.desk.ground.clock.now() + unmet.AGAIN)
                return "later"
            is_table = appointment.session_kind != SessionKind.RECEPTION
            if is_table and live.session.host_has_come:
                await self.desk.close(appointment.id, Result.ABORTED, actor=SYSTEM)
            else:
                await self._note_unmet(appointment.id)
        except (Conflict, Gone):
            return "skipped"
        return None

    async def close_if_deserted(self, due: Due) -> str | None:
        """Begun, long over, and at two looks nobody is there: whoever led went without ending it.

        What came of it can be decided afterwards; where several meet another time is looked for.
        """
        appointment = await self._standing(due, states=STANDING)
        if appointment is None:
            return "skipped"
        again = self.desk.ground.clock.now() + unmet.AGAIN
        if appointment.state in AHEAD:  # begins late, or the looks above see to it
            await self._look_again(appointment, at=again, kind=DESERTED)
            return "later"
        try:
            live = await self.desk.open(appointment.id)
            is_empty = not any(seat.is_connected for seat in live.session.seats.values())
            if not (is_empty and due.payload.get("was_empty")):
                await self._look_again(appointment, at=again, kind=DESERTED, was_empty=is_empty)
                return "later"
            is_table = appointment.session_kind != SessionKind.RECEPTION
            result = Result.ABORTED if is_table else Result.HELD
            await self.desk.close(appointment.id, result, actor=SYSTEM)
        except (Conflict, Gone):
            return "skipped"
        return None

    async def _look_again(
        self, appointment: Appointment, *, at: datetime, kind: str = UNMET, **seen: bool
    ) -> None:
        named = {"appointment_id": str(appointment.id), "sequence": appointment.sequence}
        key = f"{kind}:{appointment.id}:{appointment.sequence}:{int(at.timestamp())}"
        async with self.desk.ground.uow.begin(SYSTEM) as tx:
            tx.schedule(kind, key=key, payload={**named, **seen}, due_at=at)

    async def _note_unmet(self, appointment_id: UUID) -> None:
        async with self.desk.ground.uow.begin(SYSTEM) as tx:
            found = await tx.session.get_one(Appointment, appointment_id, with_for_update=True)
            await unmet.note(tx, found)

    async def cancel(self, due: Due) -> str | None:
        await self.desk.cancel(_id(due))
        return None

    async def move(self, due: Due) -> str | None:
        await self.desk.move(_id(due))
        return None

    async def rehost(self, due: Due) -> str | None:
        try:
            await self.desk.rehost(_id(due))
        except Gone:
            return "skipped"
        return None

    async def _standing(
        self, due: Due, *, states: Collection[AppointmentState] = AHEAD
    ) -> Appointment | None:
        """The appointment in one of these states, if it was not moved since the task was written."""
        async with self.desk.ground.uow.begin(SYSTEM) as tx:
            found = await tx.session.get(Appointment, _id(due))
        if found is None or found.state not in states or found.sequence != due.payload["sequence"]:
            return None
        return found


async def _mediated(tx: Tx, due: Due) -> str | None:
    """Follows a closed session: a mediation ends with it, unless it was adjourned."""
    live = await tx.session.get_one(LiveSession, UUID(due.payload["session_id"]))
    await mediation_session.session_over(tx, live.appointment_id, goes_on=live.result in GOES_ON)
    return None


async def _joined(tx: Tx, due: Due) -> str | None:
    """Follows a closed session: a joint interview is held, or another time is looked for."""
    live = await tx.session.get_one(LiveSession, UUID(due.payload["session_id"]))
    await interviews.session_over(tx, live.appointment_id, goes_on=live.result in GOES_ON)
    return None


def _id(due: Due) -> UUID:
    return UUID(due.payload["appointment_id"])
