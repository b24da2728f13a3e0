"""What a client asks of the media engine for its seat."""

from uuid import UUID

from server.kernel.errors import Conflict, Invalid, Unavailable
from signaling import requests
from signaling.engine import Leg, MediaRefusedError, MediaUnavailableError
from signaling.live import Live, member
from signaling.protocol import Done, Relay

MediaAsked = (
    requests.MediaPublish
    | requests.MediaAnswer
    | requests.MediaRestart
    | requests.MediaRelay
    | requests.MediaView
)


async def carry_out(
    live: Live,
    seat_id: UUID,
    message: MediaAsked,
) -> Done:
    """Hand a media request to the engine. Raises what the client can be told."""
    try:
        done = await _ask(live, seat_id, message)
    except MediaRefusedError as refused:
        raise Invalid("media_refused", details={"why": refused.refusal}) from refused
    except MediaUnavailableError as away:
        raise Unavailable("media_away") from away
    if live.session.media_room(live.session.seat(seat_id)) is None:
        await live.forget_media(seat_id)  # sent out while the engine worked
        raise Conflict("not_admitted")
    return done


def _pass_for(live: Live, seat_id: UUID) -> Relay | None:
    relays, now = live.ground.relays, live.ground.clock.now()
    return relays.pass_for(str(seat_id), now=now) if relays is not None else None


async def _ask(
    live: Live,
    seat_id: UUID,
    message: MediaAsked,
) -> Done:
    engine, who = live.ground.engine, member(seat_id)
    match message:
        case requests.MediaPublish(sdp=sdp):
            return Done(ref=message.ref, sdp=await engine.publish(who, sdp))
        case requests.MediaAnswer(revision=revision, sdp=sdp):
            await engine.answer(who, revision=revision, sdp=sdp)
        case requests.MediaRelay():
            return Done(ref=message.ref, relay=_pass_for(live, seat_id))
        case requests.MediaView(views=views, screen=screen, pictures=pictures):
            shown = {member(other): view for other, view in views.items()}
            await engine.view(who, shown, screen=screen, pictures=pictures)
        case requests.MediaRestart(leg=Leg.RECEIVING):
            await engine.restart_receiving(who)
        case requests.MediaRestart():
            pass  # a sending leg is restarted by publishing again
    return Done(ref=message.ref)
