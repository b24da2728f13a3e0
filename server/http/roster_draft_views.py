"""What is said of a draft of the roster: how far it is, what it changes, how fair it is."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from scheduling.rosters.outcome import NewRow, Outcome
from scheduling.rosters.period import SPANS, Period, Row
from scheduling.rosters.tables import DraftState, WishKind
from scheduling.rosters.turns.lines import Method, Solved
from scheduling.rosters.turns.problem import HALVES, Roster, Turn
from scheduling.rosters.turns.reasons import Against, Clash, clashes
from scheduling.rosters.turns.shares import is_unpopular, shares
from scheduling.rosters.turns.value import is_unwanted, value
from server.http.endpoints import Body, View
from server.http.joint_views import PersonRef
from server.units.tables import Presence

Names = Mapping[UUID, str]


class DraftSettings(Body):
    """How often rotating units come, how many are to be there, for how long one person is."""

    fewest_changes: bool = False
    halves_a_week: int = Field(6, ge=1, le=14)
    least: int = Field(2, ge=0, le=30)
    with_leader: int = Field(3, ge=0, le=30)
    most: int = Field(8, ge=1, le=60)
    in_a_row: int = Field(5, ge=1, le=31)


class DraftWish(Body):
    unit_ids: list[UUID] = Field(min_length=1, max_length=60)
    first: date
    last: date
    method: Method
    settings: DraftSettings


class DraftProgress(View):
    """`cost` falls, `bound` rises; where they meet nothing is better."""

    seconds: float
    cost: int
    bound: int
    done: int
    parts: int


class DraftClash(View):
    """A turn that nobody takes since these people ruled it out."""

    unit_id: UUID
    unit: str
    day: date
    half: int | None
    people: list[PersonRef]


class DraftResult(View):
    """What came out. `gaps`: turns that nobody could take; `short`, `crowded`: by half days."""

    optimal: bool
    seconds: float
    added: int
    removed: int
    kept: int
    gaps: int
    short: int
    crowded: int
    unwanted: int
    elsewhere: int
    over: int
    clashes: list[DraftClash]


class DraftBrief(View):
    id: UUID
    state: DraftState
    first: date
    last: date
    units: int
    method: Method
    fewest_changes: bool
    asked_by: PersonRef
    asked_at: datetime


class DraftView(DraftBrief):
    progress: DraftProgress | None
    result: DraftResult | None
    actions: list[str]


class DraftsView(View):
    """`solver`: whether OR-tools is there."""

    solver: bool
    drafts: list[DraftBrief]


class DraftMark(StrEnum):
    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


class DraftShift(View):
    """`half` is the half day that answers about it are asked for."""

    day: date
    half: int
    begins: time
    ends: time
    person: PersonRef | None
    seats: int
    mark: DraftMark


class DraftUnit(View):
    """`changes` in the whole period; the shifts are those of the week."""

    unit_id: UUID
    name: str
    presence: Presence
    changes: int
    shifts: list[DraftShift]


class DraftLeader(View):
    day: date
    half: int
    name: str


class DraftWeek(View):
    days: list[date]
    units: list[DraftUnit]
    leaders: list[DraftLeader]


class FairRow(View):
    """Turns of one person: a fair share, what they get, what they have now.

    A turn is a day where `all_day`, else a half day; `before` is told where few changes are wanted.
    """

    unit_id: UUID
    unit: str
    person: PersonRef
    share: int
    turns: int
    before: int
    unpopular: int
    unwanted: int
    all_day: bool


class SaidWish(View):
    """What they said of this time, as it is noted now, and who wrote it down."""

    kind: WishKind
    entered_by: PersonRef
    entered_at: datetime


class DraftAnswer(View):
    """Against somebody is not there; `replaces`: who would be there no more."""

    person: PersonRef
    is_there: bool
    possible: bool
    against: list[Against]
    has: int
    share: int
    replaces: PersonRef | None
    wish: SaidWish | None


class WeekQuery(Body):
    """From the draft's first day on, where nothing is said."""

    first: date | None = None


class AnswerQuery(Body):
    unit_id: UUID | None = None
    day: date | None = None
    half: int = Field(0, ge=0, le=1)


def person_of(account_id: UUID, names: Names) -> PersonRef:
    return PersonRef(account_id=account_id, name=names.get(account_id, ""))


def result_of(
    period: Period, solved: Solved, made: Outcome, names: Names, units: Names
) -> DraftResult:
    worth = value(period.problem, solved.roster)
    return DraftResult(
        optimal=solved.optimal, seconds=solved.seconds, added=len(made.added),
        removed=len(made.removed), kept=len(made.kept), gaps=worth.gaps, short=worth.short,
        crowded=worth.crowded, unwanted=worth.unwanted,
        elsewhere=worth.elsewhere, over=worth.over,
        clashes=[_clash(period, one, names, units) for one in _clashes(period, solved)],
    )  # fmt: skip


def _clashes(period: Period, solved: Solved) -> list[Clash]:
    return clashes(period.problem, solved.roster)


def _clash(period: Period, one: Clash, names: Names, units: Names) -> DraftClash:
    unit, unit_id = period.problem.units[one.unit], period.unit_ids[one.unit]
    first = unit.halves(one.block)[0]
    return DraftClash(
        unit_id=unit_id, unit=units.get(unit_id, ""), day=period.days[first // HALVES],
        half=None if unit.all_day else first % HALVES,
        people=[person_of(period.account_ids[person], names) for person in one.people],
    )  # fmt: skip


def shifts_of(made: Outcome, number: int, days: list[date], names: Names) -> list[DraftShift]:
    """Of one unit, in order of time."""
    marked = (
        (DraftMark.KEPT, made.kept),
        (DraftMark.REMOVED, made.removed),
        (DraftMark.ADDED, made.added),
    )
    found = [
        _shift(row, mark, names)
        for mark, rows in marked
        for row in rows
        if row.unit == number and row.day in days
    ]
    return sorted(found, key=lambda one: (one.day, one.begins, one.mark != DraftMark.REMOVED))


def _shift(row: Row | NewRow, mark: DraftMark, names: Names) -> DraftShift:
    return DraftShift(
        day=row.day, half=0 if row.begins < SPANS[0][1] else 1, begins=row.begins, ends=row.ends,
        person=person_of(row.person, names) if row.person else None, seats=row.seats, mark=mark,
    )  # fmt: skip


def fairness(period: Period, solved: Solved, names: Names, units: Names) -> Iterator[FairRow]:
    """Everybody's turns, unit by unit."""
    problem = period.problem
    fair = shares(problem)
    was = problem.present or Roster()
    before = Counter((turn.unit, turn.person) for turn in was.turns)
    mine: dict[tuple[int, int], list[Turn]] = {one: [] for one in fair}
    for turn in sorted(solved.roster.turns):
        mine[turn.unit, turn.person].append(turn)
    for (number, person), turns in mine.items():
        unit = problem.units[number]
        yield FairRow(
            unit_id=period.unit_ids[number],
            unit=units.get(period.unit_ids[number], ""),
            person=person_of(period.account_ids[person], names),
            share=fair[number, person].turns,
            turns=len(turns),
            before=before[number, person],
            unpopular=sum(is_unpopular(problem, unit, turn.block) for turn in turns),
            unwanted=sum(is_unwanted(problem, turn) for turn in turns),
            all_day=unit.all_day,
        )
