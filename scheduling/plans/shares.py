"""Places of a day that are kept for those who do not book online, and until when."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import claims
from scheduling.tables import BookingChannel, ReceptionDay, Slot
from server.kernel.database import Json
from server.kernel.errors import FieldError, Invalid, RuleBroken
from server.kernel.uow import Tx

RELEASE = "shares.release"
KEPT_FOR = (BookingChannel.WALK_IN, BookingChannel.HOTLINE, BookingChannel.ON_BEHALF)
"""Walk-ins have the last places of the day: who comes in the morning can still be received."""


@dataclass(frozen=True)
class Share:
    """So many places for one way of coming, until so long before the day begins."""

    channel: BookingChannel
    places: int
    minutes_before: int


@dataclass(frozen=True)
class Kept:
    """A share of a published day; `free` of its places nobody has yet. After `until` it is over."""

    channel: BookingChannel
    places: int
    free: int
    until: datetime


def read(stored: Json) -> list[Share]:
    """As a plan or a day has them, in the order in which places are taken from the day's end."""
    return [Share(one, *stored[one]) for one in KEPT_FOR if one in stored]


def stored(shares: Iterable[Share]) -> Json:
    return {str(one.channel): [one.places, one.minutes_before] for one in shares if one.places}


def places(shares: Json) -> int:
    """How many places are kept in all."""
    return sum(one.places for one in read(shares))


def mark(day: ReceptionDay, slots: Sequence[Slot], *, taken: Collection[UUID] = ()) -> None:
    """Keep the last places that nobody has. A taken one stays what it was, and counts."""
    left = [slot for slot in slots if slot.id not in taken]
    left.sort(key=lambda slot: (slot.begins_at, slot.seat), reverse=True)
    for slot in left:
        slot.kept_for = slot.kept_until = None
    for share in read(day.shares or {}):
        used = sum(slot.kept_for == share.channel for slot in slots)
        until = day.begins_at - timedelta(minutes=share.minutes_before)
        for slot in left[: max(share.places - used, 0)]:
            slot.kept_for, slot.kept_until = share.channel, until
        left = [slot for slot in left if slot.kept_for is None]


async def change(tx: Tx, day: ReceptionDay, shares: Json) -> None:
    """Keep other places of this one day. Of a published day only those that nobody has yet."""
    if day.ends_at <= tx.now:
        raise RuleBroken("day_is_past")
    await claims.lock(await tx.driver(), [day.leader_id])
    day.shares = shares
    query = sa.select(Slot).where(Slot.day_id == day.id)
    slots = (await tx.session.scalars(query)).all()
    rows = await (await tx.driver()).fetch(TAKEN, day.id, tx.now)
    if slots and places(shares) > len(slots):
        raise Invalid("invalid", fields=(FieldError("shares", "field.shares_too_many"),))
    mark(day, slots, taken={row["id"] for row in rows})
    if slots:
        schedule(tx, day)
    tx.audit("keep_places", "reception_day", day.id, places=places(shares))


async def copy(tx: Tx, old_id: UUID, new_id: UUID) -> None:
    """The same places of the same day under another leader are kept for the same people."""
    quick = await tx.driver()
    await quick.execute(COPY, old_id, new_id)


def schedule(tx: Tx, day: ReceptionDay) -> None:
    """Have the clock say what of it was not used; a changed share has another key."""
    for share in read(day.shares or {}):
        due_at = day.begins_at - timedelta(minutes=share.minutes_before)
        tx.schedule(
            RELEASE,
            key=f"day:{day.id}:share:{share.channel}:{int(due_at.timestamp())}",
            payload={"day_id": str(day.id), "channel": share.channel},
            due_at=max(due_at, tx.now),
        )


async def kept_on(tx: Tx, day_ids: Sequence[UUID]) -> Mapping[UUID, list[Kept]]:
    """For each day what is, or was, kept of it; in the order of the channels."""
    rows = await (await tx.driver()).fetch(KEPT, list(day_ids), tx.now)
    found: dict[UUID, list[Kept]] = {}
    for row in rows:
        kept = Kept(BookingChannel(row["kept_for"]), row["places"], row["free"], row["kept_until"])
        found.setdefault(row["day_id"], []).append(kept)
    for shares in found.values():
        shares.sort(key=lambda one: KEPT_FOR.index(one.channel))
    return found


KEPT = """
    SELECT s.day_id, s.kept_for, max(s.kept_until) AS kept_until, count(*) AS places,
           count(*) FILTER (WHERE s.begins_at > $2 AND NOT EXISTS (
               SELECT 1 FROM claim c WHERE c.resource = s.resource AND c.seats @> s.seat
               AND c.during && tstzrange(s.begins_at, s.ends_at)
               AND (c.expires_at IS NULL OR c.expires_at > $2))) AS free
    FROM slot s WHERE s.day_id = ANY($1) AND s.kept_for IS NOT NULL GROUP BY 1, 2
    """
COPY = """
    UPDATE slot n SET kept_for = o.kept_for, kept_until = o.kept_until,
        rests_until = o.rests_until, left_by = o.left_by FROM slot o
    WHERE o.day_id = $1 AND n.day_id = $2 AND n.begins_at = o.begins_at AND n.seat = o.seat
    """
TAKEN = """
    SELECT s.id FROM slot s JOIN claim c ON c.resource = s.resource AND c.seats @> s.seat
    AND c.during && tstzrange(s.begins_at, s.ends_at)
    AND (c.expires_at IS NULL OR c.expires_at > $2) WHERE s.day_id = $1
    """
