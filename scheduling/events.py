"""Facts of scheduling that others may follow."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from server.kernel.events import Event


class DayPublished(Event):
    name: ClassVar[str] = "day.published"
    day_id: UUID


class DayCancelled(Event):
    name: ClassVar[str] = "day.cancelled"
    day_id: UUID


class AppointmentSubmitted(Event):
    name: ClassVar[str] = "appointment.submitted"
    appointment_id: UUID


class AppointmentConfirmed(Event):
    """The time stands; `sequence` is the one that calendar messages carry."""

    name: ClassVar[str] = "appointment.confirmed"
    appointment_id: UUID
    sequence: int


class AppointmentDiverted(Event):
    """Another time or leader was offered; `to_id` is the new appointment, confirmed by itself."""

    name: ClassVar[str] = "appointment.diverted"
    appointment_id: UUID
    to_id: UUID
    sequence: int
    was_confirmed: bool


class AppointmentDeclined(Event):
    name: ClassVar[str] = "appointment.declined"
    appointment_id: UUID


class AppointmentMoved(Event):
    """`was_confirmed`: people had been told, so calendar entries must follow."""

    name: ClassVar[str] = "appointment.moved"
    appointment_id: UUID
    sequence: int
    was_confirmed: bool


class AppointmentCancelled(Event):
    name: ClassVar[str] = "appointment.cancelled"
    appointment_id: UUID
    sequence: int
    was_confirmed: bool


class AppointmentExpired(Event):
    """Nobody reviewed the request before its time. Of a hold that runs out nobody need be told."""

    name: ClassVar[str] = "appointment.expired"
    appointment_id: UUID


class AppointmentMissed(Event):
    """Nobody came: noted, unless whoever was to come says otherwise."""

    name: ClassVar[str] = "appointment.missed"
    appointment_id: UUID


class AppointmentRehosted(Event):
    """Another leader receives at the same time; the person is asked whether they stay."""

    name: ClassVar[str] = "appointment.rehosted"
    appointment_id: UUID
    sequence: int
    was_confirmed: bool


class LeaderMissed(Event):
    """Who came and waited was not received: the official's no-show."""

    name: ClassVar[str] = "leader.missed"
    appointment_id: UUID
    sequence: int


class ChoiceAnswered(Event):
    """Also by silence; what came of it is told by events of its own, or by this one."""

    name: ClassVar[str] = "choice.answered"
    choice_id: UUID


class WaitlistEnded(Event):
    """Somebody who waited for a place waits no more, and had none."""

    name: ClassVar[str] = "waitlist.ended"
    entry_id: UUID


class DrawLost(Event):
    """Who applied was not drawn, and waits for a place that is given back."""

    name: ClassVar[str] = "draw.lost"
    entry_id: UUID


class DrawOff(Event):
    """Who applied, or waited for a place that is given back, has nothing to wait for any more."""

    name: ClassVar[str] = "draw.off"
    entry_id: UUID


class WishDeclined(Event):
    name: ClassVar[str] = "wish.declined"
    wish_id: UUID


class InviteeAddressed(Event):
    """Somebody who had no address for calendar mails has one now."""

    name: ClassVar[str] = "invitee.addressed"
    appointment_id: UUID


class InviteeAdded(Event):
    """Somebody else is to attend an appointment whose time stands already."""

    name: ClassVar[str] = "invitee.added"
    appointment_id: UUID
    invitee_id: UUID


class InviteeDeclined(Event):
    """By their calendar. The time is kept, until `release_at` where there is such a clock."""

    name: ClassVar[str] = "invitee.declined"
    appointment_id: UUID
    invitee_id: UUID
    sequence: int
    release_at: datetime | None


class InviteeRemoved(Event):
    """Somebody is not to attend after all; the appointment itself stands."""

    name: ClassVar[str] = "invitee.removed"
    appointment_id: UUID
    invitee_id: UUID


class CallRequested(Event):
    name: ClassVar[str] = "call.requested"
    call_task_id: UUID


class MediationAsked(Event):
    name: ClassVar[str] = "mediation.asked"
    mediation_id: UUID


class MediationAnswered(Event):
    name: ClassVar[str] = "mediation.answered"
    mediation_id: UUID


class MediationScheduled(Event):
    name: ClassVar[str] = "mediation.scheduled"
    mediation_id: UUID
    appointment_id: UUID


class JointAsked(Event):
    """Somebody is asked to come for their unit, or asked again by the next way."""

    name: ClassVar[str] = "joint.asked"
    seat_id: UUID
    asked_id: UUID
    rung: str


class JointProposed(Event):
    """The clock found a time: it books it then, or waits for the leader's office."""

    name: ClassVar[str] = "joint.proposed"
    interview_id: UUID
    round: int


class JointReleased(Event):
    """Whoever was to come for a unit need not come after all."""

    name: ClassVar[str] = "joint.released"
    seat_id: UUID
