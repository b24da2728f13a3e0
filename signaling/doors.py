"""When people may come to a session."""

from datetime import datetime

from scheduling.tables import Appointment
from server.kernel.clock import local
from server.kernel.config import Scheduling
from server.kernel.errors import Gone, RuleBroken
from server.kernel.uow import Tx
from signaling.opening import STANDING


def doors_at(appointment: Appointment, *, rules: Scheduling) -> datetime:
    return appointment.begins_at - rules.doors_before


def may_join(appointment: Appointment, *, now: datetime, rules: Scheduling) -> bool:
    return appointment.state in STANDING and now >= doors_at(appointment, rules=rules)


def demand_open(tx: Tx, appointment: Appointment, *, rules: Scheduling) -> None:
    """Raises Gone when the appointment is over or off, RuleBroken before the doors open."""
    if appointment.state not in STANDING:
        raise Gone("session_over")
    opens_at = doors_at(appointment, rules=rules)
    if tx.now < opens_at:
        raise RuleBroken(
            "doors_closed",
            opens=f"{local(opens_at):%m-%d %H:%M}",
            details={"doors_at": opens_at.isoformat()},
        )
