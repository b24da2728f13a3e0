"""F10: a resident who reloads the page again and again keeps the seat, and leaves no ghost."""

import pytest

from tests.browser import today
from tests.browser.callers import link_to
from tests.browser.stage import Stage

pytestmark = [
    pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browsers"),
    pytest.mark.timeout(800),
]  # fmt: skip
TIMES = 50


async def test_fifty_reloads_in_the_room_keep_the_seat(stage: Stage) -> None:
    async with stage.evidence():
        district, resident = stage.district, await stage.resident()
        known = district.people.residents[2]
        appointment_id = await today.place_of(district, known)
        leader_name = today.leader_of_today(district)
        await resident.arrive(await link_to(district, known.phone))
        await resident.reads("现在谁也看不到您")
        leader = await today.leader_takes_the_seat(stage, appointment_id)
        await today.let_in(leader, known.name)
        await resident.sees(leader_name)
        seats = {known.name: leader.seat.people()[known.name]["participant_id"]}
        for _ in range(TIMES):
            await resident.is_back_after_reload(leader_name)
            assert others(leader) == seats
        await leader.hears(known.name)
        assert set(leader.voice.bot.heard) == set(seats.values())


def others(leader) -> dict[str, str]:
    people = leader.seat.people().values()
    return {p["name"]: p["participant_id"] for p in people if p["participant_id"] != leader.seat.id}
