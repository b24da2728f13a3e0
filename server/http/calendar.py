"""The staff's calendar: what stands when, with whom, where."""

from datetime import date
from uuid import UUID

from pydantic import Field

from scheduling import agenda
from scheduling.agenda import Shown, Wanted
from server.http.calendar_views import CalendarView, calendar_view
from server.http.context import Context
from server.http.endpoints import Body, Routes
from server.identity.permissions import Permission

routes = Routes()
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)


class CalendarQuery(Body):
    """Whole days, both included, at most 45; `show` names kinds, parted by commas."""

    since: date = Field(alias="from", ge=EARLIEST, le=LATEST)
    until: date = Field(ge=EARLIEST, le=LATEST)
    show: str = Field("", pattern=r"^([a-z]+(,[a-z]+)*)?$", max_length=60)
    leader_id: UUID | None = None
    unit_id: UUID | None = None
    room_id: UUID | None = None

    def wanted(self) -> Wanted:
        names = set(self.show.split(",")) if self.show else set(Shown)
        return Wanted(
            self.since, self.until, frozenset(one for one in Shown if one in names),
            self.leader_id, self.unit_id, self.room_id,
        )  # fmt: skip


@routes.get("/api/calendar", permission=Permission.CALENDAR_READ)
async def read_calendar(ctx: Context, query: CalendarQuery) -> CalendarView:
    """Everything that a view of the calendar shows, in one answer."""
    wanted = query.wanted()
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await agenda.read(tx, wanted)
        await tx.audit_reading("appointment", "list")
    return calendar_view(found, wanted, actor=ctx.actor, now=tx.now, sealer=ctx.services.sealer)
