"""Time limits that run on a case; every one names its source."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from server.cases.tables import CaseClock, CaseKind
from server.kernel import driver
from server.kernel.driver import NewRow
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, end_of, load_calendar


class ClockKind(StrEnum):
    REGISTER_AND_FORWARD = "register_and_forward"
    TELL_ACCEPTANCE = "tell_acceptance"
    CONCLUDE = "conclude"
    FIRST_FEEDBACK = "first_feedback"
    REVIEW_OF_BOOKING = "review_of_booking"
    ASK_OTHER_SIDE = "ask_other_side"
    MEDIATION = "mediation"
    RETURN_VISIT = "return_visit"


@dataclass(frozen=True)
class Limit:
    """`source` is a key of the texts: the regulation and its article, or the centre's promise."""

    source: str
    days: int
    working: bool = False

    def due(self, started_at: datetime, calendar: WorkingCalendar) -> datetime:
        """The end of the last day; the day it starts on does not count."""
        first = day_of(started_at)
        if self.working:
            return end_of(calendar.after(first, self.days))
        return end_of(first + timedelta(days=self.days))


LIMITS = {
    ClockKind.REGISTER_AND_FORWARD: Limit("petition_regulations_22", 15),
    ClockKind.TELL_ACCEPTANCE: Limit("petition_regulations_23", 15),
    ClockKind.CONCLUDE: Limit("petition_regulations_34", 60),
    ClockKind.FIRST_FEEDBACK: Limit("promise", 1, working=True),
    ClockKind.REVIEW_OF_BOOKING: Limit("promise", 2, working=True),
    ClockKind.ASK_OTHER_SIDE: Limit("online_mediation_rules_15", 3, working=True),
    ClockKind.MEDIATION: Limit("online_mediation_rules_26", 30),
    ClockKind.RETURN_VISIT: Limit("promise", 30),
}
AT_REGISTRATION = {
    CaseKind.PETITION: (
        ClockKind.REGISTER_AND_FORWARD,
        ClockKind.TELL_ACCEPTANCE,
        ClockKind.FIRST_FEEDBACK,
    ),
    CaseKind.DISPUTE: (ClockKind.FIRST_FEEDBACK,),
}


async def start(
    tx: Tx,
    case_id: UUID,
    kinds: Iterable[ClockKind],
    *,
    due_at: datetime | None = None,
    calendar: WorkingCalendar | None = None,
) -> None:
    """Start clocks now; `due_at` where the limit is set by the matter itself."""
    calendar = calendar or await load_calendar(tx, around=day_of(tx.now))
    rows = started(tx, case_id, kinds, due_at=due_at, calendar=calendar)
    await driver.insert(await tx.driver(), CaseClock, *rows)


def started(
    tx: Tx,
    case_id: UUID,
    kinds: Iterable[ClockKind],
    *,
    calendar: WorkingCalendar,
    due_at: datetime | None = None,
) -> list[NewRow]:
    """The rows of clocks that start now."""
    return [
        {
            "case_id": case_id,
            "kind": kind,
            "source": LIMITS[kind].source,
            "started_at": tx.now,
            "due_at": due_at or LIMITS[kind].due(tx.now, calendar),
        }
        for kind in kinds
    ]


async def end(tx: Tx, case_id: UUID, *kinds: ClockKind) -> None:
    """End these clocks where they run."""
    query = sa.update(CaseClock).where(
        CaseClock.case_id == case_id, CaseClock.kind.in_(kinds), CaseClock.ended_at.is_(None)
    )
    await tx.session.execute(query.values(ended_at=tx.now))
