"""The home page in one answer: slow phones pay for every further one."""

from datetime import timedelta

from scheduling import holds, public_days
from scheduling.tables import Appointment, AppointmentState
from server.http.booking_views import AppointmentView, DayCard, HoldView, day_card, hold_view
from server.http.choice_views import ChoiceView, own_choices
from server.http.context import Context
from server.http.endpoints import Routes, View
from server.http.identity_views import Me, me_of
from server.http.own_appointments import views_of
from server.http.units import CentreView, centre_view
from server.identity.permissions import Permission
from server.kernel.actor import ActorKind
from server.kernel.uow import Tx

routes = Routes()
AHEAD = timedelta(days=14)
MOST_DAYS = 8
STANDING = (
    AppointmentState.SUBMITTED,
    AppointmentState.CONFIRMED,
    AppointmentState.CHECKED_IN,
    AppointmentState.IN_SESSION,
)


class HomeView(View):
    """`days` are those open for booking, soonest first; the rest is the asker's own."""

    centre: CentreView
    me: Me
    days: list[DayCard]
    next: AppointmentView | None
    hold: HoldView | None
    choices: list[ChoiceView]


@routes.get("/api/home", permission=Permission.PUBLIC)
async def read_home(ctx: Context) -> HomeView:
    """Who asks, their next appointment, and the days that can be booked soon."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        cards = await public_days.coming(tx, since=tx.now, until=tx.now + AHEAD)
        bookable = [card for card in cards if card.is_bookable(tx.now)][:MOST_DAYS]
        is_resident = ctx.actor.kind is ActorKind.RESIDENT
        return HomeView(
            centre=centre_view(ctx),
            me=await me_of(tx, ctx.actor, sealer=ctx.services.sealer),
            days=[day_card(card, fits=True) for card in bookable],
            next=await _next(ctx, tx) if is_resident else None,
            hold=await _hold(ctx, tx) if is_resident else None,
            choices=await own_choices(ctx, tx) if is_resident else [],
        )


async def _next(ctx: Context, tx: Tx) -> AppointmentView | None:
    mine = Appointment.account_id == ctx.actor.account_id
    ahead = (Appointment.state.in_(STANDING), Appointment.ends_at > tx.now)
    found = await views_of(ctx, tx, mine, *ahead)
    return found[0] if found else None


async def _hold(ctx: Context, tx: Tx) -> HoldView | None:
    if ctx.actor.account_id is None:
        return None
    found = await holds.own_hold(tx, ctx.actor.account_id)
    return hold_view(found) if found else None
