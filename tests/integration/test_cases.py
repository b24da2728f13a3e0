"""Registering, moving and deciding cases over a real database."""

import asyncio
from datetime import datetime

import pytest
import sqlalchemy as sa

from server.cases import commands, decisions, timeline
from server.cases.states import CaseAction
from server.cases.tables import (
    CaseClock,
    CaseKind,
    CaseState,
    Party,
    TimelineEntry,
)
from server.kernel.actor import SYSTEM
from server.kernel.audit import GENESIS, link
from server.kernel.errors import Conflict, Invalid, RuleBroken
from server.units.tables import Unit
from tests.cases import INSTRUCTION, decide, register
from tests.units import add_unit


async def _register_and_fail(services, unit) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        await register(services, tx, unit)
        raise Invalid("invalid")


async def test_register_numbers_without_gap_and_starts_clocks(services):
    async with services.uow.begin(SYSTEM) as tx:
        unit = await add_unit(tx, "ZX")
        first = await register(services, tx, unit)
        second = await register(services, tx, unit, kind=CaseKind.DISPUTE)
    with pytest.raises(Invalid):
        await _register_and_fail(services, unit)
    async with services.uow.begin(SYSTEM) as tx:
        third = await register(services, tx, unit)
        numbers = [first.number, second.number, third.number]
        clocks = await tx.session.scalars(
            sa.select(CaseClock.kind).where(CaseClock.case_id == second.id)
        )
        party = (await tx.session.scalars(sa.select(Party).where(Party.case_id == first.id))).one()
        assert clocks.all() == ["first_feedback"]
    assert numbers == ["ZX-2026-000001", "ZX-2026-000002", "ZX-2026-000003"]
    assert services.sealer.open(party.name, purpose="name") == "张测试"
    assert "张测试".encode() not in party.name


async def test_numbers_are_given_once_to_many_at_once(services):
    async with services.uow.begin(SYSTEM) as tx:
        unit = await add_unit(tx, "ZX")

    async def one() -> str:
        async with services.uow.begin(SYSTEM) as tx:
            return (await register(services, tx, unit)).number

    numbers = await asyncio.gather(*(one() for _ in range(12)))
    assert sorted(numbers) == [f"ZX-2026-{n:06d}" for n in range(1, 13)]


async def test_moves_follow_the_table_and_turn_clocks(services):
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, await add_unit(tx, "ZX"))
        await commands.move(tx, services.sealer, case, CaseAction.ACCEPT)
        with pytest.raises(Invalid) as caught:
            await commands.move(tx, services.sealer, case, CaseAction.WITHDRAW)
        assert [f.field for f in caught.value.fields] == ["reason"]
        with pytest.raises(Conflict, match="wrong_state"):
            await commands.move(tx, services.sealer, case, CaseAction.CONCLUDE)
    async with services.uow.begin(SYSTEM) as tx:
        rows = await tx.session.scalars(
            sa.select(CaseClock).where(CaseClock.case_id == case.id).order_by(CaseClock.kind)
        )
        running = {clock.kind: clock.ended_at is None for clock in rows}
    assert case.state == CaseState.ACCEPTED
    assert running == {
        "conclude": True, "first_feedback": False, "register_and_forward": False,
        "tell_acceptance": False,
    }  # fmt: skip


async def test_released_reply_is_the_first_feedback(services):
    async def running(tx, case) -> bool:
        query = sa.select(CaseClock.ended_at).where(
            CaseClock.case_id == case.id, CaseClock.kind == "first_feedback"
        )
        return (await tx.session.scalars(query)).one() is None

    async with services.uow.begin(SYSTEM) as tx:
        unit = await add_unit(tx, "ZX")
        case = await register(services, tx, unit)
        decision = await decide(services, tx, case, unit)
        assert await running(tx, case), "nobody has read it yet"
        await decisions.release_reply(tx, services.sealer, decision)
        assert not await running(tx, case)


async def test_decision_is_chained_and_released_once(services):
    async with services.uow.begin(SYSTEM) as tx:
        unit = await add_unit(tx, "ZX")
        case = await register(services, tx, unit)
        decision = await decide(services, tx, case, unit)
        assert decision.reply_released_at is None
        for _ in range(2):
            await decisions.release_reply(tx, services.sealer, decision)
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(TimelineEntry).where(TimelineEntry.case_id == case.id)
        entries = (await tx.session.scalars(query.order_by(TimelineEntry.position))).all()
    assert [(e.kind, e.for_resident) for e in entries] == [
        ("registered", True), ("decision", False), ("reply", True),
    ]  # fmt: skip
    previous = GENESIS
    for entry in entries:
        assert entry.previous == previous
        previous = link(previous, timeline.chained(entry))
        assert entry.hash == previous
    personal = timeline.personal_of(entries[1], services.sealer)
    assert personal["instruction"] == INSTRUCTION
    assert entries[1].personal_hash == timeline.personal_hash(personal)


async def test_decision_names_all_bad_fields(services):
    async with services.uow.begin(SYSTEM) as tx:
        unit = await add_unit(tx, "ZX")
        case = await register(services, tx, unit)
        with pytest.raises(Invalid) as caught:
            await decide(services, tx, case, unit, instruction_unit_id=None, deadline=tx.now)
        assert [f.field for f in caught.value.fields] == ["instruction_unit_id", "deadline"]
        with pytest.raises(RuleBroken, match="no_reply_to_release"):
            await decide(services, tx, case, unit, reply=None, release=True)


async def test_personal_values_can_be_erased_and_nothing_else_rewritten(services):
    async with services.uow.begin(SYSTEM) as tx:
        unit = await add_unit(tx, "ZX")
        case = await register(services, tx, unit)
        await decide(services, tx, case, unit)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(TimelineEntry).values(personal=None))
    for change in ({"facts": {}}, {"kind": "x"}, {"hash": "0"}, {"personal_hash": None}):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            async with services.uow.begin(SYSTEM) as tx:
                await tx.connection.execute(sa.update(TimelineEntry).values(**change))


async def test_numbers_begin_anew_with_the_district_s_year(services, clock):
    numbers = []
    for instant in ("2026-12-31T15:59:59+00:00", "2026-12-31T16:00:00+00:00"):
        clock.instant = datetime.fromisoformat(instant)
        async with services.uow.begin(SYSTEM) as tx:
            known = await tx.session.scalar(sa.select(Unit).where(Unit.code == "ZX"))
            numbers.append((await register(services, tx, known or await add_unit(tx, "ZX"))).number)
    assert numbers == ["ZX-2026-000001", "ZX-2027-000001"]
