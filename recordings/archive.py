"""A session that is over, archived onto its case: one chained entry that holds all of it.

The chain holds ids, times, states and what happened in order; names, addresses, words and the
two texts of the decision lie sealed beside it, bound by their hash.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from recordings.sessions import Seat, seats_of
from scheduling.tables import Appointment
from server.cases import timeline
from server.cases.tables import Decision
from server.identity.tables import Consent
from server.kernel.database import Json
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from signaling.tables import LiveSession, Room, SessionLog, SessionState

WORDS = "because"
"""The one fact of a log line that a person may have written."""


@dataclass(frozen=True)
class Held:
    """All that the database knows of a session."""

    appointment: Appointment
    session: LiveSession
    seats: Sequence[Seat]
    rooms: Sequence[Room]
    log: Sequence[SessionLog]
    consents: Sequence[Consent]
    decision: Decision | None


@dataclass(frozen=True)
class Archive:
    sealer: Sealer

    async def __call__(self, tx: Tx, due: Due) -> str | None:
        """Follows `session.closed`; doing it again finds the entry there."""
        held = await _held(tx, UUID(due.payload["session_id"]))
        case_id = held.appointment.case_id
        if case_id is None:
            return "skipped"
        await timeline.append(
            tx,
            self.sealer,
            case_id=case_id,
            kind="session",
            key=f"session:{held.session.id}",
            facts=facts_of(held),
            personal=self._personal(held),
            for_resident=True,
            at=held.session.closed_at,
        )
        archived = sa.update(LiveSession).where(
            LiveSession.id == held.session.id, LiveSession.state == SessionState.CLOSED
        )
        await tx.session.execute(archived.values(state=SessionState.ARCHIVED))
        return None

    def _personal(self, held: Held) -> Json:
        def opened(values: Iterable[tuple[str, bytes | None]], purpose: str) -> Json:
            sealer = self.sealer
            return {key: sealer.open(value, purpose=purpose) for key, value in values if value}

        decision = held.decision
        texts = (
            (("instruction", decision.instruction), ("reply", decision.reply)) if decision else ()
        )
        seats = [(str(seat.participant.id), seat.invitee) for seat in held.seats]
        return {
            "names": opened(((key, invitee.name) for key, invitee in seats), "name"),
            "addresses": opened(((k, invitee.present_address) for k, invitee in seats), "address"),
            "because": {
                str(line.id): line.facts[WORDS] for line in held.log if WORDS in line.facts
            },
            **opened(texts, "text"),
        }


def facts_of(held: Held) -> Json:
    """What of the session goes into the chain: no value that says who somebody is."""
    session, appointment = held.session, held.appointment
    return {
        "session_id": str(session.id),
        "appointment_id": str(appointment.id),
        "reference": appointment.reference,
        "kind": session.kind,
        "result": session.result,
        "opened_at": _iso(session.opened_at),
        "started_at": _iso(session.started_at),
        "closed_at": _iso(session.closed_at),
        "people": [_seat(seat) for seat in held.seats],
        "rooms": [_room(room) for room in held.rooms],
        "consents": [_consent(consent) for consent in held.consents],
        "log": [_line(line) for line in held.log],
        "decision": _decision(held.decision),
    }


async def _held(tx: Tx, session_id: UUID) -> Held:
    session = await tx.session.get_one(LiveSession, session_id)
    appointment = await tx.session.get_one(Appointment, session.appointment_id)
    rooms = sa.select(Room).where(Room.session_id == session_id).order_by(Room.opened_at, Room.id)
    log = sa.select(SessionLog).where(SessionLog.session_id == session_id).order_by(SessionLog.id)
    consents = sa.select(Consent).where(Consent.appointment_id == appointment.id)
    decision = sa.select(Decision).where(Decision.appointment_id == appointment.id)
    return Held(
        appointment=appointment,
        session=session,
        seats=(await seats_of(tx, [session_id])).get(session_id, []),
        rooms=(await tx.session.scalars(rooms)).all(),
        log=(await tx.session.scalars(log)).all(),
        consents=(await tx.session.scalars(consents.order_by(Consent.at, Consent.id))).all(),
        decision=await tx.session.scalar(decision),
    )


def _seat(seat: Seat) -> Json:
    who, invitee = seat.participant, seat.invitee
    return {
        "participant_id": str(who.id),
        "invitee_id": str(invitee.id),
        "account_id": str(invitee.account_id) if invitee.account_id else None,
        "role": who.role,
        "state": who.state,
        "arrived_at": _iso(who.arrived_at),
        "admitted_at": _iso(who.admitted_at),
        "left_at": _iso(who.left_at),
    }


def _room(room: Room) -> Json:
    return {
        "room_id": str(room.id),
        "kind": room.kind,
        "opened_at": _iso(room.opened_at),
        "closed_at": _iso(room.closed_at),
    }


def _consent(consent: Consent) -> Json:
    return {
        "consent_id": str(consent.id),
        "invitee_id": str(consent.invitee_id),
        "kind": consent.kind,
        "given": consent.given,
        "basis": consent.basis,
        "text_version": consent.text_version,
        "how": consent.how,
        "at": _iso(consent.at),
        "withdrawn_at": _iso(consent.withdrawn_at),
    }


def _line(line: SessionLog) -> Json:
    return {
        "n": line.id,
        "at": _iso(line.at),
        "kind": line.kind,
        "participant_id": str(line.participant_id) if line.participant_id else None,
        "room_id": str(line.room_id) if line.room_id else None,
        "facts": {name: value for name, value in line.facts.items() if name != WORDS},
    }


def _decision(decision: Decision | None) -> Json | None:
    if decision is None:
        return None
    unit_id = decision.instruction_unit_id
    return {
        "decision_id": str(decision.id),
        "result": decision.result,
        "unit_id": str(unit_id) if unit_id else None,
        "deadline": _iso(decision.deadline),
        "decided_by": str(decision.decided_by),
        "recorded_by": str(decision.recorded_by),
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
