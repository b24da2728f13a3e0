"""Who asks for a reception without a time of their own yet: person, matter, limits."""

from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import booking, calls, comers, complained_of, limits
from scheduling.calls import NewCall
from scheduling.choices.kept_places import Guest
from scheduling.choices.tables import (
    OPEN_ENTRIES,
    OPEN_WISHES,
    Asking,
    Choice,
    WaitlistEntry,
    Wish,
)
from scheduling.phoned import NO_SMARTPHONE
from scheduling.references import new_reference
from scheduling.requests import Request, Who
from scheduling.tables import AttendBy, BookingChannel, CallKind
from server.cases import papers
from server.identity.tables import AccountPerson, IdentityLevel, Person
from server.kernel.config import Config
from server.kernel.errors import NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar
from server.units.tables import Unit


async def own_person(tx: Tx, person_id: UUID) -> Who:
    """A person the signed-in account may act for, whose identity is declared."""
    query = (
        sa.select(Person)
        .join(AccountPerson, AccountPerson.person_id == Person.id)
        .where(Person.id == person_id, AccountPerson.account_id == tx.actor.account_id)
    )
    person = await tx.session.scalar(query)
    if person is None:
        raise NotFound
    if person.level == IdentityLevel.PHONE:
        raise RuleBroken("identity_not_declared")
    return Who(person.id, person.name, IdentityLevel(person.level))


async def may_ask(tx: Tx, sealer: Sealer, who: Who, request: Request, *, config: Config) -> bool:
    """Within the limits of a person, what they wait for counted too; the person must be locked.

    False: after no-shows a clerk calls instead. Raises RuleBroken.
    """
    await _check_waits(tx, who.person_id)
    return await booking.may_book(tx, sealer, who, request, config=config)


async def check_limits(tx: Tx, who: Who, request: Request) -> None:
    """As `may_ask`, where the desk asks: neither no-shows nor a pause keep anybody from it."""
    await _check_waits(tx, who.person_id)
    theirs = await limits.standing(
        await tx.driver(), who.person_id, case_id=request.case_id, now=tx.now
    )
    limits.check(theirs, most_open=tx.rules.open_appointments)


async def _check_waits(tx: Tx, person_id: UUID) -> None:
    if await _waits(tx, person_id) >= tx.rules.open_appointments:
        raise RuleBroken("too_many_waiting", most=tx.rules.open_appointments)


async def _waits(tx: Tx, person_id: UUID) -> int:
    wishes = sa.select(sa.func.count()).where(
        Wish.person_id == person_id, Wish.state.in_(OPEN_WISHES)
    )
    entries = sa.select(sa.func.count()).where(
        WaitlistEntry.person_id == person_id, WaitlistEntry.state.in_(OPEN_ENTRIES)
    )
    return (await tx.session.scalar(wishes) or 0) + (await tx.session.scalar(entries) or 0)


async def columns(
    tx: Tx, sealer: Sealer, who: Who, request: Request, *,
    unit: Unit, host_id: UUID | None, account_id: UUID | None,
    channel: BookingChannel = BookingChannel.ONLINE,
) -> dict[str, object]:  # fmt: skip
    """The matter is registered in every case; what a wish and an entry have in common.

    `host_id`: who is to receive, if that is known; `account_id`: who follows it on the page.
    """
    comers.check(
        request.company, people=request.people, papers=request.paper_ids,
        most_representatives=tx.rules.representatives,
    )  # fmt: skip
    calendar = await load_calendar(tx, around=day_of(tx.now))
    site_id = await booking.site_of(tx, request)
    case = await booking.matter(tx, sealer, unit, who, request, calendar=calendar)
    await complained_of.check(tx, case, leader_id=host_id, site_id=site_id)
    await papers.attach(tx, sealer, paper_ids=request.paper_ids, case_id=case.id)
    return {
        "id": uuid4(), "reference": new_reference(), "unit_id": unit.id, "case_id": case.id,
        "person_id": who.person_id, "account_id": account_id,
        "asked_by": tx.actor.account_id, "channel": channel, "name": who.name,
        "phone": sealer.seal(request.phone, purpose="phone"),
        "email": sealer.seal(request.email, purpose="email") if request.email else None,
        "attend_by": request.attend_by, "site_id": site_id, "needs": request.needs,
        "company": comers.seal(sealer, request.company), "asked_at": tx.now,
    }  # fmt: skip


def guest(asked: Asking) -> Guest:
    """For whom a place is booked when one is found."""
    return Guest(
        person_id=asked.person_id, account_id=asked.account_id, case_id=asked.case_id,
        booked_by=asked.asked_by, name=asked.name, phone=asked.phone, email=asked.email,
        attend_by=AttendBy(asked.attend_by), site_id=asked.site_id, needs=asked.needs,
        company=asked.company, channel=BookingChannel(asked.channel),
    )  # fmt: skip


async def phone(tx: Tx, sealer: Sealer, asked: Asking, choice: Choice) -> None:
    """Without a smartphone there is no link to tap: a clerk asks, while the places are kept."""
    if not asked.needs.get(NO_SMARTPHONE):
        return
    call = NewCall(
        kind=CallKind.CHOICE_BY_PHONE, key=f"{CallKind.CHOICE_BY_PHONE}:{choice.id}",
        name=sealer.open(asked.name, purpose="name"),
        phone=sealer.open(asked.phone, purpose="phone"), choice_id=choice.id,
        latest=choice.due_at,
    )  # fmt: skip
    await calls.request(tx, sealer, call, unit_id=choice.unit_id)
