"""T09: no page of another site opens a socket, and a ticket opens one, once, within seconds."""

from datetime import timedelta

import pytest
from aiohttp import WSServerHandshakeError

from server.http.socket import PATH, Limits
from tests.hall import open_hall, serving
from tests.sockets import RefusedError

STRANGE = {
    "missing": None,
    "null": "null",
    "evil": "https://evil.example",
    "prefix": "{base}.evil.example",
    "suffix": "http://evil{host}",
    "other port": "http://127.0.0.1:1",
    "other scheme": "https://{host}",
    "other name": "http://localhost:{port}",
    "with path": "{base}/",
}


def forged(hall, pattern: str | None) -> dict[str, str]:
    host = hall.base.removeprefix("http://")
    port = host.rpartition(":")[2]
    return {"Origin": pattern.format(base=hall.base, host=host, port=port)} if pattern else {}


async def upgrade(hall, headers: dict[str, str]) -> int:
    """The status that the upgrade is answered with."""
    try:
        async with hall.http.ws_connect(hall.base + PATH, headers=headers):
            return 101
    except WSServerHandshakeError as refused:
        return refused.status


@pytest.mark.parametrize("pattern", STRANGE.values(), ids=STRANGE)
async def test_t09_strange_origin_is_refused_before_the_upgrade(hall, pattern):
    assert await upgrade(hall, forged(hall, pattern)) == 403


@pytest.mark.parametrize("pattern", STRANGE.values(), ids=STRANGE)
async def test_t09_control_without_the_check_they_are_upgraded(services, pattern):
    lax = Limits(own_pages_only=False)
    async with serving(services, limits=lax) as base, open_hall(services, base) as hall:
        assert await upgrade(hall, forged(hall, pattern)) == 101


async def test_t09_own_origin_is_upgraded(hall):
    assert await upgrade(hall, {"Origin": hall.base}) == 101


async def test_t09_ticket_opens_one_socket_once(hall):
    wang = hall.guest("Wang")
    ticket = await wang.ticket()
    await wang.connect(ticket=ticket)
    thief = hall.guest("Wang")
    with pytest.raises(RefusedError, match="bad_ticket"):
        await thief.connect(ticket=ticket)
    assert await thief.closed() == 4401
    assert wang.code is None
    await thief.connect()  # the control: a ticket of its own is good


async def test_t09_ticket_dies_after_thirty_seconds(hall, clock):
    wang = hall.guest("Wang")
    late, timely = await wang.ticket(), await wang.ticket()
    clock.move(timedelta(seconds=29))
    await wang.connect(ticket=timely)
    clock.move(timedelta(seconds=1))
    with pytest.raises(RefusedError, match="bad_ticket"):
        await wang.connect(ticket=late)


async def test_t09_made_up_ticket_and_talk_without_hello_are_refused(hall):
    wang = hall.guest("Wang")
    with pytest.raises(RefusedError, match="bad_ticket"):
        await wang.connect(ticket="a" * 22)
    async with hall.http.ws_connect(hall.base + PATH, headers={"Origin": hall.base}) as socket:
        await socket.send_json({"type": "hand", "ref": 1, "up": True})
        assert (await socket.receive_json())["problem"]["code"] == "bad_ticket"
        await socket.receive()
        assert socket.close_code == 4401


async def test_t09_ticket_needs_our_own_page_and_a_seat(hall):
    wang = hall.guest("Wang")
    url = f"{hall.base}/api/live/tickets"
    link = {"X-Invitation": hall.tokens["Wang"]}
    async with hall.http.post(url, json={}, headers=link) as answer:
        assert answer.status == 403  # a form of another site cannot set the header
    async with hall.http.post(url, json={}, headers={"X-Yuntiao": "1"}) as answer:
        assert answer.status == 401
    assert await wang.ticket()


async def test_t09_socket_without_a_word_is_closed(services):
    quick = Limits(hello_seconds=0.3)
    async with serving(services, limits=quick) as base, open_hall(services, base) as hall:
        socket = await hall.http.ws_connect(base + PATH, headers={"Origin": base})
        await socket.receive()
        assert socket.close_code == 4408
