"""The sending leg takes packets apart; what does not belong there goes nowhere."""

import asyncio
import contextlib
import struct
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.engine import Leg, LegDown, MediaRefusedError, MemberId, Refusal, RoomId
from signaling.media import rtp
from signaling.media.packet import Packet
from signaling.media.publisher import UNDECLARED_LIMIT, Publisher
from signaling.media.rtp import MalformedError
from signaling.media.sdp import read_description
from signaling.media.track import Label
from tests.media.conftest import hears, until
from tests.media.test_sdp import CHROMIUM

AUDIO, VIDEO, REPEAT = 11, 21, 22
KEY = bytes.fromhex("90808001") + b"\x00key frame"


@dataclass
class Listener:
    packets: list[Packet] = field(default_factory=list)
    copy: None = None

    def forward(self, packet: Packet, now: float) -> None:
        self.packets.append(packet)

    def tell_time(self, time, now: float) -> None:
        """Not of interest here."""


def described(text: str = CHROMIUM):
    return read_description(text, section_limit=4)


def publisher(text: str = CHROMIUM) -> tuple[Publisher, Listener, Listener]:
    made = Publisher(described(text), session="1")
    ears, eyes = Listener(), Listener()
    made.tracks[Label("audio", 0)].layers[0].attach(ears)
    made.tracks[Label("video", 0)].layers[0].attach(eyes)
    return made, ears, eyes


def packet(source: int, kind: int, load: bytes, *, sequence: int = 1, block: bytes = b"") -> bytes:
    head = struct.pack("!BBHLL", 0x90 if block else 0x80, kind, sequence, 3, source)
    return head + block + load


def test_packets_go_to_those_who_follow_their_track():
    made, ears, eyes = publisher()
    made.media(packet(AUDIO, 111, b"sound"), 0.0)
    made.media(packet(VIDEO, 96 | 0x80, KEY), 0.0)
    assert [one.payload for one in ears.packets] == [b"sound"]
    assert [(one.payload, one.marker) for one in eyes.packets] == [(KEY, 0x80)]
    assert eyes.packets[0].begins_keyframe


def test_a_repeat_is_passed_on_as_what_it_repeats_and_only_once():
    made, _, eyes = publisher()
    made.media(packet(VIDEO, 96, KEY, sequence=5), 0.0)
    made.media(packet(VIDEO, 96, KEY, sequence=7), 0.0)
    for _ in range(2):
        made.media(packet(REPEAT, 97, struct.pack("!H", 6) + KEY), 0.0)
    numbers = [one.number & 0xFFFF for one in eyes.packets]
    assert numbers == [5, 7, 6]


def test_a_repeat_that_comes_first_is_no_trouble():
    made, _, eyes = publisher()
    made.media(packet(REPEAT, 97, struct.pack("!H", 6) + KEY), 0.0)
    made.media(packet(VIDEO, 96, KEY, sequence=7), 0.0)
    assert [one.number & 0xFFFF for one in eyes.packets] == [6, 7]


def test_audio_levels_make_a_speaker():
    made, *_ = publisher()
    level = rtp.one_byte_extension(1, 0x80 | 20)
    for sequence in range(60):
        made.media(packet(AUDIO, 111, b"s", sequence=sequence, block=level), 0.0)
        if sequence % 20 == 19:
            made.loudness.close_window()
    assert made.loudness.is_speaking


def test_the_orientation_of_a_phone_is_noted():
    made, _, eyes = publisher()
    made.media(packet(VIDEO, 96, KEY, block=rtp.one_byte_extension(13, 2)), 0.0)
    assert eyes.packets[0].orientation == 2


def test_a_source_that_nobody_declared_is_known_by_its_format():
    bare = "\n".join(line for line in CHROMIUM.split("\n") if not line.startswith("a=ssrc"))
    made, ears, eyes = publisher(bare)
    made.media(packet(501, 111, b"sound"), 0.0)
    made.media(packet(502, 96, KEY, sequence=1), 0.0)
    made.media(packet(503, 97, struct.pack("!H", 2) + KEY), 0.0)
    assert len(ears.packets) == 1
    assert [one.number & 0xFFFF for one in eyes.packets] == [1, 2]


def test_of_undeclared_sources_only_a_few_are_even_looked_at():
    made, ears, eyes = publisher()
    admitted = 0
    for source in range(1_000, 1_100):
        if made.admits(source):
            admitted += 1
            made.media(packet(source, 96, KEY), 0.0)
    assert admitted == UNDECLARED_LIMIT
    assert ears.packets == eyes.packets == []
    assert made.admits(VIDEO)


def test_a_format_that_was_not_agreed_is_malformed():
    made, _, eyes = publisher()
    with pytest.raises(MalformedError):
        made.media(packet(VIDEO, 100, KEY), 0.0)
    assert eyes.packets == []


def test_new_sources_for_known_tracks_begin_new_layers():
    made, *_ = publisher()
    old = made.tracks[Label("video", 0)].layers[0]
    changed = CHROMIUM.replace("FID 21 22", "FID 31 32").replace("ssrc:21", "ssrc:31")
    made.take(described(changed.replace("ssrc:22", "ssrc:32")))
    fresh = made.tracks[Label("video", 0)].layers[0]
    assert fresh is not old
    assert fresh.source == 31
    eyes = Listener()
    fresh.attach(eyes)
    made.media(packet(31, 96, KEY), 0.0)
    assert len(eyes.packets) == 1


def test_an_offer_without_anything_we_take_is_refused():
    with pytest.raises(MediaRefusedError) as refused:
        Publisher(described(CHROMIUM.replace("opus", "speex").replace("VP8", "VP9")), session="1")
    assert refused.value.refusal is Refusal.UNSUPPORTED


@given(st.binary(max_size=60), st.sampled_from([AUDIO, VIDEO, REPEAT, 999]), st.integers(0, 127))
def test_no_content_breaks_it_otherwise_than_malformed(noise, source, kind):
    made, *_ = publisher()
    for first in (0x80, 0x90, 0xA0, 0xB0, 0x8F):
        with contextlib.suppress(MalformedError):
            made.media(
                bytes([first, kind, 0, 1]) + bytes(4) + struct.pack("!L", source) + noise, 0.0
            )


async def test_a_peer_that_sends_malformed_packets_hurts_only_itself(stage):
    a, b, c = [await stage.enter(name, RoomId("main")) for name in ("a", "b", "c")]
    await until(hears(c, "a", "b"))
    for sequence in range(1_100):  # each says that it is padded, and is not
        head = struct.pack("!BBHLL", 0xA0, 97, sequence, 7, a.repeat_source)
        a.sending.send_packet(head + b"\x00")
        if sequence % 100 == 0:
            await asyncio.sleep(0.01)
    down = LegDown(MemberId("a"), Leg.SENDING, "abuse")
    await until(lambda: stage.saw(down))
    await until(hears(c, "b"))
    await until(hears(b, "c"))
    assert stage.restarts == 0
