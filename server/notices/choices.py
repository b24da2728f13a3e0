"""What people are told when they are to choose, and of what became of it."""

from dataclasses import dataclass
from uuid import UUID

from scheduling import invitees, phoned
from scheduling.choices import questions
from scheduling.choices.tables import (
    Choice,
    ChoiceKind,
    Chosen,
    WaitlistEntry,
    Wish,
)
from scheduling.tables import Appointment, ReceptionDay
from server.cases.queries import staff_names
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.notices.courier import WORTH_TELLING, Courier, Recipient


@dataclass(frozen=True)
class Facts:
    """How many places are kept, of what time and leader it is, and who was to receive before."""

    count: int = 0
    when: str = ""
    host: str = ""
    was: str = ""


@dataclass(frozen=True)
class ChoiceNotices:
    courier: Courier

    async def asked(self, tx: Tx, due: Due) -> str | None:
        """The link to one tap; an answer that came before is not asked for again."""
        choice = await tx.session.get_one(Choice, UUID(due.payload["choice_id"]))
        if choice.answered_at is not None:
            return "skipped"
        who, wording = self._who(choice), self.courier.wording
        facts = await self._facts(tx, choice, who)
        token = self.courier.sealer.open(choice.link, purpose=invitees.LINK)
        await self.courier.tell(
            tx, who, f"choice_{choice.kind}", key=str(choice.id), until=choice.due_at,
            due=wording.when(who.language, choice.due_at),
            link=wording.link(f"/choose/{token}"), when=facts.when, host=facts.host, was=facts.was,
            count=facts.count,
        )  # fmt: skip
        return None

    async def answered(self, tx: Tx, due: Due) -> str | None:
        """Silence is told what it came to; what people chose themselves they saw."""
        choice = await tx.session.get_one(Choice, UUID(due.payload["choice_id"]))
        if choice.answer != Chosen.SILENCE or choice.kind != ChoiceKind.REPLACED:
            return "skipped"
        appointment = await tx.session.get_one(Appointment, choice.appointment_id)
        who = await self._holder(tx, choice, appointment)
        facts = await self._facts(tx, choice, who)
        link = self.courier.wording.link(f"/my/appointments/{choice.appointment_id}")
        await self.courier.tell(
            tx, who, "choice_kept", key=str(choice.id), until=tx.now + WORTH_TELLING,
            link=link, when=facts.when, host=facts.host,
        )  # fmt: skip
        return None

    async def waitlist_ended(self, tx: Tx, due: Due) -> str | None:
        entry = await tx.session.get_one(WaitlistEntry, UUID(due.payload["entry_id"]))
        day = await tx.session.get_one(ReceptionDay, entry.day_id)
        who, wording = self.courier.asker(entry), self.courier.wording
        names = await staff_names(tx, [day.leader_id])
        await self.courier.tell(
            tx, who, f"waitlist_{entry.state}", key=str(entry.id), until=tx.now + WORTH_TELLING,
            host=names.get(day.leader_id, ""), day=wording.day(who.language, day.begins_at),
            link=wording.link("/book"),
        )  # fmt: skip
        return None

    async def wish_declined(self, tx: Tx, due: Due) -> str | None:
        """That there is an answer; what it says is read behind the sign-in."""
        wish = await tx.session.get_one(Wish, UUID(due.payload["wish_id"]))
        link = self.courier.wording.link("/my")
        await self.courier.tell(
            tx, self.courier.asker(wish), "wish_declined", key=str(wish.id),
            until=tx.now + WORTH_TELLING, link=link, reason=wish.decline_reason or "",
            route=wish.right_route or "",
        )  # fmt: skip
        return None

    async def _facts(self, tx: Tx, choice: Choice, who: Recipient) -> Facts:
        """Of the appointment it is about, else of the first place that is kept."""
        offers = await questions.offers_of(tx, choice.id)
        about = choice.appointment_id or (offers[0].hold_id if offers else None)
        if about is None:
            return Facts()
        appointment = await tx.session.get_one(Appointment, about)
        leaders = [appointment.host_id, choice.from_leader_id or appointment.host_id]
        names = await staff_names(tx, leaders)
        when = self.courier.wording.when(who.language, appointment.begins_at)
        return Facts(len(offers), when, names.get(leaders[0], ""), names.get(leaders[1], ""))

    def _who(self, choice: Choice) -> Recipient:
        phone = self.courier.sealer.open(choice.phone, purpose="phone") if choice.phone else None
        return Recipient(id=choice.id, language=choice.language, phone=phone, email=None)

    async def _holder(self, tx: Tx, choice: Choice, appointment: Appointment) -> Recipient:
        """Whose time it is: by the phone they gave for it."""
        who = self._who(choice)
        for seat in await invitees.of(tx, appointment.id):
            if phoned.is_phoned(appointment.needs, seat):
                return self.courier.guest(appointment, seat)
        return who
