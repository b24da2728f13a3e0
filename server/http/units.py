"""The centre, its units and the topics: what anyone may know."""

from uuid import UUID

from server.cases.categories import Category
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.identity.permissions import Permission
from server.kernel.texts import SOURCE
from server.units import queries
from server.units.tables import UnitKind

routes = Routes()


class CentreView(View):
    """`demo`: the demo's entrances are there. `draws`: places of some days are drawn by lot."""

    name: str
    phone: str
    signature: str
    demo: bool
    draws: bool


@routes.get("/api/centre", permission=Permission.PUBLIC)
async def read_centre(ctx: Context) -> CentreView:
    """Whose site this is, and whom to call."""
    return centre_view(ctx)


def centre_view(ctx: Context) -> CentreView:
    config = ctx.services.config
    return CentreView(
        name=config.centre.name,
        phone=config.centre.phone,
        signature=config.sms.signature,
        demo=ctx.demo,
        draws=config.scheduling.draws,
    )


class UnitQuery(Body):
    """`sites`: only the staffed places where people can take part."""

    kind: UnitKind | None = None
    sites: bool = False


class UnitView(View):
    id: UUID
    code: str
    kind: UnitKind
    name: str
    name_en: str | None
    parent_id: UUID | None
    is_site: bool
    phone: str | None
    address: str | None


@routes.get("/api/units", permission=Permission.PUBLIC)
async def read_units(ctx: Context, query: UnitQuery) -> list[UnitView]:
    """The tree of units, parents first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await (queries.sites(tx) if query.sites else queries.units(tx, kind=query.kind))
    return [UnitView.model_validate(unit, from_attributes=True) for unit in found]


class CategoryView(View):
    code: Category
    name_zh: str
    name_en: str


@routes.get("/api/categories", permission=Permission.PUBLIC)
async def read_categories(ctx: Context) -> list[CategoryView]:
    """What a matter can be about."""
    texts = ctx.services.texts
    return [
        CategoryView(
            code=category,
            name_zh=texts.get(SOURCE, f"category.{category}"),
            name_en=texts.get("en", f"category.{category}"),
        )
        for category in Category
    ]
