"""Phone and identity numbers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.identity import numbers

TODAY = date(2026, 11, 23)
GOOD = "330502197001010015"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13900000001", "13900000001"),
        (" 139 0000 0001 ", "13900000001"),
        ("139-0000-0001", "13900000001"),
        ("+8613900000001", "13900000001"),
        ("0086 139 0000 0001", "13900000001"),
        ("12900000001", None),
        ("1390000000", None),
        ("139000000011", None),
        ("+85291234567", None),
        ("0572-2123456", None),
        ("１３９００００００01", None),
        ("", None),
    ],
)
def test_mobile_is_eleven_digits_of_the_mainland(typed, number):
    assert numbers.mobile(typed) == number


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0572-2123456", "05722123456"),
        ("(0572)2123456", "05722123456"),
        ("2123456", "2123456"),
        ("13900000001", "13900000001"),
        ("110", None),
        ("12345", None),
    ],
)
def test_telephone_may_be_a_landline(typed, number):
    assert numbers.telephone(typed) == number


@pytest.mark.parametrize("typed", [GOOD, f" {GOOD} ", "11010519491231002x"])
def test_id_number_with_a_right_check_character_is_taken(typed):
    assert numbers.id_number(typed, today=TODAY) == typed.strip().upper()


@pytest.mark.parametrize(
    "typed",
    [
        "330502197001010016",  # check character
        "330502197013010012",  # month 13
        "330502197002300019",  # 30 February
        "330502209901010018",  # not born yet
        "030502197001010015",
        "33050219700101001",
        "3305021970010100150",
        "一一010519491231002X",
        "",
    ],
)
def test_id_number_that_cannot_be_is_refused(typed):
    assert numbers.id_number(typed, today=TODAY) is None


@given(st.integers(0, 16), st.integers(1, 9))
def test_every_single_wrong_digit_of_an_id_number_is_noticed(place, shift):
    digit = str((int(GOOD[place]) + shift) % 10)
    wrong = GOOD[:place] + digit + GOOD[place + 1 :]
    assert numbers.check_character(wrong[:17]) != wrong[17]


@given(st.integers(0, 15))
def test_swapped_neighbours_of_an_id_number_are_noticed(place):
    swapped = GOOD[:place] + GOOD[place + 1] + GOOD[place] + GOOD[place + 2 :]
    same = GOOD[place] == GOOD[place + 1]
    assert (numbers.check_character(swapped[:17]) == swapped[17]) is same


def test_masks_keep_what_the_owner_knows_and_no_more():
    assert numbers.mask_phone("13900000001") == "139****0001"
    assert numbers.mask_phone("05722123456") == "057****3456"
    assert numbers.mask_phone("2123456") == "****456"
    assert numbers.mask_id_number(GOOD) == "330***********0015"
    assert numbers.mask_email("jia@example.cn") == "j***@example.cn"
    assert numbers.mask_name("测试甲") == "测**"
    assert numbers.mask_name("甲") == "甲*"
