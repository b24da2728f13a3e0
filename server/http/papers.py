"""Papers: added while a form is open, read back as files that nothing runs."""

from uuid import UUID

from scheduling import case_access
from server.cases import papers
from server.cases.files import clean
from server.http.context import Context, Download, Upload
from server.http.endpoints import Routes
from server.http.matter_views import PaperView, paper_view
from server.identity.permissions import Permission

routes = Routes()


@routes.post("/api/papers", permission=Permission.PAPER_ADD_OWN)
async def add_paper(ctx: Context, upload: Upload) -> PaperView:
    """Keep a picture or a PDF for the form that is open; unused ones go after two days."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        await papers.allow(tx, ctx.actor)
    file = await clean(upload.name, upload.data)
    async with services.uow.begin(ctx.actor) as tx:
        paper = await papers.add(tx, services.sealer, services.blobs, ctx.actor, file)
    return paper_view(paper, sealer=services.sealer)


@routes.get("/api/papers", permission=Permission.PAPER_ADD_OWN)
async def list_waiting_papers(ctx: Context) -> list[PaperView]:
    """One's own papers that no case has yet."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await papers.waiting(tx)
    return [paper_view(paper, sealer=ctx.services.sealer) for paper in found]


@routes.delete("/api/papers/{paper_id}", permission=Permission.PAPER_ADD_OWN)
async def remove_paper(ctx: Context, paper_id: UUID) -> None:
    """Take back a paper that no case has yet."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await papers.remove(tx, paper_id)


@routes.get("/api/papers/{paper_id}/file", permission=Permission.PAPER_READ)
async def read_paper(ctx: Context, paper_id: UUID) -> Download:
    """The file itself, to save."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        paper = await papers.readable(tx, paper_id, case_access.of(ctx.actor))
        tx.audit("read", "paper", paper_id)
    return Download(
        data=await services.blobs.get(paper.sha256),
        media_type=paper.media_type,
        name=services.sealer.open(paper.name, purpose=papers.PURPOSE),
    )
