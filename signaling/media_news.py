"""The media engine's news for live sessions."""

import asyncio
import logging
from uuid import UUID

from signaling.desk import Desk
from signaling.engine import (
    Encodings,
    Leg,
    LegDown,
    LegUp,
    Lost,
    MediaEvent,
    MemberId,
    Offer,
    OfferAgain,
    Pictures,
    Reset,
    Silent,
    Speaking,
)
from signaling.facts import PersonSpeaking
from signaling.live import Live
from signaling.model import Logged
from signaling.protocol import (
    MediaAgain,
    MediaEncodings,
    MediaOffer,
    MediaPictures,
    MediaReset,
)

MediaPush = MediaOffer | MediaEncodings | MediaAgain | MediaPictures | MediaReset
_Noted = tuple[Live, Logged]
Facts = tuple[str, dict[str, object]]
log = logging.getLogger("yuntiao.live")

LINES_LIMIT = 10_000
PATIENCE = 10.0


async def follow_engine(desk: Desk) -> None:
    """Pass the engine's events on to the seats they concern, for ever; a database that hangs, or
    is gone, holds up nobody's offers.
    """
    lines: asyncio.Queue[_Noted] = asyncio.Queue(LINES_LIMIT)
    writing = asyncio.create_task(_write(lines))
    try:
        async for event in desk.ground.engine.events():
            try:
                _learn(desk, event)
                _pass_on(desk, event)
                _note(desk, event, lines)
            except Exception:
                log.exception("media event %s", type(event).__name__)
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)


def _pass_on(desk: Desk, event: MediaEvent) -> None:
    match event:
        case Offer(member=who, revision=revision, sdp=sdp):
            _send(desk, who, MediaOffer(revision=revision, sdp=sdp))
        case Encodings(member=who, rids=rids):
            _send(desk, who, MediaEncodings(rids=list(rids)))
        case OfferAgain(member=who):
            _send(desk, who, MediaAgain())
        case Pictures(member=who, on=on):
            _send(desk, who, MediaPictures(on=on))
        case Speaking(room=room, members=members):
            _tell_speaking(desk, UUID(room), [UUID(one) for one in members])
        case Reset(members=members):
            for who in members:
                _send(desk, who, MediaReset())
        case Lost(reason=reason):
            log.error("media engine: %s", reason)
        case LegDown() | LegUp() | Silent():
            # The client notices by itself; told to begin anew at each of its own goodbyes,
            # it would never stop beginning.
            pass


def _note(desk: Desk, event: MediaEvent, lines: asyncio.Queue[_Noted]) -> None:
    """What is to stand in the session's log."""
    match event:
        case Pictures(member=who, on=on):
            line: Facts = "media.pictures", {"on": on}
        case LegDown(member=who, leg=leg, reason=reason):
            line = "media.down", {"leg": leg, "reason": reason}
        case LegUp(member=who, leg=leg):
            line = "media.up", {"leg": leg}
        case Silent(member=who, leg=leg):
            line = "media.silent", {"leg": leg}
        case _:
            return
    live = _live_of(desk, who)
    if live is None:
        return
    try:
        lines.put_nowait((live, live.noted(UUID(who), *line)))
    except asyncio.QueueFull:
        log.error("media log of session %s: %s is left out", live.session.id, line[0])


async def _write(lines: asyncio.Queue[_Noted]) -> None:
    """One after the other, as they came."""
    while True:
        live, line = await lines.get()
        try:
            async with asyncio.timeout(PATIENCE):
                await live.log(line)
        except Exception:
            log.exception("media log of session %s: %s", live.session.id, line.kind)


def _learn(desk: Desk, event: MediaEvent) -> None:
    """Of whom anything is heard; the pulse says what that means for their lines."""
    now = desk.monotonic()
    match event:
        case Offer(member=who) if live := _live_of(desk, who):
            live.hearing.expect(UUID(who), Leg.RECEIVING, now=now)
        case LegUp(member=who, leg=leg) if live := _live_of(desk, who):
            live.hearing.come(UUID(who), leg)
        case Silent(member=who, leg=leg) if live := _live_of(desk, who):
            live.hearing.fall_silent(UUID(who), leg)
        case LegDown(member=who, leg=leg) if live := _live_of(desk, who):
            live.hearing.go(UUID(who), leg, now=now)
        case Reset(members=members):
            for who in members:
                if live := _live_of(desk, who):
                    for leg in Leg:
                        live.hearing.go(UUID(who), leg, now=now)
        case _:
            pass


def _live_of(desk: Desk, who: MemberId) -> Live | None:
    seat_id = UUID(who)
    return next((live for live in desk.lives.values() if seat_id in live.session.seats), None)


def _send(desk: Desk, who: MemberId, message: MediaPush) -> None:
    live = _live_of(desk, who)
    line = live.lines.get(UUID(who)) if live else None
    if line is not None:
        line.send(message)


def _tell_speaking(desk: Desk, room_id: UUID, speakers: list[UUID]) -> None:
    """Only those who sit in the room are told."""
    for live in desk.lives.values():
        if room_id in live.session.rooms:
            live.speakers.hear(room_id, speakers)
            for seat in live.session.in_room(room_id):
                if seat.id in live.lines:
                    live.lines[seat.id].tell(PersonSpeaking(participant_ids=speakers))
