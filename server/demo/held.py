"""Receptions that were held: their session as rows, archived as a real one is."""

from datetime import datetime, timedelta
from uuid import uuid4

from recordings.archive import Archive
from scheduling import invitees
from scheduling.tables import Appointment, Invitee, SessionRole
from server.bootstrap.services import Services
from server.demo.moments import at
from server.identity.tables import ConsentKind
from server.kernel.actor import SYSTEM, Actor, ActorKind
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from signaling import checkin
from signaling.checkin import Answers
from signaling.tables import (
    LiveSession,
    Participant,
    ParticipantState,
    Result,
    Room,
    RoomKind,
    SessionLog,
    SessionState,
)

DOORS = timedelta(minutes=30)
CAME_BEFORE = timedelta(minutes=8)


async def hold(
    tx: Tx, services: Services, appointment: Appointment, *, address: str
) -> LiveSession:
    """The session took place from begin to end, with everybody who was invited."""
    session = LiveSession(
        id=uuid4(), appointment_id=appointment.id, kind=appointment.session_kind,
        state=SessionState.CLOSED, result=Result.HELD, ends_at=appointment.ends_at, let_in=[],
        opened_at=appointment.begins_at - DOORS, started_at=appointment.begins_at,
        closed_at=appointment.ends_at,
    )  # fmt: skip
    main = Room(id=uuid4(), session_id=session.id, kind=RoomKind.MAIN,
                opened_at=session.opened_at, closed_at=session.closed_at)  # fmt: skip
    tx.session.add(session)
    await tx.session.flush()
    tx.session.add(main)
    await tx.session.flush()
    _log(tx, session, "opened", session.opened_at)
    came = [
        await _arrive(tx, services, session, main, invitee, address=address)
        for invitee in await invitees.of(tx, appointment.id)
    ]
    _log(tx, session, "started", session.started_at)
    for seat in came:
        _log(tx, session, "entered", session.started_at, seat=seat, room=main)
    await tx.session.flush()
    return session


async def close(tx: Tx, services: Services, session: LiveSession) -> None:
    """The session is over, and is archived onto its case."""
    _log(tx, session, "closed", session.closed_at)
    await tx.session.flush()
    then = at(tx, session.closed_at or tx.now, SYSTEM)
    payload = {"session_id": str(session.id)}
    await Archive(services.sealer)(then, Due(0, "archive.session", "", payload, then.now, 1, 1))


async def _arrive(
    tx: Tx, services: Services, session: LiveSession, room: Room, invitee: Invitee, *, address: str
) -> Participant:
    began = session.started_at or tx.now
    came = began - CAME_BEFORE
    seat = Participant(
        id=uuid4(), session_id=session.id, invitee_id=invitee.id, role=invitee.role,
        state=ParticipantState.LEFT, arrived_at=came, admitted_at=began,
        left_at=session.closed_at,
    )  # fmt: skip
    tx.session.add(seat)
    await tx.session.flush()
    kinds = ["arrived"]
    if invitee.role != SessionRole.HOST:
        guest = at(tx, came, Actor(ActorKind.GUEST, invitee_id=invitee.id))
        given = dict.fromkeys(ConsentKind, True)
        answers = Answers(address, given, checkin.TEXT_VERSION, how="switch")
        await checkin.keep(guest, services.sealer, invitee, answers, kind=session.kind)
        kinds = ["arrived", "checked_in", "waiting"]
    for kind in kinds:
        _log(tx, session, kind, came, seat=seat, room=room)
    return seat


def _log(
    tx: Tx,
    session: LiveSession,
    kind: str,
    moment: datetime | None,
    *,
    seat: Participant | None = None,
    room: Room | None = None,
) -> None:
    tx.session.add(
        SessionLog(session_id=session.id, at=moment or tx.now, kind=kind, facts={},
                   participant_id=seat and seat.id, room_id=room and room.id)
    )  # fmt: skip
