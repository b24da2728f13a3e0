"""Which places are kept for people whose reception will not be held: their leader's, then others'."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import alternatives, complained_of
from scheduling.alternatives import Alternative
from scheduling.tables import Appointment
from server.cases.tables import Case
from server.kernel.uow import Tx
from server.units.tables import Unit

OF_LEADER = 2
"""Places of the same leader's for each."""
IN_ALL = 3
SOONEST = timedelta(days=1)
LOOKED_THROUGH = 200

Places = list[list[Alternative]]
"""For each of the people, in their order."""


async def of_leader(tx: Tx, people: Sequence[Appointment], leader_id: UUID) -> Places:
    """One place for each comes before a second for anybody."""
    free = await alternatives.ahead(
        await tx.driver(), leader_id=leader_id, since=tx.now + SOONEST, now=tx.now,
        most=OF_LEADER * len(people),
    )  # fmt: skip
    return [free[place :: len(people)][:OF_LEADER] for place in range(len(people))]


async def of_leader_and_others(
    tx: Tx, people: Sequence[Appointment], leader_id: UUID, *, others_since: datetime
) -> Places:
    """The leader's, then those of others who are in charge of the matter, here or above.

    `others_since`: what others have sooner would shorten the time to answer.
    """
    if not people:
        return []
    own = await of_leader(tx, people, leader_id)
    matters = await _matters(tx, people)
    by_topic = {
        topic: await alternatives.in_charge(
            await tx.driver(), but=leader_id, topic=topic, path=await _path(tx, people[0]),
            since=others_since, now=tx.now, most=LOOKED_THROUGH,
        )
        for topic in {matters.get(one.case_id) for one in people}
    }  # fmt: skip
    barred = await complained_of.barred(
        tx,
        [one.case_id for one in people if one.case_id],
        {place.leader_id for free in by_topic.values() for place in free},
    )
    fitting = [
        [
            place for place in by_topic[matters.get(one.case_id)]
            if (one.case_id, place.leader_id) not in barred
        ]
        for one in people
    ]  # fmt: skip
    more = dealt(fitting, [IN_ALL - len(theirs) for theirs in own])
    return [[*theirs, *others] for theirs, others in zip(own, more, strict=True)]


def dealt(fitting: Sequence[Sequence[Alternative]], numbers: Sequence[int]) -> Places:
    """Each in turn has the first that nobody has yet, until they have so many."""
    given: Places = [[] for _ in fitting]
    left = {place.slot_id for places in fitting for place in places}
    for turn in range(max(numbers, default=0)):
        for theirs, places, most in zip(given, fitting, numbers, strict=True):
            found = next((one for one in places if one.slot_id in left), None)
            if turn < most and found is not None:
                left.remove(found.slot_id)
                theirs.append(found)
    return given


async def _matters(tx: Tx, people: Sequence[Appointment]) -> dict[UUID | None, str | None]:
    """What each matter is about, by case."""
    query = sa.select(Case.id, Case.category).where(Case.id.in_([one.case_id for one in people]))
    rows = (await tx.session.execute(query)).all()
    return {row[0]: row[1] for row in rows}


async def _path(tx: Tx, appointment: Appointment) -> str:
    return (await tx.session.get_one(Unit, appointment.unit_id)).path
