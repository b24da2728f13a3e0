"""What a resident, or the desk for them, asks for: the filled-in form, and what it refers to."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from uuid import UUID

from scheduling.comers import Comer
from scheduling.slots import Leader, leader
from scheduling.tables import AppointmentState, AttendBy
from server.identity.tables import IdentityLevel
from server.kernel.database import Json
from server.kernel.driver import Driver, Row


@dataclass(frozen=True)
class Other:
    """Somebody else whom the matter concerns."""

    name: str
    phone: str | None = None


@dataclass(frozen=True)
class Request:
    """What was filled in. `case_id` where an earlier matter is meant, `subject_unit_id` the unit
    complained of, where it is known already.
    """

    phone: str
    sentence: str
    category: str | None = None
    others: Sequence[Other] = ()
    people: int = 1
    email: str | None = None
    attend_by: AttendBy = AttendBy.OWN_DEVICE
    site_id: UUID | None = None
    paper_ids: Sequence[UUID] = ()
    needs: Json = field(default_factory=dict)
    case_id: UUID | None = None
    subject_unit_id: UUID | None = None
    company: Sequence[Comer] = ()


@dataclass(frozen=True)
class Who:
    """The person concerned; the name is sealed."""

    person_id: UUID
    name: bytes
    level: IdentityLevel


@dataclass(frozen=True)
class Held:
    """A hold with its day and its people, as submission needs them."""

    id: UUID
    reference: str
    state: AppointmentState
    account_id: UUID | None
    held_until: datetime | None
    begins_at: datetime
    ends_at: datetime
    day_id: UUID
    slot_id: UUID
    kind: str
    topics: Sequence[str]
    review: bool
    unit_id: UUID
    unit_code: str
    unit_name: str
    leader: Leader
    created_at: datetime


HELD = """
    SELECT a.id, a.reference, a.state, a.account_id, a.held_until, a.begins_at, a.ends_at,
           a.day_id, a.slot_id, a.created_at, d.kind, d.topics, d.review, u.id AS unit_id, u.code AS unit_code,
           u.name AS unit_name, o.account_id AS leader_id, o.name, o.post, o.division, o.rank,
           p.id AS person_id, p.name AS person_name, p.level
    FROM appointment a
    JOIN reception_day d ON d.id = a.day_id
    JOIN unit u ON u.id = a.unit_id
    JOIN official o ON o.account_id = a.host_id
    LEFT JOIN account_person ap ON ap.account_id = a.account_id AND ap.person_id = $2
    LEFT JOIN person p ON p.id = ap.person_id
    WHERE a.id = $1
    """


async def held(
    driver: Driver, appointment_id: UUID, *, person_id: UUID | None = None
) -> tuple[Held | None, Who | None]:
    """A hold, and the person if the account that holds may act for them."""
    row = await driver.fetchrow(HELD, appointment_id, person_id)
    if row is None:
        return None, None
    facts = {field.name: row[field.name] for field in fields(Held) if field.name in row}
    facts |= {"state": AppointmentState(row["state"]), "leader": leader(row)}
    return Held(**facts), _who(row)


def _who(row: Row) -> Who | None:
    if row["person_id"] is None:
        return None
    return Who(row["person_id"], row["person_name"], IdentityLevel(row["level"]))
