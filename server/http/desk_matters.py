"""What somebody for whom the desk books has brought before."""

from scheduling import earlier
from server.http.booking import OwnMatter, own_matter
from server.http.context import Context
from server.http.endpoints import Body, Routes
from server.http.fields import IdNumber, PersonName
from server.identity import persons
from server.identity.permissions import Permission
from server.identity.persons import Declared

routes = Routes()


class WhoseCard(Body):
    name: PersonName
    id_number: IdNumber


@routes.post("/api/desk/matters", permission=Permission.APPOINTMENT_REVIEW)
async def find_matters(ctx: Context, body: WhoseCard) -> list[OwnMatter]:
    """Matters of who bears this card that run still, as far as the desk may read them."""
    sealer = ctx.services.sealer
    who = Declared(name=body.name, id_number=body.id_number, address=None)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        person = await persons.known(tx, who, sealer=sealer)
        found = await earlier.running(tx, person.id) if person else []
        await tx.audit_reading("case", *(one.case.id for one in found))
    return [own_matter(one, sealer=sealer) for one in found]
