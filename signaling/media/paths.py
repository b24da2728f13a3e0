"""Where packets go: each open section follows a track, in the encoding that suits its receiver."""

import math

from signaling.engine import View
from signaling.media.bandwidth import FLOOR_KBPS
from signaling.media.choice import Choice
from signaling.media.codecs import FORMATS
from signaling.media.layer import Layer
from signaling.media.members import Member, Members, hears, passes
from signaling.media.slots import Heard, Slot
from signaling.media.track import CAMERA, Track

BESIDE_SCREEN_KBPS = 3 * FLOOR_KBPS
"""Cameras that rested for a screen are tried again when the line bears so much."""

COMING_SECONDS = 3.0
"""Within this a browser sends an encoding that was asked for."""

AGAIN_SECONDS = 60.0
"""So long an encoding that never came is not asked for again: browsers make fewer of a small picture."""


def lay(listener: Member, members: Members, *, now: float) -> None:
    """Bring the paths to one listener in line with who is where and may speak."""
    receiving = listener.receiving
    if receiving is None:
        return
    for slot in receiving.subscriber.slots:
        track = _track_of(slot, listener, members)
        if track is None or not receiving.link.is_up:
            slot.choice = None
            slot.outlet.follow(None, now=now)
        elif slot.outlet.layer not in track.layers:
            is_weak = receiving.subscriber.rate.is_lowest
            place = len(track.layers) - 1 if is_weak else first_place(track)
            slot.choice = Choice(place, changed_at=now, hold=0.0)
            form = FORMATS[track.codec]
            slot.outlet.write_as(form.payload_type, repeat_type=form.repeat_type or 0)
            slot.outlet.follow(track.layers[slot.choice.place], now=now)


def choose(listener: Member, members: Members, *, now: float) -> None:
    """Better or smaller pictures for one listener; called about once a second.

    A shared screen comes first: cameras get what it leaves.
    """
    receiving = listener.receiving
    if receiving is None:
        return
    spare_kbps = receiving.subscriber.rate.kbps - receiving.subscriber.screen_kbps
    for slot in receiving.subscriber.slots:
        track = _track_of(slot, listener, members)
        if track is None or slot.choice is None or len(track.layers) == 1 or slot.heard is None:
            continue
        view = listener.views.get(slot.heard.member, View.LARGE)
        place = slot.choice.choose(
            [kbps_of(layer, members[slot.heard.member], now) for layer in track.layers],
            bears_kbps=spare_kbps,
            best=0 if view is View.LARGE else len(track.layers) - 1,
            now=now,
        )
        slot.outlet.turn_to(track.layers[place], now=now)


def leave(listener: Member, layer: Layer, *, place: int, to: Layer, now: float) -> None:
    """Go over from a layer of which nothing comes any more to one that comes, the `place`-th."""
    for slot in listener.receiving.subscriber.slots if listener.receiving is not None else ():
        if slot.choice is not None and slot.outlet.layer is layer:
            slot.choice.fall(place, now)
            slot.outlet.turn_to(to, now=now)


def defers(listener: Member) -> bool:
    """Whether cameras rest for a shared screen: on a line at its lowest, till it bears clearly more."""
    if listener.receiving is None or not listener.receiving.subscriber.has_screen:
        return False
    rate = listener.receiving.subscriber.rate
    return rate.is_lowest or (listener.rests_cameras and rate.kbps < BESIDE_SCREEN_KBPS)


def spares(listener: Member, *, now: float) -> bool:
    """Whether the listener's line is so weak that pictures rest; to be asked about once a second."""
    if listener.receiving is None:
        return listener.thrift.is_on
    subscriber = listener.receiving.subscriber
    was_on = listener.thrift.is_on
    is_eased = listener.rests_cameras and subscriber.shows_cameras  # from now on, a moment
    is_on = listener.thrift.judge(
        is_lowest=subscriber.rate.is_lowest and subscriber.shows_pictures and not is_eased,
        lost_share=subscriber.told_share(now=now),
        round_trip=subscriber.round_trip,
        now=now,
    )
    if was_on and not is_on:
        subscriber.rate.begin_low()
    return is_on


def watched(speaker: Member, members: Members) -> set[str]:
    """The encodings of a member's camera that somebody gets, or will at the next key frame."""
    camera = Heard(speaker.id, CAMERA)
    return {
        layer.rid
        for listener in members.values()
        if hears(listener, speaker) and listener.receiving is not None
        for slot in listener.receiving.subscriber.slots
        if slot.heard == camera
        for layer in slot.outlet.layers
    }


def kbps_of(layer: Layer, speaker: Member, now: float) -> float:
    """What the layer takes, or would take if it were sent; 0 when it was asked for in vain."""
    sending = speaker.sending
    is_spared = sending is not None and layer.rid not in sending.publisher.rids[-1:]
    if is_spared and not speaker.wants_pictures:
        return 0.0  # who spares the line is asked for the smallest only
    if layer.kbps > 0 or sending is None:
        return layer.kbps
    since_asked = now - sending.asked_at.get(layer.rid, -math.inf)
    is_paused = sending.active is not None and layer.rid not in sending.active
    is_to_be_had = is_paused and (layer.arrivals.has_begun or since_asked > AGAIN_SECONDS)
    return layer.usual_kbps if is_to_be_had or since_asked < COMING_SECONDS else 0.0


def _track_of(slot: Slot, listener: Member, members: Members) -> Track | None:
    speaker = members.get(slot.heard.member) if slot.heard else None
    if slot.heard is None or speaker is None or speaker.sending is None or not slot.is_open:
        return None
    if not passes(listener, speaker, slot.heard.label):
        return None
    if slot.kind == "video" and not _is_shown(slot.heard, listener):
        return None
    track = speaker.sending.publisher.tracks.get(slot.heard.label)
    return track if track is not None and track.codec is slot.open_codec else None


def _is_shown(heard: Heard, listener: Member) -> bool:
    """Whether the listener gets this picture, as far as it is their own affair."""
    if not listener.gets_pictures:
        return False
    if heard.label.is_screen:
        return listener.screen_view is not View.NONE
    return not listener.rests_cameras and listener.views.get(heard.member) is not View.NONE


def first_place(track: Track) -> int:
    """Begin in the middle, or with the best that comes already."""
    middle = len(track.layers) // 2
    flowing = [place for place, layer in enumerate(track.layers) if layer.arrivals.has_begun]
    return next((place for place in flowing if place >= middle), flowing[-1] if flowing else middle)
