"""What may be asked for, and by whom: one table, deny by default.

A permission is `thing:action:scope`. It opens the door of a route; which rows are reached is
decided by the `access` module of the thing.
"""

from collections.abc import Mapping
from enum import StrEnum

from server.kernel.actor import Actor, ActorKind, Role


class Permission(StrEnum):
    PUBLIC = "public"
    ACCOUNT_READ_OWN = "account:read:own"
    ACCOUNT_WRITE_OWN = "account:write:own"
    PERSON_WRITE_OWN = "person:write:own"
    APPOINTMENT_BOOK_OWN = "appointment:book:own"
    APPOINTMENT_READ_OWN = "appointment:read:own"
    APPOINTMENT_CHANGE_OWN = "appointment:change:own"
    CASE_READ_OWN = "case:read:own"
    CASE_RATE_OWN = "case:rate:own"
    PAPER_ADD_OWN = "paper:add:own"
    PAPER_READ = "paper:read:own"
    INVITATION_USE = "invitation:use:own"
    LIVE_JOIN = "live:join:own"
    STAFF_HOME = "home:read:staff"
    PLAN_READ = "plan:read:unit"
    PLAN_WRITE = "plan:write:unit"
    DAY_WRITE = "day:write:unit"
    CALENDAR_READ = "calendar:read:unit"
    DAY_REPLACE = "day:replace:unit"
    CALENDAR_MOVE = "calendar:move:unit"
    HOLIDAY_WRITE = "holiday:write:unit"
    DRAW_WRITE = "draw:write:unit"
    APPOINTMENT_READ_UNIT = "appointment:read:unit"
    APPOINTMENT_REVIEW = "appointment:review:unit"
    APPOINTMENT_BOOK_UNIT = "appointment:book:unit"
    CALL_TASK_WORK = "call_task:work:unit"
    CASE_READ_UNIT = "case:read:unit"
    CASE_WRITE_UNIT = "case:write:unit"
    CASE_EXPORT = "case:export:unit"
    RECORDING_PLAY = "recording:play:unit"
    DECISION_WRITE = "decision:write:own"
    DECISION_RELEASE = "decision:release:unit"
    BRIEF_READ = "brief:read:own"
    LINE_READ = "line:read:own"
    MEDIATION_WRITE = "mediation:write:own"
    ROSTER_READ = "roster:read:unit"
    ROSTER_WRITE = "roster:write:unit"
    FIGURES_READ = "figures:read:unit"
    JOINT_WRITE = "joint:write:unit"
    JOINT_ACCEPT = "joint:accept:own"
    JOINT_ANSWER = "joint:answer:own"
    IDENTITY_COMPARE = "identity:compare:unit"
    SITE_OPEN = "site:open:unit"
    DUTY_WATCH = "duty:watch:unit"
    CONNECTION_WATCH = "connection:watch:unit"
    AUDIT_READ = "audit:read:all"


RESIDENT, GUEST = ActorKind.RESIDENT, ActorKind.GUEST
_DESK = frozenset({Role.CLERK})
_CASE_STAFF = frozenset({Role.CLERK, Role.LEADER, Role.OPERATOR, Role.MEDIATOR, Role.HANDLER})

POLICY: Mapping[Permission, frozenset[ActorKind | Role]] = {
    Permission.PUBLIC: frozenset(ActorKind) | frozenset(Role),
    Permission.ACCOUNT_READ_OWN: frozenset({RESIDENT, ActorKind.STAFF}),
    Permission.ACCOUNT_WRITE_OWN: frozenset({RESIDENT, ActorKind.STAFF}),
    Permission.PERSON_WRITE_OWN: frozenset({RESIDENT}),
    Permission.APPOINTMENT_BOOK_OWN: frozenset({RESIDENT}),
    Permission.APPOINTMENT_READ_OWN: frozenset({RESIDENT}),
    Permission.APPOINTMENT_CHANGE_OWN: frozenset({RESIDENT}),
    Permission.CASE_READ_OWN: frozenset({RESIDENT}),
    Permission.CASE_RATE_OWN: frozenset({RESIDENT}),
    Permission.PAPER_ADD_OWN: frozenset({RESIDENT, Role.CLERK, Role.VILLAGE_WORKER}),
    Permission.PAPER_READ: _CASE_STAFF | {RESIDENT, Role.SUPERVISOR, Role.VILLAGE_WORKER},
    Permission.INVITATION_USE: frozenset({GUEST}),
    Permission.LIVE_JOIN: frozenset({GUEST, ActorKind.STAFF}),
    Permission.STAFF_HOME: frozenset({ActorKind.STAFF}),
    Permission.PLAN_READ: _DESK | {Role.LEADER_OFFICE, Role.SUPERVISOR, Role.LEADER, Role.OPERATOR},
    Permission.PLAN_WRITE: _DESK,
    Permission.CALENDAR_MOVE: frozenset({Role.CLERK, Role.MEDIATOR}),
    Permission.CALENDAR_READ: _CASE_STAFF | {Role.LEADER_OFFICE, Role.SUPERVISOR, Role.RECORDER},
    Permission.DAY_WRITE: _DESK,
    Permission.HOLIDAY_WRITE: _DESK,
    Permission.DRAW_WRITE: _DESK,
    Permission.DAY_REPLACE: _DESK | {Role.LEADER_OFFICE},
    Permission.APPOINTMENT_READ_UNIT: _DESK | {Role.SUPERVISOR},
    Permission.APPOINTMENT_REVIEW: _DESK,
    Permission.APPOINTMENT_BOOK_UNIT: _DESK | {Role.VILLAGE_WORKER},
    Permission.CALL_TASK_WORK: _DESK,
    Permission.CASE_READ_UNIT: _CASE_STAFF | {Role.SUPERVISOR, Role.RECORDER},
    Permission.CASE_WRITE_UNIT: frozenset({Role.CLERK, Role.MEDIATOR}),
    Permission.CASE_EXPORT: _DESK,
    Permission.RECORDING_PLAY: frozenset(
        {Role.CLERK, Role.LEADER, Role.OPERATOR, Role.MEDIATOR, Role.SUPERVISOR}
    ),
    Permission.DECISION_WRITE: frozenset({Role.LEADER, Role.OPERATOR, Role.MEDIATOR}),
    Permission.DECISION_RELEASE: _DESK | {Role.LEADER, Role.OPERATOR},
    Permission.BRIEF_READ: _DESK | {Role.LEADER, Role.OPERATOR, Role.LEADER_OFFICE},
    Permission.LINE_READ: frozenset({Role.LEADER, Role.OPERATOR, Role.LEADER_OFFICE}),
    Permission.MEDIATION_WRITE: frozenset({Role.MEDIATOR}),
    Permission.ROSTER_READ: _DESK | {Role.SUPERVISOR},
    Permission.ROSTER_WRITE: _DESK,
    Permission.FIGURES_READ: _DESK | {Role.SUPERVISOR, Role.LEADER_OFFICE},
    Permission.JOINT_WRITE: _DESK,
    Permission.JOINT_ACCEPT: frozenset({Role.LEADER_OFFICE}),
    Permission.JOINT_ANSWER: frozenset({ActorKind.STAFF}),
    Permission.IDENTITY_COMPARE: _DESK | {Role.VILLAGE_WORKER},
    Permission.SITE_OPEN: frozenset({Role.VILLAGE_WORKER, Role.CLERK}),
    Permission.DUTY_WATCH: frozenset({Role.DUTY_OFFICER}),
    Permission.CONNECTION_WATCH: _DESK | {Role.DUTY_OFFICER},
    Permission.AUDIT_READ: frozenset({Role.AUDITOR}),
}


def allows(actor: Actor, permission: Permission) -> bool:
    """Whether this actor may knock at a door with this permission."""
    may = POLICY[permission]
    return actor.kind in may or any(m.role in may for m in actor.memberships)
