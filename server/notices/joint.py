"""What staff are told of joint interviews: that they are asked to come, that they need not."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from scheduling.joint import booking
from scheduling.joint.tables import JointInterview, JointSeat, JointState, Rung, SeatState
from scheduling.tables import Appointment
from server.identity.tables import Account, Official, Service
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.notices.courier import WORTH_TELLING, Courier

BY_SMS = frozenset({Rung.SMS, Rung.DEPUTY})


@dataclass(frozen=True)
class JointNotices:
    """Each method follows one event."""

    courier: Courier

    async def proposed(self, tx: Tx, due: Due) -> str | None:
        """Whoever opened it may object; of a day outside the arrangement the leader's office decides."""
        interview = await tx.session.get_one(JointInterview, UUID(due.payload["interview_id"]))
        stands = interview.state == JointState.PROPOSED and interview.round == due.payload["round"]
        if not stands or interview.proposal is None or interview.due_at is None:
            return "skipped"
        choice, wording = booking.choice_of(interview.proposal), self.courier.wording
        leader = await tx.session.get(Official, choice.leader_id) if choice.leader_id else None
        accounts = [interview.opened_by]
        if interview.awaits_office and leader is not None:
            served = sa.select(Service.account_id).where(Service.leader_id == leader.account_id)
            accounts = list((await tx.session.scalars(served)).all())
        template = "joint_office" if interview.awaits_office else "joint_proposed"
        page = "/staff" if interview.awaits_office else f"/staff/joint/{interview.id}"
        for account_id in accounts:
            who = self.courier.account(await tx.session.get_one(Account, account_id))
            await self.courier.tell(
                tx, who, template, key=f"{interview.id}:{interview.round}",
                until=choice.begins_at, when=wording.when(who.language, choice.begins_at),
                due=wording.when(who.language, interview.due_at),
                leader=leader.name if leader else "", link=wording.link(page),
            )  # fmt: skip
        return None

    async def asked(self, tx: Tx, due: Due) -> str | None:
        """The time, and a link behind which they answer; nothing of the matter."""
        seat = await tx.session.get_one(JointSeat, UUID(due.payload["seat_id"]))
        same = str(seat.asked_id) == due.payload["asked_id"]
        if due.payload["rung"] not in BY_SMS or seat.state != SeatState.ASKED or not same:
            return "skipped"
        appointment = await tx.session.get_one(Appointment, seat.appointment_id)
        account = await tx.session.get_one(Account, seat.asked_id)
        who, wording = self.courier.account(account), self.courier.wording
        await self.courier.tell(
            tx, who, "joint_asked", key=f"{seat.id}:{due.payload['rung']}",
            until=appointment.begins_at, when=wording.when(who.language, appointment.begins_at),
            link=wording.link("/staff"),
        )  # fmt: skip
        return None

    async def released(self, tx: Tx, due: Due) -> str | None:
        """Whoever was asked or had said yes need not come."""
        seat = await tx.session.get_one(JointSeat, UUID(due.payload["seat_id"]))
        account_id = seat.account_id or seat.asked_id
        if account_id is None:
            return "skipped"
        appointment = await tx.session.get_one(Appointment, seat.appointment_id)
        account = await tx.session.get_one(Account, account_id)
        who, wording = self.courier.account(account), self.courier.wording
        await self.courier.tell(
            tx, who, "joint_released", key=str(seat.id), until=tx.now + WORTH_TELLING,
            when=wording.when(who.language, appointment.begins_at),
        )  # fmt: skip
        return None
