"""T10: nobody takes all the sockets: so many in all, so many without a name, so many a person."""

from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from aiohttp import WSServerHandshakeError

from server.http.gate import Room
from server.http.socket import Limits
from tests.hall import add_session, open_hall, serving
from tests.sockets import RefusedError

FEW = 3


@pytest_asyncio.fixture
async def crowded(services, request):
    """A hall whose door is as narrow as the test says."""
    room = Room(**request.param)
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(services, limits=Limits(room=room)))
        yield await stack.enter_async_context(open_hall(services, base))


async def knock(hall, times: int, *, kept: list) -> list[tuple[int, str]]:
    """Open sockets without a word; answers what those were told that are not `kept`."""
    refused = []
    for _ in range(times):
        try:
            url = hall.base.replace("http", "ws", 1) + "/api/live/socket"
            kept.append(await hall.http.ws_connect(url, headers={"Origin": hall.base}))
        except WSServerHandshakeError as refusal:
            refused.append((refusal.status, refusal.headers.get("Retry-After")))
    return refused


@pytest.mark.parametrize(
    ("crowded", "status"),
    [({"in_all": FEW}, 503), ({"unnamed": FEW}, 503), ({"unnamed_per_address": FEW}, 429)],
    indirect=["crowded"],
)
async def test_t10_silent_sockets_are_refused_before_the_upgrade(crowded, status):
    assert await knock(crowded, FEW + 2, kept=[]) == [(status, "5")] * 2


@pytest.mark.parametrize("crowded", [{}], indirect=True)
async def test_t10_control_with_room_they_are_all_let_in(crowded):
    assert await knock(crowded, FEW + 2, kept=[]) == []


@pytest.mark.parametrize("crowded", [{"unnamed": FEW}], indirect=True)
async def test_t10_silent_sockets_harm_nobody_with_a_seat_and_make_room_when_they_go(crowded):
    host, silent = await crowded.host(), []
    assert await knock(crowded, FEW, kept=silent) == []
    with pytest.raises(WSServerHandshakeError):
        await crowded.waiting("Wang")
    await host.send("beat")
    for socket in silent:
        await socket.close()
    await crowded.waiting("Wang")


@pytest.mark.parametrize("crowded", [{"per_person": FEW}], indirect=True)
async def test_t10_one_person_holds_so_many_sockets_and_others_as_many(crowded):
    clerk, other = await crowded.clerk(), await crowded.clerk(login="other")
    for _ in range(FEW):
        appointment, _ = await add_session(crowded.services, crowded.leader)
        await (await crowded.staff(clerk, appointment)).connect()
    with pytest.raises(RefusedError, match="too_often"):
        await (await crowded.staff(clerk)).connect()
    await (await crowded.staff(other)).connect()
