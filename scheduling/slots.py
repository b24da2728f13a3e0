"""One slot with its day and who has it; whether it may be booked, and why not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from scheduling.tables import BookingChannel, DayState
from server.kernel.driver import Driver, Row, planned_once


class Reason(StrEnum):
    """Why a slot cannot be had."""

    PASSED = "passed"
    NOT_OPEN_YET = "not_open_yet"
    CLOSED = "closed"
    DAY_CANCELLED = "day_cancelled"
    INVITED_ONLY = "invited_only"
    HELD = "held"
    TAKEN = "taken"
    WAITED_FOR = "waited_for"
    RESERVED = "reserved"
    RESTING = "resting"


@dataclass(frozen=True)
class Seat:
    """A place in a slot, the `number`-th of its leader's; `taken_by` is the appointment that claims
    it now, `held_for` whose hold.

    `kept_for`: it is there for those alone who come on this way. `rests_until`: it was given back,
    and is not on the page yet.
    """

    slot_id: UUID
    number: int
    taken_by: UUID | None
    only_held: bool
    held_for: UUID | None = None
    kept_for: BookingChannel | None = None
    rests_until: datetime | None = None


@dataclass(frozen=True)
class Leader:
    """A leader as the public may know them."""

    account_id: UUID
    name: str
    post: str
    division: str
    rank: int


@dataclass(frozen=True)
class SlotFacts:
    """A bookable time with the facts of its day. `seats` are ordered, lowest first.

    `own_hold`: the appointment by which the asker holds a slot, this one or another;
    `held_lately`: how many slots they held within the last minute; `waited_for`: somebody stands on
    the day's waiting list, and comes first.
    """

    day_id: UUID
    day_state: DayState
    leader: Leader
    unit_id: UUID
    unit_name: str
    invited_only: bool
    begins_at: datetime
    ends_at: datetime
    booking_closes_at: datetime
    seats: tuple[Seat, ...]
    own_hold: UUID | None = None
    held_lately: int = 0
    waited_for: bool = False

    @property
    def free(self) -> tuple[Seat, ...]:
        """Those that everybody may have."""
        return self.open_to(BookingChannel.ONLINE)

    @property
    def at_once(self) -> tuple[Seat, ...]:
        """Of those that are free what does not rest."""
        return tuple(seat for seat in self.free if seat.rests_until is None)

    def open_to(self, channel: BookingChannel) -> tuple[Seat, ...]:
        """Those that nobody has: first what is kept for this way of coming, then the general ones,
        and of these what rests last.
        """
        return tuple(seat for seat in self.untaken(channel) if seat.kept_for in {None, channel})

    def untaken(self, channel: BookingChannel) -> tuple[Seat, ...]:
        """As `open_to`; what is kept for others comes last."""
        order = {channel: 0, None: 1}
        left = [seat for seat in self.seats if seat.taken_by is None]
        return tuple(
            sorted(
                left, key=lambda seat: (order.get(seat.kept_for, 2), seat.rests_until is not None)
            )
        )

    def is_held_for(self, account_id: UUID | None) -> bool:
        return account_id is not None and any(s.held_for == account_id for s in self.seats)


LATELY = timedelta(minutes=1)
GENERAL = "(s.kept_until IS NULL OR s.kept_until <= {now})"
"""A place that is not kept for those who come another way than online."""
AWAKE = "(s.rests_until IS NULL OR s.rests_until <= {now})"
"""A place that nobody gave back lately."""
LOOK_UP = """
    SELECT asked.id AS asked_id, s.id AS slot_id, s.seat, c.appointment_id, c.resource IS NOT NULL AS taken,
           c.expires_at IS NOT NULL AS only_held, s.begins_at, s.ends_at, d.id AS day_id, d.state,
           d.leader_id, d.unit_id, u.name AS unit_name, d.invited_only, d.booking_closes_at,
           o.name, o.post, o.division, o.rank, held.account_id AS held_for,
           CASE WHEN s.kept_until > $2 THEN s.kept_for END AS kept_for,
           CASE WHEN s.rests_until > $2 AND s.left_by IS DISTINCT FROM $5
                THEN s.rests_until END AS rests_until,
           (SELECT id FROM appointment WHERE account_id = $3 AND state = 'on_hold') AS own_hold,
           (SELECT count(*) FROM appointment
            WHERE account_id = $3 AND created_at > $4) AS held_lately,
           EXISTS (SELECT 1 FROM waitlist_entry w WHERE w.day_id = d.id
                   AND w.state IN ('waiting', 'offered')) AS waited_for
    FROM slot asked
    JOIN slot s ON s.day_id = asked.day_id AND s.begins_at = asked.begins_at
    JOIN reception_day d ON d.id = s.day_id
    JOIN official o ON o.account_id = d.leader_id
    JOIN unit u ON u.id = d.unit_id
    LEFT JOIN claim c ON c.resource = s.resource AND c.seats @> s.seat
         AND c.during && tstzrange(s.begins_at, s.ends_at)
         AND (c.expires_at IS NULL OR c.expires_at > $2)
    LEFT JOIN appointment held ON held.id = c.appointment_id AND held.state = 'on_hold'
    WHERE asked.id = ANY($1) ORDER BY s.seat, c.expires_at DESC NULLS LAST
    """
NOBODY = UUID(int=0)
"""Who has a time that something other than an appointment takes: leave, an outside calendar."""


async def look_up(
    driver: Driver, slot_id: UUID, *, now: datetime, account_id: UUID | None = None,
    returning: UUID | None = None,
) -> SlotFacts | None:  # fmt: skip
    """The slot as it stands at this instant, without any lock; `account_id` is who asks.

    `returning`: the appointment that wants it; to what it left itself it may come back.
    """
    found = await look_up_all(
        driver, [slot_id], now=now, account_id=account_id, returning=returning
    )
    return found.get(slot_id)


async def look_up_all(
    driver: Driver, slot_ids: Collection[UUID], *, now: datetime, account_id: UUID | None = None,
    returning: UUID | None = None,
) -> dict[UUID, SlotFacts]:  # fmt: skip
    """Each slot that there is, as it stands at this instant."""
    rows: dict[UUID, list[Row]] = {}
    asked = (planned_once(slot_ids), now, account_id, now - LATELY, returning)
    for row in await driver.fetch(LOOK_UP, *asked):
        rows.setdefault(row["asked_id"], []).append(row)
    return {slot_id: _facts(of_slot) for slot_id, of_slot in rows.items()}


def _facts(rows: Sequence[Row]) -> SlotFacts:
    first = rows[0]
    seats = {row["slot_id"]: _seat(row) for row in rows}
    return SlotFacts(
        day_id=first["day_id"],
        day_state=DayState(first["state"]),
        leader=leader(first),
        unit_id=first["unit_id"],
        unit_name=first["unit_name"],
        invited_only=first["invited_only"],
        begins_at=first["begins_at"],
        ends_at=first["ends_at"],
        booking_closes_at=first["booking_closes_at"],
        seats=tuple(seats.values()),
        own_hold=first["own_hold"],
        held_lately=first["held_lately"],
        waited_for=first["waited_for"],
    )


def leader(row: Row) -> Leader:
    return Leader(row["leader_id"], row["name"], row["post"], row["division"], row["rank"])


def _seat(row: Row) -> Seat:
    """The last row of a seat wins: a booking before a hold, where several claim parts of it."""
    taken_by = (row["appointment_id"] or NOBODY) if row["taken"] else None
    only_held = row["taken"] and row["only_held"]
    kept_for = BookingChannel(row["kept_for"]) if row["kept_for"] else None
    return Seat(
        row["slot_id"], row["seat"], taken_by, only_held, row["held_for"], kept_for,
        row["rests_until"],
    )  # fmt: skip


def refusal(
    facts: SlotFacts, *, now: datetime, for_desk: bool, asker: UUID | None = None,
    channel: BookingChannel = BookingChannel.ONLINE,
) -> Reason | None:  # fmt: skip
    """Why this slot cannot be booked now; None when it can, or when `asker` holds it already."""
    if facts.begins_at <= now:
        return Reason.PASSED
    if facts.day_state in {DayState.CANCELLED, DayState.SWAPPED, DayState.DRAFT}:
        return Reason.DAY_CANCELLED
    if not for_desk and (reason := _window_refusal(facts, now=now)):
        return reason
    if facts.is_held_for(asker):
        return None
    return _seat_refusal(facts, channel=channel, for_desk=for_desk)


def _seat_refusal(facts: SlotFacts, *, channel: BookingChannel, for_desk: bool) -> Reason | None:
    if found := facts.open_to(channel):
        if for_desk or found[0].kept_for is not None:
            return None
        if facts.waited_for:
            return Reason.WAITED_FOR
        return None if found[0].rests_until is None else Reason.RESTING
    if facts.untaken(channel):
        return Reason.RESERVED
    return Reason.HELD if any(seat.only_held for seat in facts.seats) else Reason.TAKEN


def _window_refusal(facts: SlotFacts, *, now: datetime) -> Reason | None:
    if facts.invited_only:
        return Reason.INVITED_ONLY
    if facts.day_state is DayState.PUBLISHED:
        return Reason.NOT_OPEN_YET
    if facts.day_state is not DayState.BOOKING_OPEN or facts.booking_closes_at <= now:
        return Reason.CLOSED
    return None
