"""Spreadsheets in and out: read without trust, written so that nothing in them runs."""

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from io import BytesIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from server.kernel.errors import Invalid

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 2 << 20
MOST_UNPACKED = 24 << 20
MOST_PARTS = 200
MOST_ROWS, MOST_COLUMNS = 1000, 30
Value = str | int | float | bool | date | datetime | time | None


@dataclass(frozen=True)
class Cell:
    """Where a value stands, as people name it: B7."""

    place: str
    value: Value


@dataclass(frozen=True)
class Table:
    """The first sheet: its headings, then its rows that hold anything, counted from `first`.

    `in_words`: whose day it is stands among other words.
    """

    headings: Sequence[Cell]
    rows: Sequence[Sequence[Cell]]
    first: int = 2
    in_words: bool = False


def read(data: bytes) -> Table:
    """Raises Invalid with what is wrong with the file; costs a thread, not the loop."""
    _check_package(data)
    try:
        book = load_workbook(BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        rows = [
            [_cell(row, column, cell) for column, cell in enumerate(cells[:MOST_COLUMNS], 1)]
            for row, cells in enumerate(sheet.iter_rows(max_row=MOST_ROWS + 2), 1)
        ]
    except Invalid:
        raise
    except Exception:  # noqa: BLE001  (a broken file breaks the reader in many ways)
        raise Invalid("sheet_broken") from None
    filled = [row for row in rows if any(cell.value is not None for cell in row)]
    if len(filled) > MOST_ROWS + 1:
        raise Invalid("sheet_too_long", most=MOST_ROWS)
    if len(filled) < 2:
        raise Invalid("sheet_empty")
    return Table(filled[0], filled[1:])


def _check_package(data: bytes) -> None:
    """Before anything is unpacked: is it a workbook, how large will it be, would anything run?"""
    if len(data) > MOST_BYTES:
        raise Invalid("sheet_too_large", megabytes=MOST_BYTES >> 20)
    try:
        parts = zipfile.ZipFile(BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise Invalid("sheet_not_xlsx") from None
    names = {part.filename.lower() for part in parts}
    if not {"[content_types].xml", "xl/workbook.xml"} <= names:
        raise Invalid("sheet_not_xlsx")
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Invalid("sheet_too_large", megabytes=MOST_BYTES >> 20)
    if any(name.endswith(".bin") or name.startswith("xl/externallinks") for name in names):
        raise Invalid("sheet_macros")
    _check_entities(data, parts)


def _check_entities(data: bytes, parts: Sequence[zipfile.ZipInfo]) -> None:
    """No part declares entities, nor is larger than it says it is."""
    with zipfile.ZipFile(BytesIO(data)) as package:
        for part in parts:
            with package.open(part) as stream:
                try:
                    head = stream.read(part.file_size + 1)
                except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError):
                    raise Invalid("sheet_broken") from None
            if b"<!ENTITY" in head or b"<!DOCTYPE" in head:
                raise Invalid("sheet_broken")


def _cell(row: int, column: int, cell: object) -> Cell:
    place = f"{get_column_letter(column)}{row}"
    if getattr(cell, "data_type", None) == "f":
        raise Invalid("sheet_formula", place=place)
    value = getattr(cell, "value", None)
    if isinstance(value, str):
        value = value.strip() or None
    return Cell(place, value)


def write(title: str, headings: Sequence[str], rows: Iterable[Sequence[str | int]]) -> bytes:
    """A workbook of one sheet; every text is a text, whatever it begins with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for place in range(1, len(headings) + 1):
        sheet.column_dimensions[get_column_letter(place)].width = 18
    sheet.append([_written(sheet, text, bold=True) for text in headings])
    for row in rows:
        sheet.append([_written(sheet, value) for value in row])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _written(sheet: object, value: str | int, *, bold: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell
