"""What time and scheduling do to sessions: doors open, nobody came, called off, another time."""

from dataclasses import dataclass
from uuid import UUID

from scheduling.joint import interviews
from scheduling.mediation import mediations
from scheduling.mediation import session as mediation_session
from scheduling.runner import Effect, Work
from scheduling.tables import Appointment, AppointmentState
from server.kernel.actor import SYSTEM
from server.kernel.config import Scheduling
from server.kernel.errors import Conflict, Gone
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from signaling.desk import Desk
from signaling.doors import doors_at
from signaling.tables import LiveSession, Result

WATCH, DOORS, OVERDUE = "live.watch", "live.doors", "live.overdue"
CANCEL, MOVE, REHOST = "live.cancel", "live.move", "live.rehost"
MEDIATED, MEDIATION_OFF = "mediation.session_over", "mediation.appointment_off"
JOINED, JOINT_OFF = "joint.session_over", "joint.appointment_off"
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
            CANCEL: self.cancel,
            MOVE: self.move,
            REHOST: self.rehost,
        }

    async def watch(self, tx: Tx, due: Due) -> str | None:
        """The time stands: note when its doors open and when it is over."""
        appointment = await tx.session.get(Appointment, _id(due))
        if appointment is None or appointment.state != AppointmentState.CONFIRMED:
            return "skipped"
        payload = {"appointment_id": str(appointment.id), "sequence": appointment.sequence}
        for kind, due_at in (
            (DOORS, doors_at(appointment, rules=self.rules)),
            (OVERDUE, appointment.ends_at),
        ):
            key = f"{kind}:{appointment.id}:{appointment.sequence}"
            tx.schedule(kind, key=key, payload=payload, due_at=due_at)
        return None

    async def open_doors(self, due: Due) -> str | None:
        if not await self._stands(due):
            return "skipped"
        try:
            await self.desk.open(_id(due))
        except Gone:
            return "skipped"
        return None

    async def close_if_nobody_came(self, due: Due) -> str | None:
        """The time is over and nobody whom it is about was ever here."""
        if not await self._stands(due):
            return "skipped"
        try:
            live = await self.desk.open(_id(due))
            if live.session.has_come:
                return "somebody_came"
            await self.desk.close(_id(due), Result.NOBODY_CAME, actor=SYSTEM)
        except (Conflict, Gone):
            return "skipped"
        return None

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

    async def _stands(self, due: Due) -> bool:
        """Nothing has changed since the task was written, and nobody has come."""
        async with self.desk.ground.uow.begin(SYSTEM) as tx:
            appointment = await tx.session.get(Appointment, _id(due))
            return (
                appointment is not None
                and appointment.state == AppointmentState.CONFIRMED
                and appointment.sequence == due.payload["sequence"]
            )


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
