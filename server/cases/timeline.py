"""The timeline of a case: facts chained in order, so that none can be altered or taken away.

The chain holds ids, states and hashes. Personal values lie sealed beside it under a salted
hash: they can be erased, and the chain still verifies.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from server.cases.tables import Case, TimelineEntry
from server.kernel.audit import GENESIS, canonical, link
from server.kernel.database import Json
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

PURPOSE = "timeline_entry.personal"


async def append(
    tx: Tx,
    sealer: Sealer,
    *,
    case_id: UUID,
    kind: str,
    key: str,
    facts: Json,
    personal: Mapping[str, object] | None = None,
    for_resident: bool = False,
    at: datetime | None = None,
) -> TimelineEntry:
    """Add the next entry of the case; a `key` that is there already stays as it is."""
    lock = sa.select(Case.id).where(Case.id == case_id).with_for_update(key_share=True)
    await tx.session.execute(lock)
    known = await tx.session.scalar(sa.select(TimelineEntry).where(TimelineEntry.key == key))
    if known is not None:
        return known
    position, previous = await _top(tx, case_id)
    entry = _entry(
        tx, sealer, case_id=case_id, position=position + 1, previous=previous, kind=kind,
        key=key, facts=facts, personal=personal, for_resident=for_resident, at=at or tx.now,
    )  # fmt: skip
    tx.session.add(entry)
    await tx.session.flush()
    return entry


def first(tx: Tx, sealer: Sealer, *, case_id: UUID, kind: str, facts: Json) -> TimelineEntry:
    """The first entry of a case that nobody else can see yet: no lock is needed."""
    return _entry(
        tx, sealer, case_id=case_id, position=1, previous=GENESIS, kind=kind,
        key=f"case:{case_id}:{kind}", facts=facts, personal=None, for_resident=True, at=tx.now,
    )  # fmt: skip


def personal_of(entry: TimelineEntry, sealer: Sealer) -> Json | None:
    """The values beside the entry, None when there are none or they were erased."""
    if entry.personal is None:
        return None
    values: Json = json.loads(sealer.open(entry.personal, purpose=PURPOSE))
    return values


def chained(entry: TimelineEntry) -> Json:
    """What the entry's hash covers."""
    return {
        "case_id": str(entry.case_id),
        "position": entry.position,
        "key": entry.key,
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "for_resident": entry.for_resident,
        "actor_id": str(entry.actor_id) if entry.actor_id else None,
        "facts": entry.facts,
        "personal_hash": entry.personal_hash,
    }


def personal_hash(values: Mapping[str, object]) -> str:
    return hashlib.sha256(canonical(dict(values))).hexdigest()


def _entry(
    tx: Tx,
    sealer: Sealer,
    *,
    case_id: UUID,
    position: int,
    previous: str,
    kind: str,
    key: str,
    facts: Json,
    personal: Mapping[str, object] | None,
    for_resident: bool,
    at: datetime,
) -> TimelineEntry:
    values = {**personal, "salt": secrets.token_hex(16)} if personal else None
    sealed = sealer.seal(canonical(values).decode(), purpose=PURPOSE) if values else None
    entry = TimelineEntry(
        id=uuid4(),
        case_id=case_id,
        position=position,
        key=key,
        at=at,
        kind=kind,
        for_resident=for_resident,
        actor_id=tx.actor.account_id or tx.actor.invitee_id,
        facts=facts,
        personal=sealed,
        personal_hash=personal_hash(values) if values else None,
        previous=previous,
    )
    entry.hash = link(previous, chained(entry))
    return entry


async def _top(tx: Tx, case_id: UUID) -> tuple[int, str]:
    query = (
        sa.select(TimelineEntry.position, TimelineEntry.hash)
        .where(TimelineEntry.case_id == case_id)
        .order_by(TimelineEntry.position.desc())
        .limit(1)
    )
    row = (await tx.session.execute(query)).one_or_none()
    return (row.position, row.hash) if row else (0, GENESIS)
