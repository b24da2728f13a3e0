"""What is read of a browser's description, and what is written for it."""

import contextlib

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import example, given
from hypothesis import strategies as st

from signaling.engine import MediaRefusedError, Refusal
from signaling.media.codecs import Codec
from signaling.media.descriptions import OfferedTrack, Transport, accept, write_answer, write_offer
from signaling.media.sdp import read_description
from tests.media.bot import Bot

TRANSPORT = Transport(
    ufrag="ufrag",
    password="p" * 32,
    fingerprint="sha-256 " + ":".join(["AB"] * 32),
    candidates=(("192.0.2.1", 4000), ("2001:db8::1", 4000)),
)

CHROMIUM = """v=0
o=- 4611686018427387904 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1 2
a=extmap-allow-mixed
a=msid-semantic: WMS
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0
c=IN IP4 0.0.0.0
a=ice-ufrag:AbCd
a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa
a=fingerprint:sha-256 {print}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=sendonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=ssrc:11 cname:x
m=video 9 UDP/TLS/RTP/SAVPF 102 103 96 97
c=IN IP4 0.0.0.0
a=mid:1
a=extmap:13 urn:3gpp:video-orientation
a=sendonly
a=rtpmap:102 H264/90000
a=rtpmap:103 rtx/90000
a=fmtp:103 apt=102
a=rtpmap:96 VP8/90000
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=ssrc-group:FID 21 22
a=ssrc:21 cname:x
a=ssrc:22 cname:x
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:2
""".replace("{print}", ":".join(["cd"] * 32))


def refusal_of(text: str) -> Refusal:
    with pytest.raises(MediaRefusedError) as refused:
        read_description(text, section_limit=4)
    return refused.value.refusal


def test_an_offer_of_chromium_is_read():
    description = read_description(CHROMIUM, section_limit=4)
    assert (description.session, description.ufrag, description.setup) == (
        "4611686018427387904",
        "AbCd",
        "actpass",
    )
    assert description.fingerprints == [("sha-256", ":".join(["CD"] * 32))]
    audio, video, data = description.sections
    assert (audio.kind, audio.mid, audio.direction, audio.sources) == (
        "audio",
        "0",
        "sendonly",
        {11},
    )
    assert (video.sources, video.repeated_by) == ({21, 22}, {22: 21})
    assert accept(audio).payload_type == 111
    assert (accept(video).payload_type, accept(video).repeat_type) == (96, 97)
    assert accept(video).extensions == {"urn:3gpp:video-orientation": 13}
    assert accept(data) is None


def test_our_answer_is_understood_and_turns_down_the_rest():
    description = read_description(CHROMIUM, section_limit=4)
    accepted = {s.mid: taken for s in description.sections if (taken := accept(s))}
    text = write_answer(description.sections, accepted, session="5", version=1, transport=TRANSPORT)
    answer = SessionDescription.parse(text)
    audio, video, data = answer.media
    assert (audio.direction, video.direction, data.port) == ("recvonly", "recvonly", 0)
    assert [codec.mimeType for codec in video.rtp.codecs] == ["video/VP8", "video/rtx"]
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1" in text
    assert "a=rtcp-fb:111 nack" in text  # Chromium then repeats, whether it offered to or not
    assert [(c.ip, c.port) for c in audio.ice_candidates] == [
        ("192.0.2.1", 4000),
        ("2001:db8::1", 4000),
    ]
    assert answer.group[0].items == ["0", "1"]
    assert (audio.ice.iceLite, audio.dtls.role) == (True, "server")


def test_our_offer_names_whose_track_each_section_is():
    tracks = [
        OfferedTrack(
            "0", (Codec.OPUS,), "alice", is_active=True, source=1_000, repeat_source=1_001
        ),
        OfferedTrack("1", (Codec.VP8,), "alice", is_active=True, source=1_002, repeat_source=1_003),
        OfferedTrack("2", (Codec.OPUS,), "", is_active=False, source=1_004, repeat_source=1_005),
    ]
    text = write_offer(tracks, session="5", version=3, transport=TRANSPORT)
    offer = SessionDescription.parse(text)
    assert [media.direction for media in offer.media] == ["sendonly", "sendonly", "inactive"]
    assert [media.msid for media in offer.media] == ["alice alice-0", "alice alice-1", None]
    assert text.count("a=rtcp-fb:111 nack\r\n") == 2
    # Chromium takes the first source for the media, whatever the group says.
    assert [source.ssrc for source in offer.media[1].ssrc] == [1_002, 1_003]
    assert text.startswith("v=0\r\no=- 5 3 IN IP4")


def test_port_zero_in_a_bundle_is_not_a_rejection():
    """Firefox offers the second section like this."""
    text = CHROMIUM.replace("m=video 9 ", "m=video 0 ").replace(
        "a=mid:1\n", "a=mid:1\na=bundle-only\n"
    )
    _, video, _ = read_description(text, section_limit=4).sections
    assert accept(video) is not None
    plain = CHROMIUM.replace("m=video 9 ", "m=video 0 ")
    assert accept(read_description(plain, section_limit=4).sections[1]) is None


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (lambda sdp: sdp + "a=x:" + "y" * 32_768, Refusal.TOO_LONG),
        (lambda sdp: sdp + "a=candidate:1\n" * 31, Refusal.TOO_MANY_CANDIDATES),
        (lambda sdp: sdp + "m=audio 9 X 1\n" * 2, Refusal.TOO_MANY_SECTIONS),
        (lambda sdp: sdp.replace("a=mid:1\n", ""), Refusal.MALFORMED),
        (lambda sdp: sdp.replace("a=mid:1\n", "a=mid:0\n"), Refusal.MALFORMED),
        (lambda sdp: sdp.replace("a=mid:1\n", "a=mid:1 x\n"), Refusal.MALFORMED),
        (lambda sdp: sdp.replace("sha-256", "sha-1"), Refusal.MALFORMED),
        (lambda sdp: sdp.replace("a=ice-ufrag:AbCd\n", ""), Refusal.MALFORMED),
        (lambda sdp: sdp.replace("a=ice-ufrag:AbCd", "a=ice-ufrag:" + "a" * 300), Refusal.MALFORMED),
        (lambda sdp: sdp.replace("o=- 4", "o=- x"), Refusal.MALFORMED),
        (lambda _: "", Refusal.MALFORMED),
    ],
)  # fmt: skip
def test_what_no_browser_sends_is_refused(spoil, refusal):
    assert refusal_of(spoil(CHROMIUM)) is refusal


@given(st.text(max_size=400))
@example("m=" + "9" * 300)
@example("o=- 1 1 IN IP4 x\nm=audio 9 X 1\na=fingerprint:x")
def test_no_text_breaks_the_reader_otherwise_than_refused(text):
    with contextlib.suppress(MediaRefusedError):
        read_description(text, section_limit=4)


@given(st.integers(0, len(CHROMIUM) - 1), st.sampled_from(["", ":", " ", "\n", "9", "é", "\x00"]))
def test_no_change_of_an_offer_breaks_reader_or_writer(place, instead):
    text = CHROMIUM[:place] + instead + CHROMIUM[place + 1 :]
    try:
        description = read_description(text, section_limit=4)
    except MediaRefusedError:
        return
    accepted = {s.mid: taken for s in description.sections if (taken := accept(s))}
    answer = write_answer(
        description.sections, accepted, session="5", version=1, transport=TRANSPORT
    )
    assert answer.count("m=") == len(description.sections)
    assert answer.count("\r\n") == len(answer.splitlines())


async def test_the_bots_own_offer_is_read():
    async def nothing(*_):
        return ""

    bot = Bot("b", publish=nothing, answer=nothing)
    description = read_description(bot.offer(), section_limit=4)
    assert [accept(section).payload_type for section in description.sections] == [111, 96]
