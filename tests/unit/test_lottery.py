"""The draw: a pure function of seed and list, in the order of points, which nobody can bend."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.draws import lottery, points

SEEDS = st.text(alphabet="0123456789abcdef", min_size=1, max_size=64)
LISTS = st.dictionaries(st.integers(1, 500), st.integers(0, 9), max_size=40).map(
    lambda found: list(found.items())
)


@given(SEEDS, LISTS, st.randoms(use_true_random=False))
def test_draw_depends_on_seed_and_list_alone(seed, listed, random):
    shuffled = random.sample(listed, len(listed))
    assert lottery.drawn(seed, shuffled) == lottery.drawn(seed, listed)
    assert lottery.digest(shuffled) == lottery.digest(listed)


@given(SEEDS, LISTS)
def test_everybody_is_drawn_once_and_more_points_stand_before_fewer(seed, listed):
    order, worth = lottery.drawn(seed, listed), dict(listed)
    assert sorted(order) == sorted(worth)
    assert [worth[number] for number in order] == sorted(worth.values(), reverse=True)


@given(SEEDS, SEEDS)
def test_another_seed_has_another_commitment(one, other):
    assert (lottery.commitment(one) == lottery.commitment(other)) == (one == other)


@given(LISTS, st.integers(501, 600), st.integers(0, 9))
def test_list_that_was_changed_has_another_digest(listed, number, more):
    assert lottery.digest([*listed, (number, more)]) != lottery.digest(listed)


def test_every_place_is_as_likely_for_each_of_equals():
    """Over many seeds the first place falls on each of four about as often."""
    listed = [(number, 1) for number in (1, 2, 3, 4)]
    first = [lottery.drawn(f"{n:064x}", listed)[0] for n in range(4_000)]
    assert all(850 < first.count(number) < 1150 for number in (1, 2, 3, 4))


def protocol(**changes) -> dict:
    seed, listed = "5eed", [(1, 3), (2, 1), (3, 1), (4, 0)]
    order = lottery.drawn(seed, listed)
    rows = [
        {"number": n, "total": t, "points": {"waited": t}, "place": order.index(n) + 1}
        for n, t in listed
    ]
    return {
        "seed": seed, "commitment": lottery.commitment(seed), "digest": lottery.digest(listed),
        "applications": rows, "places": 1, "turns": [], **changes,
    }  # fmt: skip


def swapped() -> list:
    rows = protocol()["applications"]
    rows[1]["place"], rows[2]["place"] = rows[2]["place"], rows[1]["place"]
    return rows


def padded() -> list:
    rows = protocol()["applications"]
    rows[3] |= {"total": 9}
    return rows


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": "another"}, {"commitment": "00"}, {"applications": swapped()},
        {"applications": padded()}, {"applications": protocol()["applications"][:3]},
    ],
)  # fmt: skip
def test_tampered_protocol_does_not_hold(changes):
    assert lottery.check(protocol()) == []
    assert lottery.check(protocol(**changes)) != []


@pytest.mark.parametrize(("given_protocol", "status"), [({}, 0), ({"seed": "another"}, 1)])
def test_file_recomputes_by_itself_without_anything_of_ours(given_protocol, status, tmp_path):
    copy = tmp_path / "lottery.py"
    copy.write_bytes(Path(lottery.__file__).read_bytes())
    ran = subprocess.run(
        [sys.executable, "-I", copy], input=json.dumps(protocol(**given_protocol)).encode(),
        capture_output=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, b"is not the one" in ran.stdout) == (status, bool(status))


@pytest.mark.parametrize(
    ("facts", "total"),
    [
        ({"in_vain": 0, "needs": {}, "given_before": False}, 1),
        ({"in_vain": 0, "needs": {}, "given_before": True}, 0),
        ({"in_vain": 2, "needs": {"elder": True}, "given_before": True}, 6),
        ({"in_vain": 9, "needs": {"elder": False}, "given_before": False}, 7),
    ],
)
def test_points_follow_the_published_worth(facts, total):
    assert sum(points.points(**facts).values()) == total


def turn(step: int, number: int, *, over: bool = False, place: int = 1) -> dict:
    return {"step": step, "number": number, "place": place, "passed_over": over}


def test_places_that_fall_free_go_in_the_drawn_order():
    order = [7, 3, 5, 1]
    fair = [turn(1, 7), turn(2, 3, over=True), turn(3, 5), turn(4, 3), turn(5, 1)]
    assert lottery.out_of_turn(order, places=1, turns=fair) == []


@pytest.mark.parametrize(
    ("turns", "wrong"),
    [
        ([turn(1, 5)], [1]),  # 3 comes before
        ([turn(1, 3), turn(2, 3)], [2]),  # once is enough
        ([turn(1, 3, over=True), turn(2, 5), turn(3, 1)], [3]),  # 3 comes first again
        ([turn(1, 7, place=2)], [1]),  # who won has the own place alone
        ([turn(1, 9)], [1]),  # nobody of the list
    ],
)
def test_place_that_goes_to_somebody_else_is_found(turns, wrong):
    assert lottery.out_of_turn([7, 3, 5, 1], places=1, turns=turns) == wrong
    assert lottery.check(protocol(turns=turns)) != []
