"""A session that was really held is on the case's timeline as soon as it is closed."""

import json

import sqlalchemy as sa

from server.cases import timeline
from server.cases.tables import TimelineEntry
from server.identity import sessions
from server.identity.tables import Account
from server.kernel.actor import SYSTEM, Role
from tests.cases import INSTRUCTION, REPLY

DECISION = {"result": "held", "instruction": INSTRUCTION, "reply": REPLY, "release": True}


async def entries(hall) -> list[TimelineEntry]:
    async with hall.services.uow.begin(SYSTEM) as tx:
        query = sa.select(TimelineEntry).where(TimelineEntry.case_id == hall.case.id)
        return list((await tx.session.scalars(query.order_by(TimelineEntry.position))).all())


async def read(hall, account_id, path: str) -> str:
    """What an account is answered."""
    async with hall.services.uow.begin(SYSTEM) as tx:
        account = await tx.session.get_one(Account, account_id)
        opened = await sessions.sign_in(tx, account, config=hall.services.config.identity)
    cookies = {"Cookie": f"yuntiao-session={opened.token}"}
    async with hall.http.get(f"{hall.base}{path}", headers=cookies) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.text()


async def decide(hall, host, **changes) -> None:
    body = {**DECISION, "instruction_unit_id": str(hall.unit.id), **changes}
    await host.post(f"/api/live/{hall.appointment.id}/decision", body)


async def test_reception_is_archived_with_who_when_where_and_what(hall, runner):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    await wang.close()
    await wang.connect()
    await decide(hall, host)
    await wang.closed()
    await runner.run_all_due()
    found = await entries(hall)
    assert [entry.kind for entry in found] == ["registered", "decision", "reply", "session"]
    facts = found[-1].facts
    people = {person["role"]: person for person in facts["people"]}
    assert facts["result"] == "held"
    assert all(people["petitioner"][x] for x in ("arrived_at", "admitted_at", "left_at"))
    assert {c["kind"]: c["given"] for c in facts["consents"]} == {"join": True, "record": True}
    assert {room["kind"] for room in facts["rooms"]} >= {"waiting", "main"}
    told = [line["kind"] for line in facts["log"]]
    assert [k for k in told if k in {"checked_in", "admitted", "closed"}] == [
        "checked_in", "admitted", "closed",
    ]  # fmt: skip
    beside = timeline.personal_of(found[-1], hall.services.sealer)
    assert beside["instruction"] == INSTRUCTION
    assert "Lane 1, Room 101" in beside["addresses"].values()
    chained = json.dumps(timeline.chained(found[-1]), ensure_ascii=False)
    assert not [v for v in ("Lane 1", "Wang", INSTRUCTION, "known to the leader") if v in chained]


async def test_resident_reads_reply_and_staff_both_texts(hall, runner):
    host = await hall.host()
    await hall.inside("Wang", host)
    await decide(hall, host)
    await runner.run_all_due()
    path = f"/api/my/cases/{hall.case.id}"
    mine = await read(hall, hall.appointment.account_id, path)
    clerk = await hall.clerk(Role.CLERK)
    whole = await read(hall, clerk.id, f"/api/cases/{hall.case.id}")
    assert (REPLY in mine, INSTRUCTION in mine, INSTRUCTION in whole) == (True, False, True)
    assert json.loads(mine)["sessions"][0]["rates"] == ["office", "unit"]
    [session] = json.loads(whole)["sessions"]
    assert {p["name"] for p in session["people"]} >= {"Wang", "Leader 1"}


async def test_private_room_stands_in_the_archive_and_not_in_what_a_party_reads(table, runner):
    host = await table.host()
    wang = await table.inside("Wang", host)
    await table.inside("Li", host)
    room = {"room_id": (await host.send("caucus.open"))["room_id"]}
    await host.send("caucus.invite", participant_id=wang.id, **room)
    await wang.wait_for("caucus.invited")
    await wang.send("caucus.answer", accept=True)
    await host.send("caucus.close", **room)
    await decide(table, host)
    await runner.run_all_due()
    facts = (await entries(table))[-1].facts
    [caucus] = [room for room in facts["rooms"] if room["kind"] == "caucus"]
    assert caucus["opened_at"] <= caucus["closed_at"]
    moves = [line["kind"] for line in facts["log"] if line["room_id"] == caucus["room_id"]]
    assert {"caucus.opened", "caucus.accepted", "caucus.closed"} <= set(moves)
    mine = await read(table, table.appointment.account_id, f"/api/my/cases/{table.case.id}")
    assert "caucus" not in mine
