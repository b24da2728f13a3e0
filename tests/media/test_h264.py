"""H.264 beside VP8: who sends it, who gets it, where its key frames begin."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import async_playwright

from signaling.engine import MemberId, OfferAgain, RoomId
from signaling.media.codecs import PICTURES, Codec, payload_type_of, preferred
from signaling.media.h264 import Pictures
from signaling.media.rtp import MalformedError
from signaling.media.sdp import read_description
from signaling.supervisor import EmbeddedEngine
from tests.media.browsers import chromium, enter, sees
from tests.media.clips import h264_packets
from tests.media.conftest import LOOPBACK, hears, until
from tests.media.listening import gets, reading
from tests.media.site import served
from tests.media.test_forwarding import in_order, sources_in, steps
from tests.media.test_sdp import CHROMIUM

A, B = MemberId("a"), MemberId("b")
MAIN = RoomId("main")
H264_ONLY = """(() => {
  const add = RTCPeerConnection.prototype.addTransceiver;
  RTCPeerConnection.prototype.addTransceiver = function (kind, given) {
    const made = add.call(this, kind, given);
    if (kind === 'video') {
      const { codecs } = RTCRtpSender.getCapabilities('video');
      made.setCodecPreferences(codecs.filter(({ mimeType }) => /H264|rtx/.test(mimeType)));
    }
    return made;
  };
})()"""


def starts(*payloads: bytes, timestamp: int = 1, pictures: Pictures | None = None) -> list[bool]:
    reader = pictures or Pictures()
    return [reader.describe(payload, timestamp).key_start for payload in payloads]


def test_a_key_frame_begins_with_its_parameters_and_only_once():
    assert starts(*h264_packets(is_key=True)) == [True, False, False, False]
    assert starts(b"\x67\x42", b"\x68\xce", b"\x65\x88", b"\x65\x11") == [True] + [False] * 3


def test_a_key_frame_without_parameters_begins_with_its_first_part():
    assert starts(b"\x7c\x85\x01", b"\x7c\x05\x01", b"\x7c\x45\x01") == [True, False, False]
    assert starts(b"\x78\0\x02\x65\x88") == [True]


def test_other_pictures_begin_no_key_frame():
    assert starts(*h264_packets(is_key=False), b"\x7c\x81\x9a", b"\x06\x05") == [False] * 3


def test_the_next_key_frame_begins_anew():
    pictures = Pictures()
    first = starts(*h264_packets(is_key=True), timestamp=1, pictures=pictures)
    second = starts(*h264_packets(is_key=True), timestamp=2, pictures=pictures)
    assert first == second == [True, False, False, False]


@given(st.binary(min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_no_payload_breaks_it_otherwise_than_malformed(payload, timestamp):
    try:
        assert Pictures().describe(payload, timestamp).picture_at == 0
    except MalformedError:
        assert payload[0] & 0x1F in {24, 28}


FORMS = [
    ("packetization-mode=1;profile-level-id=42e01f", True),
    ("level-asymmetry-allowed=1; packetization-mode=1; profile-level-id=42E034", True),
    ("packetization-mode=0;profile-level-id=42e01f", False),
    ("packetization-mode=1;profile-level-id=640c1f", False),
    ("profile-level-id=42e01f", False),
]


@pytest.mark.parametrize(("form", "is_taken"), FORMS)
def test_only_the_form_that_everybody_decodes_is_taken(form, is_taken):
    text = CHROMIUM.replace("96 VP8/90000", f"96 H264/90000\na=fmtp:96 {form}")
    video = read_description(text, section_limit=4).sections[1]
    assert payload_type_of(video, Codec.H264) == (96 if is_taken else None)


def test_vp8_comes_first_unless_somebody_could_not_decode_it():
    both, old, other = {Codec.VP8, Codec.H264}, {Codec.VP8}, {Codec.H264}
    assert preferred([])[0] is preferred([frozenset(both)])[0] is Codec.VP8
    assert preferred([frozenset(both), frozenset(old)])[0] is Codec.VP8
    assert preferred([frozenset(both), frozenset(other)])[0] is Codec.H264


def test_what_is_sent_stays_unless_more_could_decode_another():
    both, old, other = {Codec.VP8, Codec.H264}, {Codec.VP8}, {Codec.H264}
    watching = [frozenset(both), frozenset(old), frozenset(other)]
    assert [preferred(watching, sent=one)[0] for one in PICTURES] == [*PICTURES]
    assert preferred([frozenset(old)], sent=Codec.H264)[0] is Codec.VP8


async def enter_with(stage, name: str, **how):
    bot = stage.bot(name, **how)
    await bot.join()
    await stage.engine.grant(MemberId(name), MAIN)
    return bot


async def test_a_camera_that_has_only_h264_is_seen_from_a_key_frame_on_without_gaps(stage):
    await enter_with(stage, "a", codec="h264")
    b = await enter_with(stage, "b")
    await until(hears(b, "a"))
    for permitted in (False, True):
        await stage.engine.permit(A, audio=True, video=permitted)
        heard = b.heard["a"].audio
        await until(lambda heard=heard: b.heard["a"].audio > heard + 10)
    await until(hears(b, "a"))
    arrivals = in_order(b.heard["a"].arrivals)
    assert arrivals[0].is_key_start
    assert {one.payload_type for one in arrivals} == {98}
    assert steps([one.sequence for one in arrivals], 1 << 16) == {1}
    assert sum(one.is_key_start for one in arrivals) >= 2


async def test_repeats_of_h264_have_the_repeat_type_of_h264(stage):
    await enter_with(stage, "a", codec="h264")
    b = await enter_with(stage, "b")
    await until(hears(b, "a"))
    b.request_repeats("a", [one.sequence for one in b.heard["a"].arrivals[-3:]])
    await until(lambda: b.heard["a"].repeats == 3)
    assert {one.payload_type for one in b.heard["a"].arrivals} == {98, 99}


async def test_who_cannot_decode_h264_is_not_offered_it_and_has_the_sound(stage):
    await enter_with(stage, "a", codec="h264")
    await enter_with(stage, "c")
    b = await enter_with(stage, "b", decodes=frozenset({"vp8"}))
    await until(hears(b, "c"))
    await until(lambda: b.heard["a"].audio > 30)
    assert b.heard["a"].video == 0
    section = next(s for s in b.offers[-1].split("m=") if "a=msid:a " in s and "audio" in s)
    assert "a=sendonly" in section
    shown = [s for s in b.offers[-1].split("m=") if s.startswith("video") and sources_in(s)]
    assert all("VP8" in section and "a=msid:c " in section for section in shown)
    offers = len(b.offers)
    await until(hears(b, "c", packets=60))
    assert len(b.offers) == offers  # and nothing is offered again and again


async def test_a_person_who_comes_back_with_another_codec_is_seen_in_the_same_section(stage):
    a, b = await enter_with(stage, "a"), await enter_with(stage, "b")
    await until(hears(b, "a"))
    sections = b.offers[-1].count("m=")
    a.codec = "h264"
    await a.rejoin()
    await until(lambda: b.heard["a"].arrivals[-1].payload_type == 98)
    assert b.offers[-1].count("m=") == sections
    arrivals = in_order(b.heard["a"].arrivals)
    assert steps([one.sequence for one in arrivals], 1 << 16) == {1}


BOTH = ("vp8", "h264")
H264 = frozenset({"h264"})


async def test_who_decodes_h264_only_and_comes_later_sees_cameras_that_sent_vp8(stage):
    a = await enter_with(stage, "a", offers=BOTH)
    b = await enter_with(stage, "b", offers=BOTH)
    await until(hears(b, "a"))
    assert a.codec == "vp8"
    links = [bot.sending for bot in (a, b)]
    c = await enter_with(stage, "c", offers=BOTH, decodes=H264)
    await until(hears(c, "a", "b"))
    await until(hears(b, "a"))
    assert (a.codec, b.codec) == ("h264", "h264")
    assert links == [bot.sending for bot in (a, b)]  # the sound was not interrupted
    for listener, speaker in ((b, "a"), (c, "a"), (c, "b")):
        arrivals = in_order(listener.heard[speaker].arrivals)
        changed = next(n for n, one in enumerate(arrivals) if one.payload_type == 98)
        assert arrivals[changed].is_key_start
        assert {one.payload_type for one in arrivals[changed:]} == {98}
    assert stage.events.count(OfferAgain(A)) == 1
    await stage.engine.close(MemberId("c"))
    await a.restart()  # what is sent stays as it is
    await until(hears(b, "a"))
    assert a.codec == "h264"


async def test_who_decodes_nothing_that_is_sent_has_the_sound_and_nobody_is_asked_in_vain(stage):
    await enter_with(stage, "a")  # sends VP8 and has nothing else
    b = await enter_with(stage, "b")
    c = await enter_with(stage, "c", decodes=H264)
    await until(hears(b, "a"))
    await until(lambda: c.heard["a"].audio > 60)
    assert c.heard["a"].video == 0
    assert not stage.saw(OfferAgain(A))
    offers = len(c.offers)
    await until(hears(b, "a", packets=60))
    assert len(c.offers) == offers


async def test_recording_goes_over_to_the_other_codec_in_a_stream_of_its_own(stage):
    with reading() as reader:
        await stage.engine.capture(MAIN, to=reader.path)
        await enter_with(stage, "a", offers=BOTH)
        await until(gets(reader, "a"))
        await enter_with(stage, "c", decodes=H264)
        await until(lambda: reader.media("a", kind="video")[-1].stream.codec == "h264")
        await until(gets(reader, "a"))
        pictures = reader.media("a", kind="video")
        changed = next(n for n, one in enumerate(pictures) if one.stream.codec == "h264")
        assert {one.stream.codec for one in pictures[:changed]} == {"vp8"}
        assert {one.stream.codec for one in pictures[changed:]} == {"h264"}
        assert pictures[changed].payload[0] == 0x78  # a key frame's parameters


@contextlib.asynccontextmanager
async def running():
    engine = EmbeddedEngine(LOOPBACK)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


@pytest.mark.browser
@pytest.mark.xdist_group("browsers")
async def test_chromium_with_h264_only_is_seen_by_chromium(page_script):
    async with (
        running() as engine,
        served(engine, page_script) as site,
        async_playwright() as playwright,
        chromium(playwright) as browser,
    ):
        pages = []
        for member, script in ((A, H264_ONLY), (B, "")):
            context = await browser.new_context(permissions=["camera", "microphone"])
            page = await context.new_page()
            await page.add_init_script(script)
            assert await enter(page, site.address, member) == "joined"
            await site.engine.grant(member, MAIN)
            pages.append(page)
        await sees(pages[0], B, frames=30)
        await sees(pages[1], A, frames=30)
        offers = [await page.evaluate("seat.connections[0].localDescription.sdp") for page in pages]
        assert ["VP8" in offer for offer in offers] == [False, True]
        await site.engine.permit(A, audio=True, video=False)
        await site.engine.permit(A, audio=True, video=True)
        await sees(pages[1], A, frames=30)
