"""Which encodings of their camera members send: what somebody gets or records, and it for a moment more."""

from collections.abc import Set

from signaling.engine import Encodings
from signaling.media.members import Member

UNWATCHED_SECONDS = 4.0


def asked(speaker: Member, used: Set[str], *, now: float) -> Encodings | None:
    """What to ask of the speaker now, none of it where nobody watches; None: it stays as it is.

    `used` are the encodings that somebody gets, or will at their next key frame.
    """
    sending = speaker.sending
    if sending is None:
        return None
    rids = sending.publisher.rids
    sending.watched_at |= dict.fromkeys(used, now)
    active = tuple(
        rid for rid in rids if now - sending.watched_at.setdefault(rid, now) < UNWATCHED_SECONDS
    )
    if active and not speaker.wants_pictures:
        active = rids[-1:]
    before = rids if sending.active is None else sending.active
    if active == before:
        return None
    sending.asked_at |= dict.fromkeys(set(active) - set(before), now)
    sending.active = active
    sending.publisher.rest_all_but(active)
    return Encodings(speaker.id, active)
