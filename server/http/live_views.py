"""What the client is told of a live session outside the socket, and what it sends."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from scheduling.tables import AppointmentState, SessionKind, SessionRole
from server.http.endpoints import Body, View
from server.http.fields import Address
from server.identity.tables import Basis, ConsentKind
from signaling.tables import SessionState


class AskForTicket(Body):
    appointment_id: UUID | None = None


class TicketView(View):
    ticket: str
    url: str
    expires_in: int


class ConsentGiven(Body):
    kind: ConsentKind
    given: bool


class CheckIn(Body):
    present_address: Address
    consents: list[ConsentGiven] = Field(min_length=1, max_length=4)
    text_version: str = Field(max_length=32)


class CheckedIn(View):
    """`waiting`: in the waiting room now; who declined is told whom to call instead."""

    waiting: bool
    centre_phone: str


class ConsentTexts(View):
    basis: Basis
    version: str
    join: str
    record: str


class LiveCard(View):
    appointment_id: UUID
    session_kind: SessionKind
    appointment_state: AppointmentState
    session_state: SessionState | None
    begins_at: datetime
    ends_at: datetime
    doors_at: datetime
    may_join_now: bool
    my_role: SessionRole
    case_id: UUID | None = Field(description="told to staff")
    present: int
    waiting: int
    decided: bool
