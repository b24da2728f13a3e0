"""The media engine's news for live sessions."""

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
from signaling.protocol import (
    MediaAgain,
    MediaEncodings,
    MediaOffer,
    MediaPictures,
    MediaReset,
)

MediaPush = MediaOffer | MediaEncodings | MediaAgain | MediaPictures | MediaReset
log = logging.getLogger("yuntiao.live")


async def follow_engine(desk: Desk) -> None:
    """Pass the engine's events on to the seats they concern, for ever."""
    async for event in desk.ground.engine.events():
        try:
            _learn(desk, event)
            await _pass_on(desk, event)
        except Exception:
            log.exception("media event %s", type(event).__name__)


async def _pass_on(desk: Desk, event: MediaEvent) -> None:
    match event:
        case Offer(member=who, revision=revision, sdp=sdp):
            _send(desk, who, MediaOffer(revision=revision, sdp=sdp))
        case Encodings(member=who, rids=rids):
            _send(desk, who, MediaEncodings(rids=list(rids)))
        case OfferAgain(member=who):
            _send(desk, who, MediaAgain())
        case Pictures(member=who, on=on):
            _send(desk, who, MediaPictures(on=on))
            await _log(desk, who, "media.pictures", on=on)
        case Speaking(room=room, members=members):
            _tell_speaking(desk, UUID(room), [UUID(one) for one in members])
        case Reset(members=members):
            for who in members:
                _send(desk, who, MediaReset())
        case Lost(reason=reason):
            log.error("media engine: %s", reason)
        case LegDown(member=who, leg=leg, reason=reason):
            # The client notices by itself; told to begin anew at each of its own goodbyes,
            # it would never stop beginning.
            await _log(desk, who, "media.down", leg=leg, reason=reason)
        case LegUp(member=who, leg=leg):
            await _log(desk, who, "media.up", leg=leg)
        case Silent(member=who, leg=leg):
            await _log(desk, who, "media.silent", leg=leg)


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
            for seat in live.session.in_room(room_id):
                if seat.id in live.lines:
                    live.lines[seat.id].tell(PersonSpeaking(participant_ids=speakers))


async def _log(desk: Desk, who: MemberId, kind: str, **facts: object) -> None:
    live = _live_of(desk, who)
    if live is not None:
        await live.log(UUID(who), kind, **facts)
