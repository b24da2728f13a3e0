"""Reception days as the public sees them, and the times of one: read by everybody, so read lightly."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from scheduling.slots import AWAKE, GENERAL, Leader, Reason, leader
from scheduling.tables import ClaimReason, DayState, ReceptionKind
from server.kernel.driver import Row
from server.kernel.uow import Tx

PUBLIC_STATES = (
    DayState.PUBLISHED,
    DayState.BOOKING_OPEN,
    DayState.BOOKING_CLOSED,
    DayState.IN_PROGRESS,
)
MOST_DAYS = 120


@dataclass(frozen=True)
class Card:
    """A reception day as the public may know it. While somebody waits nothing is free for others."""

    id: UUID
    leader: Leader
    division_topics: list[str]
    unit_name: str
    unit_path: str
    kind: ReceptionKind
    state: DayState
    begins_at: datetime
    ends_at: datetime
    booking_opens_at: datetime
    booking_closes_at: datetime
    topics: list[str]
    review: bool
    invited_only: bool
    free: int
    total: int
    waiting: int = 0

    def is_bookable(self, now: datetime) -> bool:
        open_now = self.state is DayState.BOOKING_OPEN and self.booking_closes_at > now
        return open_now and not self.invited_only


@dataclass(frozen=True)
class SlotState:
    """One bookable time; for several seats, the lowest free one stands for all.

    To staff: `claimed_for` is what the leader's time is taken for, `rests_until` when it comes back.
    """

    slot_id: UUID
    begins_at: datetime
    ends_at: datetime
    reason: Reason | None
    claimed_for: ClaimReason | None
    rests_until: datetime | None = None


class Day(Protocol):
    """What the times of a day depend on."""

    @property
    def id(self) -> UUID: ...
    @property
    def state(self) -> str: ...
    @property
    def invited_only(self) -> bool: ...
    @property
    def booking_closes_at(self) -> datetime: ...


# Laterals leave the planner no choice: with many days it joined slots to claims one by one.
CARDS = """
    WITH shown AS MATERIALIZED (
        SELECT d.id, d.kind, d.state, d.begins_at, d.ends_at, d.booking_opens_at,
               d.booking_closes_at, d.topics, d.review, d.invited_only, d.leader_id,
               o.name, o.post, o.division, o.rank, o.topics AS division_topics,
               u.name AS unit_name, u.path AS unit_path
        FROM reception_day d JOIN official o ON o.account_id = d.leader_id
        JOIN unit u ON u.id = d.unit_id
        WHERE {which} ORDER BY d.begins_at, o.rank LIMIT {most}
    )
    SELECT shown.*, seats.total, seats.free, line.waiting FROM shown, LATERAL (
        SELECT count(*)::int AS waiting FROM waitlist_entry w
        WHERE w.day_id = shown.id AND w.state IN ('waiting', 'offered')
    ) line, LATERAL (
        SELECT coalesce(sum(times.total), 0)::int AS total, coalesce(sum(times.free), 0)::int AS free
        FROM (SELECT DISTINCT resource, seat FROM slot WHERE day_id = shown.id) asked, LATERAL (
            SELECT range_agg(c.during) AS during FROM claim c
            WHERE c.resource = asked.resource AND c.seats @> asked.seat
            AND c.during && tstzrange(shown.begins_at, shown.ends_at)
            AND (c.expires_at IS NULL OR c.expires_at > $1)
        ) taken, LATERAL (
            SELECT count(*) AS total, count(*) FILTER (
                WHERE s.begins_at > $1 AND {general}
                AND (taken.during && tstzrange(s.begins_at, s.ends_at)) IS NOT TRUE) AS free
            FROM slot s WHERE s.day_id = shown.id AND s.seat = asked.seat
        ) times
    ) seats ORDER BY shown.begins_at, shown.rank
    """
PUBLIC = f"{GENERAL} AND {AWAKE}".format(now="$1")
COMING = CARDS.format(
    which=f"""d.state IN ({", ".join(f"'{state}'" for state in PUBLIC_STATES)})
              AND d.begins_at > $2::timestamptz - interval '1 day' AND d.begins_at < $3 AND d.ends_at > $2
              AND ($4::uuid IS NULL OR d.leader_id = $4)""",
    most=MOST_DAYS,
    general=PUBLIC,
)
ONE = CARDS.format(which="d.id = $2 AND d.state <> 'draft'", most=1, general=PUBLIC)
TIMES = f"""
    SELECT DISTINCT ON (s.begins_at) s.id, s.begins_at, s.ends_at,
           c.resource IS NOT NULL AS taken, c.expires_at IS NOT NULL AS held, c.reason,
           EXISTS (SELECT 1 FROM waitlist_entry w WHERE w.day_id = s.day_id
                   AND w.state IN ('waiting', 'offered')) AS waited_for,
           NOT {GENERAL.format(now="$2")} AS kept,
           CASE WHEN s.rests_until > $2 THEN s.rests_until END AS rests_until
    FROM slot s LEFT JOIN claim c ON c.resource = s.resource AND c.seats @> s.seat
         AND c.during && tstzrange(s.begins_at, s.ends_at)
         AND (c.expires_at IS NULL OR c.expires_at > $2)
    WHERE s.day_id = $1
    ORDER BY s.begins_at, taken, kept, rests_until NULLS FIRST, s.seat, held
    """  # noqa: S608  (our own words)


async def coming(
    tx: Tx, *, since: datetime, until: datetime, leader_id: UUID | None = None
) -> list[Card]:
    """Published days that are not over, soonest first."""
    quick = await tx.driver()
    rows = await quick.fetch(COMING, tx.now, max(since, tx.now), until, leader_id)
    return [_card(row) for row in rows]


async def one(tx: Tx, day_id: UUID) -> Card | None:
    """A day that was published, whatever became of it."""
    row = await (await tx.driver()).fetchrow(ONE, tx.now, day_id)
    return _card(row) if row else None


def _card(row: Row) -> Card:
    return Card(
        id=row["id"],
        leader=leader(row),
        division_topics=row["division_topics"],
        unit_name=row["unit_name"],
        unit_path=row["unit_path"],
        kind=ReceptionKind(row["kind"]),
        state=DayState(row["state"]),
        begins_at=row["begins_at"],
        ends_at=row["ends_at"],
        booking_opens_at=row["booking_opens_at"],
        booking_closes_at=row["booking_closes_at"],
        topics=row["topics"],
        review=row["review"],
        invited_only=row["invited_only"],
        free=0 if row["waiting"] else row["free"],
        total=row["total"],
        waiting=row["waiting"],
    )


async def times(tx: Tx, day: Day) -> list[SlotState]:
    """The times of a day, each with the reason why it cannot be had."""
    rows = await (await tx.driver()).fetch(TIMES, day.id, tx.now)
    closed = _closed(day, tx.now)
    return [
        SlotState(
            row["id"], row["begins_at"], row["ends_at"], _reason(row, closed, now=tx.now),
            ClaimReason(row["reason"]) if row["reason"] else None, row["rests_until"],
        )
        for row in rows
    ]  # fmt: skip


def _reason(row: Row, closed: Reason | None, *, now: datetime) -> Reason | None:
    if row["begins_at"] <= now:
        return Reason.PASSED
    if row["taken"]:
        return Reason.HELD if row["held"] else Reason.TAKEN
    if row["kept"] and closed is not Reason.DAY_CANCELLED:
        return Reason.RESERVED
    if closed or row["waited_for"]:
        return closed or Reason.WAITED_FOR
    return Reason.RESTING if row["rests_until"] else None


def _closed(day: Day, now: datetime) -> Reason | None:
    match DayState(day.state):
        case DayState.CANCELLED | DayState.SWAPPED | DayState.DRAFT:
            return Reason.DAY_CANCELLED
        case _ if day.invited_only:
            return Reason.INVITED_ONLY
        case DayState.PUBLISHED:
            return Reason.NOT_OPEN_YET
        case DayState.BOOKING_OPEN if day.booking_closes_at > now:
            return None
        case _:
            return Reason.CLOSED
