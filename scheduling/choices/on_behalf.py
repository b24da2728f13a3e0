"""The desk asks for somebody who cannot: a place in the line of a full day, or a time."""

from dataclasses import dataclass
from uuid import UUID

from scheduling import claims, matters, on_behalf, replays
from scheduling.choices import asking, waiting, wishes
from scheduling.choices.tables import WaitlistEntry, Wish
from scheduling.draws.tables import DrawEntry
from scheduling.requests import Request, Who
from scheduling.tables import BookingChannel
from server.identity.persons import Declared
from server.identity.tables import IdentityLevel
from server.kernel.errors import NotFound
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx


@dataclass(frozen=True)
class Asked:
    """For whom the desk asks, how they came, and what for."""

    who: Declared
    channel: BookingChannel
    request: Request


@dataclass(frozen=True)
class Known:
    """Who it is, and the account that follows it on the page, if there is one."""

    who: Who
    account_id: UUID | None


async def join(
    tx: Tx, sealer: Sealer, day_id: UUID, asked: Asked, *, idempotency_key: str | None
) -> UUID:
    """Put them at the end of the line of a full day; the same key gets the same answer."""
    if done := await answered(tx, idempotency_key, action=waiting.ACTION):
        return done
    them = await known(tx, sealer, asked)
    day = await waiting.locked(tx, day_id, them.who.person_id)
    await waiting.check_full(tx, day)
    await asking.check_limits(tx, them.who, asked.request)
    entry = await waiting.enter(
        tx, sealer, day, them.who, asked.request,
        account_id=them.account_id, channel=asked.channel,
    )  # fmt: skip
    await entered(tx, sealer, entry, asked, idempotency_key, action=waiting.ACTION)
    return entry.id


async def ask(
    tx: Tx, sealer: Sealer, leader_id: UUID | None, asked: Asked, *, idempotency_key: str | None
) -> UUID:
    """Ask for a time with a leader, or with whoever is responsible; a clerk proposes some."""
    if done := await answered(tx, idempotency_key, action=wishes.ACTION):
        return done
    them = await known(tx, sealer, asked)
    await claims.lock(await tx.driver(), [them.who.person_id])
    await asking.check_limits(tx, them.who, asked.request)
    wish = await wishes.enter(
        tx, sealer, them.who, asked.request,
        leader_id=leader_id, account_id=them.account_id, channel=asked.channel,
    )  # fmt: skip
    await entered(tx, sealer, wish, asked, idempotency_key, action=wishes.ACTION)
    return wish.id


async def answered(tx: Tx, key: str | None, *, action: str) -> UUID | None:
    """What the same form got before; nobody else asks by the same account meanwhile."""
    quick, staff_id = await tx.driver(), tx.actor.account_id
    if staff_id is None:
        raise NotFound
    await claims.lock(quick, [staff_id])
    return await replays.found(quick, staff_id, key, action=action)


async def known(tx: Tx, sealer: Sealer, asked: Asked) -> Known:
    """For whom it is, declared."""
    await on_behalf.check_subject(tx, asked.request.subject_unit_id)
    person = await on_behalf.declare(tx, sealer, asked.who)
    account_id = await on_behalf.account_of(tx, sealer, person, asked.request.phone)
    return Known(Who(person.id, person.name, IdentityLevel(person.level)), account_id)


async def entered(
    tx: Tx, sealer: Sealer, what: Wish | WaitlistEntry | DrawEntry, asked: Asked, key: str | None, *,
    action: str,
) -> None:  # fmt: skip
    """What nobody wrote down is asked on the phone; a letter that was seen is noted."""
    if seen := sum(one.letter_seen for one in asked.request.company):
        tx.audit("letter_seen", what.__tablename__, what.id, letters=seen)
    if not asked.request.sentence:
        await matters.have_told(tx, sealer, what, name=what.name, phone=asked.request.phone)
    if tx.actor.account_id is not None:
        replays.keep(tx, tx.actor.account_id, key, action=action, result_id=what.id)
