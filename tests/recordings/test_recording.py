"""What the recorder makes of what comes: files that any player plays, in time, without a decoder."""

import json
import random

import pytest

from recordings.recorder import manifest, matroska
from recordings.recorder.messages import Finished, Recovered, Trouble
from signaling.capture import Happening
from tests.media.clips import VIDEO_STEP
from tests.recordings.film import watch
from tests.recordings.studio import (
    FIRST_SOUND,
    h264_pictures,
    pictures,
    recording,
    report,
    speech,
    turn,
)


async def test_a_stay_becomes_one_file_that_plays(tmp_path):
    async with recording(tmp_path) as studio:
        studio.feed([*speech(10), *pictures(10)])
    (file,) = studio.files
    film = watch(file)
    assert len(film.pictures) == 250
    assert len(film.sounds) == 500
    assert film.shapes == [(320, 180)]
    assert film.duration == pytest.approx(10.0, abs=0.1)
    assert abs(film.pictures[0] - film.sounds[0]) < 0.05
    steps = [
        later - sooner for sooner, later in zip(film.pictures, film.pictures[1:], strict=False)
    ]
    assert max(steps) < 0.06


async def test_sound_and_picture_agree_by_the_senders_reports(tmp_path):
    """The pictures took 0.4 s longer; the sender's clock is an hour off."""
    reports = [
        report(kind, at=at, timestamp=first + round(at * rate), theirs=-3_600.0)
        for at in (0.1, 2.0, 4.0, 6.0)
        for kind, first, rate in (("audio", FIRST_SOUND, 48_000), ("video", 0, 90_000))
    ]
    async with recording(tmp_path) as studio:
        studio.feed([*speech(8), *pictures(8, delay=0.4), *reports])
    film = watch(studio.files[0])
    assert _shift_of(film) == pytest.approx(0.0, abs=0.03)


async def test_without_reports_only_their_arrival_is_known(tmp_path):
    """The control of the test above."""
    async with recording(tmp_path) as studio:
        studio.feed([*speech(8), *pictures(8, delay=0.4)])
    assert _shift_of(watch(studio.files[0])) == pytest.approx(0.4, abs=0.05)


def _shift_of(film) -> float:
    """How much later than made the pictures are, against the sound, at the end."""
    last_sound, last_picture = 8 - 0.02, 8 - 0.04
    return (film.pictures[-1] - last_picture) - (film.sounds[-1] - last_sound)


async def test_what_comes_in_disorder_is_put_in_order(tmp_path):
    chance = random.Random(4)
    shaken = [
        one._replace(arrived=one.arrived + chance.random() * 0.3)
        for one in [*speech(6), *pictures(6)]
    ]
    async with recording(tmp_path) as studio:
        studio.feed(shaken)
    film = watch(studio.files[0])
    assert len(film.pictures) >= 145
    assert len(film.sounds) >= 290


async def test_after_a_loss_pictures_go_on_at_the_next_key_frame(tmp_path):
    sent = pictures(6)
    lost = next(one for one in sent if one.timestamp == 60 * VIDEO_STEP)
    async with recording(tmp_path) as studio:
        studio.feed([*speech(6), *(one for one in sent if one is not lost)])
    film = watch(studio.files[0])
    assert len(film.sounds) == 300
    assert len(film.pictures) == 60 + 50  # up to the loss, and from the key frame at 4 s
    gap = max(b - a for a, b in zip(film.pictures, film.pictures[1:], strict=False))
    assert gap == pytest.approx(40 * 0.04 + 0.04, abs=0.06)


async def test_nothing_is_shown_before_a_key_frame(tmp_path):
    sent = [one for one in pictures(6) if one.timestamp >= 10 * VIDEO_STEP]
    async with recording(tmp_path) as studio:
        studio.feed([*speech(6), *sent])
    films = [watch(file) for file in studio.files]
    assert sum(len(film.pictures) for film in films) == 100
    assert sum(len(film.sounds) for film in films) == 300


async def test_one_who_comes_again_has_another_file(tmp_path):
    async with recording(tmp_path) as studio:
        studio.feed([*speech(3), *pictures(3), turn(Happening.ENDED, at=3.1)])
        again = [*speech(3, begins=5, epoch="f"), *pictures(3, begins=5, epoch="f")]
        studio.feed(again)
    assert [len(watch(file).pictures) for file in studio.files] == [75, 75]
    events = _events(studio)
    assert [one["epoch"] for one in events if one["event"] == "file"] == ["e", "f"]
    assert [one["event"] for one in events if one["event"] in {"started", "ended", "stopped"}] == [
        "started",
        "ended",
        "stopped",
    ]


async def test_a_camera_that_is_switched_on_later_begins_another_file(tmp_path):
    async with recording(tmp_path) as studio:
        studio.feed([*speech(8), *pictures(4, begins=4)])
    first, second = [watch(file) for file in studio.files]
    assert (first.pictures, len(second.pictures)) == ([], 100)
    assert len(first.sounds) + len(second.sounds) == 400


async def test_what_is_shown_beside_the_camera_has_a_file_of_its_own(tmp_path):
    async with recording(tmp_path) as studio:
        studio.feed([*speech(4), *pictures(4), *pictures(4, kind="screen", source=2)])
    assert sorted(file.name.split("-", 1)[1] for file in studio.files) == [
        "a-main.webm",
        "a-screen0.webm",
    ]


async def test_another_encoding_of_the_camera_goes_on_in_the_same_file(tmp_path):
    async with recording(tmp_path) as studio:
        studio.feed([*speech(8), *pictures(4), *pictures(4, begins=4, source=2, first=900)])
    (file,) = studio.files
    film = watch(file)
    assert len(film.pictures) == 200
    assert film.pictures[-1] == pytest.approx(8.0, abs=0.1)


async def test_h264_goes_to_matroska(tmp_path):
    async with recording(tmp_path) as studio:
        studio.feed([*speech(2), *h264_pictures()])
    (file,) = studio.files
    assert file.suffix == ".mkv"
    film = watch(file)
    assert (len(film.pictures), film.shapes) == (50, [(320, 180)])


async def _recorded(folder) -> list:
    async with recording(folder) as studio:
        for name in "abc":
            studio.feed(speech(2, member=name, begins=3.0 * "abc".index(name)))
            studio.until(3.0 * ("abc".index(name) + 1))
    assert list(manifest.problems(folder)) == []
    assert [one for one in studio.news if isinstance(one, Finished)][-1].chain
    return studio.files


async def test_a_changed_bit_is_named(tmp_path):
    files = await _recorded(tmp_path)
    content = bytearray(files[1].read_bytes())
    content[-40] ^= 1
    files[1].write_bytes(content)
    assert list(manifest.problems(tmp_path)) == [f"{files[1].name}: changed"]


async def test_a_dropped_file_and_its_line_are_missed(tmp_path):
    files = await _recorded(tmp_path)
    files[1].unlink()
    assert list(manifest.problems(tmp_path)) == [f"{files[1].name}: missing"]
    path = tmp_path / manifest.NAME
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:1] + lines[2:]))
    found = list(manifest.problems(tmp_path))
    assert any(files[2].name in one and "does not follow" in one for one in found)


async def test_swapped_files_are_named(tmp_path):
    files = await _recorded(tmp_path)
    first, second = files[0].read_bytes(), files[1].read_bytes()
    files[0].write_bytes(second)
    files[1].write_bytes(first)
    assert len(list(manifest.problems(tmp_path))) == 2


async def test_what_was_cut_off_is_sealed_to_its_last_whole_second(tmp_path):
    folder = tmp_path / "first"
    async with recording(folder) as studio:
        studio.feed([*speech(10), *pictures(10)])
        studio.until(10.2)
        (file,) = folder.glob("*.webm")
        cut = file.read_bytes()[:-200]
    whole = matroska.whole_length(cut)
    assert 0 < len(cut) - whole < len(cut) / 5
    left = tmp_path / "second"
    left.mkdir()
    (left / file.name).write_bytes(cut)
    (sealed,) = manifest.seal_found(left)
    assert sealed.interrupted
    assert sealed.octets == whole
    assert watch(left / file.name).length > 8.0
    assert list(manifest.problems(left)) == []
    assert manifest.seal_found(left) == []


async def test_a_disk_without_room_is_told_and_used_again(tmp_path):
    async with recording(tmp_path, reserve=1 << 62) as studio:
        studio.feed([*speech(4), *pictures(4)])
        assert [type(one) for one in studio.news] == [Trouble]
        assert list(tmp_path.glob("*.webm")) == []
        studio.recording._reserve = 0
        studio.feed([*speech(8, begins=6), *pictures(8, begins=6)])
        assert Recovered("r") in studio.news
    assert watch(studio.files[0]).pictures


async def test_nonsense_is_noted_and_harms_nothing(tmp_path):
    async with recording(tmp_path) as studio:
        for wrong in (b"", b"\xc1", b"x" * 900):
            studio.recording.take(wrong)
        studio.feed(speech(1, member="../../x"))
        studio.feed(speech(2))
    assert len(watch(studio.files[0]).sounds) == 100
    assert sum(one["event"] == "unreadable" for one in _events(studio)) == 3 + 50


def _events(studio) -> list[dict]:
    (path,) = studio.folder.glob(f"*-{manifest.EVENTS}")
    return [json.loads(line) for line in path.read_text().splitlines()]
