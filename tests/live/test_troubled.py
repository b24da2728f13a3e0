"""Sessions with people on bad lines, seen by the desk and the duty officer who reach them."""

import pytest

from server.cases.tables import Case
from server.kernel.actor import SYSTEM, Role
from tests.reception import add_centre
from tests.sockets import RefusedError

PATH = "/api/line/troubled"
BAD = {"loss": 0.25, "rtt": 300.0, "width": 320, "height": 180, "kbps": 90.5, "freezes": 3}
UNKNOWN = {"sent_loss": None, "unseen": None}


async def test_bad_and_lost_lines_are_shown_by_role_and_never_by_name(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    li = await hall.inside("Li", host)
    clerk = await hall.staff(await hall.clerk())
    duty = await hall.staff(await hall.clerk(Role.DUTY_OFFICER))
    assert await clerk.get(PATH) == []
    await wang.send("beat", **BAD)
    await li.send("beat", loss=0.06)  # weak is no trouble yet
    [shown] = await clerk.get(PATH)
    assert shown["people"] == [
        {"role": "petitioner", "trouble": "bad", "vitals": {**BAD, **UNKNOWN}}
    ]
    assert (shown["appointment_id"], shown["host_name"]) == (str(hall.appointment.id), "Leader 1")
    assert await duty.get(PATH) == [shown]
    for canary in ("Wang", "Li", wang.id, str(hall.case.id)):
        assert canary not in str(shown)
    await li.close()
    await host.wait_for("person.lost", participant_id=li.id)
    await wang.send("beat", **BAD)
    [shown] = await clerk.get(PATH)
    assert [(one["role"], one["trouble"]) for one in shown["people"]] == [
        ("petitioner", "bad"), ("helper", "lost"),
    ]  # fmt: skip


async def test_a_line_that_is_well_again_or_a_session_that_is_over_is_shown_no_more(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    clerk = await hall.staff(await hall.clerk())
    for numbers, count in ((BAD, 1), ({"loss": 0.0}, 0), (BAD, 1)):
        await wang.send("beat", **numbers)
        assert len(await clerk.get(PATH)) == count
    await host.send("session.close", result="aborted")
    assert await clerk.get(PATH) == []


async def test_another_centre_sees_nothing(hall):
    wang = await hall.inside("Wang", await hall.host())
    await wang.send("beat", **BAD)
    here, hall.unit = hall.unit, await add_centre(hall.services, "YY")
    far = [
        await hall.staff(await hall.clerk(role, login=f"far-{role}"))
        for role in (Role.CLERK, Role.DUTY_OFFICER)
    ]
    hall.unit = here
    assert [await one.get(PATH) for one in far] == [[], []]
    assert len(await (await hall.staff(await hall.clerk())).get(PATH)) == 1  # the control


async def test_staff_of_the_unit_complained_of_see_nothing_of_the_case(hall):
    wang = await hall.inside("Wang", await hall.host())
    await wang.send("beat", **BAD)
    clerk = await hall.staff(await hall.clerk())
    assert len(await clerk.get(PATH)) == 1
    async with hall.services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(Case, hall.case.id)).subject_unit_id = hall.unit.id
    assert await clerk.get(PATH) == []


@pytest.mark.parametrize(
    "role", [role for role in Role if role not in {Role.CLERK, Role.DUTY_OFFICER}]
)
async def test_no_other_role_may_look(hall, role):
    wang = await hall.inside("Wang", await hall.host())
    await wang.send("beat", **BAD)
    other = await hall.staff(await hall.clerk(role))
    for stranger in (other, hall.guest("Wang")):
        with pytest.raises(RefusedError, match="not_found"):
            await stranger.get(PATH)
