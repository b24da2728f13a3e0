"""What goes on in the house, seen by the duty officer who reaches it."""

import pytest

from scheduling.tables import Appointment
from server.cases.tables import Case
from server.kernel.actor import SYSTEM, Role
from tests.hall import add_line
from tests.reception import add_centre
from tests.sockets import RefusedError

PATH = "/api/duty/today"
NOTHING = {"running": [], "leading": [], "seats": []}


@pytest.fixture
async def duty(hall):
    return await hall.staff(await hall.clerk(Role.DUTY_OFFICER))


async def test_session_shows_who_leads_and_how_many_are_there_until_it_is_over(hall, duty):
    assert (await duty.get(PATH))["running"] == []
    host = await hall.host()
    wang = await hall.waiting("Wang")
    [shown] = (await duty.get(PATH))["running"]
    assert (shown["state"], shown["host_name"]) == ("open", "Leader 1")
    assert (shown["present"], shown["waiting"], shown["started_at"]) == (1, 1, None)
    await host.send("admit", participant_id=wang.id, because="known to the leader")
    [shown] = (await duty.get(PATH))["running"]
    assert (shown["state"], shown["present"], shown["waiting"]) == ("live", 2, 0)
    for canary in ("Wang", wang.id, str(hall.case.id)):
        assert canary not in str(shown)
    await host.send("session.close", result="held")
    assert (await duty.get(PATH))["running"] == []


async def test_reception_of_today_says_how_far_it_is(hall, duty):
    first, _second = await add_line(hall, ["Zhao", "Qian"], minutes=30)
    [leading] = (await duty.get(PATH))["leading"]
    assert (leading["leader_name"], leading["done"], leading["total"]) == ("Leader 1", 0, 2)
    async with hall.services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(Appointment, first.id)).state = "completed"
    [leading] = (await duty.get(PATH))["leading"]
    assert (leading["done"], leading["total"]) == (1, 2)


async def test_seat_at_a_site_shows_until_it_is_wiped(hall, duty):
    code = await hall.code()
    worker = await hall.staff(await hall.clerk(Role.VILLAGE_WORKER))
    await worker.post("/api/site/seats", {"code": code})
    [seat] = (await duty.get(PATH))["seats"]
    assert (seat["site_name"], seat["opened_by"]) == (hall.unit.name, "village_worker name")
    await worker.post(f"/api/site/seats/{await hall.seat_id()}/wiping")
    assert (await duty.get(PATH))["seats"] == []


async def test_another_centre_and_whoever_is_shut_out_see_nothing(hall, duty):
    await hall.host()
    assert len((await duty.get(PATH))["running"]) == 1
    here, hall.unit = hall.unit, await add_centre(hall.services, "YY")
    far = await hall.staff(await hall.clerk(Role.DUTY_OFFICER, login="far"))
    hall.unit = here
    assert await far.get(PATH) == NOTHING
    async with hall.services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(Case, hall.case.id)).subject_unit_id = hall.unit.id
    assert (await duty.get(PATH))["running"] == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.DUTY_OFFICER])
async def test_no_other_role_may_look(hall, role):
    with pytest.raises(RefusedError, match="not_found"):
        await (await hall.staff(await hall.clerk(role))).get(PATH)
