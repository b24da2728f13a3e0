"""Papers: uploaded by somebody, then attached to a case; the bytes lie sealed."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from server.cases import timeline
from server.cases.files import CleanFile
from server.cases.tables import Case, Paper
from server.kernel.actor import Actor, ActorKind
from server.kernel.blobs import BlobStore, address_of
from server.kernel.errors import FieldError, Invalid, NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.throttle import spend
from server.kernel.uow import Tx

UPLOADS_A_DAY = {ActorKind.RESIDENT: 20, ActorKind.STAFF: 300}
WAITING_PAPERS = 10
CASE_BYTES = 500 << 20
UNUSED_FOR = timedelta(days=2)
PURPOSE = "paper.name"
DROP, DROP_BYTES = "paper.drop", "paper.drop_bytes"


async def allow(tx: Tx, actor: Actor) -> None:
    """Count one upload before it is worked on; raises Throttled above the day's number."""
    limit = UPLOADS_A_DAY.get(actor.kind, 0)
    await spend(tx, f"paper:{actor.account_id}", limit=limit, per=timedelta(days=1))


async def add(tx: Tx, sealer: Sealer, blobs: BlobStore, actor: Actor, file: CleanFile) -> Paper:
    """Keep a file for its owner; one that reaches no case in two days is dropped."""
    held = await tx.session.scalar(sa.select(sa.func.count()).where(_waiting(actor)))
    if (held or 0) >= WAITING_PAPERS:
        raise RuleBroken("papers_too_many", most=WAITING_PAPERS)
    address = address_of(file.data)
    await _lock_bytes(tx, address)
    paper = Paper(
        id=uuid4(),
        account_id=actor.account_id,
        name=sealer.seal(file.name, purpose=PURPOSE),
        media_type=file.media_type,
        size=len(file.data),
        sha256=await blobs.put(file.data),
        added_at=tx.now,
    )
    tx.session.add(paper)
    await tx.session.flush()
    due = tx.now + UNUSED_FOR
    tx.schedule(DROP, key=f"{DROP}:{paper.id}", payload={"paper_id": str(paper.id)}, due_at=due)
    tx.audit("upload", "paper", paper.id, size=paper.size, media_type=paper.media_type)
    return paper


async def attach(tx: Tx, sealer: Sealer, *, paper_ids: Sequence[UUID], case_id: UUID) -> None:
    """Put the actor's waiting papers onto a case."""
    if not paper_ids:
        return
    query = (
        sa.select(Paper)
        .where(Paper.id.in_(paper_ids), _waiting(tx.actor))
        .order_by(Paper.added_at, Paper.id)
        .with_for_update()
    )
    papers = (await tx.session.scalars(query)).all()
    if len(papers) != len(set(paper_ids)):
        raise Invalid("invalid", fields=(FieldError("paper_ids", "field.paper_gone"),))
    held = await tx.session.scalar(
        sa.select(sa.func.sum(Paper.size)).where(Paper.case_id == case_id)
    )
    if (held or 0) + sum(paper.size for paper in papers) > CASE_BYTES:
        raise RuleBroken("case_is_full", megabytes=CASE_BYTES >> 20)
    for paper in papers:
        paper.case_id = case_id
        await _keep_in_timeline(tx, sealer, paper, case_id)


async def waiting(tx: Tx) -> Sequence[Paper]:
    """The actor's papers that no case has yet."""
    query = sa.select(Paper).where(_waiting(tx.actor)).order_by(Paper.added_at, Paper.id)
    return (await tx.session.scalars(query)).all()


async def remove(tx: Tx, paper_id: UUID) -> None:
    """Take back one's own paper while no case has it."""
    query = sa.select(Paper).where(Paper.id == paper_id, _waiting(tx.actor))
    paper = await tx.session.scalar(query)
    if paper is None:
        raise NotFound
    await _forget(tx, paper)
    tx.audit("remove", "paper", paper_id)


async def drop_unused(tx: Tx, paper_id: UUID) -> str:
    """Forget a paper that reached no case."""
    paper = await tx.session.get(Paper, paper_id)
    if paper is None or paper.case_id is not None:
        return "kept"
    await _forget(tx, paper)
    return "dropped"


async def drop_bytes(tx: Tx, blobs: BlobStore, address: str) -> str:
    """Remove bytes that no paper names any more."""
    await _lock_bytes(tx, address)
    if await tx.session.scalar(sa.select(Paper.id).where(Paper.sha256 == address).limit(1)):
        return "kept"
    await blobs.remove(address)
    return "dropped"


async def readable(tx: Tx, paper_id: UUID, allowed: sa.ColumnElement[bool]) -> Paper:
    """One's own upload, or for staff a paper of a case they may read."""
    of_case = Paper.case_id.in_(sa.select(Case.id).where(allowed))
    mine = Paper.account_id == tx.actor.account_id
    reached = sa.or_(mine, of_case) if tx.actor.kind is ActorKind.STAFF else mine
    paper = await tx.session.scalar(sa.select(Paper).where(Paper.id == paper_id, reached))
    if paper is None:
        raise NotFound
    return paper


def _waiting(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.and_(Paper.account_id == actor.account_id, Paper.case_id.is_(None))


async def _forget(tx: Tx, paper: Paper) -> None:
    """The row goes now, the bytes by a task of their own once this is committed."""
    await tx.session.delete(paper)
    await tx.session.flush()
    tx.schedule(DROP_BYTES, key=f"{DROP_BYTES}:{paper.id}", payload={"address": paper.sha256})


async def _lock_bytes(tx: Tx, address: str) -> None:
    """Nobody drops these bytes while somebody else adds the same ones."""
    lock = sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(address, 0))
    await tx.session.execute(sa.select(lock))


async def _keep_in_timeline(tx: Tx, sealer: Sealer, paper: Paper, case_id: UUID) -> None:
    facts = {
        "paper_id": str(paper.id),
        "sha256": paper.sha256,
        "size": paper.size,
        "media_type": paper.media_type,
    }
    name = sealer.open(paper.name, purpose=PURPOSE)
    await timeline.append(
        tx, sealer, case_id=case_id, kind="paper", key=f"paper:{paper.id}", facts=facts,
        personal={"name": name}, for_resident=tx.actor.kind is ActorKind.RESIDENT,
    )  # fmt: skip
