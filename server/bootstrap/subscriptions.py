"""Which tasks follow which events."""

from scheduling import unreviewed
from scheduling.choices import displaced, waiting
from scheduling.draws import passing_on
from server.kernel.events import Subscriptions
from signaling import watching

SUBSCRIPTIONS = Subscriptions(
    {
        "appointment.submitted": ("notice.submitted", "journal.appointment", unreviewed.WATCH),
        "appointment.confirmed": ("notice.confirmed", "journal.appointment", watching.WATCH),
        "appointment.moved": (
            "notice.moved",
            "journal.appointment",
            watching.WATCH,
            watching.MOVE,
            unreviewed.WATCH,
            waiting.SERVE,
        ),
        "appointment.rehosted": (
            "notice.rehosted",
            "journal.appointment",
            watching.WATCH,
            watching.REHOST,
        ),
        "appointment.cancelled": (
            "notice.cancelled",
            "journal.appointment",
            watching.CANCEL,
            watching.MEDIATION_OFF,
            watching.JOINT_OFF,
            waiting.SERVE,
            passing_on.SERVE,
        ),
        "appointment.diverted": (
            "notice.diverted",
            "journal.appointment",
            watching.CANCEL,
            waiting.SERVE,
            passing_on.SERVE,
        ),
        "appointment.declined": ("notice.declined", "journal.appointment", waiting.SERVE),
        "appointment.expired": ("notice.expired", "journal.appointment"),
        "appointment.missed": ("notice.missed",),
        "leader.missed": (
            displaced.LEADER_MISSED,
            "journal.appointment",
            watching.CANCEL,
            watching.MEDIATION_OFF,
            watching.JOINT_OFF,
        ),
        "choice.answered": ("notice.choice_answered", waiting.SERVE, passing_on.SERVE),
        "waitlist.ended": ("notice.waitlist_ended",),
        "wish.declined": ("notice.wish_declined",),
        "draw.lost": ("notice.draw_lost",),
        "draw.off": ("notice.draw_off",),
        "invitee.addressed": ("notice.addressed",),
        "invitee.added": ("notice.invited",),
        "invitee.declined": ("notice.answer_declined",),
        "invitee.removed": ("notice.uninvited",),
        "case.moved": ("notice.case_moved",),
        "call.requested": ("notice.call_requested",),
        "mediation.asked": ("notice.mediation_asked", "journal.mediation"),
        "mediation.answered": ("notice.mediation_answered", "journal.mediation"),
        "mediation.scheduled": ("journal.mediation",),
        "session.closed": ("archive.session", watching.MEDIATED, watching.JOINED),
        "joint.proposed": ("notice.joint_proposed",),
        "joint.asked": ("notice.joint_asked",),
        "joint.released": ("notice.joint_released",),
        "reply.released": ("notice.reply_released",),
        "alarm.raised": ("notice.alarm_raised",),
    }
)
