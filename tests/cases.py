"""Cases and appointments for tests."""

from datetime import timedelta
from uuid import UUID, uuid4

from scheduling.tables import (
    Appointment,
    AppointmentState,
    Invitee,
    SessionKind,
    SessionRole,
)
from server.bootstrap import Services
from server.cases import commands, decisions
from server.cases.commands import NewParty
from server.cases.tables import Case, CaseKind, Decision, PartyRole
from server.kernel.uow import Tx
from server.units.tables import Unit

ZHANG = NewParty(PartyRole.PETITIONER, "张测试", phone="13900000001")
INSTRUCTION = "内部交办:请劳动监察大队核查工资台账"
REPLY = "答复:七日内发放工资"


async def register(services: Services, tx: Tx, unit: Unit, **more) -> Case:
    given = {
        "kind": CaseKind.PETITION, "sentence": "工资没有发", "category": "labour", "people": 1,
        "channel": "online", "place_unit_id": None, "first_receiver": unit, "parties": [ZHANG],
        "opened_by": None,
    }  # fmt: skip
    return await commands.register(tx, services.sealer, **(given | more))


async def decide(services: Services, tx: Tx, case: Case, unit: Unit, **more) -> Decision:
    given = {
        "appointment_id": uuid4(), "case_id": case.id, "result": "held",
        "instruction": INSTRUCTION, "instruction_unit_id": unit.id,
        "deadline": tx.now + timedelta(days=10), "reply": REPLY, "release": False,
        "decided_by": uuid4(), "recorded_by": uuid4(),
    }  # fmt: skip
    return await decisions.decide(tx, services.sealer, **(given | more))


async def add_appointment(
    services: Services,
    tx: Tx,
    case: Case | None,
    *,
    host_id: UUID,
    unit: Unit,
    account_id: UUID | None = None,
    state: AppointmentState = AppointmentState.CONFIRMED,
    **more,
) -> Appointment:
    begins_at = more.pop("begins_at", tx.now + timedelta(days=3))
    kind = more.pop("session_kind", SessionKind.RECEPTION)
    row = Appointment(
        id=uuid4(), reference=uuid4().hex[:8], session_kind=kind, state=state,
        case_id=case.id if case else None, host_id=host_id, unit_id=unit.id,
        account_id=account_id, booked_by=account_id or host_id, begins_at=begins_at,
        ends_at=begins_at + timedelta(minutes=30), uid=uuid4().hex, created_at=tx.now, **more,
    )  # fmt: skip
    tx.session.add(row)
    await tx.session.flush()
    return row


async def invite(
    services: Services, tx: Tx, appointment: Appointment, role: SessionRole, name: str, **more
) -> Invitee:
    row = Invitee(
        id=uuid4(), appointment_id=appointment.id, role=role,
        name=services.sealer.seal(name, purpose="name"), **more,
    )  # fmt: skip
    tx.session.add(row)
    await tx.session.flush()
    return row
