"""The arrangement comes in by spreadsheet, seen before it is kept; a view goes out as files."""

import zipfile
from datetime import date, time
from io import BytesIO

import pytest
import pytest_asyncio
import sqlalchemy as sa
from aiohttp import FormData
from icalendar import Calendar
from openpyxl import Workbook, load_workbook

from scheduling.plans import days, quarter
from scheduling.plans.quarter import Leave
from scheduling.plans.recurrence import PlannedDate
from scheduling.tables import DayState, ReceptionDay, ReceptionPlan
from server.kernel.actor import SYSTEM, Role
from server.units.tables import CalendarDay, DayKind, YearStatus
from tests.identity import add_staff, enter
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    plan_of,
    publish_day,
    slots_of,
)
from tests.reception import clerk as clerk_of

HEADINGS = ["领导", "日期", "开始", "结束", "每批分钟"]
GOOD = ["Leader 1", "2026-12-01", "09:00", "11:00", 25]
APPROVAL = {"document": "No. 7", "approver": "the office", "approved_on": "2026-11-20"}


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def leader(services, centre):
    return await add_leader(services, centre)


@pytest_asyncio.fixture
async def clerk(services, client, centre, leader):
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    return client


def workbook(*rows, headings=HEADINGS) -> bytes:
    book = Workbook()
    for row in (headings, *rows):
        book.active.append(list(row))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(data: bytes, **parts: bytes) -> bytes:
    """The same package with parts put in or in place of its own."""
    out = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, parts.pop(name, None) or old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


async def preview(client, data: bytes):
    form = FormData()
    form.add_field("file", BytesIO(data), filename="days.xlsx")
    return await client.post("/api/planning/import-previews", data=form)


async def rows_of(services, table) -> list:
    async with services.uow.begin(SYSTEM) as tx:
        return list((await tx.session.scalars(sa.select(table))).all())


def accepted(seen: dict) -> dict:
    """What the page sends once the preview was read."""
    kept = ("number", "leader_id", "date", "begins", "ends", "minutes")
    return {**APPROVAL, "rows": [{name: row[name] for name in kept} for row in seen["rows"]]}


async def test_arrangement_is_shown_then_kept_as_drafts_under_its_document(services, clerk, leader):
    answer = await preview(clerk, workbook(GOOD, ["Leader 1", "2026/12/8", "14:00", "16:00", None]))
    seen = await answer.json()
    assert (answer.status, seen["problems"]) == (200, 0)
    assert await rows_of(services, ReceptionDay) == []
    done = await clerk.post("/api/planning/imports", json=accepted(seen))
    assert (done.status, await done.json()) == (200, {"days": 2})
    [plan] = await rows_of(services, ReceptionPlan)
    assert (plan.document, plan.leader_id) == ("No. 7", leader.account.id)
    days = sorted(await rows_of(services, ReceptionDay), key=lambda day: day.begins_at)
    assert [(str(day.begins_at), day.state, day.slot_minutes) for day in days] == [
        ("2026-12-01 01:00:00+00:00", "draft", 25), ("2026-12-08 06:00:00+00:00", "draft", 30),
    ]  # fmt: skip


async def test_every_problem_of_every_row_is_named_with_its_cell(services, clerk, leader):
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(
            CalendarDay(date=date(2026, 12, 2), kind=DayKind.HOLIDAY, source="test",
                        status=YearStatus.CONFIRMED)
        )  # fmt: skip
    await publish_day(services, leader, in_days=10)
    seen = await (await preview(clerk, workbook(
        GOOD, ["Nobody", "not a date", "9", "11:00", 2], ["Leader 1", "2026-12-02", "09:00", "11:00"],
        ["Leader 1", "2026-12-01", "10:00", "12:00"], ["Leader 1", "2026-12-04", "09:00", "09:10"],
        ["Leader 1", "2026-12-03", "10:30", "11:30"], ["Leader 1", "2020-01-08", "09:00", "10:00"],
    ))).json()  # fmt: skip
    places = [[one["place"] for one in row["problems"]] for row in seen["rows"]]
    assert places == [["B2"], ["A3", "B3", "C3", "E3"], ["B4"], ["B5"], ["D6"], ["B7"], ["B8"]]
    assert all(one["message"] for row in seen["rows"] for one in row["problems"])


async def test_row_inside_a_leaders_leave_says_so_and_is_not_kept(services, clerk, leader, centre):
    seen = await (await preview(clerk, workbook(GOOD))).json()
    assert seen["problems"] == 0  # the control
    async with services.uow.begin(clerk_of(centre)) as tx:
        away = Leave(leader.account.id, date(2026, 11, 30), date(2026, 12, 1))
        await quarter.apply(tx, [away])
    [row] = (await (await preview(clerk, workbook(GOOD))).json())["rows"]
    assert [(one["place"], one["message"]) for one in row["problems"]] == [
        ("B2", "这位领导那时请假")
    ]
    refused = await clerk.post("/api/planning/imports", json=accepted(seen))
    assert (refused.status, (await refused.json())["code"]) == (409, "arrangement_problems")


async def test_nothing_is_kept_when_one_row_has_become_wrong(services, clerk, leader):
    seen = await (
        await preview(clerk, workbook(GOOD, ["Leader 1", "2026-12-08", "09:00", "11:00"]))
    ).json()
    await publish_day(services, leader, in_days=15)
    refused = await clerk.post("/api/planning/imports", json=accepted(seen))
    assert (refused.status, (await refused.json())["code"]) == (409, "arrangement_problems")
    assert len(await rows_of(services, ReceptionDay)) == 1


async def test_leader_out_of_reach_is_nobody(services, client, clerk, leader):
    elsewhere = await add_centre(services, "FZ")
    seen = await (await preview(clerk, workbook(GOOD))).json()
    await enter(client, services, await add_staff(services, elsewhere, Role.CLERK, login="other"))
    theirs = await (await preview(client, workbook(GOOD))).json()
    assert theirs["rows"][0]["leader_id"] is None
    assert (await client.post("/api/planning/imports", json=accepted(seen))).status == 404
    assert await rows_of(services, ReceptionDay) == []


def bomb() -> bytes:
    return repacked(workbook(GOOD), **{"xl/media/x.xml": b"\0" * (30 << 20)})


BAD = {
    "sheet_not_xlsx": [lambda: b"a,b,c\n1,2,3", lambda: repacked(b"PK\5\6" + b"\0" * 18)],
    "sheet_too_large": [
        bomb,
        lambda: workbook(GOOD) + b"\0" * (3 << 20),
        lambda: calendar(entry("X-A:" + "b" * (3 << 20))),
    ],
    "sheet_macros": [lambda: repacked(workbook(GOOD), **{"xl/vbaProject.bin": b"x"})],
    "sheet_formula": [lambda: workbook(["Leader 1", "=TODAY()", "09:00", "11:00"])],
    "sheet_headings": [lambda: workbook(GOOD, headings=["一", "二", "三", "四", "五"])],
    "sheet_empty": [workbook, lambda: calendar(entry("STATUS:CANCELLED"))],
    "sheet_too_long": [
        lambda: workbook(*[GOOD] * 1001),
        lambda: calendar(*[entry()] * 1001),
    ],
    "sheet_repeats": [lambda: calendar(entry("RRULE:FREQ=WEEKLY"))],
    "sheet_broken": [
        lambda: calendar(entry())[:-20],
        lambda: calendar(entry(), b"\xff"),
        lambda: b"BEGIN:VCALENDAR" + b"\0" * 99,
        lambda: repacked(workbook(GOOD), **{"xl/worksheets/sheet1.xml": b"<broken"}),
        lambda: repacked(
            workbook(GOOD),
            **{"xl/sharedStrings.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><sst>&a;</sst>'},
        ),
    ],
}


@pytest.mark.parametrize(
    ("code", "made"), [(code, made) for code, files in BAD.items() for made in files]
)
async def test_bad_file_is_refused_in_words(clerk, code, made):
    answer = await preview(clerk, made())
    body = await answer.json()
    assert (answer.status, body["code"]) == (422, code)
    assert body["title"] != f"error.{code}"


async def test_quarter_goes_out_and_what_went_out_can_come_in(services, clerk, leader):
    seen = await (await preview(clerk, workbook(GOOD))).json()
    assert (await clerk.post("/api/planning/imports", json=accepted(seen))).status == 200
    query = {"quarter": "2026-Q4"}
    out = await (await clerk.get("/api/planning/file.xlsx", params=query)).read()
    heads, *rows = load_workbook(BytesIO(out)).active.iter_rows(values_only=True)
    assert heads == ("领导", "日期", "开始", "结束", "每批分钟")
    assert rows == [tuple(GOOD)]
    again = await (await preview(clerk, out)).json()
    assert [row["leader_id"] for row in again["rows"]] == [str(leader.account.id)]
    entries = await (await clerk.get("/api/planning/file.ics", params=query)).text()
    assert (entries.count("BEGIN:VEVENT"), entries.count("STATUS:TENTATIVE")) == (1, 1)
    once_more = (await (await preview(clerk, entries.encode())).json())["rows"]
    said = ("number", "problems", "places")
    assert [without(row, *said) for row in once_more] == [without(r, *said) for r in again["rows"]]


def without(row: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in names}


def entry(
    *more: str, begins: str = "TZID=Asia/Shanghai:20261201T090000", ends: str = ":20261201T030000Z"
) -> bytes:
    lines = ("BEGIN:VEVENT", "UID:1", "SUMMARY:接访日 Leader 7，区信访局", f"DTSTART;{begins}",
             f"DTEND{ends}", *more, "END:VEVENT")  # fmt: skip
    return "\r\n".join(lines).encode()


def calendar(*events: bytes) -> bytes:
    return b"\r\n".join((b"BEGIN:VCALENDAR", b"VERSION:2.0", *events, b"END:VCALENDAR", b""))


async def test_arrangement_comes_in_as_calendar_entries(services, clerk, centre):
    """Whose day it is says a word of the title; hours are those of here, whatever zone they stand in."""
    leader = await add_leader(services, centre, rank=7)
    file = calendar(entry(), entry("STATUS:CANCELLED"))
    seen = await (await preview(clerk, file)).json()
    [row] = seen["rows"]
    assert (row["name"], row["leader_id"]) == ("Leader 7", str(leader.account.id))
    assert (row["number"], row["date"], row["begins"], row["ends"], row["minutes"]) == (
        1, "2026-12-01", "09:00:00", "11:00:00", 30,
    )  # fmt: skip
    assert (await clerk.post("/api/planning/imports", json=accepted(seen))).status == 200
    [day] = await rows_of(services, ReceptionDay)
    assert day.begins_at.isoformat() == "2026-12-01T01:00:00+00:00"


async def test_name_is_found_among_words_of_an_entry_alone_and_never_within_a_word(
    services, clerk, centre
):
    leader = await add_leader(services, centre, rank=7)
    said = ("Leader 7", "Nobody (for Leader 7)", "Leader 77", "A Leader 7")

    async def found(data: bytes) -> list[str | None]:
        return [row["leader_id"] for row in (await (await preview(clerk, data)).json())["rows"]]

    sheet = workbook(*([name, *GOOD[1:]] for name in said))
    assert await found(sheet) == [str(leader.account.id), None, None, None]
    entries = [entry().replace("接访日 Leader 7，区信访局".encode(), one.encode()) for one in said]
    theirs = str(leader.account.id)
    assert await found(calendar(*entries)) == [theirs, theirs, None, theirs]


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"begins": "VALUE=DATE:20261201"}, "DTSTART"),
        ({"ends": ":20261202T030000Z"}, "DTEND"),
        ({"begins": "TZID=Nowhere/None:20261201T090000"}, "DTSTART"),
        ({"begins": "TZID=Asia/Shanghai:20261341T090000"}, "DTSTART"),
        ({"begins": "TZID=Asia/Shanghai:00010101T000000"}, "DTSTART"),
    ],
)
async def test_problem_of_an_entry_is_named_with_its_property(clerk, leader, given, place):
    [row] = (await (await preview(clerk, calendar(entry(**given)))).json())["rows"]
    assert place in {problem["place"] for problem in row["problems"]}


async def test_view_goes_out_as_spreadsheet_and_nothing_in_it_runs(services, clerk, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    await book(services, (await slots_of(services, day))[0], await add_resident(services))
    async with services.uow.begin(SYSTEM) as tx:
        official = await tx.session.get_one(type(leader.official), leader.account.id)
        official.name = "=1+1"  # no formula, whatever it looks like
    query = {"from": "2026-11-30", "until": "2026-12-06"}
    answer = await clerk.get("/api/calendar/file.xlsx", params=query)
    sheet = load_workbook(BytesIO(await answer.read())).active
    lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert len(lines) == 3
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr"}
    assert any("=1+1" in line for line in lines)
    assert any("Resident 1" in line for line in lines)


async def test_view_goes_out_as_calendar_entries_without_residents_names(
    services, clerk, leader, runner
):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    await book(services, (await slots_of(services, day))[0], await add_resident(services))
    query = {"from": "2026-11-30", "until": "2026-12-06"}
    answer = await clerk.get("/api/calendar/file.ics", params=query)
    text = await answer.text()
    entries = Calendar.from_ical(text).walk("VEVENT")
    assert [str(one["UID"]).split("-")[0] for one in entries] == ["day", "session"]
    assert entries[0].decoded("DTSTART") == day.begins_at
    assert "Leader 1" in text
    assert "Resident 1" not in text


async def test_files_say_what_is_not_certain_and_leave_out_what_is_off(
    services, clerk, leader, runner
):
    kept = await publish_day(services, leader)
    await publish_day(services, leader, in_days=8)
    off = await publish_day(services, leader, in_days=9)
    swapped = await publish_day(services, leader, in_days=10)
    await runner.run_all_due()
    await book(services, (await slots_of(services, kept))[0], await add_resident(services))
    async with services.uow.begin(SYSTEM) as tx:
        plan = plan_of(leader, today=date(2026, 11, 23), begins=time(14), ends=time(15))
        tx.session.add(plan)
        await tx.session.flush()
        on = date(2026, 12, 4)
        tx.session.add(ReceptionDay(**days.day_row(plan, PlannedDate(on, on))))
        for day, state in ((off, DayState.CANCELLED), (swapped, DayState.SWAPPED)):
            (await tx.session.get_one(ReceptionDay, day.id)).state = state
    query = {"from": "2026-11-30", "until": "2026-12-06"}
    text = await (await clerk.get("/api/calendar/file.ics", params=query)).text()
    entries = Calendar.from_ical(text).walk("VEVENT")
    assert [(str(one["UID"]).split("-")[0], str(one["STATUS"])) for one in entries] == [
        ("day", "CONFIRMED"), ("session", "TENTATIVE"), ("day", "CONFIRMED"), ("day", "TENTATIVE"),
    ]  # fmt: skip
    answer = await clerk.get("/api/calendar/file.xlsx", params=query)
    sheet = load_workbook(BytesIO(await answer.read())).active
    [heads, *rows] = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert [row[heads.index("状态")] for row in rows] == ["可预约", "待审核", "可预约", "待公布"]


async def test_files_hold_only_what_the_asker_may_see(services, client, clerk, leader):
    await publish_day(services, leader)
    query = {"from": "2026-11-30", "until": "2026-12-06"}
    elsewhere = await add_centre(services, "FZ")
    await enter(client, services, await add_staff(services, elsewhere, Role.CLERK, login="other"))
    text = await (await client.get("/api/calendar/file.ics", params=query)).text()
    assert "VEVENT" not in text
