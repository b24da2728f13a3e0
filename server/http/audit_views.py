"""Lines of the trail as they are shown."""

from datetime import datetime
from uuid import UUID

from scheduling.tables import SessionRole
from server.http.audit_names import NOTHING, Names, names_of
from server.http.audit_trail import Sealed
from server.http.endpoints import View
from server.kernel.actor import ActorKind, Role
from server.kernel.audit import AuditLine
from server.kernel.database import Json
from server.kernel.uow import Tx


class WhoView(View):
    """Staff by name and roles, guests by their part in a session; residents by kind alone."""

    kind: ActorKind
    id: UUID | None
    name: str | None
    roles: list[Role]
    session_role: SessionRole | None
    reference: str | None


class AboutView(View):
    """`title` is a number, reference or login, `name` of the staff behind it.

    `case_id` is there when the reader may open the case.
    """

    kind: str
    id: str
    title: str | None
    name: str | None
    at: datetime | None
    role: SessionRole | None
    case_id: UUID | None


class AuditLineView(View):
    """`sealed`: the chain holds it, nobody can take it away unseen."""

    id: int
    at: datetime
    who: WhoView
    action: str
    about: AboutView
    reason: str | None
    facts: Json
    sealed: bool


async def views_of(tx: Tx, found: list[Sealed]) -> list[AuditLineView]:
    names = await names_of(tx, [one.line for one in found])
    return [_view(one, names) for one in found]


def _view(found: Sealed, names: Names) -> AuditLineView:
    line = found.line
    return AuditLineView(
        id=line.id,
        at=line.at,
        who=_who(line, names),
        action=line.action,
        about=_about(line, names),
        reason=line.reason,
        facts=line.facts,
        sealed=found.is_sealed,
    )


def _who(line: AuditLine, names: Names) -> WhoView:
    account_id = line.actor_id
    name, roles = names.staff.get(account_id, (None, [])) if account_id else (None, [])
    guest = names.guests.get(account_id, NOTHING) if account_id else NOTHING
    return WhoView(
        kind=ActorKind(line.actor_kind),
        id=account_id,
        name=name,
        roles=roles,
        session_role=guest.role,
        reference=guest.title,
    )


def _about(line: AuditLine, names: Names) -> AboutView:
    named = names.things.get((line.subject_kind, line.subject_id), NOTHING)
    return AboutView(
        kind=line.subject_kind,
        id=line.subject_id,
        title=named.title,
        name=named.name,
        at=named.at,
        role=named.role,
        case_id=named.case_id if named.case_id in names.readable else None,
    )
