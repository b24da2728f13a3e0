"""Who rings in unasked: the number leads to all that is open with them."""

from datetime import timedelta

from scheduling import callers, queries
from scheduling.choices.tables import WaitlistEntry, Wish
from scheduling.draws import standing
from scheduling.tables import Appointment
from server.http.call_tasks import CallTaskView, call_views
from server.http.choice_views import ChoiceView, WaitingView, choice_views, entry_views
from server.http.context import Context
from server.http.desk import appointment_views
from server.http.desk_draws import DeskDrawEntry, desk_draw_entry
from server.http.desk_views import DeskAppointment
from server.http.endpoints import Body, Routes, View
from server.http.fields import Mobile
from server.http.wishes import DeskWish, desk_wishes
from server.identity.permissions import Permission
from server.kernel.throttle import spend

routes = Routes()
AN_HOUR = 60
"""Callers that a clerk looks up."""


class Ringing(Body):
    phone: Mobile


class CallerView(View):
    """What a clerk who has somebody on the phone can write down for them at once."""

    calls: list[CallTaskView]
    choices: list[ChoiceView]
    wishes: list[DeskWish]
    entries: list[WaitingView]
    drawn: list[DeskDrawEntry]
    appointments: list[DeskAppointment]


@routes.post("/api/desk/callers", permission=Permission.APPOINTMENT_REVIEW)
async def read_caller(ctx: Context, body: Ringing) -> CallerView:
    """All that is open with whoever left this number; it stands in no address, and in no log."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await spend(tx, f"caller:{ctx.actor.account_id}", limit=AN_HOUR, per=timedelta(hours=1))
        found = await callers.open_with(tx, ctx.services.sealer, body.phone)
        tx.audit("search", "appointment", "caller", found=found.count, ids=found.ids)
        shown = await queries.shown(tx, Appointment.id.in_(found.appointments))
        return CallerView(
            calls=await call_views(ctx, tx, found.calls),
            choices=await choice_views(ctx, tx, found.choices, for_owner=False),
            wishes=await desk_wishes(ctx, tx, Wish.id.in_(found.wishes)),
            entries=await entry_views(ctx, tx, WaitlistEntry.id.in_(found.entries)),
            drawn=[
                desk_draw_entry(ctx, one, now=tx.now) for one in await standing.of(tx, found.drawn)
            ],
            appointments=await appointment_views(ctx, tx, shown),
        )
