"""The district's units and people, as they are seeded."""

from collections import Counter
from datetime import date

from server.demo import matters, people
from server.identity.numbers import id_number
from server.kernel.actor import Role
from server.units import seeding
from server.units.tables import UnitKind

UNITS = seeding.district()
PEOPLE = people.people(UNITS)


def test_district_has_the_units_of_the_first_district():
    counted = Counter(unit.kind for unit in UNITS)
    assert counted == {
        UnitKind.DISTRICT_CENTRE: 1,
        UnitKind.SUB_CENTRE: 14,
        UnitKind.AREA: 46,
        UnitKind.VILLAGE: 184,
        UnitKind.GRID: 538,
        UnitKind.DEPARTMENT: 22,
        UnitKind.COMMITTEE: 10,
        UnitKind.STUDIO: 40,
        UnitKind.TRIBUNAL: 2,
        UnitKind.OFFICE: 4,
        UnitKind.CENTRE: 10,
    }


def test_units_form_one_tree_with_parents_before_children():
    seen = set()
    for unit in UNITS:
        assert unit.parent is None or unit.parent.code in seen
        assert unit.path.endswith(f"/{unit.code}/")
        seen.add(unit.code)
    assert len(seen) == len(UNITS)
    assert [unit.code for unit in UNITS if unit.parent is None] == ["WX"]


def test_units_and_people_are_the_same_at_every_start():
    assert [u.id for u in seeding.district()] == [u.id for u in UNITS]
    assert people.people(UNITS) == PEOPLE


def test_twenty_leaders_in_official_order_with_division_and_topics():
    assert [leader.rank for leader in PEOPLE.leaders] == list(range(1, 21))
    assert all(leader.post and leader.division and leader.topics for leader in PEOPLE.leaders)
    assert [leader.rank for leader in PEOPLE.leaders if leader.invited_only] == [1, 2]


def test_every_role_is_held_and_every_department_has_its_handler():
    assert {worker.role for worker in PEOPLE.workers} == set(Role)
    handlers = {w.unit.code for w in PEOPLE.workers if w.role is Role.HANDLER}
    assert handlers == {u.code for u in UNITS if u.kind is UnitKind.DEPARTMENT}


def test_residents_have_id_numbers_that_hold():
    numbers = [resident.id_number for resident in PEOPLE.residents]
    assert all(id_number(n, today=date(2026, 11, 23)) == n for n in numbers)
    assert len(set(numbers)) == len(PEOPLE.residents) == 12


def test_matters_stand_in_every_state():
    found = matters.matters(matters.load())
    assert {matter.state for matter in found} == set(matters.STEPS)
    codes = {unit.code for unit in UNITS}
    assert {matter.unit for matter in found if matter.unit} <= codes
