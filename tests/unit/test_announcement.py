"""Reading the notice on holidays: the real ones, and what does not fit."""

from datetime import date

import pytest

from server.units.announcement import read
from server.units.calendar import announced
from server.units.tables import DayKind

OF_2026 = """一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
"""
OF_2025 = """一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。
"""


@pytest.mark.parametrize(("year", "text"), [(2025, OF_2025), (2026, OF_2026)])
def test_notice_as_published_gives_the_days_that_are_known(year, text):
    found = read(text, year=year)
    assert found.problems == []
    known = {day: kind for day, kind in announced().days.items() if day.year == year}
    unusual = {
        day: kind for day, kind in found.days.items()
        if (kind is DayKind.HOLIDAY) == (day.weekday() < 5)
    }  # fmt: skip
    assert unusual == known


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1月1日（周四）放假", "weekday"),
        ("2月30日放假", "not_a_date"),
        ("2026年1月1日放假", "other_year"),
        ("1月1日至5月1日放假", "too_long"),
        ("1月2日放假。1月2日上班", "twice"),
        ("祝大家新年好", "nothing"),
    ],
)
def test_what_does_not_fit_is_named(text, why):
    assert why in {problem.why for problem in read(text, year=2027).problems}


def test_plain_lines_are_read_too():
    found = read("2027-02-06 holiday\n2027-02-13 make_up\n", year=2027)
    assert found.days == {
        date(2027, 2, 6): DayKind.HOLIDAY, date(2027, 2, 13): DayKind.MAKE_UP,
    }  # fmt: skip
    assert found.problems == []
