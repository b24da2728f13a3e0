"""Who acts: carried through every transaction, written on every audit line."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class ActorKind(StrEnum):
    ANYONE = "anyone"
    RESIDENT = "resident"
    GUEST = "guest"
    STAFF = "staff"
    SYSTEM = "system"


class Role(StrEnum):
    """System roles; a role is held in a unit and reaches what lies below it."""

    CLERK = "clerk"
    LEADER = "leader"
    LEADER_OFFICE = "leader_office"
    OPERATOR = "operator"
    MEDIATOR = "mediator"
    HANDLER = "handler"
    RECORDER = "recorder"
    VILLAGE_WORKER = "village_worker"
    SUPERVISOR = "supervisor"
    DUTY_OFFICER = "duty_officer"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True)
class Membership:
    role: Role
    unit_id: UUID
    unit_path: str


@dataclass(frozen=True)
class Actor:
    """`account_id` for people who signed in, `invitee_id` for guests by personal link."""

    kind: ActorKind
    account_id: UUID | None = None
    session_id: UUID | None = None
    invitee_id: UUID | None = None
    name: str = ""
    memberships: tuple[Membership, ...] = field(default=())

    def has(self, role: Role) -> bool:
        return any(m.role == role for m in self.memberships)

    def reaches(self, unit_path: str, *roles: Role) -> bool:
        """Whether one of the roles is held in this unit or above it."""
        return any(m.role in roles and unit_path.startswith(m.unit_path) for m in self.memberships)

    @property
    def roles(self) -> tuple[Role, ...]:
        return tuple(sorted({m.role for m in self.memberships}))


SYSTEM = Actor(ActorKind.SYSTEM, name="system")
ANYONE = Actor(ActorKind.ANYONE)
