"""Picture and sound through the whole chain: socket, session, engine, UDP."""

import asyncio
import os
import signal
from dataclasses import replace

import pytest

from tests.hall import LOOPBACK, open_studio
from tests.media.conftest import until
from tests.voices import Voice


async def both(studio):
    """The host and one party, each with picture and sound."""
    host = await studio.host()
    wang = await studio.inside("Wang", host)
    voices = [Voice(host), Voice(wang)]
    await asyncio.gather(*(voice.join() for voice in voices))
    return host, wang, *voices


def more(voice: Voice, other, packets: int = 20):
    goal = voice.packets(other) + packets
    return lambda: voice.packets(other) >= goal


async def test_people_in_a_room_get_each_others_packets_and_who_speaks_is_told(studio):
    host, wang, hosts, wangs = await both(studio)
    await until(more(hosts, wang))
    await until(more(wangs, host))
    told = await wang.wait_for("person.speaking")
    assert set(told["participant_ids"]) <= {host.id, wang.id}
    for voice in (hosts, wangs):
        await voice.leave()


async def test_killed_media_process_is_replaced_and_everybody_is_back(studio):
    host, wang, hosts, wangs = await both(studio)
    await until(more(wangs, host))
    os.kill(studio.services.media.pid, signal.SIGKILL)
    for seat in (host, wang):
        await seat.wait_for("media.reset")
    await until(more(wangs, host))
    await until(more(hosts, wang))
    assert (host.code, wang.code) == (None, None)
    for voice in (hosts, wangs):
        await voice.leave()


@pytest.mark.slow
async def test_who_has_a_live_socket_and_dead_media_is_on_a_bad_line_until_they_are_heard_again(
    config, database_url, clean, clock, outbox
):
    ground = {"config": config, "database_url": database_url, "clock": clock}
    media = replace(LOOPBACK, silent_after=3.0)
    async with open_studio(**ground, sms=outbox, mailer=outbox, media=media) as studio:
        host, wang, hosts, wangs = await both(studio)
        await until(more(hosts, wang))
        assert host.facts("person.line") == []
        wangs.bot.loses_outgoing = lambda _: True
        wangs.bot.sending._checking.cancel()
        await host.wait_for("person.line", participant_id=wang.id, line="bad")
        wangs.bot.loses_outgoing = lambda _: False
        await host.wait_for("person.line", participant_id=wang.id, line="good")
        assert {fact["participant_id"] for fact in host.facts("person.line")} == {wang.id}
        for voice in (hosts, wangs):
            await voice.leave()


@pytest.mark.slow
async def test_mute_by_the_host_stops_the_sound_alone(studio):
    host, wang, hosts, wangs = await both(studio)
    await until(more(hosts, wang))
    await host.send("mute", participant_id=wang.id, on=True)
    heard = hosts.bot.heard[wang.id]
    video = heard.video
    await until(lambda: heard.video > video + 10)  # what was under way has arrived
    audio, video = heard.audio, heard.video
    await until(lambda: heard.video > video + 60)
    assert heard.audio == audio
    await host.send("mute", participant_id=wang.id, on=False)
    await until(lambda: heard.audio > audio + 10)
    for voice in (hosts, wangs):
        await voice.leave()


async def test_who_leaves_with_the_camera_off_is_carried_no_more(studio):
    host = await studio.host()
    wang = await studio.inside("Wang", host)
    carried = []
    for seat in (wang, host):
        await seat.send("say.mute", audio=True, video=False)
        await seat.send("leave")
        (worker,) = await studio.services.media.carried()
        carried.append(worker.members)
    assert carried == [1, 0]
