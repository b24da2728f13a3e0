"""Whether somebody comes to a joint interview for their unit: the question, and their answer."""

from uuid import UUID

from scheduling.joint import asks as joint_asks
from scheduling.joint import by_clock, queries
from scheduling.joint.tables import JointInterview
from server.http.context import Context
from server.http.endpoints import Body, Routes
from server.http.fields import Line
from server.http.joint_views import JointAskView, OfficeProposal, ask_view, office_view
from server.identity.permissions import Permission
from server.kernel.errors import NotFound
from server.kernel.uow import Tx

routes = Routes()


@routes.get("/api/joint-asks/mine", permission=Permission.JOINT_ANSWER)
async def list_own_asks(ctx: Context) -> list[JointAskView]:
    """What the asker is asked or has said yes to, the soonest first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await queries.asked_of_me(tx)
    return [ask_view(one) for one in found]


@routes.post("/api/joint-asks/{seat_id}/acceptance", permission=Permission.JOINT_ANSWER)
async def accept_joint_ask(ctx: Context, seat_id: UUID) -> list[JointAskView]:
    """Come for the unit; the time is taken in their name."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        seat = await joint_asks.asked_of(tx, seat_id)
        await joint_asks.accept(tx, ctx.services.sealer, seat)
        await tx.session.flush()
        found = await queries.asked_of_me(tx)
    return [ask_view(one) for one in found]


@routes.post("/api/joint-asks/{seat_id}/refusal", permission=Permission.JOINT_ANSWER)
async def refuse_joint_ask(ctx: Context, seat_id: UUID) -> list[JointAskView]:
    """They cannot; the next of their unit is asked at once."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        seat = await joint_asks.asked_of(tx, seat_id)
        await joint_asks.refuse(tx, ctx.services.sealer, seat)
        await tx.session.flush()
        found = await queries.asked_of_me(tx)
    return [ask_view(one) for one in found]


class OfficeReason(Body):
    reason: Line


@routes.get("/api/joint-proposals/mine", permission=Permission.JOINT_ACCEPT)
async def list_own_proposals(ctx: Context) -> list[OfficeProposal]:
    """Times outside the arrangement that the clock found with a leader whom the asker serves."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await _proposals(tx)


@routes.post("/api/joint-proposals/{interview_id}/acceptance", permission=Permission.JOINT_ACCEPT)
async def accept_joint_proposal(ctx: Context, interview_id: UUID) -> list[OfficeProposal]:
    """The leader receives then; the clock books it when clerks may not object any more."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await by_clock.accept(tx, await _proposed(tx, interview_id))
        await tx.session.flush()
        return await _proposals(tx)


@routes.post("/api/joint-proposals/{interview_id}/refusal", permission=Permission.JOINT_ACCEPT)
async def refuse_joint_proposal(
    ctx: Context, interview_id: UUID, body: OfficeReason
) -> list[OfficeProposal]:
    """The leader does not receive then; another time is looked for."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        by_clock.veto(tx, await _proposed(tx, interview_id), reason=body.reason)
        await tx.session.flush()
        return await _proposals(tx)


async def _proposed(tx: Tx, interview_id: UUID) -> JointInterview:
    """One that waits for an office which the actor works in; else it is not there."""
    for one in await queries.proposed_to_me(tx):
        if one.interview.id == interview_id:
            return one.interview
    raise NotFound


async def _proposals(tx: Tx) -> list[OfficeProposal]:
    found = await queries.proposed_to_me(tx)
    units = {unit for one in found for unit in (*one.choice.units, one.choice.room_unit_id) if unit}
    names = await queries.names(tx, units=units, staff={one.choice.leader_id for one in found})
    return [office_view(one, names) for one in found]
