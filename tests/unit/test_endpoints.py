"""A signature is the contract: binding, refusals, OpenAPI and TypeScript follow from it."""

from uuid import UUID, uuid4

import pytest
from pydantic import Field

from server.http import generated, openapi, typescript
from server.http.context import Context
from server.http.endpoints import Body, Given, Routes, View
from server.identity.permissions import Permission
from server.kernel.errors import Invalid, NotFound


class Move(Body):
    words: str = Field(min_length=2, max_length=5)
    seat: int | None = None


class Moved(View):
    id: UUID
    words: str
    seats: list[int] = Field(default_factory=list)


def _routes() -> Routes:
    routes = Routes()

    @routes.post("/api/things/{thing_id}/moves", permission=Permission.PUBLIC)
    async def move_thing(ctx: Context, thing_id: UUID, body: Move) -> Moved:
        """Move a thing."""
        return Moved(id=thing_id, words=body.words)

    return routes


async def _call(places: dict[str, str], body: object) -> object:
    (endpoint,) = _routes()
    return await endpoint.call(None, places=places, given=Given(body=body))


async def test_endpoint_binds_place_and_body():
    thing = uuid4()
    moved = await _call({"thing_id": str(thing)}, {"words": " abc "})
    assert moved == Moved(id=thing, words="abc")


async def test_endpoint_names_every_bad_field_at_once():
    with pytest.raises(Invalid) as caught:
        await _call({"thing_id": str(uuid4())}, {"words": "a", "seat": "x", "role": "admin"})
    assert {(f.field, f.code) for f in caught.value.fields} == {
        ("words", "field.string_too_short"),
        ("seat", "field.int_parsing"),
        ("role", "field.extra_forbidden"),
    }


async def test_malformed_id_is_an_unknown_one():
    with pytest.raises(NotFound):
        await _call({"thing_id": "1 OR 1=1"}, {"words": "abc"})


def test_signature_that_does_not_fit_the_path_is_refused():
    routes = Routes()
    with pytest.raises(TypeError, match="do not fit"):

        @routes.get("/api/things/{thing_id}", permission=Permission.PUBLIC)
        async def read_thing(ctx: Context) -> Moved: ...


def test_openapi_and_typescript_say_the_same():
    document = openapi.document(_routes())
    operation = document["paths"]["/api/things/{thing_id}/moves"]["post"]
    assert operation["summary"] == "Move a thing."
    assert operation["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Move"
    }
    text = typescript.api(document)
    assert "export interface Move { words: string; seat?: number | null }" in text
    assert "export interface Moved { id: string; words: string; seats: (number)[] }" in text
    assert '"POST /api/things/{thing_id}/moves"' in text
    assert "answer: Moved" in text


def test_generated_files_are_fresh():
    assert generated.run(write=False, check=True) == 0
