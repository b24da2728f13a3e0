"""A camera whose encodings are known by their RID only, as browsers send several at a time."""

import struct

import pytest
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket
from hypothesis import given
from hypothesis import strategies as st

from signaling.media import rtp
from signaling.media.publisher import UNDECLARED_LIMIT, Publisher
from signaling.media.sdp import read_description
from signaling.media.track import Label
from tests.media.test_publisher import KEY, Listener
from tests.media.test_sdp import CHROMIUM, TRANSPORT

MEDIA, REPEAT = 96, 97
MID_ID, RID_ID, REPAIRED_ID = 4, 10, 11
RIDS = ("f", "h", "q")
SOURCES = dict(zip(RIDS, (1_001, 1_002, 1_003), strict=True))
REPEATS = dict(zip(RIDS, (2_001, 2_002, 2_003), strict=True))
LINES = (
    f"a=extmap:{MID_ID} {rtp.MID}",
    f"a=extmap:{RID_ID} {rtp.RID}",
    f"a=extmap:{REPAIRED_ID} {rtp.REPAIRED_RID}",
    *(f"a=rid:{rid} send" for rid in RIDS),
    f"a=simulcast:send {';'.join(RIDS)}",
)


def offer() -> str:
    """As Chromium writes it: no source of the picture is named."""
    named = [
        line for line in CHROMIUM.splitlines() if not line.startswith(("a=ssrc:2", "a=ssrc-g"))
    ]
    return "\n".join(named).replace("a=mid:1", "\n".join(("a=mid:1", *LINES))) + "\n"


def publisher() -> tuple[Publisher, dict[str, Listener]]:
    made = Publisher(read_description(offer(), section_limit=4), session="1")
    eyes = {}
    for layer in made.tracks[Label("video", 0)].layers:
        eyes[layer.rid] = Listener()
        layer.attach(eyes[layer.rid])
    return made, eyes


def block_of(values: dict[int, str]) -> bytes:
    fields = b"".join(
        bytes([number << 4 | len(value) - 1]) + value.encode() for number, value in values.items()
    )
    fields += bytes(-len(fields) % 4)
    return struct.pack("!HH", 0xBEDE, len(fields) // 4) + fields


def packet(source: int, kind: int, load: bytes, *, sequence: int, named: dict[int, str]) -> bytes:
    block = block_of(named) if named else b""
    return struct.pack("!BBHLL", 0x90 if named else 0x80, kind, sequence, 3, source) + block + load


def media(rid: str, sequence: int, *, is_named: bool = True) -> bytes:
    named = {MID_ID: "1", RID_ID: rid} if is_named else {}
    return packet(SOURCES[rid], MEDIA, KEY + rid.encode(), sequence=sequence, named=named)


def repeat(rid: str, original: int, *, sequence: int, is_named: bool = True) -> bytes:
    named = {MID_ID: "1", REPAIRED_ID: rid} if is_named else {}
    load = struct.pack("!H", original) + KEY + rid.encode()
    return packet(REPEATS[rid], REPEAT, load, sequence=sequence, named=named)


def came(listener: Listener) -> list[tuple[int, bytes]]:
    return [(one.number & 0xFFFF, one.payload[-1:]) for one in listener.packets]


def test_the_answer_takes_every_encoding_by_name():
    description = read_description(offer(), section_limit=4)
    answer = Publisher(description, session="1").answer_to(description, TRANSPORT)
    assert "a=simulcast:recv f;h;q" in answer
    for line in ("a=rid:f recv", "a=rid:h recv", "a=rid:q recv", *LINES[:3]):
        assert line in answer


def test_each_encoding_goes_to_those_who_follow_it():
    made, eyes = publisher()
    for rid in RIDS:
        made.media(media(rid, 10), 0.0)
    assert {rid: came(eyes[rid]) for rid in RIDS} == {
        "f": [(10, b"f")], "h": [(10, b"h")], "q": [(10, b"q")],
    }  # fmt: skip
    assert made.rids == RIDS


def test_a_source_is_known_without_its_name_once_it_was_named():
    made, eyes = publisher()
    made.media(media("h", 10), 0.0)
    made.media(media("h", 11, is_named=False), 0.0)
    made.media(media("q", 5, is_named=False), 0.0)  # never named: nobody can tell whose it is
    assert came(eyes["h"]) == [(10, b"h"), (11, b"h")]
    assert came(eyes["q"]) == came(eyes["f"]) == []


def test_repeats_that_come_before_the_first_media_are_of_their_encoding():
    made, eyes = publisher()
    made.media(repeat("q", 6, sequence=1), 0.0)
    made.media(media("q", 7), 0.0)
    made.media(repeat("q", 6, sequence=2, is_named=False), 0.0)  # the same again
    assert came(eyes["q"]) == [(6, b"q"), (7, b"q")]
    assert came(eyes["f"]) == came(eyes["h"]) == []


def test_a_repeat_that_names_no_encoding_goes_nowhere():
    made, eyes = publisher()
    for number in (5, 7):
        made.media(media("f", number), 0.0)
    made.media(repeat("f", 6, sequence=1, is_named=False), 0.0)
    assert came(eyes["f"]) == [(5, b"f"), (7, b"f")]
    made.media(repeat("f", 6, sequence=2), 0.0)
    assert came(eyes["f"]) == [(5, b"f"), (7, b"f"), (6, b"f")]


def test_a_repeat_does_not_pass_for_the_media_of_its_encoding():
    made, _ = publisher()
    made.media(repeat("h", 9, sequence=1), 0.0)
    layer = made.tracks[Label("video", 0)].layers[1]
    assert layer.source is None
    made.media(media("h", 10), 0.0)
    assert layer.source == SOURCES["h"]


def test_a_second_source_under_the_same_name_does_not_replace_the_first():
    made, eyes = publisher()
    made.media(media("f", 10), 0.0)
    other = packet(9_009, MEDIA, KEY + b"x", sequence=11, named={MID_ID: "1", RID_ID: "f"})
    made.media(other, 0.0)
    made.media(media("f", 11), 0.0)
    assert came(eyes["f"]) == [(10, b"f"), (11, b"f")]


@pytest.mark.parametrize("name", ["x", "ff", "F"])
def test_an_encoding_that_was_not_agreed_goes_nowhere(name):
    made, eyes = publisher()
    made.media(packet(9_009, MEDIA, KEY, sequence=1, named={MID_ID: "1", RID_ID: name}), 0.0)
    assert [came(eyes[rid]) for rid in RIDS] == [[], [], []]


def test_all_encodings_and_their_repeats_fit_the_limit_of_unnamed_sources():
    made, _ = publisher()
    for rid in RIDS:
        made.media(media(rid, 1), 0.0)
        made.media(repeat(rid, 0, sequence=1), 0.0)
    assert all(made.admits(source) for source in (*SOURCES.values(), *REPEATS.values()))
    assert len(SOURCES) + len(REPEATS) <= UNDECLARED_LIMIT


def test_what_is_lost_is_asked_for_and_reported_of_its_own_encoding():
    made, _ = publisher()
    for rid, numbers in (("f", (1, 2, 4)), ("h", (1, 2, 3)), ("q", (1, 5))):
        for number in numbers:
            made.media(media(rid, number), 0.0)
    asked = RtcpPacket.parse(made.requests_due(0.02))
    lost = {one.media_ssrc: one.lost for one in asked if isinstance(one, RtcpRtpfbPacket)}
    assert lost == {SOURCES["f"]: [3], SOURCES["q"]: [2, 3, 4]}
    report, worst = made.report(1.0, video_kbps=500)
    packets = RtcpPacket.parse(report)
    blocks = next(one.reports for one in packets if isinstance(one, RtcpRrPacket))
    assert [(one.ssrc, one.packets_lost) for one in blocks] == [
        (SOURCES["f"], 1), (SOURCES["h"], 0), (SOURCES["q"], 3),
    ]  # fmt: skip
    assert worst == pytest.approx(0.6, abs=0.01)


def test_a_key_frame_is_asked_of_the_encoding_that_needs_it():
    made, _ = publisher()
    for rid in RIDS:
        made.media(media(rid, 1), 0.0)
    made.tracks[Label("video", 0)].layers[1].want_keyframe()
    asked = RtcpPacket.parse(made.requests_due(1.0))
    assert [one.media_ssrc for one in asked if isinstance(one, RtcpPsfbPacket)] == [SOURCES["h"]]


@given(
    st.lists(
        st.tuples(st.sampled_from(RIDS), st.integers(0, 30), st.booleans(), st.booleans()),
        max_size=80,
    )
)
def test_whatever_the_order_each_packet_of_an_encoding_comes_once_and_only_to_it(steps):
    made, eyes = publisher()
    for count, (rid, number, is_repeat, is_named) in enumerate(steps):
        if is_repeat:
            sent = repeat(rid, 100 + number, sequence=count, is_named=is_named)
        else:
            sent = media(rid, 100 + number, is_named=is_named)
        made.media(sent, count * 0.01)
    for rid, listener in eyes.items():
        arrived = came(listener)
        assert {whose for _, whose in arrived} <= {rid.encode()}
        assert len(set(arrived)) == len(arrived)
        sent_numbers = {100 + number for whose, number, *_ in steps if whose == rid}
        assert {number for number, _ in arrived} <= sent_numbers
