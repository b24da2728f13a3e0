"""T08: whoever swaps the fingerprint on the way gets no connection and no frame."""

import contextlib

import pytest

from signaling.engine import Leg, LegDown, LegUp, MediaRefusedError, MemberId, Refusal, RoomId
from tests.media.bot import Bot
from tests.media.conftest import staged, total, until

A, MAIN = MemberId("a"), RoomId("main")
OTHER = ":".join(["AB"] * 32)


def swapped(sdp: str) -> str:
    lines = [
        f"a=fingerprint:sha-256 {OTHER}" if is_print(one) else one for one in sdp.split("\r\n")
    ]
    return "\r\n".join(lines)


def is_print(line: str) -> bool:
    return line.startswith("a=fingerprint:")


@pytest.mark.parametrize("leg", Leg)
async def test_t08_a_peer_with_another_certificate_than_told_never_connects(leg):
    """Its own side of the handshake may succeed; ours does not, and nothing flows."""
    async with staged() as stage:
        b = await stage.enter("b", MAIN)
        a = stage.bot("a")
        swap(a, leg)
        with contextlib.suppress(ConnectionError, TimeoutError):
            await a.join()
        await stage.engine.grant(A, MAIN)
        await until(lambda: stage.saw(LegDown(A, leg, "handshake")))
        assert not stage.saw(LegUp(A, leg))
        assert (total(b, "a") if leg is Leg.SENDING else total(a, "b")) == 0


def swap(bot: Bot, leg: Leg) -> None:
    """Somebody between the bot and us alters what the bot says of its certificate."""
    publish, answer = bot._publish, bot._answer
    if leg is Leg.SENDING:
        bot._publish = lambda sdp: publish(swapped(sdp))
    else:
        bot._answer = lambda revision, sdp: answer(revision, swapped(sdp))


async def test_t08_control_the_certificate_that_was_told_connects():
    async with staged() as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        await until(lambda: total(b, "a") > 20 and total(a, "b") > 20)
        for leg in Leg:
            assert stage.saw(LegUp(A, leg))


async def test_t08_a_client_that_is_told_another_fingerprint_does_not_connect_to_us():
    """The other direction: the answer was altered on its way to the client."""
    async with staged() as stage:
        bot = stage.bot("a")
        honest = bot._publish

        async def altered(sdp: str) -> str:
            return swapped(await honest(sdp))

        bot._publish = altered
        with pytest.raises((ConnectionError, TimeoutError)):
            await bot.join()
        assert not bot.sending.is_up


@pytest.mark.parametrize("weak", ["sha-1", "md5", "sha-224"])
async def test_t08_a_description_with_a_weak_hash_alone_is_refused(weak):
    async with staged() as stage:
        offer = stage.bot("a").offer().replace("a=fingerprint:sha-256", f"a=fingerprint:{weak}")
        assert weak in offer
        with pytest.raises(MediaRefusedError) as refused:
            await stage.engine.publish(A, offer)
        assert refused.value.refusal is Refusal.MALFORMED
