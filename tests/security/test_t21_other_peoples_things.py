"""T21: no route gives anybody a row that is not theirs; a route without a policy fails.

The matrix is generated from the routes: role x route x ownership. A new route is in it at once;
where it needs something the world does not have, the test says what to add.
"""

from dataclasses import replace

import pytest
import pytest_asyncio
from aiohttp import FormData, web

from server.app import application
from server.http.dispatch import SERVICES, add_endpoints
from server.http.endpoints import Endpoint, _endpoint, checked
from server.http.routes import endpoints
from server.identity.permissions import POLICY, Permission
from server.kernel.actor import ActorKind, Role
from tests.reception import drawing
from tests.security.world import NOBODYS, Example, Who, World, allowed, build_world

KINDS = (ActorKind.ANYONE, ActorKind.RESIDENT, ActorKind.GUEST, *Role)
OWNED = [
    e for e in endpoints() if set(e.places) - set(NOBODYS) and e.permission is not Permission.PUBLIC
]
ORDER = ("GET", "PUT", "POST", "DELETE")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cf500f000381018039c6b1ec0000000049454e44ae426082"
)


@pytest.fixture
def config(config):
    """With everything on that can be switched on."""
    return drawing(config)


@pytest_asyncio.fixture
async def world(services) -> World:
    return await build_world(services)


def name(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


async def send(client, endpoint: Endpoint, world: World, who: Who, headers: dict[str, str]):
    """The request as somebody of this kind would send it, with a body that fits."""
    body = None
    if endpoint.body is not None:
        body = Example(world, endpoint, who).of(endpoint.body)
        checked(endpoint.body, body)  # else the answer would be about the body
    form = FormData()
    form.add_field("file", PIXEL, filename="paper.png", content_type="image/png")
    payload = {"data": form} if endpoint.upload else {"json": body}
    path = world.path(endpoint, who)
    return await client.request(endpoint.method, path, headers=headers, **payload)


def without_policy(routes) -> list[str]:
    return [name(endpoint) for endpoint in routes if not POLICY.get(endpoint.permission)]


def test_t21_every_route_has_a_policy():
    assert without_policy(endpoints()) == []
    assert set(POLICY) == set(Permission)


def test_t21_control_a_route_without_a_policy_is_noticed():
    async def new(ctx) -> None: ...

    fresh = _endpoint("GET", "/api/new", "new:read:all", new)  # type: ignore[arg-type]
    assert without_policy([*endpoints(), fresh]) == ["GET /api/new"]


def test_t21_policy_never_opens_more_than_its_words_say():
    """`own` may be anybody who has something, `unit` and `all` are roles, nobody is a guest of."""
    outsiders = {ActorKind.ANYONE, ActorKind.RESIDENT, ActorKind.GUEST}
    for permission, may in POLICY.items():
        if permission is Permission.PUBLIC:
            continue
        assert ActorKind.ANYONE not in may, permission
        if permission.endswith((":unit", ":all", ":staff")):
            assert not may & outsiders, permission
        if permission.endswith((":unit", ":all")):
            assert ActorKind.STAFF not in may, permission
    assert POLICY[Permission.AUDIT_READ] == {Role.AUDITOR}
    about_cases = [may for p, may in POLICY.items() if p.startswith(("case:", "decision:"))]
    assert not any(may & {Role.ADMIN, Role.AUDITOR, Role.DUTY_OFFICER} for may in about_cases)


async def test_t21_doors_open_to_whom_the_policy_names(world, aiohttp_client):
    """Role x route: with handlers that only say that they were reached."""

    async def reached(ctx, **_places) -> None: ...

    app = web.Application()
    app[SERVICES] = world.services
    probes = [replace(e, handler=reached, body=None, query=None, upload=False, answer=None)
              for e in endpoints()]  # fmt: skip
    add_endpoints(app, probes)
    client = await aiohttp_client(app, headers={"X-Yuntiao": "1"})
    wrong = []
    for who in KINDS:
        headers = (await world.owner(who)).headers
        kind = ActorKind.STAFF if who in set(Role) else who
        for probe in probes:
            any_row = dict.fromkeys(probe.places, world.ids["case_id"])
            path = probe.path.format(**(any_row | NOBODYS))
            status = (await client.request(probe.method, path, headers=headers)).status
            may = bool(POLICY[probe.permission] & {who, kind})
            closed = 401 if who is ActorKind.ANYONE else 404
            if status != (204 if may else closed):
                wrong.append((who, name(probe), status))
    assert wrong == []


async def test_t21_strangers_of_every_role_find_nothing(world, client):
    """Role x route x other: the same kind of person elsewhere gets 404, whatever they send."""
    found = []
    for endpoint in OWNED:
        for who in allowed(endpoint):
            caller = await world.stranger(who)
            answer = await send(client, endpoint, world, who, caller.headers)
            if answer.status != 404:
                found.append((who, name(endpoint), answer.status, (await answer.text())[:200]))
    assert not found, "\n".join(map(str, found))


async def test_t21_control_the_owners_get_in(world, client):
    """The same requests with the right sign-in: the rows are there, the bodies fit."""
    shut = []
    for endpoint in sorted(OWNED, key=lambda e: (ORDER.index(e.method), e.path)):
        statuses = {}
        for who in allowed(endpoint):
            caller = await world.owner(who)
            answer = await send(client, endpoint, world, who, caller.headers)
            statuses[who] = answer.status
        if set(statuses.values()) <= {401, 403, 404} or 500 in statuses.values():
            shut.append((name(endpoint), statuses))
    assert not shut, "\n".join(map(str, shut))


async def test_t21_control_an_unknown_kind_of_place_must_be_told(services):
    async def orbit(ctx, planet_id: str) -> None: ...

    endpoint = _endpoint("GET", "/api/planets/{planet_id}", Permission.CASE_READ_UNIT, orbit)
    world = World(services, None, {}, {}, {})  # type: ignore[arg-type]
    with pytest.raises(LookupError, match="say what a planet_id is"):
        world.path(endpoint, Role.CLERK)


async def test_t21_a_malformed_id_is_an_unknown_one(client):
    for path in ("/api/days/nonsense", "/api/days/1' OR '1'='1"):
        assert (await client.get(path)).status == 404


async def test_t21_application_has_no_other_api_routes(services):
    """What is served under /api is what the matrix knows, the socket and the description."""
    app = application(services)
    known = {e.path for e in endpoints()} | {"/api/live/socket", "/api/openapi.json"}
    served = {r.resource.canonical for r in app.router.routes() if r.resource}
    assert {path for path in served if path.startswith("/api/")} <= known | {"/api/docs"}
