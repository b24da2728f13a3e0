"""T22: nothing can be written by adding a field to what is sent."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, TypeAdapter

from server.bootstrap.schema import metadata
from server.http.endpoints import Endpoint, checked
from server.http.routes import endpoints
from server.identity.tables import Account
from server.kernel.actor import SYSTEM
from server.kernel.errors import Invalid
from tests.identity import sign_in_resident

COLUMNS = sorted({column.name for table in metadata.tables.values() for column in table.columns})
WRITES = [endpoint for endpoint in endpoints() if endpoint.body is not None]
QUERIES = [endpoint for endpoint in endpoints() if endpoint.query is not None]


def name(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def accepted(adapter: TypeAdapter[Any], extra: str) -> bool:
    """Whether the field gets past the check, whatever else is wrong."""
    try:
        checked(adapter, {extra: "x"})
    except Invalid as refused:
        codes = {(field.field, field.code) for field in refused.fields}
        return (extra, "field.extra_forbidden") not in codes
    return True


def fields_of(adapter: TypeAdapter[Any]) -> set[str]:
    return set(adapter.json_schema().get("properties", {}))


def open_objects(schema: Any) -> Iterator[Any]:
    """Objects anywhere in a schema that let unknown fields in."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            yield schema
        for value in schema.values():
            yield from open_objects(value)
    if isinstance(schema, list):
        for item in schema:
            yield from open_objects(item)


@pytest.mark.parametrize("endpoint", WRITES, ids=name)
def test_t22_no_column_of_any_table_gets_past_a_write(endpoint):
    own = fields_of(endpoint.body)
    assert [c for c in COLUMNS if c not in own and accepted(endpoint.body, c)] == []


@pytest.mark.parametrize("endpoint", WRITES, ids=name)
def test_t22_nothing_nested_in_a_write_is_open(endpoint):
    assert list(open_objects(endpoint.body.json_schema())) == []


@pytest.mark.parametrize("endpoint", QUERIES, ids=name)
def test_t22_unknown_parameters_of_a_search_are_refused(endpoint):
    assert accepted(endpoint.query, "unheard_of") is False


class Lax(BaseModel):
    model_config = ConfigDict(extra="ignore")
    email: str


def test_t22_control_a_lax_body_is_noticed():
    lax = TypeAdapter(Lax)
    assert accepted(lax, "disabled_at") is True
    assert len(list(open_objects(lax.json_schema()))) == 1


def test_t22_there_are_writes_to_check():
    assert len(WRITES) > 20
    assert {"role", "state", "case_id", "level", "kind"} <= set(COLUMNS)


@pytest.mark.parametrize("column", [c.name for c in Account.__table__.columns if c.name != "email"])
async def test_t22_row_stays_as_it_was(client, services, runner, outbox, column):
    await sign_in_resident(client, runner, outbox)

    async def row():
        async with services.uow.begin(SYSTEM) as tx:
            return (await tx.connection.execute(sa.select(Account.__table__))).one()

    before = await row()
    answer = await client.put("/api/me/email", json={"email": "a@b.cn", column: "staff"})
    assert answer.status == 422
    assert [e["field"] for e in (await answer.json())["errors"]] == [column]
    assert await row() == before
    answer = await client.put("/api/me/email", json={"email": "a@b.cn"})  # the control
    assert answer.status == 200
    assert await row() != before
