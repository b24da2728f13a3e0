"""Places that are drawn, for tests: announced, applied for, their protocol, who is phoned."""

import sqlalchemy as sa

from scheduling.tables import CallTask
from server.kernel.actor import SYSTEM
from tests.identity import enter
from tests.reception import add_resident, at

DAY = {
    "kind": "mediator", "title": "调解员专场", "begins_at": at("2026-11-30T09:00").isoformat(),
    "minutes": 30, "places": 2, "opens_at": at("2026-11-23T10:00").isoformat(),
    "closes_at": at("2026-11-26T17:00").isoformat(),
}  # fmt: skip
BY_PHONE = {"needs": {"no_smartphone": True}, "attend_by": "centre"}


async def announced(client, services, clerk, host) -> dict:
    """A day of two places, announced by the clerk who stays signed in."""
    await enter(client, services, clerk)
    answer = await client.post("/api/draws", json={**DAY, "host_id": str(host.id)})
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def apply(client, services, draw, n: int, **more):
    resident = await add_resident(services, n)
    await enter(client, services, resident.account)
    body = {
        "person_id": str(resident.person.id), "phone": f"1390000010{n}",
        "sentence": "Water comes through the roof", **more,
    }  # fmt: skip
    return await client.post(f"/api/draws/{draw['id']}/entries", json=body)


async def protocol(client, draw) -> dict:
    answer = await client.get(f"/api/draws/{draw['id']}")
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def open_calls(services, kind: str | None = None) -> list[tuple[str, str]]:
    query = sa.select(CallTask).where(CallTask.done_at.is_(None))
    async with services.uow.begin(SYSTEM) as tx:
        found = (await tx.session.scalars(query)).all()
    return [
        (one.kind, services.sealer.open(one.phone, purpose="phone"))
        for one in found if kind in {None, one.kind}
    ]  # fmt: skip
