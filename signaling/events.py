"""Facts of live sessions that others may follow."""

from typing import ClassVar
from uuid import UUID

from server.kernel.events import Event


class SessionOpened(Event):
    name: ClassVar[str] = "session.opened"
    appointment_id: UUID
    session_id: UUID


class SessionStarted(Event):
    name: ClassVar[str] = "session.started"
    appointment_id: UUID
    session_id: UUID


class SessionClosed(Event):
    name: ClassVar[str] = "session.closed"
    appointment_id: UUID
    session_id: UUID


class AlarmRaised(Event):
    name: ClassVar[str] = "alarm.raised"
    alarm_id: UUID
    session_id: UUID
