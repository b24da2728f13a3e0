"""Who gets a place in the room of a joint interview: who receives, the units, whom it is about."""

from collections.abc import Sequence

import sqlalchemy as sa

from scheduling import company, invitees
from scheduling.invitees import NewInvitee
from scheduling.joint.tables import JointSeat
from scheduling.tables import Appointment, SessionRole
from server.cases.queries import staff_names
from server.cases.tables import Party, PartyRole
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

ROLES = {
    PartyRole.PETITIONER: SessionRole.PETITIONER,
    PartyRole.APPLICANT: SessionRole.APPLICANT,
}


async def invite(
    tx: Tx, sealer: Sealer, appointment: Appointment, seats: Sequence[JointSeat]
) -> None:
    """Whoever is settled already; who is on call gets a place with their answer."""
    known = [seat.account_id for seat in seats if seat.account_id]
    names = await staff_names(tx, [appointment.host_id, *known])
    host_name = names.get(appointment.host_id, "")
    people = [NewInvitee(SessionRole.HOST, host_name, account_id=appointment.host_id)]
    people += [NewInvitee(SessionRole.HANDLER, names.get(one, ""), account_id=one) for one in known]
    room = company.MOST - 1 - len(seats)
    people += (await _brought_by(tx, sealer, appointment))[: max(room, 1)]
    await invitees.add_all(tx, sealer, appointment.id, people)


async def _brought_by(tx: Tx, sealer: Sealer, appointment: Appointment) -> list[NewInvitee]:
    query = sa.select(Party).where(Party.case_id == appointment.case_id, Party.role.in_(ROLES))
    parties = (await tx.session.scalars(query.order_by(Party.position, Party.id))).all()
    return [
        NewInvitee(
            ROLES[PartyRole(party.role)],
            sealer.open(party.name, purpose="name"),
            person_id=party.person_id,
            phone=sealer.open(party.phone, purpose="phone") if party.phone else None,
        )
        for party in parties
    ]
