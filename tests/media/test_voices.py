"""Who is heard when many talk: rules over levels and times, and rooms of bots over real UDP."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.engine import MemberId, RoomId
from signaling.media.voices import Gate, Voice, Voices
from tests.media.conftest import until

MAIN = RoomId("main")
LOUD, MEDIUM, SOFT, HUSH, NOISE = 10, 25, 40, 50, 90
PACKET = 0.02


def room_of(count: int) -> list[Voice]:
    voices = Voices()
    made = [Voice() for _ in range(count)]
    for voice in made:
        voice.enter(voices)
    return made


def talk(voices: list[Voice], levels: list[int], *, since: float, seconds: float) -> list[set[int]]:
    """Everybody sends a packet each 20 ms; the places of those heard, at each."""
    heard = []
    for beat in range(round(seconds / PACKET)):
        now = since + beat * PACKET
        through = set()
        for place, (voice, level) in enumerate(zip(voices, levels, strict=True)):
            voice.note(level, now)
            if voice.is_heard(now):
                through.add(place)
        heard.append(through)
    return heard


def test_three_are_all_heard_however_faint():
    assert talk(room_of(3), [NOISE] * 3, since=0, seconds=0.1) == [{0, 1, 2}] * 5


def test_of_four_the_loudest_three_are_heard():
    heard = talk(room_of(4), [SOFT, LOUD, MEDIUM, MEDIUM], since=0, seconds=1)
    assert heard[-1] == {1, 2, 3}


def test_who_begins_while_another_is_silent_is_heard_from_the_first_packet():
    voices = room_of(4)
    talk(voices, [LOUD, LOUD, NOISE, NOISE], since=0, seconds=1)
    heard = talk(voices, [LOUD, LOUD, NOISE, HUSH], since=1, seconds=0.1)
    assert heard[0] >= {0, 1, 3}


def test_who_pauses_inside_a_word_keeps_the_place():
    voices = room_of(4)
    talk(voices, [MEDIUM, LOUD, LOUD, SOFT], since=0, seconds=1)
    assert talk(voices, [NOISE, LOUD, LOUD, SOFT], since=1, seconds=0.14)[-1] == {0, 1, 2}
    assert talk(voices, [MEDIUM, LOUD, LOUD, SOFT], since=1.14, seconds=0.1)[0] == {0, 1, 2}


def test_who_falls_silent_makes_place():
    voices = room_of(4)
    talk(voices, [MEDIUM, LOUD, LOUD, SOFT], since=0, seconds=1)
    assert talk(voices, [NOISE, LOUD, LOUD, SOFT], since=1, seconds=0.3)[-1] == {1, 2, 3}


def test_places_do_not_change_for_a_hair_of_loudness():
    voices = room_of(4)
    talk(voices, [MEDIUM, LOUD, LOUD, SOFT], since=0, seconds=1)
    assert talk(voices, [MEDIUM, LOUD, LOUD, MEDIUM - 2], since=1, seconds=1)[-1] == {0, 1, 2}


def test_the_favoured_are_heard_beside_three_others():
    voices = room_of(5)
    voices[0].favour(on=True)
    heard = talk(voices, [NOISE, LOUD, MEDIUM, LOUD, SOFT], since=0, seconds=1)
    assert all(0 in through for through in heard)
    assert heard[-1] == {0, 1, 2, 3}


def test_who_leaves_the_room_leaves_the_place():
    voices = room_of(4)
    talk(voices, [LOUD, LOUD, LOUD, SOFT], since=0, seconds=1)
    voices[0].enter(None)
    assert voices[3].is_heard(1.0)


@given(
    levels=st.lists(st.lists(st.integers(0, 127), min_size=6, max_size=6), min_size=1, max_size=80)
)
def test_never_are_more_than_three_heard_and_never_fewer_places_used(levels):
    voices = room_of(6)
    for beat, at_once in enumerate(levels):
        through = talk(voices, at_once, since=beat * PACKET, seconds=PACKET)[0]
        settled = {p for p, voice in enumerate(voices) if voice.is_heard(beat * PACKET)}
        assert len(settled) == 3
        assert len(through) >= 3


def test_numbers_go_on_over_a_spell_left_out_and_the_next_begins_marked():
    gate = Gate()
    assert gate.pass_through(10, 0, is_open=True) == (10, 0)
    assert [gate.pass_through(n, 0, is_open=False) for n in (11, 12)] == [None, None]
    assert gate.pass_through(13, 0, is_open=True) == (11, 0x80)
    assert gate.pass_through(15, 0, is_open=True) == (13, 0)
    assert gate.pass_through(14, 0, is_open=True) == (12, 0)
    assert gate.pass_through(12, 0, is_open=True) is None  # older than the spell


@given(st.lists(st.tuples(st.permutations(range(4)), st.booleans()), max_size=30))
def test_gate_numbers_are_unique_and_without_gaps(spells):
    gate = Gate()
    passed = []
    for at, (order, is_open) in enumerate(spells):
        for place in order:
            taken = gate.pass_through(at * 4 + place, 0, is_open=is_open)
            if taken is not None:
                passed.append(taken[0])
    assert len(set(passed)) == len(passed)
    if passed and all(order == sorted(order) for order, _ in spells):
        assert passed == list(range(passed[0], passed[0] + len(passed)))


def arrived(bot, name: str) -> int:
    return bot.heard[name].audio if name in bot.heard else 0


async def grows(bot, *names: str, packets: int = 100) -> set[str]:
    """Who of these is heard while the favoured bot `h` says that many packets."""
    before = {name: arrived(bot, name) for name in names}
    until_then = arrived(bot, "h") + packets
    await until(lambda: arrived(bot, "h") >= until_then)
    return {name for name in names if arrived(bot, name) > before[name] + packets // 2}


@pytest.mark.slow
async def test_a_room_hears_three_of_four_and_always_its_host(stage):
    await stage.enter("h", MAIN, level=LOUD)
    await stage.engine.favour(MemberId("h"), on=True)
    levels = {"a": LOUD, "b": MEDIUM, "c": MEDIUM, "d": SOFT}
    bots = {name: await stage.enter(name, MAIN, level=level) for name, level in levels.items()}
    listener = await stage.enter("z", MAIN, level=127)
    others = list("abcd")
    await until(lambda: all(arrived(listener, name) for name in "abch"))
    assert await grows(listener, *others) == {"a", "b", "c"}
    stage.bots["h"].level = 80  # the host says little, and is heard
    assert await grows(listener, *others) == {"a", "b", "c"}
    bots["a"].level = 100
    await until(lambda: arrived(listener, "d") > 10)
    assert await grows(listener, *others) == {"b", "c", "d"}
    last = listener.heard["a"].sounds[-1].sequence
    unsaid = [(last + ahead) & 0xFFFF for ahead in range(1, 40)]
    listener.request_repeats("a", unsaid, kind="audio")
    assert "a" not in await grows(listener, *others)
    assert listener.heard["a"].sounds[-1].sequence == last
    bots["a"].level = LOUD
    await until(lambda: listener.heard["a"].sounds[-1].marker)
    assert await grows(listener, *others) == {"a", "b", "c"}
    for name in others:
        first, *rest = [one.sequence for one in listener.heard[name].sounds]
        numbers = sorted((one - first) & 0xFFFF for one in [first, *rest])
        assert all(b - a == 1 for a, b in itertools.pairwise(numbers)), name


@pytest.mark.slow
async def test_without_favour_the_host_would_be_left_out(stage):
    for name, level in {"h": 80, "a": LOUD, "b": MEDIUM, "c": MEDIUM}.items():
        await stage.enter(name, MAIN, level=level)
    listener = await stage.enter("z", MAIN, level=127)
    await until(lambda: arrived(listener, "a") > 40)
    before = arrived(listener, "h")
    heard = arrived(listener, "a")
    await until(lambda: arrived(listener, "a") > heard + 50)
    assert arrived(listener, "h") == before


@pytest.mark.slow
async def test_who_is_muted_by_the_host_takes_no_place(stage):
    for name, level in {"a": LOUD, "b": LOUD, "c": LOUD, "d": SOFT}.items():
        await stage.enter(name, MAIN, level=level)
    listener = await stage.enter("z", MAIN, level=127)
    await until(lambda: arrived(listener, "c") > 20)
    await stage.engine.permit(MemberId("a"), audio=False, video=True)
    before = arrived(listener, "d")
    await until(lambda: arrived(listener, "d") > before + 30)
