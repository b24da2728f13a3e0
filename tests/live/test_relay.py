"""Passes to the relay go to whoever is admitted to media, by name, for a while, and into no log."""

import base64
import hashlib
import hmac
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from signaling.relays import Relays
from tests.sockets import RefusedError

SECRET = "canary of the relay, thirty-two and more"
URLS = ("turn:relay.example:3478?transport=udp",)


@pytest.fixture
def relayed(hall):
    """The hall beside a relay."""
    relays = Relays(URLS, SECRET, timedelta(minutes=5))
    desk = hall.services.desk
    desk.ground = replace(desk.ground, relays=relays)
    return hall


async def test_whoever_is_admitted_gets_a_pass_of_their_own_that_ends(relayed, clock):
    host = await relayed.host()
    wang = await relayed.inside("Wang", host)
    for seat in (host, wang):
        relay = (await seat.send("media.relay"))["relay"]
        end = int((clock.now() + timedelta(minutes=5)).timestamp())
        assert (relay["urls"], relay["expires_in"]) == (list(URLS), 300)
        assert relay["username"] == f"{end}:{seat.id}"
        signed = hmac.new(SECRET.encode(), relay["username"].encode(), hashlib.sha1).digest()
        assert base64.b64decode(relay["credential"]) == signed


async def test_whoever_waits_or_was_sent_out_gets_none(relayed):
    host = await relayed.host()
    li = await relayed.waiting("Li")
    wang = await relayed.inside("Wang", host)
    await wang.send("media.relay")
    await host.send("dismiss", participant_id=wang.id, back=True)
    for seat in (li, wang):
        with pytest.raises(RefusedError) as refused:
            await seat.send("media.relay")
        assert refused.value.code == "not_admitted"
    assert not [text for text in li.texts if "turn:" in text]


async def test_without_a_relay_there_is_no_pass(hall):
    host = await hall.host()
    assert (await host.send("media.relay"))["relay"] is None


async def test_neither_secret_nor_pass_reaches_a_log(relayed, caplog):
    caplog.set_level(logging.DEBUG)
    host = await relayed.host()
    relay = (await host.send("media.relay"))["relay"]
    for canary in (SECRET, relay["credential"], relay["username"]):
        assert canary not in caplog.text
    assert SECRET not in repr(relayed.services.desk.ground.relays)
