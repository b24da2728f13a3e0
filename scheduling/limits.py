"""Limits of one person: how many open appointments, one a matter, a pause, a call.

They are looked at whenever a place is taken, whatever way it came: waiting for one takes none yet.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from scheduling.tables import OPEN_STATES
from server.kernel.driver import Driver
from server.kernel.errors import RuleBroken

NO_SHOWS = 2
NO_SHOW_DAYS = timedelta(days=90)
GIVEN_UP = 2
GIVEN_UP_DAYS = timedelta(days=7)

STANDING = """
    SELECT count(*) FILTER (WHERE state = ANY($2)) AS open,
           count(*) FILTER (WHERE state = ANY($2) AND case_id = $3) AS open_in_case,
           count(*) FILTER (WHERE state = 'no_show' AND excused_at IS NULL
                               AND begins_at > $4) AS no_shows,
           count(*) FILTER (WHERE given_up_at > $5) AS given_up,
           max(given_up_at) AS given_up_last
    FROM appointment WHERE person_id = $1
    """


@dataclass(frozen=True)
class Standing:
    """What a person has open, how often they did not come or gave a place back lately."""

    open: int
    open_in_case: int
    no_shows: int
    given_up: int = 0
    given_up_last: datetime | None = None


def broken(standing: Standing, *, most_open: int) -> RuleBroken | None:
    """Why there can be no further appointment; the text names what else can be done."""
    if standing.open_in_case:
        return RuleBroken("one_open_appointment_a_matter")
    if standing.open >= most_open:
        return RuleBroken("too_many_open_appointments", most=most_open)
    return None


def check(standing: Standing, *, most_open: int) -> None:
    """Raises RuleBroken."""
    if (why := broken(standing, most_open=most_open)) is not None:
        raise why


def check_cooldown(standing: Standing, *, now: datetime, pause: timedelta) -> None:
    """Places are not taken to be given back: after that, a pause. The desk may book meanwhile.

    One change of mind is nobody's business. Raises RuleBroken.
    """
    last = standing.given_up_last
    if standing.given_up >= GIVEN_UP and last is not None and now < last + pause:
        hours = math.ceil((last + pause - now) / timedelta(hours=1))
        raise RuleBroken("cancelled_often", hours=hours)


def must_be_called(standing: Standing) -> bool:
    return standing.no_shows >= NO_SHOWS


async def standing(
    driver: Driver, person_id: UUID, *, case_id: UUID | None, now: datetime
) -> Standing:
    """Read with the person locked, else two bookings at once could both pass."""
    row = await driver.fetchrow(
        STANDING, person_id, list(OPEN_STATES), case_id, now - NO_SHOW_DAYS, now - GIVEN_UP_DAYS
    )
    assert row is not None
    return Standing(**row)
