"""What people are told beside their appointments: a call to come, a question, a reply, a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import invitees
from scheduling.briefs import EXPECTED
from scheduling.tables import Appointment, CallKind, CallTask, Mediation, ReceptionDay, SessionRole
from server.cases.states import CaseAction
from server.cases.tables import Case, Party, PartyRole
from server.identity import numbers
from server.identity.tables import Account, Membership, Service
from server.kernel.actor import Role
from server.kernel.tasks import Due
from server.kernel.texts import SOURCE
from server.kernel.uow import Tx
from server.notices.courier import WORTH_TELLING, Courier, Recipient
from signaling.tables import Alarm

BROUGHT_BY = (PartyRole.PETITIONER, PartyRole.APPLICANT)
A_MOMENT = timedelta(seconds=1)
"""Before midnight: what is over with the end of a day is named by that day."""
ASKERS = frozenset({SessionRole.PETITIONER, SessionRole.APPLICANT})


@dataclass(frozen=True)
class MatterNotices:
    """Each method follows one event, or is one task kind."""

    courier: Courier

    async def call_requested(self, tx: Tx, due: Due) -> str | None:
        """Who asked to be phoned is told until when; a landline gets no message."""
        task = await tx.session.get_one(CallTask, UUID(due.payload["call_task_id"]))
        if task.kind != CallKind.CALL_ME or task.phone is None:
            return "skipped"
        phone = self.courier.sealer.open(task.phone, purpose="phone")
        if numbers.mobile(phone) is None:
            return "skipped"
        who = Recipient(id=task.id, language=SOURCE, phone=phone, email=None)
        when = self.courier.wording.when(who.language, task.due_at)
        await self.courier.tell(
            tx, who, "call_requested", key=str(task.id), until=task.due_at,
            when=when, reference=task.reference,
        )  # fmt: skip
        return None

    async def case_moved(self, tx: Tx, due: Due) -> str | None:
        """That their matter was accepted; whoever brought it hears so, with the case's number."""
        if due.payload["action"] != CaseAction.ACCEPT:
            return "skipped"
        case = await tx.session.get_one(Case, UUID(due.payload["case_id"]))
        brought = sa.select(Party).where(
            Party.case_id == case.id, Party.role.in_(BROUGHT_BY), Party.phone.is_not(None)
        )
        for party in (await tx.session.scalars(brought)).all():
            await self.courier.tell(
                tx, self._party(party), "case_accepted", key=str(case.id),
                until=tx.now + WORTH_TELLING, number=case.number,
            )  # fmt: skip
        return None

    async def mediation_asked(self, tx: Tx, due: Due) -> str | None:
        """The other side gets the question behind a link of its own."""
        mediation = await tx.session.get_one(Mediation, UUID(due.payload["mediation_id"]))
        party = await tx.session.get_one(Party, mediation.other_party_id)
        if party.phone is None or mediation.link is None:
            return "skipped"
        wording, who = self.courier.wording, self._party(party)
        token = self.courier.sealer.open(mediation.link, purpose=invitees.LINK)
        await self.courier.tell(
            tx, who, "mediation_asked", key=str(mediation.id), until=mediation.answer_due_at,
            day=wording.day(who.language, mediation.answer_due_at - A_MOMENT),
            link=wording.link(f"/ask/{token}"),
        )  # fmt: skip
        return None

    async def mediation_answered(self, tx: Tx, due: Due) -> str | None:
        """The mediator hears that there is an answer, not what it is; or that none came."""
        mediation = await tx.session.get_one(Mediation, UUID(due.payload["mediation_id"]))
        template = "mediation_lapsed" if mediation.answered_at is None else "mediation_answered"
        mediator = await tx.session.get_one(Account, mediation.mediator_id)
        link = self.courier.wording.link(f"/staff/mediations/{mediation.id}")
        await self.courier.tell(
            tx, self.courier.account(mediator), template, key=str(mediation.id),
            until=tx.now + WORTH_TELLING, link=link,
        )  # fmt: skip
        return None

    async def reply_released(self, tx: Tx, due: Due) -> str | None:
        """Whoever came is told that there is a reply; it is read behind the sign-in."""
        appointment_id = UUID(due.payload["appointment_id"])
        appointment = await tx.session.get(Appointment, appointment_id)
        if appointment is None:
            return "skipped"
        link = self.courier.wording.link(f"/my/cases/{due.payload['case_id']}")
        for invitee in await invitees.of(tx, appointment.id):
            if invitee.role not in ASKERS or invitee.account_id is not None:
                continue
            await self.courier.tell(
                tx, self.courier.guest(appointment, invitee), "reply_released",
                key=due.payload["decision_id"], until=tx.now + WORTH_TELLING,
                appointment_id=appointment.id, link=link,
            )  # fmt: skip
        return None

    async def evening_before(self, tx: Tx, due: Due) -> str | None:
        """The leader and who works for them have the list; the briefs lie behind the link."""
        day = await tx.session.get_one(ReceptionDay, UUID(due.payload["day_id"]))
        expected = sa.select(Appointment.begins_at).where(
            Appointment.day_id == day.id, Appointment.state.in_(EXPECTED)
        )
        times = (await tx.session.scalars(expected.order_by(Appointment.begins_at))).all()
        if not times or day.begins_at <= tx.now:
            return "skipped"
        wording = self.courier.wording
        for account in await _for_leader(tx, day.leader_id):
            who = self.courier.account(account)
            await self.courier.tell(
                tx, who, "evening_before", key=str(day.id), until=day.begins_at,
                day=wording.day(who.language, day.begins_at), count=len(times),
                times=" ".join(wording.time(who.language, at) for at in times),
                link=wording.link(f"/staff/briefs/{day.id}"),
            )  # fmt: skip
        return None

    async def alarm_raised(self, tx: Tx, due: Due) -> str | None:
        """Who is on duty; where and what stands behind the sign-in."""
        alarm = await tx.session.get_one(Alarm, UUID(due.payload["alarm_id"]))
        link = self.courier.wording.link("/staff/duty")
        for account in await _holding(tx, Role.DUTY_OFFICER):
            await self.courier.tell(
                tx, self.courier.account(account), "alarm_raised", key=str(alarm.id),
                until=tx.now + timedelta(hours=1), link=link,
            )  # fmt: skip
        return None

    def _party(self, party: Party) -> Recipient:
        phone = self.courier.sealer.open(party.phone, purpose="phone") if party.phone else None
        return Recipient(id=party.id, language=SOURCE, phone=phone, email=None)


async def _for_leader(tx: Tx, leader_id: UUID) -> Sequence[Account]:
    serving = sa.select(Service.account_id).where(Service.leader_id == leader_id)
    query = sa.select(Account).where(
        sa.or_(Account.id == leader_id, Account.id.in_(serving)), Account.disabled_at.is_(None)
    )
    return (await tx.session.scalars(query)).all()


async def _holding(tx: Tx, role: Role) -> Sequence[Account]:
    held = sa.select(Membership.account_id).where(Membership.role == role)
    query = sa.select(Account).where(Account.id.in_(held), Account.disabled_at.is_(None))
    return (await tx.session.scalars(query)).all()
