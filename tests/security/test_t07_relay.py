"""T07: the relay is no proxy into our network, and nobody's without a fresh pass from us."""

import asyncio
import contextlib
from datetime import timedelta

import pytest

from server.app.turn import ALLOCATIONS, LIFETIME
from signaling.relays import Relays
from tests.media.relay import calling, open_relay, relay  # noqa: F401 - fixtures

pytestmark = pytest.mark.xdist_group("relay")
UNAUTHORIZED, FORBIDDEN, QUOTA, WRONG_FAMILY, SAME_PORT = 401, 403, 486, 443, 437
ELSEWHERE = [
    "127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "198.51.100.1", "198.51.100.2", "224.0.0.1", "255.255.255.255", "8.8.8.8",
    "::1", "::", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1",
]  # fmt: skip


async def test_a_fresh_pass_opens_a_relay_to_the_media(relay):  # noqa: F811
    async with calling(relay, relay.pass_for("seat")) as caller:
        assert await caller.allocate() == 0
        assert await caller.permit(relay.spaces.server.address) == 0


@pytest.mark.parametrize("address", ELSEWHERE)
async def test_the_relay_leads_nowhere_else(relay, address):  # noqa: F811
    async with calling(relay, relay.pass_for(f"seat-{address}")) as caller:
        assert await caller.allocate() == 0
        refused = {FORBIDDEN, WRONG_FAMILY} if ":" in address else {FORBIDDEN}
        assert await caller.permit(address) in refused
        assert await caller.permit(relay.spaces.server.address) == 0


async def test_control_a_relay_without_our_rules_leads_anywhere_for_everybody(open_relay):  # noqa: F811
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(ALLOCATIONS + 1):
            badge = open_relay.pass_for("greedy")
            caller = await stack.enter_async_context(calling(open_relay, badge))
            assert await caller.allocate() == 0
            assert await caller.permit("10.0.0.1") == 0
            assert await caller.permit(open_relay.host) == 0


async def test_a_pass_that_ran_out_opens_nothing(relay):  # noqa: F811
    stale = relay.pass_for("late", ago=relay.relays.lifetime + timedelta(seconds=2))
    async with calling(relay, stale) as caller:
        assert await caller.allocate() == UNAUTHORIZED
    # The same seat with a fresh one: it was the time that counted.
    async with calling(relay, relay.pass_for("late")) as caller:
        assert await caller.allocate() == 0


async def test_a_pass_cannot_be_made_or_altered_without_the_secret(relay):  # noqa: F811
    good = relay.pass_for("seat")
    forger = Relays(relay.relays.urls, secret="x" * 32, lifetime=relay.relays.lifetime)
    end, _, who = good.username.partition(":")
    forged = [
        forger.pass_for("seat", now=relay.now()),
        good.model_copy(update={"credential": "guess"}),
        good.model_copy(update={"username": f"{int(end) + 3600}:{who}"}),
        good.model_copy(update={"username": f"{end}:another"}),
    ]
    for badge in forged:
        async with calling(relay, badge) as caller:
            assert await caller.allocate() == UNAUTHORIZED


async def test_a_seat_opens_so_many_relays_and_no_more_whatever_its_passes(relay):  # noqa: F811
    async with contextlib.AsyncExitStack() as stack:
        codes = []
        for minute in range(ALLOCATIONS + 1):
            badge = relay.pass_for("greedy", ago=timedelta(seconds=minute))
            caller = await stack.enter_async_context(calling(relay, badge))
            codes.append(await caller.allocate())
        assert codes == [0] * ALLOCATIONS + [QUOTA]
        other = await stack.enter_async_context(calling(relay, relay.pass_for("modest")))
        assert await other.allocate() == 0


async def test_a_relay_that_nobody_refreshes_is_free_again_soon(relay):  # noqa: F811
    async with calling(relay, relay.pass_for("vanished")) as caller:
        assert await caller.allocate() == 0
        assert caller.lifetime == LIFETIME


async def test_a_relay_that_is_open_outlives_its_pass(relay):  # noqa: F811
    """A call is not cut because it lasts longer than the pass that began it."""
    ending = relay.pass_for("talking", ago=relay.relays.lifetime - timedelta(seconds=8))
    async with calling(relay, ending) as caller:
        assert await caller.allocate() == 0
        async with asyncio.timeout(30):
            while await _opens(relay, ending):
                pass
        assert await caller.refresh() == 0
        assert await caller.permit(relay.spaces.server.address) == 0


async def _opens(relay, badge) -> bool:  # noqa: F811
    async with calling(relay, badge) as caller:
        code = await caller.allocate()
        assert code in {0, UNAUTHORIZED, QUOTA, SAME_PORT}
        return code != UNAUTHORIZED
