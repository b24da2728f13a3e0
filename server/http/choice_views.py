"""What people are shown when they are to choose, and what they wait for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling import invitees
from scheduling.choices import questions as choices
from scheduling.choices import waiting
from scheduling.choices.tables import (
    OPEN_ENTRIES,
    OPEN_WISHES,
    Choice,
    ChoiceKind,
    Chosen,
    EntryState,
    Offer,
    WaitlistEntry,
    Wish,
    WishState,
)
from scheduling.tables import Appointment, AppointmentState, ReceptionDay
from server.cases.tables import Case
from server.http.booking_views import LeaderView, leader_view
from server.http.context import Context
from server.http.endpoints import View
from server.identity.tables import Official
from server.kernel.uow import Tx
from server.units.tables import Unit


class OfferView(View):
    """A place that is kept; taking it is one tap."""

    id: UUID
    begins_at: datetime
    ends_at: datetime
    leader: LeaderView | None
    unit_name: str


class ChoiceView(View):
    """A question to one person. `now` is what stands if nothing is done, later what came of it.

    The states are of what it is about: what was asked may have been settled otherwise since.
    """

    id: UUID
    kind: ChoiceKind
    my_name: str
    asked_at: datetime
    due_at: datetime
    open: bool
    answer: Chosen | None
    from_leader: LeaderView | None
    now: OfferView | None
    offers: list[OfferView]
    appointment_id: UUID | None
    appointment_state: AppointmentState | None
    wish_state: WishState | None
    entry_state: EntryState | None
    centre_phone: str
    token: str | None
    actions: list[str]


class WishView(View):
    """A reception that somebody asked for; `due_at` is by when the next step is promised."""

    id: UUID
    reference: str
    state: WishState
    leader: LeaderView | None
    category: str | None
    sentence: str
    case_id: UUID
    case_number: str
    person_name: str
    asked_at: datetime
    due_at: datetime
    decline_reason: str | None
    right_route: str | None
    appointment_id: UUID | None
    actions: list[str]


class WaitingView(View):
    """A place in the line of a full day; `place` counts from 1."""

    id: UUID
    reference: str
    state: EntryState
    place: int | None
    day_id: UUID
    leader: LeaderView
    begins_at: datetime
    ends_at: datetime
    sentence: str
    person_name: str
    asked_at: datetime
    appointment_id: UUID | None
    actions: list[str]


class WaitsView(View):
    """All that a resident waits for or is to decide."""

    choices: list[ChoiceView]
    wishes: list[WishView]
    entries: list[WaitingView]


@dataclass(frozen=True)
class Around:
    """Leaders, units and appointments that questions speak of, by their ids."""

    officials: Mapping[UUID, Official]
    units: Mapping[UUID, str]
    appointments: Mapping[UUID, Appointment]
    offers: Mapping[UUID, Sequence[Offer]]
    wishes: Mapping[UUID, WishState]
    entries: Mapping[UUID, EntryState]


async def choice_views(
    ctx: Context, tx: Tx, found: Sequence[Choice], *, for_owner: bool
) -> list[ChoiceView]:
    """With the link's token for its owner only; staff are never given it."""
    around = await _around(tx, found)
    return [_choice(ctx, tx, one, around, for_owner=for_owner) for one in found]


async def _around(tx: Tx, found: Sequence[Choice]) -> Around:
    offers: dict[UUID, list[Offer]] = {}
    query = sa.select(Offer).where(
        Offer.choice_id.in_([one.id for one in found]), Offer.ended_at.is_(None)
    )
    for offer in await tx.session.scalars(query.order_by(Offer.position)):
        offers.setdefault(offer.choice_id, []).append(offer)
    ids = {one.appointment_id for one in found if one.appointment_id}
    ids |= {offer.hold_id for many in offers.values() for offer in many}
    rows = await tx.session.scalars(sa.select(Appointment).where(Appointment.id.in_(ids)))
    appointments = {one.id: one for one in rows}
    leaders = {one.host_id for one in appointments.values()}
    leaders |= {one.from_leader_id for one in found if one.from_leader_id}
    officials = await officials_of(tx, leaders)
    units = sa.select(Unit).where(Unit.id.in_({one.unit_id for one in appointments.values()}))
    names = {unit.id: unit.name for unit in await tx.session.scalars(units)}
    return Around(
        officials, names, appointments, offers, wishes=await _wishes(tx, found),
        entries=await _entries(tx, found),
    )  # fmt: skip


async def _wishes(tx: Tx, found: Sequence[Choice]) -> dict[UUID, WishState]:
    ids = {one.wish_id for one in found if one.wish_id}
    query = sa.select(Wish.id, Wish.state).where(Wish.id.in_(ids))
    return {key: WishState(state) for key, state in (await tx.session.execute(query)).all()}


async def _entries(tx: Tx, found: Sequence[Choice]) -> dict[UUID, EntryState]:
    ids = {one.entry_id for one in found if one.entry_id}
    query = sa.select(WaitlistEntry.id, WaitlistEntry.state).where(WaitlistEntry.id.in_(ids))
    return {key: EntryState(state) for key, state in (await tx.session.execute(query)).all()}


async def officials_of(tx: Tx, ids: set[UUID]) -> dict[UUID, Official]:
    query = sa.select(Official).where(Official.account_id.in_(ids))
    return {one.account_id: one for one in await tx.session.scalars(query)}


def _choice(ctx: Context, tx: Tx, choice: Choice, around: Around, *, for_owner: bool) -> ChoiceView:
    sealer = ctx.services.sealer
    is_open = choice.answered_at is None and choice.due_at > tx.now
    about = around.appointments.get(choice.appointment_id) if choice.appointment_id else None
    before = around.officials.get(choice.from_leader_id) if choice.from_leader_id else None
    return ChoiceView(
        id=choice.id,
        kind=ChoiceKind(choice.kind),
        my_name=sealer.open(choice.name, purpose="name"),
        asked_at=choice.asked_at,
        due_at=choice.due_at,
        open=is_open,
        answer=Chosen(choice.answer) if choice.answer else None,
        from_leader=leader_view(before) if before else None,
        now=_place(about.id, about, around) if about else None,
        offers=[
            _place(offer.id, around.appointments[offer.hold_id], around)
            for offer in around.offers.get(choice.id, ())
        ] if is_open else [],
        appointment_id=choice.appointment_id,
        appointment_state=AppointmentState(about.state) if about else None,
        wish_state=around.wishes.get(choice.wish_id) if choice.wish_id else None,
        entry_state=around.entries.get(choice.entry_id) if choice.entry_id else None,
        centre_phone=ctx.services.config.centre.phone,
        token=sealer.open(choice.link, purpose=invitees.LINK) if for_owner else None,
        actions=_actions(choice) if is_open else [],
    )  # fmt: skip


def _actions(choice: Choice) -> list[str]:
    return (
        ["keep", "take", "decline"] if choice.kind == ChoiceKind.REPLACED else ["take", "decline"]
    )


def _place(key: UUID, at: Appointment, around: Around) -> OfferView:
    official = around.officials.get(at.host_id)
    return OfferView(
        id=key, begins_at=at.begins_at, ends_at=at.ends_at,
        leader=leader_view(official) if official else None,
        unit_name=around.units.get(at.unit_id, ""),
    )  # fmt: skip


async def wish_views(ctx: Context, tx: Tx, *conditions: sa.ColumnElement[bool]) -> list[WishView]:
    query = (
        sa.select(Wish, Case, Official)
        .join(Case, Case.id == Wish.case_id)
        .outerjoin(Official, Official.account_id == Wish.leader_id)
        .where(*conditions)
        .order_by(Wish.asked_at.desc())
        .limit(200)
    )
    rows = (await tx.session.execute(query)).all()
    return [_wish(ctx, wish, case, leader) for wish, case, leader in rows]


def _wish(ctx: Context, wish: Wish, case: Case, leader: Official | None) -> WishView:
    sealer = ctx.services.sealer
    facts = ("id", "reference", "asked_at", "due_at", "decline_reason", "right_route")
    return WishView(
        **{name: getattr(wish, name) for name in facts},
        state=WishState(wish.state),
        leader=leader_view(leader) if leader else None,
        category=case.category,
        sentence=sealer.open(case.sentence, purpose="text"),
        case_id=case.id,
        case_number=case.number,
        person_name=sealer.open(wish.name, purpose="name"),
        appointment_id=wish.appointment_id,
        actions=["withdraw"] if wish.state in OPEN_WISHES else [],
    )


async def entry_views(
    ctx: Context, tx: Tx, *conditions: sa.ColumnElement[bool]
) -> list[WaitingView]:
    query = (
        sa.select(WaitlistEntry, Case, ReceptionDay, Official)
        .join(Case, Case.id == WaitlistEntry.case_id)
        .join(ReceptionDay, ReceptionDay.id == WaitlistEntry.day_id)
        .join(Official, Official.account_id == ReceptionDay.leader_id)
        .where(*conditions)
        .order_by(WaitlistEntry.number)
        .limit(200)
    )
    rows = (await tx.session.execute(query)).all()
    places = {row[0].id: await waiting.place_of(tx, row[0]) for row in rows}
    return [
        _entry(ctx, entry, case, Held(day, leader, places[entry.id]))
        for entry, case, day, leader in rows
    ]


@dataclass(frozen=True)
class Held:
    """The day somebody waits for, who receives on it, and their place in its line."""

    day: ReceptionDay
    leader: Official
    place: int


def _entry(ctx: Context, entry: WaitlistEntry, case: Case, held: Held) -> WaitingView:
    sealer, stands = ctx.services.sealer, entry.state in OPEN_ENTRIES
    return WaitingView(
        id=entry.id,
        reference=entry.reference,
        state=EntryState(entry.state),
        place=held.place if stands else None,
        day_id=held.day.id,
        leader=leader_view(held.leader),
        begins_at=held.day.begins_at,
        ends_at=held.day.ends_at,
        sentence=sealer.open(case.sentence, purpose="text"),
        person_name=sealer.open(entry.name, purpose="name"),
        asked_at=entry.asked_at,
        appointment_id=entry.appointment_id,
        actions=["leave"] if stands else [],
    )


async def own_choices(ctx: Context, tx: Tx) -> list[ChoiceView]:
    """What the signed-in account is to decide."""
    mine = Choice.account_id == ctx.actor.account_id
    found = await choices.open_of(tx, mine, Choice.due_at > tx.now)
    return await choice_views(ctx, tx, found, for_owner=True) if found else []


async def waits(ctx: Context, tx: Tx) -> WaitsView:
    """Of the signed-in account, what is open, and a wish that was declined."""
    mine = ctx.actor.account_id
    return WaitsView(
        choices=await own_choices(ctx, tx),
        wishes=await wish_views(
            ctx, tx, Wish.account_id == mine,
            Wish.state.in_((*OPEN_WISHES, WishState.DECLINED)),
        ),
        entries=await entry_views(
            ctx, tx, WaitlistEntry.account_id == mine, WaitlistEntry.state.in_(OPEN_ENTRIES)
        ),
    )  # fmt: skip
