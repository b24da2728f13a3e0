"""What is done when a task is due: every task kind with its handler."""

from uuid import UUID

from recordings.archive import Archive
from recordings.journal import Journal
from scheduling import steps, unreviewed
from scheduling.choices import answering, displaced, questions, waiting, wishes
from scheduling.draws import announcing, drawing, passing_on
from scheduling.joint import asks, by_clock
from scheduling.messages.answers import RELEASE, release
from scheduling.messages.entries import Entries
from scheduling.plans import shares
from scheduling.rosters import drafts
from scheduling.rosters.drafting import Drafting
from scheduling.runner import Effect, Handlers, Work
from server.bootstrap.services import Services
from server.cases import papers
from server.identity import codes
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.notices.answers import AnswerNotices
from server.notices.appointments import AppointmentNotices
from server.notices.calendar_mail import CalendarMail
from server.notices.choices import ChoiceNotices
from server.notices.courier import Courier
from server.notices.deliver import Deliverer
from server.notices.draws import DrawNotices
from server.notices.joint import JointNotices
from server.notices.mailbox import Mailbox
from server.notices.matters import MatterNotices
from server.notices.outgoing import KINDS
from server.notices.wording import Wording
from signaling.watching import Watch


def handlers(services: Services) -> Handlers:
    """All handlers over the services."""
    send_code = codes.Delivery(
        services.uow, services.sealer, services.sms, services.texts, services.config.identity
    )
    watch = Watch(services.desk, services.config.scheduling)
    work: dict[str, Work] = {
        "day.step": steps.step_day,
        shares.RELEASE: steps.release_share,
        **watch.work,
        **_papers(services),
        **_joint(services),
        **_choices(services),
        **_notices(services),
        **_timeline(services),
    }
    effects: dict[str, Effect] = {
        codes.SEND: send_code,
        drafts.SOLVE: Drafting(services.uow, services.config.scheduling.solver),
        **watch.effects,
        **dict.fromkeys(KINDS.values(), _deliverer(services)),
    }
    return Handlers(work=work, effects=effects)


def _papers(services: Services) -> dict[str, Work]:
    async def drop(tx: Tx, due: Due) -> str:
        return await papers.drop_unused(tx, UUID(due.payload["paper_id"]))

    async def drop_bytes(tx: Tx, due: Due) -> str:
        return await papers.drop_bytes(tx, services.blobs, due.payload["address"])

    return {papers.DROP: drop, papers.DROP_BYTES: drop_bytes}


def _joint(services: Services) -> dict[str, Work]:
    async def climb(tx: Tx, due: Due) -> str | None:
        return await asks.climb(tx, services.sealer, due)

    async def look(tx: Tx, due: Due) -> str | None:
        return await by_clock.look(tx, services.sealer, due, rules=services.config.scheduling)

    async def decide(tx: Tx, due: Due) -> str | None:
        return await by_clock.decide(tx, services.sealer, due, rules=services.config.scheduling)

    notices = JointNotices(_courier(services))
    return {
        asks.CLIMB: climb,
        by_clock.SEARCH: look,
        by_clock.DECIDE: decide,
        "notice.joint_proposed": notices.proposed,
        "notice.joint_asked": notices.asked,
        "notice.joint_released": notices.released,
    }


def _choices(services: Services) -> dict[str, Work]:
    sealer, rules = services.sealer, services.config.scheduling

    async def lapse(tx: Tx, due: Due) -> str | None:
        return await answering.lapse(tx, sealer, due)

    async def overdue(tx: Tx, due: Due) -> str | None:
        return await wishes.overdue(tx, sealer, due)

    async def unlooked(tx: Tx, due: Due) -> str | None:
        return await unreviewed.overdue(tx, sealer, due)

    async def expire(tx: Tx, due: Due) -> str | None:
        return await unreviewed.expire(tx, sealer, due, rules=rules)

    async def serve(tx: Tx, _due: Due) -> None:
        await waiting.serve(tx, sealer, rules=rules)

    async def leader_missed(tx: Tx, due: Due) -> None:
        await displaced.leader_missed(tx, sealer, due, rules=rules)

    async def draw(tx: Tx, due: Due) -> str | None:
        return await drawing.close(tx, sealer, due, rules=rules)

    async def pass_on(tx: Tx, _due: Due) -> None:
        await passing_on.serve(tx, sealer, rules=rules)

    async def unanswered(tx: Tx, due: Due) -> str | None:
        return await passing_on.unanswered(tx, sealer, due)

    return {
        announcing.CLOSE: draw,
        passing_on.SERVE: pass_on,
        passing_on.PHONE: unanswered,
        questions.LAPSE: lapse,
        RELEASE: release,
        wishes.OVERDUE: overdue,
        unreviewed.WATCH: unreviewed.watch,
        unreviewed.OVERDUE: unlooked,
        unreviewed.EXPIRE: expire,
        waiting.SERVE: serve,
        displaced.LEADER_MISSED: leader_missed,
    }


def _timeline(services: Services) -> dict[str, Work]:
    journal = Journal(services.sealer)
    return {
        "journal.appointment": journal.appointment,
        "journal.mediation": journal.mediation,
        "archive.session": Archive(services.sealer),
    }


def mailbox(services: Services) -> Mailbox:
    """What is done with mail that comes in."""
    config = services.config
    return Mailbox(
        services.uow, AnswerNotices(_courier(services)), address=config.mail.sender,
        phone=config.centre.phone, release_after=config.scheduling.release_declined,
    )  # fmt: skip


def _courier(services: Services) -> Courier:
    wording = Wording.of(services.texts, services.config)
    return Courier(services.sealer, wording, services.config.mail.sender)


def _notices(services: Services) -> dict[str, Work]:
    courier = _courier(services)
    origin = courier.wording.origin
    entries = Entries(services.config, services.texts, services.sealer, origin)
    appointments = AppointmentNotices(courier, CalendarMail(entries, courier))
    matters, answers = MatterNotices(courier), AnswerNotices(courier)
    chosen, drawn = ChoiceNotices(courier), DrawNotices(courier)
    return {
        "notice.submitted": appointments.submitted,
        "notice.confirmed": appointments.confirmed,
        "notice.moved": appointments.moved,
        "notice.rehosted": appointments.rehosted,
        questions.TELL: chosen.asked,
        "notice.choice_answered": chosen.answered,
        "notice.waitlist_ended": chosen.waitlist_ended,
        "notice.wish_declined": chosen.wish_declined,
        "notice.draw_lost": drawn.lost,
        "notice.draw_off": drawn.off,
        "notice.cancelled": appointments.cancelled,
        "notice.diverted": appointments.diverted,
        "notice.declined": appointments.declined,
        "notice.expired": appointments.expired,
        "notice.missed": appointments.missed,
        "notice.addressed": appointments.addressed,
        "notice.invited": appointments.invited,
        "notice.answer_declined": answers.declined,
        "notice.uninvited": appointments.uninvited,
        "reminder.due": appointments.reminder,
        "brief.evening_before": matters.evening_before,
        "notice.case_moved": matters.case_moved,
        "notice.call_requested": matters.call_requested,
        "notice.mediation_asked": matters.mediation_asked,
        "notice.mediation_answered": matters.mediation_answered,
        "notice.reply_released": matters.reply_released,
        "notice.alarm_raised": matters.alarm_raised,
    }


def _deliverer(services: Services) -> Deliverer:
    return Deliverer(services.uow, services.sealer, services.sms, services.mailer)
