"""T12: whose sign-in, account or shared device ends is cut from socket and media at once."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduling import company
from scheduling.tables import Appointment, Invitee, SessionRole
from server.identity import accounts, sessions
from server.kernel.actor import SYSTEM, Role
from signaling.pace import Pace
from tests.media.conftest import until
from tests.security.three import MANY
from tests.sockets import RefusedError
from tests.voices import Voice

ENOUGH = 20.0
"""Seconds: the row says one; a busy machine may take longer."""


async def disable(hall, login: str, _seat) -> None:
    async with hall.services.uow.begin(SYSTEM) as tx:
        await accounts.disable(tx, login)


async def sign_out(_hall, _login: str, seat) -> None:
    await seat.post("/api/sign-out")


async def end_everywhere(hall, login: str, _seat) -> None:
    async with hall.services.uow.begin(SYSTEM) as tx:
        account = await accounts.staff(tx, login)
        await sessions.revoke_all(tx, account.id)


async def fourth(three, hall, account):
    """A second member of staff in the room, who can be cut while the others go on."""
    seat = await (await hall.staff(account)).connect()
    three.voices[seat.id] = await Voice(seat).join()
    await three.hears(seat, three.wang, three.li)
    return seat


@pytest.mark.parametrize("end", [disable, sign_out, end_everywhere])
async def test_t12_ended_sign_in_gets_no_packet_and_no_word(three, studio, end):
    account = await studio.operator()
    seat = await fourth(three, studio, account)
    async with asyncio.timeout(ENOUGH):
        await end(studio, account.login, seat)
        assert await seat.closed() == 4403
    assert (seat.messages[-1]["type"], seat.messages[-1]["reason"]) == ("leave", "signed_out")
    before = three.heard(seat, three.wang, three.li), three.heard(three.li, seat)
    await three.hears(three.li, three.wang, packets=MANY)  # the control: the others go on
    assert (three.heard(seat, three.wang, three.li), three.heard(three.li, seat)) == before
    with pytest.raises(RefusedError, match="not_signed_in"):
        await seat.ticket()


async def leave_out(hall, invitee_id) -> None:
    async with hall.services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, hall.appointment.id)
        await company.uninvite(tx, appointment, invitee_id)


async def test_t12_who_is_left_out_is_cut_and_the_others_are_not(hall):
    """A helper by a link, and a department's handler, both of whom sit in the room."""
    leader = await hall.host()
    helper = await hall.inside("Li", leader)
    staff = await hall.clerk(Role.HANDLER)
    handler_id = await hall.invite("Wu", SessionRole.HANDLER, account_id=staff.id)
    handler = await (await hall.staff(staff)).connect()
    async with hall.services.uow.begin(SYSTEM) as tx:
        query = sa.select(Invitee.id).where(
            Invitee.appointment_id == hall.appointment.id, Invitee.role == SessionRole.HELPER
        )
        helper_id = (await tx.session.scalars(query)).one()
    for seat, invitee_id in ((helper, helper_id), (handler, handler_id)):
        await seat.send("beat")  # the control
        async with asyncio.timeout(ENOUGH):
            await leave_out(hall, invitee_id)
            assert await seat.closed() == 4403
        with pytest.raises(RefusedError):
            await seat.connect()
    await leader.send("beat")


async def test_t12_media_is_cut_even_when_the_socket_is_gone(three, studio):
    account = await studio.operator()
    seat = await fourth(three, studio, account)
    await seat.close()
    await disable(studio, account.login, seat)
    await until(lambda: seat.id not in granted(studio))
    before = three.heard(seat, three.wang, three.li)
    await three.hears(three.li, three.wang, packets=MANY)
    assert three.heard(seat, three.wang, three.li) == before


def granted(hall) -> set[str]:
    return {str(seat) for live in hall.services.desk.lives.values() for seat in live.granted}


async def test_t12_control_without_the_look_who_is_disabled_goes_on_listening(three, studio):
    account = await studio.operator()
    seat = await fourth(three, studio, account)
    studio.services.desk.pace = Pace(recheck_every=3_600)
    await three.hears(seat, three.wang, packets=MANY)  # longer than the look under way
    await disable(studio, account.login, seat)
    await three.hears(seat, three.wang, three.li, packets=MANY)
    assert seat.code is None


async def test_t12_ticket_of_an_ended_sign_in_opens_nothing(hall):
    clerk = await hall.clerk()
    seat = await hall.staff(clerk)
    ticket, second = await seat.ticket(), await seat.ticket()
    await seat.connect(ticket=second)  # the control
    await disable(hall, clerk.login, seat)
    with pytest.raises(RefusedError, match="bad_ticket"):
        await seat.connect(ticket=ticket)


async def test_t12_wiped_device_is_cut_and_ones_own_link_is_not(hall):
    code = await hall.code()
    worker = await hall.staff(await hall.clerk(Role.VILLAGE_WORKER))
    hall.tokens["shared"] = (await worker.post("/api/site/seats", {"code": code}))["token"]
    device, li = hall.guest("shared"), await hall.waiting("Li")
    await device.check_in()
    await device.connect()
    async with asyncio.timeout(ENOUGH):
        await worker.post(f"/api/site/seats/{await hall.seat_id()}/wiping")
        assert await device.closed() == 4403
    await (await hall.waiting("Wang")).send("beat")  # the control: by the person's own link
    await li.send("beat")


async def test_t12_socket_in_use_keeps_its_sign_in_and_a_page_left_open_does_not(hall, clock):
    leader, clerk = await hall.host(), await hall.staff(await hall.clerk())
    for _ in range(3):
        clock.move(timedelta(minutes=20))
        await leader.send("beat")
        await until_touched(hall)
    assert await leader.ticket()
    with pytest.raises(RefusedError, match="not_signed_in"):
        await clerk.ticket()  # the control: signed in at the same time, never used


async def until_touched(hall) -> None:
    """Until the sign-in behind the only line was noted as used just now."""
    (line,) = (n for live in hall.services.desk.lives.values() for n in live.lines.values())
    async with asyncio.timeout(ENOUGH):
        while True:
            async with hall.services.uow.begin(SYSTEM) as tx:
                (one,) = await sessions.open_sessions(tx, line.actor.account_id)
                if one.seen_at == tx.now:
                    return
            await asyncio.sleep(0.05)
