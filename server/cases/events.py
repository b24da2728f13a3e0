"""Facts of a case that others may follow."""

from typing import ClassVar
from uuid import UUID

from server.kernel.events import Event


class CaseRegistered(Event):
    name: ClassVar[str] = "case.registered"
    case_id: UUID


class CaseMoved(Event):
    """The case has another state now."""

    name: ClassVar[str] = "case.moved"
    case_id: UUID
    action: str


class ReplyReleased(Event):
    """The resident may read the reply now."""

    name: ClassVar[str] = "reply.released"
    case_id: UUID
    appointment_id: UUID
    decision_id: UUID
