"""T11: a code opens one person's own seat, and nobody else's; it dies with what it was given for."""

import pytest
import pytest_asyncio

from scheduling import codes, invitees
from scheduling.tables import Appointment, AppointmentState, Invitee
from server.kernel.actor import SYSTEM, Role
from tests.hall import add_session
from tests.sockets import RefusedError, Seat

SEATS = "/api/site/seats"


@pytest_asyncio.fixture
async def worker(table) -> Seat:
    return await table.staff(await table.clerk(Role.VILLAGE_WORKER))


async def opened(table, worker, name) -> tuple[dict, Seat]:
    """A shared device on which this person's code was typed."""
    seat = await worker.post(SEATS, {"code": await table.code(name)})
    table.tokens["shared"] = seat["token"]
    return seat, table.guest("shared")


async def test_t11_code_opens_the_seat_of_one_side_only(table, worker):
    for name, role in (("Li", "respondent"), ("Wang", "applicant")):
        seat, device = await opened(table, worker, name)
        mine = await device.get("/api/invitations/mine")
        assert (seat["role"], seat["person_name_masked"][0]) == (role, name[0])
        assert (mine["my_name"], mine["role"]) == (name, role)
        assert mine["seat_id"] == seat["seat_id"]


async def test_t11_other_sides_code_opens_no_private_room(table, worker):
    host = await table.host()
    wang = await table.inside("Wang", host)
    room_id = (await host.send("caucus.open"))["room_id"]
    await host.send("caucus.invite", room_id=room_id, participant_id=wang.id)
    await wang.wait_for("caucus.invited")
    _, device = await opened(table, worker, "Li")
    await device.check_in()
    await device.connect()
    with pytest.raises(RefusedError):
        await device.send("caucus.answer", accept=True)
    await wang.send("caucus.answer", accept=True)  # the control: who was asked in
    await host.wait_for("caucus.answered", participant_id=wang.id, accepted=True)
    assert set(device.people()) == {"Li"}
    assert room_id not in "".join(device.texts)


async def test_t11_both_sides_at_one_point_are_compared_and_wiped_each_alone(table, worker):
    li, device = await opened(table, worker, "Li")
    await worker.post(f"{SEATS}/{li['seat_id']}/compared", {})
    wang, first = await opened(table, worker, "Wang")
    assert (li["seen"], wang["seen"]) == (False, False)
    await worker.post(f"{SEATS}/{li['seat_id']}/wiping")
    with pytest.raises(RefusedError, match="not_signed_in"):
        await device.get("/api/invitations/mine")
    assert (await first.get("/api/invitations/mine"))["my_name"] == "Wang"
    with pytest.raises(RefusedError, match="not_found"):
        await worker.post(f"{SEATS}/{li['seat_id']}/compared", {})
    assert (await opened(table, worker, "Li"))[0]["seen"] is True  # the control


async def test_t11_agent_of_the_other_side_is_not_of_this_seats_company(table, worker):
    for name in ("Wang", "Li"):
        await table.invite(f"Agent of {name}", "agent", serves_id=await table.seat_id(name))
    seat, _ = await opened(table, worker, "Li")
    [along] = seat["company"]
    theirs, other = [await table.seat_id(f"Agent of {name}") for name in ("Li", "Wang")]
    assert along["invitee_id"] == str(theirs)
    path = f"{SEATS}/{seat['seat_id']}/compared"
    with pytest.raises(RefusedError, match="not_found"):
        await worker.post(path, {"invitee_id": str(other)})
    await worker.post(path, {"invitee_id": str(theirs)})  # the control


@pytest.mark.parametrize("gone", ["cancelled", "completed", "removed"])
async def test_t11_code_dies_with_the_appointment_or_the_invitation(table, worker, gone):
    code = await table.code("Li")
    await worker.post(SEATS, {"code": code})  # the control: as long as it stands
    async with table.services.uow.begin(SYSTEM) as tx:
        if gone == "removed":
            seat = await tx.session.get_one(Invitee, await table.seat_id("Li"))
            seat.removed_at = tx.now
        else:
            found = await tx.session.get_one(Appointment, table.appointment.id)
            found.state = AppointmentState(gone)
    with pytest.raises(RefusedError, match="not_found"):
        await worker.post(SEATS, {"code": code})


async def test_t11_code_of_what_is_over_may_be_given_again_and_no_other(table, monkeypatch):
    services, drawn = table.services, iter(["111111", "111111", "222222", "111111"])
    monkeypatch.setattr(codes, "new_code", lambda: next(drawn))
    other, _ = await add_session(services, table.leader)
    await table.invite("Chen", "petitioner", appointment=other)
    assert await table.code("Wang") == "111111"
    assert await table.code("Li") == "222222"
    async with services.uow.begin(SYSTEM) as tx:
        found = await tx.session.get_one(Appointment, table.appointment.id)
        found.state = AppointmentState.CANCELLED
    assert await table.code("Chen", appointment=other) == "111111"
    async with services.uow.begin(SYSTEM) as tx:
        shown = {codes.shown(one, services.sealer) for one in await invitees.of(tx, found.id)}
    assert shown == {None, "222222"}
